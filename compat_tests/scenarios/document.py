"""docs/scenarios.md: what each scenario is, and what came of it with every client that played it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from compat_tests.real_broker.apache_kafka import VERSION
from compat_tests.scenarios import recorded
from compat_tests.scenarios.allowed import ALLOWED
from compat_tests.scenarios.players import DRIVEN
from kafkashim.scenarios import all_scenarios
from kafkashim.scenarios.outcome import ranges
from kafkashim.scenarios.scenario import CONFLUENT_KAFKA, Scenario

FILE = Path(__file__).parents[2] / "docs" / "scenarios.md"
BY_HAND = "by-hand"
HEAD = """# Scenarios

`kafkashim scenarios` lists them, `kafkashim run NAME` plays one against a real client and tells what
happens, batch by batch; with `--bootstrap-only` it waits for a client of yours. This page was written by
a run of their tests, with the clients as they come:
`python -m pytest compat_tests/scenarios -m "" --scenario-table`.

Every message is a batch of its own, all go to one partition, and clients wait shorter than they do by
default. The number behind an answer is that of the rule that decided ([the rule book](rules.md)).
Producers are called A, B in the order in which they come; batches that follow each other and are answered
alike are told as one.

"""


def text() -> str:
    """The whole document."""
    scenarios = all_scenarios()
    versions: dict[str, str] = {}
    sections: list[str] = []
    for name, scenario in scenarios.items():
        told = recorded.load(name)
        versions |= {client: found["version"] for client, found in told["clients"].items()}
        sections.append("\n".join(_section(scenario, told)))
    rows = [f"| {client} | {version} |" for client, version in sorted(versions.items()) if version]
    clients = "\n".join(["| Client | Version |", "|---|---|", *rows])
    return f"{HEAD}{clients}\n\n" + "\n".join(sections)


def _section(scenario: Scenario, told: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {scenario.name}\n"
    yield _filled(f"{scenario.sentence} {scenario.shows}") + "\n"
    if scenario.name in recorded.ON_APACHE_KAFKA:
        clients = ", ".join(c for c in told["clients"] if c in (CONFLUENT_KAFKA, *DRIVEN))
        yield f"On Apache Kafka {VERSION} it comes to the same end ({clients}; `--real-broker`).\n"
    for bug, about in scenario.bugs.items():
        yield f"- {bug}: {about}"
    if scenario.bugs:
        yield ""
    yield "| rule book | what the broker answers where it matters |"
    yield "|---|---|"
    for book, answers in scenario.answers.items():
        yield f"| `{book}` | {', '.join(answers)} |"
    yield ""
    if set(told["clients"]) == {BY_HAND}:
        return
    yield "| Client | Rule book | What the broker decided | What the client reported | In the log |"
    yield "|---|---|---|---|---|"
    for client, outcomes in told["clients"].items():
        books: dict[str, list[str]] = {}
        for book in recorded.BOOKS:
            if book in outcomes:
                books.setdefault(" | ".join(_cells(outcomes[book])), []).append(f"`{book}`")
        for cells, alike in books.items():
            yield f"| {client} | {', '.join(alike)} | {cells} |"
    yield ""
    for client, reason in scenario.spared.items():
        yield f"- {client} does not get into it: {reason}."
    for (name, client, book), allowed in ALLOWED.items():
        if name == scenario.name:
            labels = ", ".join(ranges(allowed.labels))
            yield (
                f"- {client}, `{book}`: {labels} may be reported as {allowed.other} instead of "
                f"{allowed.usual}: {allowed.because}."
            )
    if scenario.spared:
        yield ""


def _filled(text: str) -> str:
    return textwrap.fill(text, 106, break_long_words=False, break_on_hyphens=False)


def _cells(outcome: Mapping[str, Any]) -> Iterator[str]:
    yield "<br>".join(outcome["decisions"])
    reported = [f"{', '.join(labels)}: {what}" for what, labels in outcome["reported"].items()]
    yield "<br>".join([*reported, *outcome["notes"]])
    log = outcome["log"]
    lines: list[str] = []
    if log["more"]:
        lines += [f"**{times} times**: {label}" for label, times in log["more"].items()]
    if log["missing"]:
        lost = log["delivered, but missing"]
        lines.append(f"missing: {', '.join(log['missing'])}")
        lines += [f"**reported as delivered, but missing**: {', '.join(lost)}"] if lost else []
    lines.append("the rest once" if lines else "everything once")
    if not log["in order"]:
        lines.append("**not in order**")
    yield "<br>".join(lines)


def write() -> None:
    """Put the document in its place."""
    FILE.write_text(text())

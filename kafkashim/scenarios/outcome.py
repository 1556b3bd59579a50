"""What came of a play: what the client reported, what is in the log, what the broker answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kafkashim.scenarios.clients import Produced, label_of
from kafkashim.scenarios.scenario import Scenario
from kafkashim.scenarios.stage import BY_HAND, Decided, Stage, answer_of

DELIVERED = "delivered"


@dataclass(frozen=True)
class Outcome:
    """What came of a play, without anything that is another in every play.

    Attributes:
        reported: what the client reported -> the messages it reported it for.
        notes: what it said besides.
        once: messages that are in the log once.
        more: messages that are there more often: message -> how often.
        missing: messages that are not there.
        in_order: whether the first of each message is where it belongs.
        lost: messages that were reported as delivered and are not there.
        decisions: what the broker decided, batch by batch; those that follow each other
            and are answered alike are one, and the same again is not told again.
    """

    reported: dict[str, list[str]]
    notes: list[str]
    once: list[str]
    more: dict[str, int]
    missing: list[str]
    in_order: bool
    lost: list[str]
    decisions: list[str]

    def as_json(self) -> dict[str, Any]:
        """As it is recorded."""
        return {
            "reported": {what: ranges(labels) for what, labels in self.reported.items()},
            "notes": self.notes,
            "log": {
                "once": ranges(self.once),
                "more": self.more,
                "missing": ranges(self.missing),
                "in order": self.in_order,
                "delivered, but missing": ranges(self.lost),
            },
            "decisions": self.decisions,
        }


def outcome_of(stage: Stage, results: Sequence[Produced], topic: str) -> Outcome:
    """What came of a play on a broker of this kind."""
    values = [label_of(record.value) for record in stage.shim.journal.records(topic)]
    return compare(stage.scenario, results, values, decisions_of(stage.decided))


def compare(
    scenario: Scenario,
    results: Sequence[Produced],
    log: Sequence[str],
    decisions: Sequence[str] = (),
) -> Outcome:
    """What came of a play, of what the client reported and what the log has."""
    labels = [label for producer in scenario.producers for label in producer]
    reports = [report for result in results for report in result.reports]
    reported: dict[str, list[str]] = {}
    for label, report in zip(labels, reports, strict=True):
        reported.setdefault(report.error or DELIVERED, []).append(label)
    times = Counter(log)
    wanted = [*labels, *(label for label in dict.fromkeys(log) if label not in labels)]
    missing = [label for label in labels if not times[label] and label not in scenario.deleted]
    firsts = [label for label in dict.fromkeys(log) if label in labels]
    return Outcome(
        reported=reported,
        notes=list(dict.fromkeys(note for result in results for note in result.notes)),
        once=[label for label in wanted if times[label] == 1],
        more={label: times[label] for label in wanted if times[label] > 1},
        missing=missing,
        in_order=firsts == [label for label in labels if label in firsts],
        lost=[label for label in missing if label in reported.get(DELIVERED, [])],
        decisions=list(decisions),
    )


def decisions_of(decided: Sequence[Decided]) -> list[str]:
    """The decisions in words: producers are called A, B … in the order in which they come."""
    names: dict[int, str] = {}
    runs: list[_Run] = []
    for who, decision in tuple(decided):
        batch = decision.batch
        name = names.setdefault(batch.producer_id, chr(ord("A") + len(names)))
        by = ", by hand" if who == BY_HAND else ""
        run = _Run(
            f"{name} epoch {batch.producer_epoch} seq",
            f"{by}: {answer_of(decision)}",
            batch.base_sequence,
            batch.last_sequence,
        )
        if not runs or not runs[-1].takes(run):
            runs.append(run)
    return [str(run) for run in runs]


@dataclass
class _Run:
    """Batches that follow each other and are answered alike."""

    who: str
    answer: str
    first: int
    last: int

    def takes(self, other: _Run) -> bool:
        """Whether another batch goes on with it, or is its last one again."""
        if (self.who, self.answer) != (other.who, other.answer):
            return False
        again = other.first == other.last == self.last
        if other.first == self.last + 1 == other.last:
            self.last = other.last
            return True
        return again

    def __str__(self) -> str:
        numbers = f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"
        return f"{self.who} {numbers}{self.answer}"


def ranges(labels: Sequence[str]) -> list[str]:
    """Labels that differ by a number that goes on are told as one: ``message 0-4``."""
    found: list[tuple[str, int | None, int]] = []
    for label in labels:
        stem, _, number = label.rpartition(" ")
        if not number.isdigit():
            found.append((label, None, 0))
        elif found and found[-1][0] == stem and found[-1][2] + 1 == int(number):
            found[-1] = (stem, found[-1][1], int(number))
        else:
            found.append((stem, int(number), int(number)))
    return [_range(*each) for each in found]


def _range(stem: str, first: int | None, last: int) -> str:
    if first is None:
        return stem
    return f"{stem} {first}" if first == last else f"{stem} {first}-{last}"

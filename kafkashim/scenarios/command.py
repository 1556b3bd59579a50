"""``kafkashim scenarios`` and ``kafkashim run``."""

from __future__ import annotations

import argparse
import logging
import signal
import time
from collections.abc import Sequence
from typing import Any

from kafkashim.rules.producer_state import BOOKS
from kafkashim.scenarios import all_scenarios
from kafkashim.scenarios.clients import MODULES, Client, is_there, label_of, load
from kafkashim.scenarios.narrator import Narrator
from kafkashim.scenarios.outcome import DELIVERED, decisions_of
from kafkashim.scenarios.playing import Played, complaints_of, play
from kafkashim.scenarios.scenario import CONFLUENT_KAFKA, Scenario
from kafkashim.scenarios.screen import BOLD, GREEN, RED, WIDTH, Screen
from kafkashim.scenarios.stage import Stage

POLL_SECONDS = 0.2
TIMES = {0: "missing", 1: "once", 2: "twice"}


class CommandError(Exception):
    """What was asked for cannot be done; the text says what to do."""


def scenarios(options: argparse.Namespace) -> int:
    """List the scenarios: name, and what happens."""
    del options
    screen = Screen()
    for scenario in all_scenarios().values():
        screen.line(scenario.name, BOLD)
        screen.say(scenario.sentence, 4)
    return 0


def run(options: argparse.Namespace) -> int:
    """Play a scenario; 0 when it played as it should.

    Raises:
        CommandError: there is no such scenario, client or rule book, or the port is in use.
    """
    scenario: Scenario = _chosen("scenario", options.name, all_scenarios())
    _chosen("rule book", options.rules, BOOKS)
    client = None if options.bootstrap_only else _client(scenario, options.client)
    if not 0 <= options.port <= 65535:
        raise CommandError(f"--port {options.port} is no port: choose 0 to 65535")
    # What goes wrong is told here; that it did need not be logged as well.
    logging.getLogger().addHandler(logging.NullHandler())
    screen = Screen()
    screen.line(f"{scenario.name}", BOLD)
    screen.say(scenario.sentence)
    if options.bootstrap_only:
        return _wait(scenario, options, screen)
    played = play(scenario, client, options.rules, screen)
    _tell(scenario, played, client.name if client else None, screen)
    return 1 if played.complaints else 0


def _client(scenario: Scenario, asked: str | None) -> Client | None:
    if not scenario.producers:
        if asked:
            raise CommandError(f"{scenario.name} is played by hand: no client can be made to do it")
        return None
    name = asked or CONFLUENT_KAFKA
    _chosen("client", name, MODULES)
    if not is_there(name):
        raise CommandError(f"{name} is not installed: pip install {name}")
    return load(name)


def _chosen(what: str, name: str, among: Any) -> Any:
    if name not in among:
        raise CommandError(f"unknown {what} {name!r}: choose one of {', '.join(among)}")
    return among[name]


def _tell(scenario: Scenario, played: Played, client: str | None, screen: Screen) -> None:
    if client is not None:
        screen.title(f"What {client} reported, and what is in the log")
        labels = [label for producer in scenario.producers for label in producer]
        for label, line in zip(labels, _lines(scenario, played), strict=True):
            screen.line(f"  {label:14} {line}"[:WIDTH])
        for note in played.outcome.notes:
            screen.say(note, 2, RED)
        screen.line()
        screen.say(_judged(scenario, played))
        if client in scenario.spared:
            screen.say(f"{client} is spared: {scenario.spared[client]}")
    screen.title("What it shows")
    screen.say(scenario.shows)
    for bug, about in scenario.bugs.items():
        screen.say(f"{bug}: {about}")
    _verdict(played.complaints, played.found, screen)


def _lines(scenario: Scenario, played: Played) -> list[str]:
    labels = [label for producer in scenario.producers for label in producer]
    reports = [report for result in played.results for report in result.reports]
    lines: list[str] = []
    for label, report in zip(labels, reports, strict=True):
        offsets = [record.offset for record in played.log if label_of(record.value) == label]
        told = report.error or DELIVERED
        if not report.error:
            told += ", offset unknown" if report.offset is None else f" at {report.offset}"
        times = TIMES.get(len(offsets), f"{len(offsets)} times")
        if label in scenario.deleted and not offsets:
            times = "deleted"
        where = f" (at {' and '.join(map(str, offsets))})" if len(offsets) > 1 else ""
        lines.append(f"{told:34} {times}{where}")
    return lines


def _judged(scenario: Scenario, played: Played) -> str:
    outcome = played.outcome
    order = "in order" if outcome.in_order else "but not in order"
    count = sum(len(labels) for labels in outcome.reported.values())
    parts: list[str] = []
    if outcome.more:
        parts.append(f"{len(outcome.more)} are in the log more than once")
    if outcome.missing:
        parts.append(f"{len(outcome.missing)} are missing")
    if outcome.lost:
        parts.append(f"{len(outcome.lost)} of these were reported as delivered")
    if parts:
        return f"Of {count} messages {', '.join(parts)}; the rest is there once, {order}."
    deleted = len(scenario.deleted)
    but = f" but for {deleted} that were deleted" if deleted else ""
    return f"Every message is in the log once, {order}{but}."


def _verdict(complaints: Sequence[str], found: Sequence[str], screen: Screen) -> None:
    screen.line()
    if complaints:
        screen.say("It did not play as it should:", 0, RED)
        for complaint in complaints:
            screen.say(complaint, 2, RED)
    else:
        screen.say(f"Played as it should. The broker answered: {', '.join(found)}.", 0, GREEN)


def _wait(scenario: Scenario, options: argparse.Namespace, screen: Screen) -> int:
    """Wait for somebody's own client, tell what it does, and sum up at ctrl-c."""
    over: list[int] = []
    before = [signal.signal(each, lambda number, _: over.append(number)) for each in _ENDINGS]
    try:
        with Stage(scenario, options.rules, options.port) as stage:
            screen.line(f"  bootstrap.servers={stage.shim.bootstrap_servers}", BOLD)
            screen.say(
                f"Rule book '{options.rules}'. Let an idempotent producer write to partition 0 of a "
                "topic of your choice, one message a batch; ctrl-c ends it."
            )
            if scenario.by_hand is not None and scenario.by_hand.producer_id is not None:
                screen.say(f"By hand: {scenario.by_hand.about}")
            screen.line()
            with Narrator(screen, stage):
                while not over:
                    time.sleep(POLL_SECONDS)
            complaints = complaints_of(stage, without_hand=True)
            if not stage.decided:
                complaints.append("no batch of an idempotent producer came")
            _sum_up(stage, screen)
            _verdict(complaints, stage.found(), screen)
            return 1 if complaints else 0
    except OSError as error:
        raise CommandError(
            f"cannot listen on port {options.port} ({error.strerror or error}): choose another --port"
        ) from None
    finally:
        for each, handler in zip(_ENDINGS, before, strict=True):
            signal.signal(each, handler)


_ENDINGS = (signal.SIGINT, signal.SIGTERM)


def _sum_up(stage: Stage, screen: Screen) -> None:
    screen.title("What is in the log")
    topics = list(dict.fromkeys(each.decision.topic for each in stage.decided))
    for topic in topics:
        records = stage.shim.journal.records(topic)
        times: dict[tuple[bytes | None, bytes | None], int] = {}
        for record in records:
            same = (record.key, record.value)
            times[same] = times.get(same, 0) + 1
        more = sum(count > 1 for count in times.values())
        screen.say(
            f"{topic}: {len(records)} records, "
            + (f"{more} messages more than once" if more else "no message more than once")
        )
    if not topics:
        screen.say("No batch of an idempotent producer came.")
    else:
        screen.say(f"{len(decisions_of(stage.decided))} decisions that differ from the one before.")

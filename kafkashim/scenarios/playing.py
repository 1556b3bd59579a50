"""Plays a scenario against a client and tells what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass

from kafkashim.scenarios.clients import Client, Produced, value_of
from kafkashim.scenarios.narrator import Narrator
from kafkashim.scenarios.outcome import Outcome, outcome_of
from kafkashim.scenarios.raw import RawProducer
from kafkashim.scenarios.scenario import ByHand, Scenario
from kafkashim.scenarios.screen import CYAN, Screen
from kafkashim.scenarios.stage import TOPIC, Stage
from kafkashim.testing.journal import StoredRecord


@dataclass(frozen=True)
class Played:
    """A play that is over.

    Attributes:
        outcome: what came of it.
        found: what the broker answered where it matters.
        results: what the client reported, producer by producer.
        log: what the log has.
        complaints: why it did not play as it should, in sentences; empty when it did.
    """

    outcome: Outcome
    found: tuple[str, ...]
    results: tuple[Produced, ...]
    log: tuple[StoredRecord, ...]
    complaints: tuple[str, ...]


def play(
    scenario: Scenario, client: Client | None, rules: str, screen: Screen | None = None
) -> Played:
    """Play a scenario; ``client`` is ``None`` for one that is played by hand alone.

    Raises:
        OSError: there is no free port.
    """
    results: list[Produced] = []
    with Stage(scenario, rules) as stage:
        if screen is not None:
            _introduce(screen, stage, client)
        narrating = nullcontext() if screen is None else Narrator(screen, stage)
        with narrating:
            if client is not None:
                results += [_produced(client, stage, labels) for labels in scenario.producers]
        if scenario.by_hand is not None:
            if screen is not None:
                screen.say(f"By hand: {scenario.by_hand.about}", 2, CYAN)
            with narrating:
                _send_by_hand(scenario.by_hand, stage)
        return Played(
            outcome_of(stage, results, TOPIC),
            stage.found(),
            tuple(results),
            tuple(stage.shim.journal.records(TOPIC)),
            tuple(complaints_of(stage, None if client is None else client.name)),
        )


def complaints_of(
    stage: Stage, client: str | None = None, *, without_hand: bool = False
) -> list[str]:
    """Why a scenario did not play as it should.

    Args:
        stage: what was noted.
        client: who played; nobody complains of a client that is spared.
        without_hand: what is to be sent by hand was not.
    """
    complaints = stage.not_done()
    scenario = stage.scenario
    wanted, found = scenario.answers[stage.rules], stage.found()
    if without_hand and scenario.by_hand is not None:
        wanted = wanted[: len(scenario.watched)]
    if client in scenario.spared:
        wanted, found = wanted[len(scenario.watched) :], found[len(scenario.watched) :]
    if not scenario.fits(stage.rules, wanted, found):
        complaints.append(
            f"the broker was to answer {', '.join(wanted) or 'nothing'}, "
            f"and answered {', '.join(found) or 'nothing'}"
        )
    return complaints


def _introduce(screen: Screen, stage: Stage, client: Client | None) -> None:
    who = "a raw producer" if client is None else f"{client.name} {client.version()}"
    what = "a broker" if stage.scenario.brokers == 1 else f"{stage.scenario.brokers} brokers"
    where = f"{who}, rule book '{stage.rules}', {what} on {stage.shim.bootstrap_servers}."
    screen.say(where if client is None else f"{where} Every message is a batch of its own.")
    screen.line()


def _produced(client: Client, stage: Stage, labels: Sequence[str]) -> Produced:
    values = [value_of(label) for label in labels]
    bootstrap = stage.shim.bootstrap_servers
    return client.produce(bootstrap, TOPIC, values, stage.scenario.patience)


def _send_by_hand(by_hand: ByHand, stage: Stage) -> None:
    shim = stage.shim
    with stage.by_hand():
        producer = RawProducer(shim.host, shim.port, TOPIC, by_hand.producer_id)
        try:
            for batch in by_hand.batches:
                producer.send(batch.sequence, batch.records, batch.epoch)
        finally:
            producer.close()

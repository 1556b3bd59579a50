"""Every scenario plays as it should with every client, and the outcome is the one that is recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from compat_tests.scenarios import allowed, recorded
from compat_tests.scenarios.players import DRIVEN, PYTHON, player, sockets_may_be_left
from kafkashim.rules.producer_state import BOOKS
from kafkashim.scenarios import all_scenarios
from kafkashim.scenarios.playing import play
from kafkashim.scenarios.scenario import CONFLUENT_KAFKA

SCENARIOS = all_scenarios()
BY_HAND = "by-hand"


def cases() -> Iterator[tuple[str, str, str]]:
    for name, scenario in SCENARIOS.items():
        for client in (*PYTHON, *DRIVEN) if scenario.producers else (BY_HAND,):
            # What the broker answers is seen in all books by one client.
            every = client in (CONFLUENT_KAFKA, BY_HAND)
            for book in BOOKS if every else recorded.BOOKS:
                yield name, client, book


@pytest.mark.parametrize(("name", "client", "rules"), list(cases()))
def test_a_scenario(name: str, client: str, rules: str, pytestconfig: pytest.Config) -> None:
    scenario = SCENARIOS[name]
    playing = None if client == BY_HAND else player(client)
    with sockets_may_be_left():
        played = play(scenario, playing, rules)
    assert not played.complaints
    spared = client in scenario.spared
    assert spared != scenario.fits(rules, scenario.answers[rules], played.found)
    usual = allowed.usual(played.outcome, name, client, rules)
    outcome = json.loads(json.dumps(usual.as_json()))
    told = recorded.load(name)
    if pytestconfig.getoption("--scenario-table"):
        if not spared and client in (CONFLUENT_KAFKA, BY_HAND):
            told["answers"][rules] = list(played.found)
        if rules in recorded.BOOKS:
            of_client = told["clients"].setdefault(client, {})
            of_client["version"] = playing.version() if playing else ""
            of_client[rules] = outcome
        recorded.save(name, told)
        return
    if rules in recorded.BOOKS:
        assert outcome == told["clients"][client][rules], told["clients"][client]["version"]


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_a_scenario_says_of_the_broker_was_measured(name: str) -> None:
    answers = {book: list(found) for book, found in SCENARIOS[name].answers.items()}
    assert answers == recorded.load(name)["answers"]
    assert set(answers) == set(BOOKS)


def test_every_recording_is_of_a_scenario() -> None:
    assert {file.stem for file in recorded.FOLDER.glob("*.json")} == set(SCENARIOS)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_file_is_called_as_its_scenario(name: str) -> None:
    module = SCENARIOS[name].arm.__module__
    assert module == f"kafkashim.scenarios.{name.replace('-', '_')}"

"""What comes of a scenario on Apache Kafka itself is what is recorded for this broker.

A relay loses the answers, and the broker is stopped, killed and started for real. Only what the client
reported and what is in the log can be compared: Apache Kafka does not tell what it decided.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import pytest

from compat_tests import toolchains
from compat_tests.clients.confluent_kafka.confluent_kafka_client import ConfluentKafka
from compat_tests.real_broker.apache_kafka import TOOLS, ApacheKafka
from compat_tests.scenarios import allowed, recorded
from compat_tests.scenarios.players import DRIVEN, player, sockets_may_be_left
from compat_tests.server.asking import delete_records, list_offset, log_end, new_topic
from compat_tests.wire_client import WireClient
from kafkashim.relay import FORWARD, PRODUCE, Action, Program, Relay, Request, Step
from kafkashim.scenarios import all_scenarios
from kafkashim.scenarios.clients import Produced, label_of, value_of
from kafkashim.scenarios.outcome import compare
from kafkashim.scenarios.scenario import CONFLUENT_KAFKA, Patience
from kafkashim.scenarios.stage import TOPIC

SCENARIOS = all_scenarios()
BOOK = "kafka-4.3"
WAIT_SECONDS = 30
# For so long nothing may be appended before the client is thought to wait for answers.
QUIET_SECONDS = 1.0
FOR_EVER_MS = 3_600_000
HELD_MS = 200
# Apache Kafka takes seconds to restart.
PATIENCE = Patience(request_ms=5000, delivery_ms=90_000)


@dataclass
class LoseAnswer:
    """Loses the answer to one Produce request; the next is cut off when the time for it has come."""

    nth: int
    then: threading.Event = field(default_factory=threading.Event)
    count: int = 0

    def step(self, request: Request) -> Step:
        if request.api_key != PRODUCE:
            return FORWARD
        self.count += 1
        if self.count == self.nth:
            return Step(Action.LOSE_ANSWER)
        if self.count == self.nth + 1:
            # Nobody is served meanwhile. Cut off earlier, the broker would throw away what it has not
            # looked at yet.
            self.then.wait(WAIT_SECONDS)
            return Step(Action.CUT_BEFORE_REQUEST)
        return FORWARD


@dataclass
class HoldAnswers:
    """Holds back the answers to Produce requests: all but the first ones, or one for a moment."""

    passing: int
    ms: float
    times: int
    count: int = 0

    def step(self, request: Request) -> Step:
        if request.api_key != PRODUCE:
            return FORWARD
        self.count += 1
        if self.passing < self.count <= self.passing + self.times:
            return Step(Action.DELAY_ANSWER, delay_ms=self.ms)
        return FORWARD


def wait_until_appended(wire: WireClient, count: int | None = None) -> None:
    """Wait until so many records are there, or until no more come."""
    end = time.monotonic() + WAIT_SECONDS
    before, since = 0, time.monotonic()
    while count != before:
        assert time.monotonic() < end
        there = log_end(wire, TOPIC)
        if there != before:
            before, since = there, time.monotonic()
        if count is None and before and time.monotonic() - since > QUIET_SECONDS:
            return
        time.sleep(0.02)


class Play:
    """Apache Kafka behind a relay, and a client that sends the messages of a scenario meanwhile."""

    def __init__(self, name: str, client: str, kafka: ApacheKafka, relay: Relay) -> None:
        self.scenario = SCENARIOS[name]
        self.client = player(client)
        self.kafka = kafka
        self.relay = relay
        self.port = relay.port
        self.results: list[Produced] = []
        relay.upstream = kafka.address
        with WireClient(*kafka.address) as wire:
            new_topic(wire, name=TOPIC)
        self._ready()
        self._thread = threading.Thread(target=self._produce)

    def begin(self, program: Program) -> None:
        self.relay.play(program)
        self._thread.start()

    def _produce(self) -> None:
        bootstrap = f"127.0.0.1:{self.port}"
        for labels in self.scenario.producers:
            values = [value_of(label) for label in labels]
            self.results.append(self.client.produce(bootstrap, TOPIC, values, PATIENCE))

    def _ready(self) -> None:
        end = time.monotonic() + WAIT_SECONDS
        with WireClient(*self.kafka.address) as wire:
            while list_offset(wire, TOPIC, -1).error_code:
                assert time.monotonic() < end
                time.sleep(0.02)

    def appended(self, count: int | None = None) -> None:
        """As :func:`wait_until_appended`."""
        with WireClient(*self.kafka.address) as wire:
            wait_until_appended(wire, count)

    def restart(self, *, clean: bool) -> None:
        """Take the broker from its clients, restart it, and let them come again."""
        self.relay.close()
        if clean:
            self.kafka.stop()
        else:
            self.kafka.kill()
        self.kafka.start()
        self._ready()
        self.relay = Relay(self.port)
        self.relay.play(HoldAnswers(0, HELD_MS, 1))
        self.relay.upstream = self.kafka.address

    def end(self) -> Sequence[str]:
        """Wait for the client; gives what the log has."""
        self._thread.join(120)
        assert self.results
        self.relay.calm()
        records = ConfluentKafka().read(f"127.0.0.1:{self.port}", TOPIC, [0])
        return [label_of(record.value) for record in records]


def answer_lost(play: Play) -> None:
    program = LoseAnswer(3)
    program.then.set()
    play.begin(program)


def records_deleted(play: Play) -> None:
    program = LoseAnswer(3)
    play.begin(program)
    play.appended(3)
    with WireClient(*play.kafka.address) as wire:
        assert delete_records(wire, TOPIC, 3).error_code == 0
    program.then.set()


def restarted(play: Play, *, clean: bool) -> None:
    play.begin(HoldAnswers(1, FOR_EVER_MS, 1000))
    play.appended()
    play.restart(clean=clean)


BROUGHT_ABOUT: dict[str, Callable[[Play], None]] = {
    "answer-lost": answer_lost,
    "records-deleted": records_deleted,
    "restarted-clean": lambda play: restarted(play, clean=True),
    "restarted-unclean": lambda play: restarted(play, clean=False),
}


def test_the_document_tells_of_these() -> None:
    assert tuple(BROUGHT_ABOUT) == recorded.ON_ONE_BROKER


@pytest.mark.parametrize("client", [CONFLUENT_KAFKA, *DRIVEN])
@pytest.mark.parametrize("name", BROUGHT_ABOUT)
def test_it_comes_to_the_same_end(name: str, client: str, pytestconfig: pytest.Config) -> None:
    if not pytestconfig.getoption("--real-broker"):
        pytest.skip("compares with a running Apache Kafka: give --real-broker")
    toolchains.need(*TOOLS)
    relay = Relay()
    advertised = {"advertised.listeners": f"PLAINTEXT://{relay.bootstrap_servers}"}
    play = None
    try:
        with ApacheKafka(advertised) as kafka, sockets_may_be_left():
            play = Play(name, client, kafka, relay)
            BROUGHT_ABOUT[name](play)
            log = play.end()
    finally:
        (play.relay if play else relay).close()
    outcome = compare(SCENARIOS[name], play.results, log)
    usual = replace(allowed.usual(outcome, name, client, BOOK), decisions=[])
    found = json.loads(json.dumps(usual.as_json()))
    wanted = recorded.load(name)["clients"][client][BOOK]
    assert found == {**wanted, "decisions": []}

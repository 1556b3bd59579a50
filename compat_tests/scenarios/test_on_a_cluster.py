"""What comes of leader-moved on three brokers of Apache Kafka is what is recorded for those here.

Each is behind a relay, which also carries what its followers fetch. The answers are held back until the
client waits; then the leader is stopped for real, and its connections are cut.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from compat_tests import toolchains
from compat_tests.clients.confluent_kafka.confluent_kafka_client import ConfluentKafka
from compat_tests.real_broker.apache_kafka import TOOLS
from compat_tests.real_broker.apache_kafka_cluster import ApacheKafkaCluster
from compat_tests.real_broker.nodes import BROKERS, Nodes
from compat_tests.scenarios import recorded
from compat_tests.scenarios.players import DRIVEN, player, sockets_may_be_left
from compat_tests.scenarios.test_on_apache_kafka import (
    BOOK,
    FOR_EVER_MS,
    HELD_MS,
    SCENARIOS,
    HoldAnswers,
    wait_until_appended,
)
from kafkashim.relay import Relay
from kafkashim.scenarios.clients import Client, Produced, label_of, value_of
from kafkashim.scenarios.outcome import compare
from kafkashim.scenarios.scenario import CONFLUENT_KAFKA, Patience
from kafkashim.scenarios.stage import TOPIC

(NAME,) = recorded.ON_THREE_BROKERS
# Nobody's time is over before the leader has stopped.
PATIENCE = Patience(request_ms=30_000, delivery_ms=90_000)


@contextmanager
def behind_relays() -> Iterator[tuple[ApacheKafkaCluster, dict[int, Relay]]]:
    """Three brokers that advertise a relay each; who closes one takes it out."""
    relays = {broker: Relay() for broker in BROKERS}
    of_node = {
        broker: {"advertised.listeners": f"PLAINTEXT://{relay.bootstrap_servers}"}
        for broker, relay in relays.items()
    }
    try:
        kafka = ApacheKafkaCluster(of_node=of_node)
        for broker, relay in relays.items():
            relay.upstream = kafka.addresses[broker]
        with kafka:
            yield kafka, relays
    finally:
        for relay in relays.values():
            relay.close()


def play(kafka: ApacheKafkaCluster, relays: dict[int, Relay], client: Client) -> Produced:
    """Have a client send, and stop the leader meanwhile; gives what the client reported."""
    leader, *others = BROKERS
    Nodes(kafka.addresses).create(TOPIC, list(BROKERS))
    relays[leader].play(HoldAnswers(1, FOR_EVER_MS, 1000))
    for broker in others:
        relays[broker].play(HoldAnswers(0, HELD_MS, 1))
    bootstrap = ",".join(relay.bootstrap_servers for relay in relays.values())
    (labels,) = SCENARIOS[NAME].producers
    values = [value_of(label) for label in labels]
    results: list[Produced] = []
    thread = threading.Thread(
        target=lambda: results.append(client.produce(bootstrap, TOPIC, values, PATIENCE))
    )
    thread.start()
    with kafka.client(leader) as wire:
        wait_until_appended(wire)
    # The connections end before another broker leads, as they do when a broker goes at once. Otherwise
    # Java sends the new leader, on a connection where nothing is in flight, what comes behind the batches
    # under way, and then these are older than the five that are remembered.
    relays.pop(leader).close()
    kafka.stop(leader)
    thread.join(120)
    for relay in relays.values():
        relay.calm()
    return results[0]


@pytest.mark.parametrize("client", [CONFLUENT_KAFKA, *DRIVEN])
def test_the_leader_moves_to_the_same_end(client: str, pytestconfig: pytest.Config) -> None:
    if not pytestconfig.getoption("--real-broker"):
        pytest.skip("compares with running brokers of Apache Kafka: give --real-broker")
    toolchains.need(*TOOLS)
    with behind_relays() as (kafka, relays), sockets_may_be_left():
        produced = play(kafka, relays, player(client))
        bootstrap = relays[BROKERS[-1]].bootstrap_servers
        log = [label_of(record.value) for record in ConfluentKafka().read(bootstrap, TOPIC, [0])]
    outcome = replace(compare(SCENARIOS[NAME], [produced], log), decisions=[])
    wanted = recorded.load(NAME)["clients"][client][BOOK]
    assert json.loads(json.dumps(outcome.as_json())) == {**wanted, "decisions": []}

"""Connections are cut and answers lost at random; still every message is there once, in order.

Each seed is one random program of the relay and one producer. `--seeds 20` runs the first twenty,
`-k seed17` one of them. Clients in other languages, of which every use is a process, take a few each.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from compat_tests.clients.client_under_test import Message, ProducerSettings
from compat_tests.clients.conftest import driven_with, load_client
from compat_tests.clients.driven import DrivenClient
from compat_tests.clients.exactly_once import assert_exactly_once_in_order
from compat_tests.conftest import RelayedBroker
from kafkashim.relay import PRODUCE, Action, RandomProgram

MESSAGES = 300
PARTITIONS = 2
# One of each kind of batches and chances below.
DRIVEN_SEEDS = (0, 5, 10, 15)


def _client_of(seed: int) -> str:
    """Three in five for librdkafka, which alone sends five requests ahead on one partition."""
    names = ["confluent_kafka", "confluent_kafka", "confluent_kafka", "kafka_python", "aiokafka"]
    return names[seed % len(names)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        limit = metafunc.config.getoption("--seeds")
        cases = [(_client_of(seed), seed) for seed in range(limit)]
        driven = [seed for seed in DRIVEN_SEEDS if seed < limit]
        cases += [(name, seed) for name in driven_with("producer") for seed in driven]
        ids = [f"{name}-seed{seed}" for name, seed in cases]
        metafunc.parametrize(("client_name", "seed"), cases, ids=ids)


def test_cut_connections_and_lost_answers(
    relayed_broker: RelayedBroker, unique: Callable[[str], str], client_name: str, seed: int
) -> None:
    client = load_client(client_name)
    if isinstance(client, DrivenClient) and f"seed{seed}" in client.own_faults:
        pytest.xfail(client.own_faults[f"seed{seed}"])
    relay, bootstrap = relayed_broker.relay, relayed_broker.bootstrap_servers
    topic = unique(f"seed{seed}")
    client.create_topic(bootstrap, topic, PARTITIONS)
    messages = [
        Message(b"%d of seed %d" % (number, seed) + bytes(80), partition=number % PARTITIONS)
        for number in range(MESSAGES)
    ]
    # Half of the seeds: about ten messages a batch, thirty requests. The other half: one message a
    # batch, three hundred requests, with which librdkafka has five under way for a partition.
    batch_bytes, chance = ((1_100, 0.3), (200, 0.3), (1_100, 0.2), (200, 0.04))[seed // 5 % 4]
    settings = ProducerSettings(batch_bytes=batch_bytes, linger_ms=1, backoff_ms=5)
    relay.play(RandomProgram(seed, cuts=8, produce_chance=chance))
    try:
        deliveries = client.produce(bootstrap, topic, messages, settings)
    finally:
        relay.calm()

    done = [(event.request.api_key, event.step.action) for event in relay.events]
    assert (PRODUCE, Action.LOSE_ANSWER) in done
    records = client.read(bootstrap, topic, range(PARTITIONS))
    try:
        assert_exactly_once_in_order(messages, deliveries, records)
    except AssertionError as error:
        harm = ", ".join(f"{action.value} ({api_key})" for api_key, action in done)
        error.add_note(f"seed {seed}, {client.name}; the relay did, with the API key: {harm}")
        raise

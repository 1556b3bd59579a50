"""Random faults under an unmodified idempotent producer: what it delivers is there once, and in order.

Each seed is a program of faults and one producer of librdkafka. ``--fault-programs 200`` runs the first
200, ``-k seed17`` one of them.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from compat_tests.conftest import need
from compat_tests.server.conftest import LogLines
from kafkashim.testing import KafkaShim

Start = Callable[..., KafkaShim]
TOPIC = "orders"
MESSAGES = 60
# What a broker answers when it did not append, and when it did.
BEFORE = ("NOT_LEADER_OR_FOLLOWER", "NOT_ENOUGH_REPLICAS", "KAFKA_STORAGE_ERROR")
AFTER = ("REQUEST_TIMED_OUT", "NOT_ENOUGH_REPLICAS_AFTER_APPEND")
APIS = ("Produce", "Produce", "Produce", "Produce", "Metadata", "ApiVersions")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        seeds = range(metafunc.config.getoption("--fault-programs"))
        metafunc.parametrize("seed", seeds, ids=[f"seed{seed}" for seed in seeds])


def fault(chance: random.Random, api: str) -> dict[str, Any]:
    """One fault, which sooner or later is over."""
    words: dict[str, Any] = {"api": api, "times": chance.randint(1, 4)}
    if chance.random() < 0.5:
        words |= {"probability": chance.choice((0.2, 0.5, 0.8)), "seed": chance.randint(0, 999)}
    elif chance.random() < 0.5:
        words["every"] = chance.randint(1, 4)
    kinds: list[dict[str, Any]] = [
        {"action": "drop_answer"},
        {"action": "cut_answer"},
        {"action": "cut_answer", "length": chance.randint(0, 20)},
        {"action": "close_connection"},
        {"action": "delay_answer", "ms": chance.choice((1, 20, 200))},
        {"action": "slow_answer", "bytes_per_second": chance.choice((300, 3000))},
        {"action": "throttle", "ms": chance.choice((1, 50))},
    ]
    if api == "Produce":
        kinds += [
            {"action": "fail_before_append", "error": chance.choice(BEFORE)},
            {"action": "fail_after_append", "error": chance.choice(AFTER)},
            {"action": "half_open", "times": 1},
        ]
        # Not drop_answer with close=False: no network loses an answer and delivers those behind it, and
        # when the batch comes again more than five later ones may have been taken.
    return {**words, **chance.choice(kinds)}


def test_what_is_delivered_is_there_once_and_in_order(
    start: Start, seed: int, log_lines: LogLines
) -> None:
    chance = random.Random(seed)
    rules = chance.choice(("explicit", "kafka-4.3"))
    partitions = chance.choice((1, 2))
    with start(rules=rules, config={"num.partitions": str(partitions)}) as shim:
        producer = need("confluent_kafka").Producer(
            {
                "bootstrap.servers": shim.bootstrap_servers,
                "enable.idempotence": True,
                "linger.ms": chance.choice((0, 1)),
                "batch.num.messages": chance.choice((1, 3, 10)),
                "request.timeout.ms": 1000,
                # How long it waits for an answer that does not come.
                "socket.timeout.ms": 1000,
                "retry.backoff.ms": 5,
                "reconnect.backoff.ms": 5,
                "reconnect.backoff.max.ms": 20,
                "log_level": 0,
            }
        )
        outcomes: dict[bytes, Any] = {}

        def send(value: bytes, partition: int) -> None:
            producer.produce(
                TOPIC,
                value,
                partition=partition,
                on_delivery=lambda e, m: outcomes.update({value: e}),
            )

        # What librdkafka does when its very first batch is lost is another story: any sequence is then
        # taken for the first of a new producer (rule 2).
        for partition in range(partitions):
            send(b"first of %d" % partition, partition)
        assert producer.flush(20) == 0
        program = [fault(chance, chance.choice(APIS)) for _ in range(chance.randint(1, 4))]
        faults = [shim.faults.add(words) for words in program]
        for number in range(MESSAGES):
            send(b"%d" % number, number % partitions)
            producer.poll(0)
        left = producer.flush(60)
        told = "\n".join(map(str, faults))
        assert left == 0, told
        failed = {value: error for value, error in outcomes.items() if error is not None}
        assert not failed, f"{failed}\n{told}"
        for partition in range(partitions):
            values = [b"first of %d" % partition]
            values += [b"%d" % n for n in range(MESSAGES) if n % partitions == partition]
            shim.journal.assert_produced(TOPIC, values=values, partition=partition)

"""Unmodified consumers whose coordinator moves, stops and comes back, and whose leaders do."""

from __future__ import annotations

import time
from typing import Any

import pytest

from compat_tests.cluster.conftest import Three
from compat_tests.conftest import need
from kafkashim.groups.coordinator import partition_of
from kafkashim.testing import KafkaShim

OFFSETS, TOPIC, GROUP = "__consumer_offsets", "orders", "readers"
PARTITIONS, ROUNDS, MESSAGES = 3, 3, 30
SECONDS = 30


class LibrdkafkaConsumer:
    survives_refusals = True

    def __init__(self, servers: str, protocol: str) -> None:
        config = {
            "bootstrap.servers": servers,
            "group.id": GROUP,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "group.protocol": protocol,
            "reconnect.backoff.max.ms": 100,
            "retry.backoff.ms": 50,
            "topic.metadata.refresh.interval.ms": 500,
            "log_level": 0,
        }
        self._consumer = need("confluent_kafka").Consumer(config)
        self._consumer.subscribe([TOPIC])

    def poll(self) -> list[bytes]:
        found = self._consumer.consume(50, 0.1)
        values = [message.value() for message in found if message.error() is None]
        if values:
            self._commit()
        return values

    def _commit(self) -> None:
        kafka_error = need("confluent_kafka").KafkaException
        end = time.monotonic() + SECONDS
        while True:
            try:
                self._consumer.commit(asynchronous=False)
                return
            except kafka_error:
                # Its coordinator is another by now, which it looks for.
                assert time.monotonic() < end
                time.sleep(0.1)

    def close(self) -> None:
        self._consumer.close()


class KafkaPythonConsumer:
    # kafka-python 3.0.12 leaves the socket of a connection that is refused to the garbage collector.
    survives_refusals = False

    def __init__(self, servers: str, protocol: str) -> None:
        self._consumer = need("kafka").KafkaConsumer(
            TOPIC,
            bootstrap_servers=servers.split(","),
            group_id=GROUP,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            reconnect_backoff_ms=20,
            reconnect_backoff_max_ms=100,
            retry_backoff_ms=50,
            metadata_max_age_ms=500,
        )

    def poll(self) -> list[bytes]:
        found = self._consumer.poll(100)
        values = [record.value for records in found.values() for record in records]
        if values:
            self._consumer.commit()
        return values

    def close(self) -> None:
        self._consumer.close(autocommit=False)


def written(shim: KafkaShim, round_: int) -> set[bytes]:
    producer = need("confluent_kafka").Producer(
        {
            "bootstrap.servers": shim.bootstrap_servers,
            "enable.idempotence": True,
            "retry.backoff.ms": 20,
            "reconnect.backoff.max.ms": 100,
            "log_level": 0,
        }
    )
    values = {b"%d-%d" % (round_, number) for number in range(MESSAGES)}
    for number, value in enumerate(sorted(values)):
        producer.produce(TOPIC, value, partition=number % PARTITIONS)
    assert producer.flush(SECONDS) == 0
    return values


def committed(shim: KafkaShim) -> int:
    def look(broker: Any) -> int:
        offsets = broker.groups.committed(GROUP).get(TOPIC, {})
        return sum(offset.committed_offset for offset in offsets.values())

    return shim.call(look)


def read_all(shim: KafkaShim, consumer: Any, read: list[bytes], expected: set[bytes]) -> None:
    """Have a consumer read until it read all that is expected, and committed it."""
    end = time.monotonic() + SECONDS
    while set(read) != expected or committed(shim) != len(expected):
        read.extend(consumer.poll())
        assert time.monotonic() < end, (len(read), committed(shim), shim.journal.transcript(20))


@pytest.mark.parametrize(
    ("consumer_class", "protocol"),
    [
        (LibrdkafkaConsumer, "classic"),
        (LibrdkafkaConsumer, "consumer"),
        (KafkaPythonConsumer, "classic"),
    ],
    ids=["confluent_kafka", "confluent_kafka-consumer", "kafka_python"],
)
def test_a_group_goes_on_wherever_it_is_coordinated(
    three: Three, consumer_class: Any, protocol: str
) -> None:
    config = {
        "num.partitions": str(PARTITIONS),
        "group.initial.rebalance.delay.ms": "0",
        "offsets.topic.num.partitions": "3",
    }
    shim = three(config=config)
    expected = written(shim, 0)
    consumer = consumer_class(shim.bootstrap_servers, protocol)
    read: list[bytes] = []
    try:
        read_all(shim, consumer, read, expected)
        index = partition_of(GROUP, 3)
        for round_ in range(1, ROUNDS + 1):
            coordinator = shim.leader(OFFSETS, index)
            if round_ == 1:
                shim.move_leader(OFFSETS, index, to=coordinator % 3 + 1)
            elif round_ == 2 and consumer_class.survives_refusals:
                shim.stop_broker(coordinator)
            else:
                shim.move_leader(OFFSETS, index, to=coordinator % 3 + 1)
                for partition in range(PARTITIONS):
                    to = shim.leader(TOPIC, partition) % 3 + 1
                    shim.move_leader(TOPIC, partition, to=to)
            expected |= written(shim, round_)
            read_all(shim, consumer, read, expected)
            for stopped in set(shim.brokers) - alive(shim):
                shim.start_broker(stopped)
        # Nothing was read again: what was committed was kept.
        assert len(read) == len(expected)
    finally:
        consumer.close()


def alive(shim: KafkaShim) -> set[int]:
    return shim.call(lambda broker: set(broker.cluster.alive))

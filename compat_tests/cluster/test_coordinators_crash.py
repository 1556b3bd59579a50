"""Consumers whose coordinator crashes: when another takes over, the group is as it was."""

from __future__ import annotations

import pytest

from compat_tests.cluster.conftest import Three
from compat_tests.cluster.test_groups_of_clients import (
    GROUP,
    OFFSETS,
    PARTITIONS,
    TOPIC,
    LibrdkafkaConsumer,
    read_all,
    written,
)
from compat_tests.conftest import need
from kafkashim.groups.coordinator import partition_of
from kafkashim.testing import KafkaShim

FENCED_AFTER_SECONDS = 9
SESSION_MS = 6000


class Consumer(LibrdkafkaConsumer):
    """One with a short session, which those of the consumer protocol get from the broker."""

    def __init__(self, servers: str, protocol: str) -> None:
        config = {
            "bootstrap.servers": servers,
            "group.id": GROUP,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "group.protocol": protocol,
            "reconnect.backoff.max.ms": 100,
            "retry.backoff.ms": 50,
            "log_level": 0,
        }
        if protocol == "classic":
            config |= {"session.timeout.ms": SESSION_MS, "heartbeat.interval.ms": 500}
        self._consumer = need("confluent_kafka").Consumer(config)
        self._consumer.subscribe([TOPIC])


def generation(shim: KafkaShim) -> tuple[int, list[str]]:
    """The group's generation or epoch, and who is in it."""

    def look(group: object) -> tuple[int, list[str]]:
        epoch = getattr(group, "generation_id", None) or getattr(group, "group_epoch", 0)
        return epoch, list(getattr(group, "members", ()))

    return shim.call(lambda broker: look(broker.groups.groups[GROUP]))


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_nobody_joins_again(three: Three, protocol: str) -> None:
    # Sessions are shorter than it takes to find out that a broker is gone.
    config = {
        "num.partitions": str(PARTITIONS),
        "group.initial.rebalance.delay.ms": "0",
        "group.consumer.session.timeout.ms": str(SESSION_MS),
        "group.consumer.min.session.timeout.ms": str(SESSION_MS),
    }
    shim = three(config=config)
    expected = written(shim, 0)
    consumer = Consumer(shim.bootstrap_servers, protocol)
    read: list[bytes] = []
    try:
        read_all(shim, consumer, read, expected)
        before = generation(shim)
        index = partition_of(GROUP, 50)
        shim.stop_broker(shim.leader(OFFSETS, index), clean=False)
        shim.clock.advance(seconds=FENCED_AFTER_SECONDS)
        expected |= written(shim, 1)
        read_all(shim, consumer, read, expected)
        assert generation(shim) == before
        assert len(read) == len(expected)
    finally:
        consumer.close()

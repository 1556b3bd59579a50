"""A broker that is stopped and started between two tries of a producer.

Apache Kafka finds its log again, and of each producer what its snapshot holds: the last batch. This
broker keeps everything in memory and begins anew, as ``docs/limits.md`` says under Durability.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from compat_tests.real_broker.apache_kafka import ApacheKafka
from compat_tests.real_broker.conftest import need_real_broker
from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes.producing import batch, produce
from kafkashim.testing import KafkaShim

TOPIC = "restarted"
NONE, UNKNOWN_TOPIC_OR_PARTITION, OUT_OF_ORDER_SEQUENCE_NUMBER = 0, 3, 45


@contextmanager
def talking(address: tuple[str, int]) -> Iterator[Conversation]:
    conversation = Conversation(address, TOPIC)
    try:
        yield conversation
    finally:
        conversation.close()


def send(c: Conversation, producer: int, sequence: int) -> tuple[int, int]:
    # Now: a producer whose last batch is a day old is forgotten when the snapshot is read.
    records = batch(producer, 0, sequence, timestamp=int(time.time() * 1000))
    answer = c.quietly(produce(c, 9, {(TOPIC, 0): records}), 9)
    found = answer.responses[0].partition_responses[0]
    return found.error_code, found.base_offset


def test_apache_kafka_remembers_the_last_batch_of_each_producer(
    pytestconfig: pytest.Config,
) -> None:
    need_real_broker(pytestconfig)
    with ApacheKafka() as kafka:
        with talking(kafka.address) as c:
            assert not c.create(TOPIC)
            producer = c.producer_id()
            assert [send(c, producer, n) for n in range(3)] == [(NONE, n) for n in range(3)]
        kafka.stop()
        kafka.start()
        with talking(kafka.address) as c:
            c.wait_for(TOPIC)
            assert send(c, producer, 2) == (NONE, 2)
            assert send(c, producer, 1) == (OUT_OF_ORDER_SEQUENCE_NUMBER, -1)
            assert send(c, producer, 3) == (NONE, 3)


def test_this_broker_begins_anew() -> None:
    with KafkaShim(rules="kafka-4.3") as shim, talking((shim.host, shim.port)) as c:
        assert not c.create(TOPIC)
        producer = c.producer_id()
        assert send(c, producer, 0) == (NONE, 0)
        port = shim.port
    with KafkaShim(rules="kafka-4.3", port=port) as shim, talking((shim.host, shim.port)) as c:
        assert send(c, producer, 1) == (UNKNOWN_TOPIC_OR_PARTITION, -1)
        assert not c.create(TOPIC)
        assert send(c, producer, 1) == (NONE, 0)

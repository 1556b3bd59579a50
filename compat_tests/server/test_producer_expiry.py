"""Producers that were silent too long are forgotten (``producer.id.expiration.ms``)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from compat_tests.server.asking import new_topic, produce, producers
from compat_tests.server.in_process import InProcess, Peer
from kafka_codecs.record_batch import encode_batch

DAY = 86_400_000
CHECK_MS = 600_000
OUT_OF_ORDER_SEQUENCE_NUMBER = 45


@pytest.fixture
def broker(in_process: Callable[..., InProcess]) -> InProcess:
    broker = in_process()
    broker.broker.cluster.start()
    return broker


@pytest.fixture
def peer(broker: InProcess) -> Peer:
    return broker.connect()


def send(
    broker: InProcess, peer: Peer, topic: str, sequence: int, producer: int = 1, age_ms: int = 0
) -> tuple[int, int]:
    """A batch stamped with the broker's time, or older."""
    batch = encode_batch(
        [(b"k", b"v")],
        base_timestamp=broker.clock.now_ms() - age_ms,
        producer_id=producer,
        producer_epoch=0,
        base_sequence=sequence,
    )
    answer = produce(peer, topic, batch)
    return answer.error_code, answer.base_offset


def test_a_silent_producer_is_forgotten_after_a_day(broker: InProcess, peer: Peer) -> None:
    topic = new_topic(peer)
    assert send(broker, peer, topic, 0) == (0, 0)
    broker.clock.advance(DAY - 1)
    assert list(producers(peer, topic)) == [1]
    assert send(broker, peer, topic, 5) == (OUT_OF_ORDER_SEQUENCE_NUMBER, -1)
    broker.clock.advance(CHECK_MS)
    assert producers(peer, topic) == {}
    # It may start anywhere, and what was a duplicate is none any more.
    assert send(broker, peer, topic, 5) == (0, 1)


def test_each_batch_counts_anew(broker: InProcess, peer: Peer) -> None:
    topic = new_topic(peer)
    for sequence in range(5):
        assert send(broker, peer, topic, sequence) == (0, sequence)
        broker.clock.advance(DAY - CHECK_MS)
    assert list(producers(peer, topic)) == [1]


def test_what_counts_is_the_batchs_own_time(broker: InProcess, peer: Peer) -> None:
    topic = new_topic(peer)
    assert send(broker, peer, topic, 0, age_ms=DAY) == (0, 0)
    assert list(producers(peer, topic)) == [1]
    broker.clock.advance(CHECK_MS)
    assert producers(peer, topic) == {}


def test_only_the_silent_are_forgotten(broker: InProcess, peer: Peer) -> None:
    topic = new_topic(peer)
    for producer in (1, 2):
        send(broker, peer, topic, 0, producer)
    broker.clock.advance(DAY // 2)
    send(broker, peer, topic, 1, 2)
    broker.clock.advance(DAY // 2 + CHECK_MS)
    assert list(producers(peer, topic)) == [2]


def test_a_refused_batch_does_not_count(broker: InProcess, peer: Peer) -> None:
    topic = new_topic(peer)
    send(broker, peer, topic, 0)
    broker.clock.advance(DAY // 2)
    assert send(broker, peer, topic, 7)[0] == OUT_OF_ORDER_SEQUENCE_NUMBER
    assert send(broker, peer, topic, 0) == (0, 0)
    broker.clock.advance(DAY // 2 + CHECK_MS)
    assert producers(peer, topic) == {}


def test_the_time_is_configured(in_process: Callable[..., InProcess]) -> None:
    broker = in_process(
        config={
            "producer.id.expiration.ms": "5000",
            "producer.id.expiration.check.interval.ms": "1000",
        }
    )
    broker.broker.cluster.start()
    peer = broker.connect()
    topic = new_topic(peer)
    send(broker, peer, topic, 0)
    broker.clock.advance(4999)
    assert list(producers(peer, topic)) == [1]
    broker.clock.advance(1001)
    assert producers(peer, topic) == {}


def test_a_broker_that_is_closed_forgets_nothing_more(broker: InProcess, peer: Peer) -> None:
    topic = new_topic(peer)
    send(broker, peer, topic, 0)
    broker.broker.cluster.close()
    broker.clock.advance(10 * DAY)
    assert list(producers(peer, topic)) == [1]

"""Retention drops whole segments, by time and by size, when the clock says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from compat_tests.server.asking import fetch, log_end, log_start, new_topic, produce
from compat_tests.server.batches import NOW
from compat_tests.server.in_process import InProcess, Peer
from kafka_codecs.record_batch import encode_batch, read_batches

CHECK_MS = 300_000
MINUTE = 60_000
OFFSET_OUT_OF_RANGE = 1


def batch(broker: InProcess, size: int = 1000) -> bytes:
    """One record, stamped with the broker's time."""
    return encode_batch([(b"key", bytes(size))], base_timestamp=broker.clock.now_ms())


SIZE = len(encode_batch([(b"key", bytes(1000))], base_timestamp=NOW))
TWO_A_SEGMENT = {"segment.bytes": str(2 * SIZE)}


@pytest.fixture
def broker(in_process: Callable[..., InProcess]) -> InProcess:
    broker = in_process(config={"log.retention.check.interval.ms": str(CHECK_MS)})
    broker.broker.cluster.start()
    return broker


@pytest.fixture
def peer(broker: InProcess) -> Peer:
    return broker.connect()


def filled(broker: InProcess, peer: Peer, configs: Mapping[str, str], count: int) -> str:
    """A topic with so many batches, a minute apart."""
    topic = new_topic(peer, configs=configs)
    for _ in range(count):
        assert produce(peer, topic, batch(broker)).error_code == 0
        broker.clock.advance(MINUTE)
    return topic


@pytest.fixture(autouse=True)
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kafka takes no segment.bytes below 1 MiB; the broker's own code does not look again."""
    monkeypatch.setattr(
        "kafkashim.apis.api_19_create_topics.invalid_topic_config",
        lambda broker, configs: (dict(configs), None),
    )


def test_old_segments_go_by_size(broker: InProcess, peer: Peer) -> None:
    topic = filled(broker, peer, {**TWO_A_SEGMENT, "retention.bytes": str(3 * SIZE)}, 2)
    for _ in range(5):
        produce(peer, topic, batch(broker))
    assert log_start(peer, topic) == 0
    broker.clock.advance(CHECK_MS)
    # Seven batches, 2 + 2 + 2 + 1. Three are to be kept: a segment goes when what is left is enough.
    assert (log_start(peer, topic), log_end(peer, topic)) == (4, 7)
    assert fetch(peer, topic, 3).error_code == OFFSET_OUT_OF_RANGE
    answer = fetch(peer, topic, 4)
    assert answer.log_start_offset == 4
    # A fetch reads to the end of a segment, as LogSegment.read does.
    assert [b.base_offset for b in read_batches(answer.records)] == [4, 5]


def test_a_segment_stays_while_it_is_needed_to_fill_the_size(broker: InProcess, peer: Peer) -> None:
    topic = filled(broker, peer, {**TWO_A_SEGMENT, "retention.bytes": str(4 * SIZE)}, 0)
    for _ in range(5):
        produce(peer, topic, batch(broker))
    broker.clock.advance(CHECK_MS)
    assert log_start(peer, topic) == 0
    produce(peer, topic, batch(broker))
    broker.clock.advance(CHECK_MS)
    assert log_start(peer, topic) == 2


def test_the_segment_being_written_is_never_dropped_by_size(broker: InProcess, peer: Peer) -> None:
    topic = filled(broker, peer, {"retention.bytes": "0"}, 2)
    broker.clock.advance(CHECK_MS)
    assert (log_start(peer, topic), log_end(peer, topic)) == (0, 2)


def test_old_segments_go_by_time(broker: InProcess, peer: Peer) -> None:
    topic = filled(broker, peer, {**TWO_A_SEGMENT, "retention.ms": str(20 * MINUTE)}, 6)
    # Written in minutes 0 to 5, now is minute 6; looked at every fifth minute.
    broker.clock.advance(14 * MINUTE)
    assert log_start(peer, topic) == 0
    broker.clock.advance(5 * MINUTE)
    # Minute 25: the newest of a segment counts. 1 and 3 are more than 20 minutes old, 5 is just 20.
    assert (log_start(peer, topic), log_end(peer, topic)) == (4, 6)


def test_all_records_may_grow_too_old(broker: InProcess, peer: Peer) -> None:
    topic = filled(broker, peer, {**TWO_A_SEGMENT, "retention.ms": str(MINUTE)}, 3)
    broker.clock.advance(2 * CHECK_MS)
    assert (log_start(peer, topic), log_end(peer, topic)) == (3, 3)
    answer = fetch(peer, topic, 3)
    assert (answer.error_code, answer.log_start_offset, answer.records) == (0, 3, b"")
    # Offsets go on where they were.
    assert produce(peer, topic, batch(broker)).base_offset == 3


def test_what_counts_is_the_records_time(broker: InProcess, peer: Peer) -> None:
    topic = new_topic(peer, configs={"retention.ms": str(10 * MINUTE)})
    old = encode_batch([(b"key", b"")], base_timestamp=broker.clock.now_ms() - 11 * MINUTE)
    produce(peer, topic, old)
    broker.clock.advance(CHECK_MS)
    assert log_start(peer, topic) == 1


def test_without_a_limit_nothing_goes(broker: InProcess, peer: Peer) -> None:
    topic = filled(broker, peer, {**TWO_A_SEGMENT, "retention.ms": "-1"}, 5)
    broker.clock.advance(365 * 24 * 60 * MINUTE)
    assert log_start(peer, topic) == 0


def test_a_week_by_default(broker: InProcess, peer: Peer) -> None:
    topic = filled(broker, peer, {}, 1)
    week = 7 * 24 * 60 * MINUTE
    broker.clock.advance(week - 2 * MINUTE)
    assert log_start(peer, topic) == 0
    broker.clock.advance(CHECK_MS + 2 * MINUTE)
    assert log_start(peer, topic) == 1


def test_a_topic_that_is_only_compacted_keeps_all(broker: InProcess, peer: Peer) -> None:
    configs = {**TWO_A_SEGMENT, "cleanup.policy": "compact", "retention.ms": "1"}
    topic = filled(broker, peer, configs, 5)
    broker.clock.advance(2 * CHECK_MS)
    assert log_start(peer, topic) == 0


def test_a_topic_that_is_compacted_and_deleted_is_held_to_its_limits(
    broker: InProcess, peer: Peer
) -> None:
    configs = {**TWO_A_SEGMENT, "cleanup.policy": "compact,delete", "retention.ms": "1"}
    topic = filled(broker, peer, configs, 5)
    broker.clock.advance(2 * CHECK_MS)
    assert log_start(peer, topic) == 5


def test_segments_end_with_their_time_too(broker: InProcess, peer: Peer) -> None:
    configs = {"segment.ms": str(2 * MINUTE), "retention.ms": str(20 * MINUTE)}
    topic = filled(broker, peer, configs, 6)
    segments = broker.broker.topics[topic].partitions[0].log.segments
    assert [segment.base_offset for segment in segments] == [0, 3]


def test_who_reads_meanwhile_keeps_what_he_read(broker: InProcess, peer: Peer) -> None:
    topic = filled(broker, peer, {**TWO_A_SEGMENT, "retention.ms": str(MINUTE)}, 4)
    views = broker.broker.topics[topic].partitions[0].log.read(0, 1 << 20, True)
    before = [bytes(view) for view in views]
    broker.clock.advance(2 * CHECK_MS)
    for _ in range(10):
        produce(peer, topic, batch(broker))
    assert [bytes(view) for view in views] == before

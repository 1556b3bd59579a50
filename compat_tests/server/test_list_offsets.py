"""ListOffsets, OffsetForLeaderEpoch and DescribeProducers, as measured on Apache Kafka 4.3.1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from compat_tests.server.asking import delete_records, list_offset, new_topic, produce
from compat_tests.server.batches import NOW, of_producer
from compat_tests.server.in_process import InProcess, Peer
from kafka_codecs.messages.api_02_list_offsets import (
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsTopic,
)
from kafka_codecs.messages.api_23_offset_for_leader_epoch import (
    OffsetForLeaderEpochRequest,
    OffsetForLeaderPartition,
    OffsetForLeaderTopic,
)
from kafka_codecs.messages.api_61_describe_producers import DescribeProducersRequest, TopicRequest
from kafka_codecs.record_batch import Record, encode_batch

NONE = 0
UNKNOWN_TOPIC_OR_PARTITION = 3
INVALID_TOPIC_EXCEPTION = 17
UNSUPPORTED_VERSION = 35
INVALID_REQUEST = 42
UNKNOWN_LEADER_EPOCH = 75
UNKNOWN_SERVER_ERROR = -1

BASE = NOW - 1_000_000
LATEST, EARLIEST, MAX_TIMESTAMP, EARLIEST_LOCAL, LATEST_TIERED, PENDING = -1, -2, -3, -4, -5, -6
SINCE = {LATEST: 1, EARLIEST: 1, MAX_TIMESTAMP: 7, EARLIEST_LOCAL: 8, LATEST_TIERED: 9, PENDING: 11}

every_version = pytest.mark.parametrize("version", range(1, 12))


@pytest.fixture
def peer(in_process: Callable[..., InProcess]) -> Peer:
    return in_process().connect()


def stamped(*timestamps: int, codec: int = 0) -> bytes:
    records = [Record(0, BASE + t, b"k", b"v") for t in timestamps]
    return encode_batch(records, base_timestamp=BASE + timestamps[0], codec=codec)


@pytest.fixture
def topic(peer: Peer) -> str:
    """Nine records in partition 0, with timestamps that go up and down."""
    name = new_topic(peer, 2)
    for timestamps in ((100, 300, 200), (400, 500, 500), (450, 450, 450)):
        produce(peer, name, stamped(*timestamps))
    return name


def apart_from_now(value: int) -> str:
    """A name of a parameter that is the same in every process that collects the tests."""
    for name, base in (("base", BASE), ("minus base", -BASE)):
        if abs(value - base) < 1_000_000:
            return f"{name}{value - base:+}"
    return str(value)


def look_up(peer: Peer, topic: str, timestamp: int, version: int = 11) -> tuple[int, int, int, int]:
    found = list_offset(peer, topic, timestamp, version=version)
    return found.error_code, found.timestamp, found.offset, found.leader_epoch


@every_version
@pytest.mark.parametrize(
    ("special", "timestamp", "offset"),
    [
        (LATEST, -1, 9),
        (EARLIEST, -1, 0),
        (MAX_TIMESTAMP, BASE + 500, 4),
        (EARLIEST_LOCAL, -1, 0),
        (LATEST_TIERED, -1, -1),
        (PENDING, -1, -1),
    ],
    ids=apart_from_now,
)
def test_special_timestamps(
    special: int, timestamp: int, offset: int, version: int, peer: Peer, topic: str
) -> None:
    epoch = 0 if offset >= 0 and version >= 4 else -1
    expected = (NONE, timestamp, offset, epoch)
    if version < SINCE[special]:
        expected = (UNSUPPORTED_VERSION, -1, -1, -1)
    assert look_up(peer, topic, special, version) == expected


@every_version
@pytest.mark.parametrize("special", [-7, -100, -(2**63)])
def test_timestamps_that_stand_for_nothing(
    special: int, version: int, peer: Peer, topic: str
) -> None:
    refused = (UNSUPPORTED_VERSION, -1, -1, -1)
    assert look_up(peer, topic, special, version) == refused
    # Asked before anything is looked for.
    assert look_up(peer, "nowhere", special, version) == refused


@every_version
@pytest.mark.parametrize(
    ("wanted", "timestamp", "offset"),
    [
        (-BASE, 100, 0),
        (0, 100, 0),
        (100, 100, 0),
        (101, 300, 1),
        (300, 300, 1),
        (301, 400, 3),
        (400, 400, 3),
        (401, 500, 4),
        (450, 500, 4),
        (500, 500, 4),
    ],
    ids=apart_from_now,
)
def test_the_first_record_not_older_than_a_time(
    wanted: int, timestamp: int, offset: int, version: int, peer: Peer, topic: str
) -> None:
    epoch = 0 if version >= 4 else -1
    found = look_up(peer, topic, BASE + wanted, version)
    assert found == (NONE, BASE + timestamp, offset, epoch)


@pytest.mark.parametrize("wanted", [BASE + 501, 2**63 - 1], ids=apart_from_now)
def test_no_record_so_young(wanted: int, peer: Peer, topic: str) -> None:
    assert look_up(peer, topic, wanted) == (NONE, -1, -1, -1)


def test_an_empty_partition(peer: Peer) -> None:
    topic = new_topic(peer)
    assert look_up(peer, topic, LATEST) == (NONE, -1, 0, 0)
    assert look_up(peer, topic, EARLIEST) == (NONE, -1, 0, 0)
    assert look_up(peer, topic, MAX_TIMESTAMP) == (NONE, -1, -1, -1)
    assert look_up(peer, topic, BASE) == (NONE, -1, -1, -1)


@pytest.mark.parametrize("codec", [1, 2, 3, 4])
def test_records_are_found_in_compressed_batches(codec: int, peer: Peer) -> None:
    topic = new_topic(peer)
    produce(peer, topic, stamped(100, 300, 200, codec=codec))
    assert look_up(peer, topic, BASE + 250) == (NONE, BASE + 300, 1, 0)
    assert look_up(peer, topic, MAX_TIMESTAMP) == (NONE, BASE + 300, 1, 0)


def test_a_topic_that_keeps_append_time(peer: Peer) -> None:
    topic = new_topic(peer, configs={"message.timestamp.type": "LogAppendTime"})
    appended = produce(peer, topic, stamped(1, 2, 3)).log_append_time_ms
    assert look_up(peer, topic, MAX_TIMESTAMP) == (NONE, appended, 0, 0)
    assert look_up(peer, topic, BASE + 3) == (NONE, appended, 0, 0)


def test_deleted_records_are_not_found(peer: Peer, topic: str) -> None:
    delete_records(peer, topic, 1)
    assert look_up(peer, topic, EARLIEST) == (NONE, -1, 1, 0)
    assert look_up(peer, topic, BASE) == (NONE, BASE + 300, 1, 0)
    delete_records(peer, topic, 2)
    assert look_up(peer, topic, BASE) == (NONE, BASE + 200, 2, 0)


def ask(peer: Peer, *topics: tuple[str, list[int]], **options: Any) -> list[tuple[str, Any]]:
    epoch = options.pop("epoch", -1)
    request = ListOffsetsRequest(
        **{"replica_id": -1, **options},
        topics=[
            ListOffsetsTopic(
                name=name,
                partitions=[
                    ListOffsetsPartition(
                        partition_index=index, current_leader_epoch=epoch, timestamp=LATEST
                    )
                    for index in indexes
                ],
            )
            for name, indexes in topics
        ],
    )
    return [
        (t.name, [(p.partition_index, p.error_code, p.offset) for p in t.partitions])
        for t in peer.ask(request, 6).topics
    ]


def test_errors(peer: Peer, topic: str) -> None:
    unknown = UNKNOWN_TOPIC_OR_PARTITION
    assert ask(peer, (topic, [0, 9, -1])) == [
        (topic, [(0, NONE, 9), (9, unknown, -1), (-1, unknown, -1)])
    ]
    assert ask(peer, ("nowhere", [0]), ("a b", [0])) == [
        ("nowhere", [(0, unknown, -1)]),
        ("a b", [(0, unknown, -1)]),
    ]
    assert ask(peer, (topic, [0]), epoch=1) == [(topic, [(0, UNKNOWN_LEADER_EPOCH, -1)])]
    assert ask(peer, (topic, [0]), isolation_level=1) == [(topic, [(0, NONE, 9)])]
    assert ask(peer, (topic, [0]), isolation_level=2) == [(topic, [(0, UNKNOWN_SERVER_ERROR, -1)])]
    assert ask(peer) == []


def test_a_partition_named_twice_is_answered_once(peer: Peer, topic: str) -> None:
    assert ask(peer, (topic, [0, 0]), (topic, [0, 1])) == [
        (topic, [(0, INVALID_REQUEST, -1), (1, NONE, 0)])
    ]


# -- OffsetForLeaderEpoch ------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [2, 3, 4])
@pytest.mark.parametrize(
    ("epoch", "current", "expected"),
    [
        (0, -1, (NONE, 0, 9)),
        (0, 0, (NONE, 0, 9)),
        (1, -1, (NONE, -1, -1)),
        (-1, -1, (NONE, -1, -1)),
        (0, 1, (UNKNOWN_LEADER_EPOCH, -1, -1)),
    ],
)
def test_the_end_of_an_epoch(
    epoch: int, current: int, expected: tuple[int, int, int], version: int, peer: Peer, topic: str
) -> None:
    request = OffsetForLeaderEpochRequest(
        replica_id=-1,
        topics=[
            OffsetForLeaderTopic(
                topic=name,
                partitions=[
                    OffsetForLeaderPartition(
                        partition=0, current_leader_epoch=current, leader_epoch=epoch
                    )
                ],
            )
            for name in (topic, "nowhere")
        ],
    )
    known, unknown = (t.partitions[0] for t in peer.ask(request, version).topics)
    assert (known.error_code, known.leader_epoch, known.end_offset) == expected
    assert unknown.error_code == UNKNOWN_TOPIC_OR_PARTITION
    assert (unknown.leader_epoch, unknown.end_offset) == (-1, -1)


# -- DescribeProducers ---------------------------------------------------------------------------------


def test_the_producers_of_a_partition(peer: Peer, topic: str) -> None:
    produce(peer, topic, of_producer(5, 2, 7, 3), partition=1)
    request = DescribeProducersRequest(
        topics=[
            TopicRequest(name=name, partition_indexes=[0, 1, 9])
            for name in (topic, "nowhere", "a b")
        ]
    )
    known, unknown, illegal = peer.ask(request, 0).topics
    errors = [(p.partition_index, p.error_code) for p in known.partitions]
    assert errors == [(0, NONE), (1, NONE), (9, UNKNOWN_TOPIC_OR_PARTITION)]
    assert known.partitions[0].active_producers == []
    (producer,) = known.partitions[1].active_producers
    assert (producer.producer_id, producer.producer_epoch) == (5, 2)
    assert (producer.last_sequence, producer.last_timestamp) == (9, NOW)
    assert (producer.coordinator_epoch, producer.current_txn_start_offset) == (-1, -1)
    assert {p.error_code for p in unknown.partitions} == {UNKNOWN_TOPIC_OR_PARTITION}
    assert {p.error_code for p in illegal.partitions} == {INVALID_TOPIC_EXCEPTION}

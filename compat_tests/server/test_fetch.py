"""Fetch: what is read, when it is answered, whose bytes are sent; compared with Apache Kafka 4.3.1."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from compat_tests.server.asking import (
    delete_records,
    fetch,
    fetch_request,
    new_topic,
    produce,
)
from compat_tests.server.conftest import Connect
from compat_tests.server.fetching import SIZE, THREE, Waiting, by_id
from compat_tests.server.in_process import InProcess, Peer
from compat_tests.wire_client import WireClient
from kafka_codecs.frame import encode_request
from kafka_codecs.messages.api_01_fetch import (
    FetchPartition,
    FetchRequest,
    FetchTopic,
)
from kafka_codecs.messages.api_20_delete_topics import DeleteTopicsRequest, DeleteTopicState
from kafka_codecs.record_batch import read_batches

NONE = 0
OFFSET_OUT_OF_RANGE = 1
UNKNOWN_TOPIC_OR_PARTITION = 3
UNKNOWN_LEADER_EPOCH = 75
UNKNOWN_TOPIC_ID = 100
UNKNOWN_SERVER_ERROR = -1

READ_COMMITTED = 1

every_version = pytest.mark.parametrize("version", range(4, 19))


@pytest.fixture
def topic(peer: Peer) -> str:
    """Partition 0 holds four batches of three records."""
    name = new_topic(peer, 3)
    for _ in range(4):
        produce(peer, name, THREE)
    return name


def read(
    peer: Peer, broker: InProcess, topic: str, offset: int, version: int, **options: Any
) -> Any:
    """The answer for partition 0, at any version."""
    request = fetch_request({(topic, 0): offset}, **options)
    if version >= 13:
        request = by_id(request, broker)
    answer = peer.ask(request, version)
    assert answer.error_code == NONE
    return answer.responses[0].partitions[0]


# -- what is read ------------------------------------------------------------------------------------


@every_version
@pytest.mark.parametrize(("offset", "batches"), [(0, 4), (1, 4), (2, 4), (3, 3), (11, 1), (12, 0)])
def test_the_batch_with_the_offset_and_all_that_follow(
    offset: int, batches: int, version: int, peer: Peer, broker: InProcess, topic: str
) -> None:
    answer = read(peer, broker, topic, offset, version)
    found = read_batches(answer.records)
    assert [batch.base_offset for batch in found] == [0, 3, 6, 9][4 - batches :]
    assert len(answer.records) == batches * SIZE
    assert (answer.error_code, answer.high_watermark, answer.last_stable_offset) == (NONE, 12, 12)
    assert answer.log_start_offset == (0 if version >= 5 else -1)


@every_version
@pytest.mark.parametrize("offset", [-1, -5, 13, 2**63 - 1])
def test_an_offset_out_of_range(
    offset: int, version: int, peer: Peer, broker: InProcess, topic: str
) -> None:
    answer = read(peer, broker, topic, offset, version)
    assert answer.error_code == OFFSET_OUT_OF_RANGE
    assert (answer.high_watermark, answer.last_stable_offset) == (-1, -1)
    assert answer.log_start_offset == -1
    assert answer.records == b""


def test_what_was_deleted_is_out_of_range(peer: Peer, topic: str) -> None:
    assert delete_records(peer, topic, 4).low_watermark == 4
    assert fetch(peer, topic, 3).error_code == OFFSET_OUT_OF_RANGE
    answer = fetch(peer, topic, 4)
    assert answer.log_start_offset == 4
    # The batch is sent as a whole, with the record that is deleted.
    assert [batch.base_offset for batch in read_batches(answer.records)] == [3, 6, 9]


@pytest.mark.parametrize("index", [3, -1])
def test_an_unknown_partition(index: int, peer: Peer, topic: str) -> None:
    answer = peer.ask(fetch_request({(topic, index): 0}), 12).responses[0].partitions[0]
    assert (answer.partition_index, answer.error_code) == (index, UNKNOWN_TOPIC_OR_PARTITION)
    assert (answer.high_watermark, answer.aborted_transactions) == (-1, [])


@pytest.mark.parametrize("name", ["no-such-topic", "a b", ""])
def test_an_unknown_topic(name: str, peer: Peer, topic: str) -> None:
    answer = peer.ask(fetch_request({(name, 0): 0, (topic, 0): 0}), 12)
    # What is not there is answered after the rest.
    assert [(t.topic, t.partitions[0].error_code) for t in answer.responses] == [
        (topic, NONE),
        (name, UNKNOWN_TOPIC_OR_PARTITION),
    ]


@pytest.mark.parametrize("version", [13, 17, 18])
def test_an_unknown_topic_id(version: int, peer: Peer, broker: InProcess, topic: str) -> None:
    request = by_id(fetch_request({(topic, 0): 0}), broker)
    request.topics[0].topic_id = UUID(int=77)
    (answer,) = peer.ask(request, version).responses
    assert answer.topic_id == UUID(int=77)
    assert answer.partitions[0].error_code == UNKNOWN_TOPIC_ID


def test_an_unknown_partition_of_a_known_id(peer: Peer, broker: InProcess, topic: str) -> None:
    request = by_id(fetch_request({(topic, 7): 0}), broker)
    answer = peer.ask(request, 13).responses[0].partitions[0]
    assert answer.error_code == UNKNOWN_TOPIC_OR_PARTITION


@every_version
def test_no_transaction_was_aborted(
    version: int, peer: Peer, broker: InProcess, topic: str
) -> None:
    """Null when uncommitted data is read too, and an empty list otherwise."""
    assert read(peer, broker, topic, 0, version).aborted_transactions is None
    committed = read(peer, broker, topic, 0, version, isolation_level=READ_COMMITTED)
    assert committed.aborted_transactions == []
    failed = read(peer, broker, topic, 99, version, isolation_level=READ_COMMITTED)
    assert failed.aborted_transactions is None


@pytest.mark.parametrize("level", [2, -1])
def test_an_unknown_isolation_level_fails_the_request(
    level: int, peer: Peer, broker: InProcess, topic: str
) -> None:
    request = fetch_request({(topic, 0): 0}, isolation_level=level)
    answer = peer.ask(request, 12)
    assert answer.error_code == UNKNOWN_SERVER_ERROR
    assert answer.responses[0].partitions[0].error_code == UNKNOWN_SERVER_ERROR
    answer = peer.ask(by_id(request, broker), 13)
    assert (answer.error_code, answer.responses) == (UNKNOWN_SERVER_ERROR, [])


@pytest.mark.parametrize(
    ("epoch", "error"),
    [(-1, NONE), (0, NONE), (-2, NONE), (1, UNKNOWN_LEADER_EPOCH)],
)
def test_the_current_leader_epoch(epoch: int, error: int, peer: Peer, topic: str) -> None:
    request = fetch_request({(topic, 0): 0})
    request.topics[0].partitions[0].current_leader_epoch = epoch
    assert peer.ask(request, 12).responses[0].partitions[0].error_code == error


# -- how much is read --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "length"),
    [
        (0, SIZE),
        (1, SIZE),
        (SIZE - 1, SIZE),
        (SIZE, SIZE),
        (SIZE + 1, SIZE + 1),
        (2 * SIZE - 1, 2 * SIZE - 1),
        (2 * SIZE + 12, 2 * SIZE + 12),
        (100 * SIZE, 4 * SIZE),
    ],
)
def test_a_limit_cuts_the_last_batch_but_never_the_first(
    limit: int, length: int, peer: Peer, topic: str
) -> None:
    for options in ({"partition_max_bytes": limit}, {"max_bytes": limit}):
        assert len(fetch(peer, topic, 0, **options).records) == length
        assert len(fetch(peer, topic, 2, **options).records) == length


def test_a_negative_limit_of_a_partition(peer: Peer, topic: str) -> None:
    assert fetch(peer, topic, 0, partition_max_bytes=-1).error_code == UNKNOWN_SERVER_ERROR


@pytest.mark.parametrize(
    ("limit", "lengths"),
    [
        (0, [SIZE, 0, 0]),
        (SIZE, [SIZE, 0, 0]),
        (2 * SIZE, [2 * SIZE, 0, 0]),
        (4 * SIZE, [4 * SIZE, 0, 0]),
        (4 * SIZE + 1, [4 * SIZE, 0, 0]),
        (5 * SIZE - 1, [4 * SIZE, 0, 0]),
        (5 * SIZE, [4 * SIZE, SIZE, 0]),
        (7 * SIZE, [4 * SIZE, 2 * SIZE, SIZE]),
        (8 * SIZE - 2, [4 * SIZE, 2 * SIZE, 2 * SIZE - 2]),
    ],
)
def test_the_limit_of_the_request_is_shared_by_its_partitions(
    limit: int, lengths: list[int], peer: Peer, topic: str
) -> None:
    """Only the first batch of the whole answer may be larger than the limit."""
    for index in (1, 2, 1, 2):
        produce(peer, topic, THREE, index)
    request = fetch_request({(topic, index): 0 for index in range(3)}, max_bytes=limit)
    answer = peer.ask(request, 12).responses[0].partitions
    assert [len(partition.records) for partition in answer] == lengths


@pytest.mark.parametrize("offset", [12, 99])
def test_the_first_partition_that_has_data_gives_a_whole_batch(
    offset: int, peer: Peer, topic: str
) -> None:
    for index in (1, 2):
        produce(peer, topic, THREE, index)
    wanted = {(topic, 0): offset, (topic, 1): 0, (topic, 2): 0}
    request = fetch_request(wanted, partition_max_bytes=1)
    answer = peer.ask(request, 12).responses[0].partitions
    assert [len(partition.records) for partition in answer] == [0, SIZE, 0]


def test_the_brokers_own_limit(in_process: Callable[..., InProcess]) -> None:
    peer = in_process(config={"fetch.max.bytes": "1024"}).connect()
    topic = new_topic(peer)
    for _ in range(4):
        produce(peer, topic, THREE)
    assert len(fetch(peer, topic, 0).records) == 1024


# -- whose bytes are sent ------------------------------------------------------------------------------


def test_the_bytes_sent_are_those_that_are_stored(
    broker: InProcess, peer: Peer, topic: str, pytestconfig: pytest.Config
) -> None:
    if pytestconfig.getoption("--decoder") == "construct":
        pytest.skip("construct builds every answer anew")
    stored = broker.broker.topics[topic].partitions[0].log.read(0, 1 << 20, True)
    peer.send(encode_request(fetch_request({(topic, 0): 0}), 12))
    (buffers,) = peer.transport.writes
    sent = [buffer for buffer in buffers if isinstance(buffer, memoryview) and len(buffer) > 100]
    assert [bytes(view) for view in sent] == [bytes(view) for view in stored]
    assert [id(view.obj) for view in sent] == [id(view.obj) for view in stored]
    assert all(view.readonly for view in sent)


def test_what_was_read_does_not_change_while_more_is_appended(peer: Peer, topic: str) -> None:
    peer.send(encode_request(fetch_request({(topic, 0): 0}), 12))
    before = b"".join(bytes(buffer) for buffer in peer.transport.writes[0])
    (waiting,) = peer.transport.writes
    peer.transport.writes.clear()
    for _ in range(200):
        produce(peer, topic, THREE)
    delete_records(peer, topic, -1)
    assert b"".join(map(bytes, waiting)) == before


# -- when it is answered -------------------------------------------------------------------------------


def test_a_fetch_waits_its_time(broker: InProcess, peer: Peer, topic: str) -> None:
    waiting = Waiting(broker, fetch_request({(topic, 0): 12}, max_wait_ms=500))
    broker.clock.advance(499)
    assert not waiting.answers()
    broker.clock.advance(1)
    (answer,) = waiting.answers()
    partition = answer.responses[0].partitions[0]
    assert (partition.error_code, partition.high_watermark, partition.records) == (0, 12, b"")


def test_a_fetch_is_woken_by_what_it_waits_for(broker: InProcess, peer: Peer, topic: str) -> None:
    waiting = Waiting(broker, fetch_request({(topic, 0): 12}, max_wait_ms=500))
    produce(peer, topic, THREE, partition=1)
    assert not waiting.answers()
    produce(peer, topic, THREE)
    (answer,) = waiting.answers()
    assert len(answer.responses[0].partitions[0].records) == SIZE
    broker.clock.advance(1000)
    assert not waiting.answers()


def test_a_refused_batch_wakes_nobody(broker: InProcess, peer: Peer, topic: str) -> None:
    waiting = Waiting(broker, fetch_request({(topic, 0): 12}, max_wait_ms=500))
    assert produce(peer, topic, THREE[:-1] + b"x").error_code
    assert not waiting.answers()


def test_min_bytes_are_waited_for(broker: InProcess, peer: Peer, topic: str) -> None:
    request = fetch_request({(topic, 0): 12, (topic, 1): 0}, max_wait_ms=500, min_bytes=3 * SIZE)
    waiting = Waiting(broker, request)
    for index in (0, 1):
        produce(peer, topic, THREE, index)
        assert not waiting.answers()
    produce(peer, topic, THREE)
    (answer,) = waiting.answers()
    lengths = [len(partition.records) for partition in answer.responses[0].partitions]
    assert lengths == [2 * SIZE, SIZE]


def test_what_is_there_is_answered_when_the_time_is_up(
    broker: InProcess, peer: Peer, topic: str
) -> None:
    request = fetch_request({(topic, 0): 9}, max_wait_ms=500, min_bytes=1 << 20)
    waiting = Waiting(broker, request)
    assert not waiting.answers()
    produce(peer, topic, THREE)
    broker.clock.advance(500)
    (answer,) = waiting.answers()
    assert len(answer.responses[0].partitions[0].records) == 2 * SIZE


def test_no_more_than_max_bytes_is_waited_for(broker: InProcess, topic: str) -> None:
    request = fetch_request({(topic, 0): 0}, max_wait_ms=500, min_bytes=1 << 20, max_bytes=10)
    assert Waiting(broker, request).answers()


@pytest.mark.parametrize(
    "options",
    [{"max_wait_ms": 0}, {"max_wait_ms": -5}, {"min_bytes": 0}, {"min_bytes": -1}],
    ids=str,
)
def test_a_fetch_that_does_not_wait(options: dict[str, int], broker: InProcess, topic: str) -> None:
    request = fetch_request({(topic, 0): 12}, **{"max_wait_ms": 500, **options})
    assert Waiting(broker, request).answers()


def test_an_error_does_not_wait(broker: InProcess, topic: str) -> None:
    assert Waiting(
        broker, fetch_request({(topic, 0): 99, (topic, 1): 0}, max_wait_ms=500)
    ).answers()


def test_what_is_not_there_hurries_nobody(broker: InProcess, topic: str) -> None:
    both = Waiting(broker, fetch_request({(topic, 0): 12, ("nowhere", 0): 0}, max_wait_ms=500))
    assert not both.answers()
    assert Waiting(broker, fetch_request({("nowhere", 0): 0}, max_wait_ms=500)).answers()
    assert Waiting(broker, fetch_request({}, max_wait_ms=500)).answers()


def test_deleting_the_topic_answers_who_waits(broker: InProcess, peer: Peer, topic: str) -> None:
    waiting = Waiting(broker, fetch_request({(topic, 0): 12}, max_wait_ms=60_000))
    delete = DeleteTopicsRequest(topics=[DeleteTopicState(name=topic)], timeout_ms=1000)
    assert peer.ask(delete, 6).responses[0].error_code == NONE
    (answer,) = waiting.answers()
    assert answer.responses[0].partitions[0].error_code == UNKNOWN_TOPIC_OR_PARTITION


def test_a_long_poll_is_answered_by_the_produce_not_by_polling(
    client: WireClient, connect: Connect
) -> None:
    """Over sockets, against the clock: nothing before the produce, the answer right after it."""
    topic = new_topic(client)
    waiting = [connect() for _ in range(3)]
    for consumer in waiting:
        consumer.send_request(fetch_request({(topic, 0): 0}, max_wait_ms=60_000), 12)
    assert waiting[0].is_silent(0.1)
    delays: list[float] = []
    for _ in range(5):
        start = time.monotonic()
        end = produce(client, topic, THREE).base_offset + 3
        for consumer in waiting:
            consumer.receive(FetchRequest, 12)
        delays.append(time.monotonic() - start)
        for consumer in waiting:
            consumer.send_request(fetch_request({(topic, 0): end}, max_wait_ms=60_000), 12)
    # The best of five: a busy machine may be late, a broker that polls is always late.
    assert min(delays) < 0.02, delays


def test_a_topic_in_two_parts_of_a_request(peer: Peer, topic: str) -> None:
    one = fetch_request({(topic, 0): 9})
    partition = FetchPartition(partition=1, fetch_offset=0, partition_max_bytes=1000)
    partition.current_leader_epoch = partition.last_fetched_epoch = -1
    one.topics.append(FetchTopic(topic=topic, partitions=[partition]))
    answers = [p for t in peer.ask(one, 12).responses for p in t.partitions]
    assert [(p.partition_index, len(p.records)) for p in answers] == [(0, SIZE), (1, 0)]

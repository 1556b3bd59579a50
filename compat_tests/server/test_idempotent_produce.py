"""The rules of the idempotent producer over the wire, by the book of Apache Kafka 4.3."""

from __future__ import annotations

import pytest

from compat_tests.server.asking import (
    delete_records,
    log_end,
    log_start,
    new_topic,
    produce,
    produce_request,
    producers,
)
from compat_tests.server.batches import GOOD, NOW, counting, of_producer
from compat_tests.server.conftest import Connect
from compat_tests.wire_client import WireClient
from kafka_codecs.record_batch import encode_batch

OUT_OF_ORDER_SEQUENCE_NUMBER = 45
INVALID_PRODUCER_EPOCH = 47
LAST = 2147483647
PRODUCER = 4000


@pytest.fixture
def topic(client: WireClient) -> str:
    return new_topic(client, 2)


def send(
    client: WireClient, topic: str, sequence: int, records: int = 1, epoch: int = 0, index: int = 0
) -> tuple[int, int]:
    """Error and base offset of a batch of the producer."""
    answer = produce(client, topic, of_producer(PRODUCER, epoch, sequence, records), index)
    return answer.error_code, answer.base_offset


@pytest.mark.parametrize("epoch", [0, 5, 32767])
@pytest.mark.parametrize("sequence", [0, 1, 7, LAST])
def test_a_producer_never_seen_starts_anywhere(
    sequence: int, epoch: int, client: WireClient, topic: str
) -> None:
    assert send(client, topic, sequence, epoch=epoch) == (0, 0)
    assert producers(client, topic) == {PRODUCER: (epoch, sequence)}


def test_the_next_sequence_is_appended(client: WireClient, topic: str) -> None:
    assert send(client, topic, 0, 3) == (0, 0)
    assert send(client, topic, 3, 2) == (0, 3)
    assert send(client, topic, 5) == (0, 5)
    assert log_end(client, topic) == 6


def test_zero_follows_the_last_sequence(client: WireClient, topic: str) -> None:
    assert send(client, topic, LAST) == (0, 0)
    assert send(client, topic, 0) == (0, 1)


def test_a_batch_may_wrap(client: WireClient, topic: str) -> None:
    assert send(client, topic, LAST - 1, 4) == (0, 0)
    assert producers(client, topic) == {PRODUCER: (0, 1)}
    assert send(client, topic, 3) == (OUT_OF_ORDER_SEQUENCE_NUMBER, -1)
    assert send(client, topic, LAST - 1, 4) == (0, 0)
    assert send(client, topic, 2) == (0, 4)


def test_the_last_five_batches_are_duplicates_with_their_offsets(
    client: WireClient, topic: str
) -> None:
    for number in range(6):
        assert send(client, topic, 2 * number, 2) == (0, 2 * number)
    for number in range(1, 6):
        assert send(client, topic, 2 * number, 2) == (0, 2 * number)
    assert send(client, topic, 0, 2) == (OUT_OF_ORDER_SEQUENCE_NUMBER, -1)
    assert log_end(client, topic) == 12


def test_a_duplicate_tells_when_the_first_one_was_written(client: WireClient, topic: str) -> None:
    batch = of_producer(PRODUCER, 0, 0)
    assert produce(client, topic, batch).log_append_time_ms == -1
    assert produce(client, topic, batch).log_append_time_ms == NOW


@pytest.mark.parametrize(
    ("sequence", "records"),
    [(4, 1), (5, 1), (0, 1), (0, 2), (1, 1), (2, 2), (2, 1), (1, 3), (100, 1), (LAST, 1)],
)
def test_anything_else_is_out_of_order_and_changes_nothing(
    sequence: int, records: int, client: WireClient, topic: str
) -> None:
    assert send(client, topic, 0, 3) == (0, 0)
    before = producers(client, topic)
    assert send(client, topic, sequence, records) == (OUT_OF_ORDER_SEQUENCE_NUMBER, -1)
    assert producers(client, topic) == before
    assert send(client, topic, 3) == (0, 3)


def test_the_payload_of_a_duplicate_is_not_compared(client: WireClient, topic: str) -> None:
    numbers = {"producer_id": PRODUCER, "producer_epoch": 0, "base_sequence": 0}
    assert produce(client, topic, encode_batch([(None, b"first")], **numbers)).base_offset == 0
    other = produce(client, topic, encode_batch([(None, b"other, and longer")], **numbers))
    assert (other.error_code, other.base_offset) == (0, 0)
    assert log_end(client, topic) == 1


def test_a_higher_epoch_starts_at_zero_and_forgets(client: WireClient, topic: str) -> None:
    assert send(client, topic, 0) == (0, 0)
    assert send(client, topic, 1, epoch=1) == (OUT_OF_ORDER_SEQUENCE_NUMBER, -1)
    assert send(client, topic, 0, epoch=1) == (0, 1)
    assert send(client, topic, 0, epoch=0) == (INVALID_PRODUCER_EPOCH, -1)
    assert send(client, topic, 1, epoch=0) == (INVALID_PRODUCER_EPOCH, -1)
    assert send(client, topic, 1, epoch=1) == (0, 2)


def test_a_lower_epoch_is_fenced_on_that_partition_only(client: WireClient, topic: str) -> None:
    assert send(client, topic, 0, epoch=3) == (0, 0)
    assert send(client, topic, 0, epoch=2) == (INVALID_PRODUCER_EPOCH, -1)
    assert send(client, topic, 0, epoch=2, index=1) == (0, 0)
    assert producers(client, topic, 0) == {PRODUCER: (3, 0)}
    assert producers(client, topic, 1) == {PRODUCER: (2, 0)}


def test_two_partitions_of_a_request_are_answered_apart(client: WireClient, topic: str) -> None:
    assert send(client, topic, 0) == (0, 0)
    request = produce_request(
        {(topic, 0): of_producer(PRODUCER, 0, 5), (topic, 1): of_producer(PRODUCER, 0, 9)}
    )
    answers = client.ask(request, 9).responses[0].partition_responses
    assert [(p.index, p.error_code, p.base_offset) for p in answers] == [
        (0, OUT_OF_ORDER_SEQUENCE_NUMBER, -1),
        (1, 0, 0),
    ]
    assert (log_end(client, topic, 0), log_end(client, topic, 1)) == (1, 1)


@pytest.mark.parametrize("acks", [0, 1, -1])
def test_any_acks_advance_the_state(acks: int, client: WireClient, topic: str) -> None:
    batch = of_producer(PRODUCER, 0, 0)
    if acks:
        assert produce(client, topic, batch, acks=acks).base_offset == 0
    else:
        client.send_request(produce_request({(topic, 0): batch}, acks=0), 9)
    assert send(client, topic, 0) == (0, 0)
    assert send(client, topic, 1) == (0, 1)


def test_nothing_is_answered_without_acks(client: WireClient, topic: str) -> None:
    client.send_request(produce_request({(topic, 0): of_producer(PRODUCER, 0, 0)}, acks=0), 9)
    # The next answer is that of the next request; ``ask`` compares the correlation ids.
    assert log_end(client, topic) == 1


@pytest.mark.parametrize(
    "records",
    [of_producer(PRODUCER, 0, 9), counting(5, 2), b"", GOOD + GOOD],
    ids=["sequence", "count", "empty", "two"],
)
def test_an_error_without_acks_closes_the_connection(
    records: bytes, client: WireClient, topic: str, connect: Connect
) -> None:
    other = connect()
    assert send(other, topic, 0) == (0, 0)
    client.send_request(produce_request({(topic, 0): records}, acks=0), 9)
    assert client.closed_by_broker()
    assert send(other, topic, 1) == (0, 1)


def test_an_unknown_topic_without_acks_closes_the_connection(client: WireClient) -> None:
    client.send_request(produce_request({("no-such-topic", 0): GOOD}, acks=0), 9)
    assert client.closed_by_broker()


def test_without_acks_the_good_partitions_are_appended(
    client: WireClient, topic: str, connect: Connect
) -> None:
    client.send_request(produce_request({(topic, 0): b"", (topic, 1): GOOD}, acks=0), 9)
    assert client.closed_by_broker()
    assert log_end(connect(), topic, 1) == 2


def test_deleting_records_keeps_the_state(client: WireClient, topic: str) -> None:
    assert send(client, topic, 0, 2) == (0, 0)
    assert send(client, topic, 2, 2) == (0, 2)
    assert delete_records(client, topic, -1).low_watermark == 4
    assert log_start(client, topic) == 4
    assert send(client, topic, 0, 2) == (0, 0)
    assert send(client, topic, 2, 2) == (0, 2)
    assert send(client, topic, 4) == (0, 4)
    assert produce(client, topic, of_producer(PRODUCER, 0, 2, 2)).log_start_offset == 4


def test_producers_do_not_meet(client: WireClient, topic: str) -> None:
    for producer in (1, 2, 3):
        for sequence in (0, 1):
            answer = produce(client, topic, of_producer(producer, 0, sequence))
            assert answer.error_code == 0
    assert producers(client, topic) == {1: (0, 1), 2: (0, 1), 3: (0, 1)}


def test_a_batch_without_producer_id_leaves_no_state(client: WireClient, topic: str) -> None:
    for producer in (-1, -7):
        assert produce(client, topic, of_producer(producer, 0, 4)).error_code == 0
        assert produce(client, topic, of_producer(producer, 0, 4)).error_code == 0
    assert producers(client, topic) == {}
    assert log_end(client, topic) == 4


def test_epoch_minus_one_is_an_epoch(client: WireClient, topic: str) -> None:
    assert send(client, topic, 4, epoch=-1) == (0, 0)
    assert send(client, topic, 4, epoch=-1) == (0, 0)
    # ProducerAppendInfo.checkSequence takes any sequence while the epoch is unknown, which -1 stands for.
    assert send(client, topic, 9, epoch=-1) == (0, 1)
    assert send(client, topic, 0, epoch=-3) == (INVALID_PRODUCER_EPOCH, -1)

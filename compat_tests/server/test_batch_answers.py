"""What is answered to a batch, sound or not: error, message, log start offset, record errors.

Every row was measured on Apache Kafka 4.3.1 over the wire.
"""

# ruff: noqa: E501 - a table of one row a case is read across.

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from itertools import count
from typing import Any, NamedTuple

import pytest

from compat_tests.server.asking import init_producer_id, new_topic, produce, produce_request
from compat_tests.server.batches import (
    BATCH_LENGTH,
    CRC,
    GOOD,
    LAST_OFFSET_DELTA,
    LEADER_EPOCH,
    MAGIC_BYTE,
    MAX_TIMESTAMP,
    NOW,
    RECORD,
    changed,
    counting,
    of_gzip,
    of_payload,
    of_producer,
    of_size,
    with_attributes,
)
from compat_tests.wire_client import WireClient
from kafka_codecs.record_batch import Record, encode_batch, encode_record, seal

NONE = 0
CORRUPT_MESSAGE = 2
UNKNOWN_TOPIC_OR_PARTITION = 3
MESSAGE_TOO_LARGE = 10
INVALID_REQUIRED_ACKS = 21
INVALID_TIMESTAMP = 32
INVALID_PRODUCER_EPOCH = 47
INVALID_PRODUCER_ID_MAPPING = 49
TRANSACTIONAL_ID_AUTHORIZATION_FAILED = 53
UNSUPPORTED_COMPRESSION_TYPE = 76
INVALID_RECORD = 87
UNKNOWN_SERVER_ERROR = -1

FUTURE = NOW + 10 * 3_600_000
KEYLESS = "Compacted topic cannot accept message without key in topic partition {topic}-0"
TWO_TIMES = [Record(0, NOW, b"k", b"v"), Record(0, FUTURE, b"k", b"v")]


def cut_off(message: str) -> str:
    return f"Record size {message} is less than the minimum record overhead \\(14\\)"


class Row(NamedTuple):
    """A record set, and the answer to it.

    ``knows_log`` says whether the answer carries the log start offset, which shows how far Kafka had
    got with the batch. ``{topic}`` stands for the topic's name.
    """

    name: str
    records: bytes
    error: int
    knows_log: bool = True
    message: str | None = None
    record_errors: tuple[tuple[int, str], ...] = ()
    topic: str = ""
    options: dict[str, Any] = {}  # noqa: RUF012


def no_records(last_offset_delta: int) -> bytes:
    batch = bytearray(counting(last_offset_delta, 0)[:61])
    struct.pack_into(">i", batch, BATCH_LENGTH, 49)
    seal(batch)
    return bytes(batch)


def length(value: int) -> bytes:
    return changed(BATCH_LENGTH, ">i", value, sealed=False)


def magic(value: int) -> bytes:
    return changed(MAGIC_BYTE, "b", value, sealed=False)


# Twelve bytes of record after its length, with parts that do not fit.
def twelve(after_offset_delta: bytes) -> bytes:
    return bytes([12]) + b"\0\0\0" + after_offset_delta


TRANSACTIONAL = of_producer(5, 0, 0, attributes=0x10)

# fmt: off
ROWS = (
    Row("good", GOOD, NONE),
    Row("batch for v3", GOOD, NONE, False, options={"version": 3}),  # v3 has no log start offset

    # Cut out of the record set, while the request as a whole is looked at.
    Row("magic 3", magic(3), CORRUPT_MESSAGE, False, "Invalid magic found in record: 3"),
    Row("magic -1", magic(-1), CORRUPT_MESSAGE, False, "Invalid magic found in record: -1"),
    Row("length negative", length(-5), CORRUPT_MESSAGE, False, cut_off("-5")),
    Row("length 10", length(10), CORRUPT_MESSAGE, False, cut_off("10")),
    Row("length 13", length(13), CORRUPT_MESSAGE, False, cut_off("13")),
    Row("length overflows", length(2**31 - 1), UNKNOWN_SERVER_ERROR, False),

    # Exactly one batch of magic 2.
    Row("length 14", length(14), CORRUPT_MESSAGE, False),
    Row("length 48", length(48), CORRUPT_MESSAGE, False),
    Row("length one too long", length(len(GOOD) - 11), INVALID_RECORD, False),
    Row("magic 1", magic(1), INVALID_RECORD, False),
    Row("magic 0", magic(0), INVALID_RECORD, False),
    Row("two batches", GOOD + GOOD, INVALID_RECORD, False),
    Row("cut short", GOOD[:-1], INVALID_RECORD, False),
    Row("empty record set", b"", INVALID_RECORD, False),
    Row("five bytes", b"12345", INVALID_RECORD, False),
    Row("twenty bytes", GOOD[:20], INVALID_RECORD, False),
    Row("a few bytes behind", GOOD + b"12345", NONE),
    Row("zeros behind", GOOD + bytes(20), CORRUPT_MESSAGE, False),
    Row("ones behind", GOOD + b"\xff" * 20, CORRUPT_MESSAGE, False),

    # Size and checksum.
    Row("checksum", changed(CRC, ">I", 1, sealed=False), CORRUPT_MESSAGE, False),
    Row("payload changed", GOOD[:-3] + b"xyz", CORRUPT_MESSAGE, False),
    Row("checksum of a duplicate", changed(CRC, ">I", 1, of_producer(17, 0, 0), sealed=False), CORRUPT_MESSAGE, False),
    Row("as large as allowed", of_size(1_048_588), NONE),
    Row("larger than max.message.bytes", of_size(1_048_589), MESSAGE_TOO_LARGE, False),
    Row("larger and checksum", changed(CRC, ">I", 1, of_size(1_048_589), sealed=False), MESSAGE_TOO_LARGE, False),
    Row("larger than the topic's", of_size(1001), MESSAGE_TOO_LARGE, False, topic="small"),

    # The header.
    Row("base offset 7", changed(0, ">q", 7, sealed=False), INVALID_RECORD),
    Row("base offset -7", changed(0, ">q", -7, sealed=False), INVALID_RECORD),
    Row("leader epoch 9", changed(LEADER_EPOCH, ">i", 9, sealed=False), NONE),
    Row("count 5", counting(1, 5), INVALID_RECORD),
    Row("count 1", counting(1, 1), INVALID_RECORD),
    Row("count 0", counting(1, 0), INVALID_RECORD),
    Row("count -1", counting(1, -1), INVALID_RECORD),
    Row("last offset delta 5", counting(5, 2), INVALID_RECORD),
    Row("last offset delta -1", counting(-1, 2), INVALID_RECORD),
    Row("one counted, two there", counting(0, 1), INVALID_RECORD),
    Row("six counted, two there", counting(5, 6), INVALID_RECORD),
    Row("no records, delta -1", no_records(-1), INVALID_RECORD),
    Row("no records, delta 0", no_records(0), INVALID_RECORD),
    Row("control batch", with_attributes(0x20), INVALID_RECORD),
    Row("control batch of a transaction", with_attributes(0x30), TRANSACTIONAL_ID_AUTHORIZATION_FAILED, False),
    Row("transactional without id", with_attributes(0x10), TRANSACTIONAL_ID_AUTHORIZATION_FAILED, False),
    Row("transactional producer without id", TRANSACTIONAL, TRANSACTIONAL_ID_AUTHORIZATION_FAILED, False),
    Row("transactional, unknown id", TRANSACTIONAL, INVALID_PRODUCER_ID_MAPPING, False, options={"transactional_id": "nobody"}),
    Row("transactional without producer id", with_attributes(0x10), NONE, options={"transactional_id": "nobody"}),
    Row("transactional id, plain batch", GOOD, NONE, options={"transactional_id": "nobody"}),
    Row("log append time", with_attributes(0x08), NONE),
    Row("delete horizon", with_attributes(0x40), NONE),
    Row("attribute bit 7", with_attributes(0x80), NONE),
    Row("attribute bit 8", with_attributes(0x100), NONE),

    # Compression.
    *(Row(f"codec {codec}", with_attributes(codec), UNKNOWN_SERVER_ERROR) for codec in (5, 6, 7)),
    *(Row(f"codec {codec} does not read it", with_attributes(codec), UNKNOWN_SERVER_ERROR) for codec in (1, 2, 3, 4)),
    *(Row(f"codec {codec}, good", encode_batch([(b"k", b"v")], codec=codec, base_timestamp=NOW), NONE) for codec in (1, 2, 3, 4)),
    Row("zstd v6", encode_batch([(b"k", b"v")], codec=4, base_timestamp=NOW), UNSUPPORTED_COMPRESSION_TYPE, False, options={"version": 6}),
    Row("zstd v7", encode_batch([(b"k", b"v")], codec=4, base_timestamp=NOW), NONE, options={"version": 7}),

    # The records.
    Row("noise", of_payload(b"\xff" * 30), UNKNOWN_SERVER_ERROR),
    Row("varint of six bytes", of_payload(b"\x80\x80\x80\x80\x80\x80\x01"), UNKNOWN_SERVER_ERROR),
    Row("record too short", of_payload(b"\x02\0\0\0"), INVALID_RECORD),
    Row("bytes behind the record", of_payload(RECORD + b"abc"), INVALID_RECORD),
    Row("record longer than its parts", of_payload(bytes([RECORD[0] + 2]) + RECORD[1:] + b"\0"), INVALID_RECORD),
    Row("record of negative size", of_payload(b"\x01" + RECORD[1:]), INVALID_RECORD),
    Row("record cut", of_payload(RECORD[:-2]), INVALID_RECORD),
    Row("negative count of headers", of_payload(twelve(b"\x02k\x00\x01")), INVALID_RECORD),
    Row("too many headers", of_payload(twelve(b"\x02k\x00\x7e")), INVALID_RECORD),
    Row("key longer than the record", of_payload(twelve(b"\x40k\x00\x00")), INVALID_RECORD),
    Row("header without key", of_payload(bytes([14]) + b"\0\0\0\x01\x01\x02\x01"), INVALID_RECORD),
    Row("record attributes", of_payload(RECORD[:1] + b"\xff" + RECORD[2:]), NONE),
    Row("offset delta 7", of_payload(encode_record(7, 0, b"k", b"v")), NONE),
    Row("offset deltas 0, 0", of_payload(RECORD * 2, 2), NONE),
    Row("gzip, offset deltas 0, 0", of_gzip(RECORD * 2, 2), UNKNOWN_SERVER_ERROR),
    Row("gzip, noise", of_gzip(b"\xff" * 30), INVALID_RECORD),
    Row("gzip, bytes behind", of_gzip(RECORD + b"abc"), INVALID_RECORD),
    Row("gzip, two counted", of_gzip(RECORD, 2), INVALID_RECORD),
    Row("gzip, record cut", of_gzip(RECORD[:-2]), INVALID_RECORD),
    Row("gzip, negative count of headers", of_gzip(twelve(b"\x02k\x00\x01")), INVALID_RECORD),
    Row("gzip, key longer than the record", of_gzip(twelve(b"\x40k\x00\x00")), INVALID_RECORD),
    Row("gzip of nothing", of_gzip(b""), INVALID_RECORD),

    # Keys and timestamps: the records that are wrong are named.
    Row("compacted without key", GOOD, INVALID_RECORD, True,
        re.escape("One or more records have been rejected due to 1 record errors in total, and only showing the first three errors at most: "
                  f"[RecordError(batchIndex=1, message='{KEYLESS}')]"),
        ((1, KEYLESS),), topic="compacted"),
    Row("compacted without keys, gzip", encode_batch([(b"k", b"v"), (None, b"w"), (None, b"x")], codec=1, base_timestamp=NOW), INVALID_RECORD, True,
        re.escape("One or more records have been rejected due to 2 record errors in total, and only showing the first three errors at most: "
                  f"[RecordError(batchIndex=1, message='{KEYLESS}'), RecordError(batchIndex=2, message='{KEYLESS}')]"),
        ((1, KEYLESS), (2, KEYLESS)), topic="compacted"),
    Row("compacted with keys", encode_batch([(b"k", b"v"), (b"", None)], base_timestamp=NOW), NONE, topic="compacted"),
    *(Row(f"too far in the future, codec {codec}", encode_batch(TWO_TIMES, base_timestamp=NOW, codec=codec), INVALID_TIMESTAMP, True,
          "One or more records have been rejected due to invalid timestamp",
          ((1, rf"Timestamp {FUTURE} of message with offset 1 is out of range\. The timestamp should be within \[-?\d+, \d+\]"),))
      for codec in (0, 1)),
    Row("too far in the future, topic keeps append time", encode_batch(TWO_TIMES, base_timestamp=NOW), NONE, topic="append time"),
    Row("only the header is in the future", changed(MAX_TIMESTAMP, ">q", FUTURE, sealed=True), NONE),
    Row("max timestamp -1 in the header", changed(MAX_TIMESTAMP, ">q", -1, sealed=True), NONE),
    Row("base timestamp in the future, records not", encode_batch([Record(0, NOW, b"k", b"v")], base_timestamp=FUTURE), NONE),
    *(Row(f"timestamp {ts}", encode_batch([(b"k", b"v")], base_timestamp=ts), NONE) for ts in (-1, -5, 0)),

    # Producer ids.
    Row("producer id, sequence -1", of_producer(9, 0, -1), INVALID_RECORD),
    Row("producer id, sequence -2", of_producer(9, 0, -2), INVALID_RECORD),
    Row("producer id -1 with a sequence", of_producer(-1, 0, 4), NONE),
    Row("producer id -7", of_producer(-7, 3, 4), NONE),
    Row("producer epoch -1", of_producer(11, -1, 4), NONE),
    Row("producer epoch -3", of_producer(12, -3, 4), INVALID_PRODUCER_EPOCH),

    # The request.
    Row("acks 2", GOOD, INVALID_REQUIRED_ACKS, False, options={"acks": 2}),
    Row("acks -2", GOOD, INVALID_REQUIRED_ACKS, False, options={"acks": -2}),
    Row("acks 2 and a bad count", counting(5, 2), INVALID_REQUIRED_ACKS, False, options={"acks": 2}),
    Row("acks 2, unknown topic", GOOD, UNKNOWN_TOPIC_OR_PARTITION, False, topic="missing", options={"acks": 2}),
    Row("unknown topic", GOOD, UNKNOWN_TOPIC_OR_PARTITION, False, topic="missing"),
    Row("unknown partition", GOOD, UNKNOWN_TOPIC_OR_PARTITION, False, options={"partition": 9}),
    Row("negative partition", GOOD, UNKNOWN_TOPIC_OR_PARTITION, False, options={"partition": -1}),
    Row("illegal name", GOOD, UNKNOWN_TOPIC_OR_PARTITION, False, topic="a b"),
    Row("empty name", GOOD, UNKNOWN_TOPIC_OR_PARTITION, False, topic="empty"),
)
# fmt: on

CONFIGS: dict[str, dict[str, str]] = {
    "": {},
    "compacted": {"cleanup.policy": "compact"},
    "append time": {"message.timestamp.type": "LogAppendTime"},
    "small": {"max.message.bytes": "1000"},
}
NO_TOPICS = {"missing": "no-such-topic", "a b": "a b", "empty": ""}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_answer_to_a_batch(row: Row, client: WireClient) -> None:
    topic = NO_TOPICS.get(row.topic)
    if topic is None:
        topic = new_topic(client, configs=CONFIGS[row.topic])
    answer = produce(client, topic, row.records, **row.options)
    assert answer.error_code == row.error
    assert answer.base_offset == (0 if row.error == NONE else -1)
    assert answer.log_start_offset == (0 if row.knows_log else -1)
    if row.message is None:
        assert answer.error_message is None
    else:
        message = row.message.replace(re.escape("{topic}"), topic)
        assert re.fullmatch(message, answer.error_message), answer.error_message
    got = [(e.batch_index, e.batch_index_error_message) for e in answer.record_errors]
    assert len(got) == len(row.record_errors)
    for (index, text), (wanted_index, wanted_text) in zip(got, row.record_errors, strict=True):
        assert index == wanted_index
        wanted_text = wanted_text.replace("{topic}", topic)
        assert text == wanted_text or re.fullmatch(wanted_text, text), text
    if row.topic == "append time":
        assert answer.log_append_time_ms >= NOW
    else:
        assert answer.log_append_time_ms == -1


@pytest.mark.parametrize(
    "refused",
    [magic(3), length(-5), length(2**31 - 1), TRANSACTIONAL],
    ids=["magic", "length", "overflow", "transactional"],
)
def test_some_errors_are_answered_for_every_partition(refused: bytes, client: WireClient) -> None:
    """They come up while the request as a whole is looked at, before any partition is."""
    topic = new_topic(client, 3)
    numbers = count()
    request = produce_request(
        {(topic, next(numbers)): records for records in (GOOD, refused, GOOD)}
    )
    answers = client.ask(request, 9).responses[0].partition_responses
    assert len({(p.error_code, p.error_message) for p in answers}) == 1
    assert answers[0].error_code != NONE
    assert produce(client, topic, GOOD).base_offset == 0


@pytest.mark.parametrize(
    "refused",
    [magic(1), counting(5, 2), changed(CRC, ">I", 1, sealed=False), of_producer(9, 0, -1)],
    ids=["magic", "count", "checksum", "sequence"],
)
def test_other_errors_are_answered_for_their_partition(refused: bytes, client: WireClient) -> None:
    topic = new_topic(client, 3)
    numbers = count()
    request = produce_request(
        {(topic, next(numbers)): records for records in (GOOD, refused, GOOD)}
    )
    answers = client.ask(request, 9).responses[0].partition_responses
    assert [p.error_code == NONE for p in answers] == [True, False, True]


def test_the_checksum_is_checked_before_the_sequence(client: WireClient) -> None:
    topic = new_topic(client)
    batch = of_producer(17, 0, 0)
    assert produce(client, topic, batch).error_code == NONE
    corrupt = changed(CRC, ">I", 1, batch, sealed=False)
    assert produce(client, topic, corrupt).error_code == CORRUPT_MESSAGE


def test_what_is_stored_is_what_was_sent_but_for_its_place(
    client: WireClient, fetch_all: Callable[[WireClient, str], bytes]
) -> None:
    topic = new_topic(client)
    produce(client, topic, GOOD)
    produce(client, topic, changed(LEADER_EPOCH, ">i", 9, sealed=False))
    stored = fetch_all(client, topic)
    placed = struct.pack(">qii", 2, len(GOOD) - 12, 0) + GOOD[16:]
    assert stored == struct.pack(">qii", 0, len(GOOD) - 12, 0) + GOOD[16:] + placed


def test_a_wrong_max_timestamp_is_corrected(
    client: WireClient, fetch_all: Callable[[WireClient, str], bytes]
) -> None:
    topic = new_topic(client)
    produce(client, topic, changed(MAX_TIMESTAMP, ">q", FUTURE, sealed=True))
    stored = fetch_all(client, topic)
    assert struct.unpack_from(">q", stored, MAX_TIMESTAMP) == (NOW,)
    resealed = bytearray(stored)
    seal(resealed)
    assert stored == bytes(resealed)


def test_append_time_takes_the_place_of_the_timestamps(
    client: WireClient, fetch_all: Callable[[WireClient, str], bytes]
) -> None:
    topic = new_topic(client, configs=CONFIGS["append time"])
    answer = produce(client, topic, GOOD)
    stored = fetch_all(client, topic)
    attributes, last_offset_delta = struct.unpack_from(">hi", stored, LAST_OFFSET_DELTA - 2)
    assert (attributes, last_offset_delta) == (8, 1)
    assert struct.unpack_from(">q", stored, MAX_TIMESTAMP) == (answer.log_append_time_ms,)


@pytest.mark.parametrize(
    ("version", "error", "message"),
    [
        (3, 48, None),
        (7, 48, None),
        (8, 48, "Partition was not added to the transaction"),
        (10, 48, "Partition was not added to the transaction"),
        (11, 120, None),
    ],
)
def test_a_batch_of_a_transaction_the_partition_is_not_in(
    version: int, error: int, message: str | None, client: WireClient
) -> None:
    topic = new_topic(client)
    transactional_id = f"id-{topic}"
    _, producer_id, epoch = init_producer_id(client, transactional_id)

    def answer(number: int, number_epoch: int) -> tuple[int, str | None, int]:
        batch = of_producer(number, number_epoch, 0, attributes=0x10)
        got = produce(client, topic, batch, version=version, transactional_id=transactional_id)
        return got.error_code, got.error_message, got.log_start_offset

    assert answer(producer_id, epoch) == (error, message, -1)
    assert answer(producer_id, epoch + 1) == (INVALID_PRODUCER_EPOCH, None, -1)
    assert answer(producer_id + 1000, epoch) == (INVALID_PRODUCER_ID_MAPPING, None, -1)

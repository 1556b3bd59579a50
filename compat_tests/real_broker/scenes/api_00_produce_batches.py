"""Produce: what is answered to a batch, sound or with one thing wrong."""

# ruff: noqa: E501 - a table of one row a case is read across.

from __future__ import annotations

import struct
from typing import NamedTuple

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.producing import produce
from compat_tests.server.batches import (
    BATCH_LENGTH,
    CRC,
    GOOD,
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
from kafka_codecs.messages.api_00_produce import ProduceRequest
from kafka_codecs.record_batch import Record, encode_batch, encode_record, seal

FUTURE = NOW + 10 * 3_600_000
TWO_TIMES = [Record(0, NOW, b"k", b"v"), Record(0, FUTURE, b"k", b"v")]


class Case(NamedTuple):
    """A record set; the topic it goes to (:data:`TOPICS`), and the request's transactional id."""

    label: str
    records: bytes
    topic: str = "plain"
    transactional_id: str | None = None


def no_records(last_offset_delta: int) -> bytes:
    batch = bytearray(counting(last_offset_delta, 0)[:61])
    struct.pack_into(">i", batch, BATCH_LENGTH, 49)
    seal(batch)
    return bytes(batch)


def length(value: int) -> bytes:
    return changed(BATCH_LENGTH, ">i", value, sealed=False)


def magic(value: int) -> bytes:
    return changed(MAGIC_BYTE, "b", value, sealed=False)


def twelve(after_offset_delta: bytes) -> bytes:
    """Twelve bytes of record after its length, with parts that do not fit."""
    return bytes([12]) + b"\0\0\0" + after_offset_delta


TRANSACTIONAL = of_producer(5, 0, 0, attributes=0x10)


# fmt: off
CASES = (
    Case("good", GOOD),

    # Cut out of the record set, while the request as a whole is looked at.
    Case("magic 3", magic(3)),
    Case("magic -1", magic(-1)),
    Case("length negative", length(-5)),
    Case("length 10", length(10)),
    Case("length 13", length(13)),
    Case("length overflows", length(2**31 - 1)),

    # Exactly one batch of magic 2.
    Case("length 14", length(14)),
    Case("length 48", length(48)),
    Case("length one too long", length(len(GOOD) - 11)),
    Case("magic 1", magic(1)),
    Case("magic 0", magic(0)),
    Case("two batches", GOOD + GOOD),
    Case("cut short", GOOD[:-1]),
    Case("empty record set", b""),
    Case("five bytes", b"12345"),
    Case("twenty bytes", GOOD[:20]),
    Case("a few bytes behind", GOOD + b"12345"),
    Case("zeros behind", GOOD + bytes(20)),
    Case("ones behind", GOOD + b"\xff" * 20),

    # Size and checksum.
    Case("checksum", changed(CRC, ">I", 1, sealed=False)),
    Case("payload changed", GOOD[:-3] + b"xyz"),
    Case("checksum of a duplicate", changed(CRC, ">I", 1, of_producer(17, 0, 0), sealed=False)),
    Case("as large as allowed", of_size(1_048_588)),
    Case("larger than max.message.bytes", of_size(1_048_589)),
    Case("larger and checksum", changed(CRC, ">I", 1, of_size(1_048_589), sealed=False)),
    Case("larger than the topic's", of_size(1001), topic="small"),

    # The header.
    Case("base offset 7", changed(0, ">q", 7, sealed=False)),
    Case("base offset -7", changed(0, ">q", -7, sealed=False)),
    Case("leader epoch 9", changed(LEADER_EPOCH, ">i", 9, sealed=False)),
    Case("count 5", counting(1, 5)),
    Case("count 1", counting(1, 1)),
    Case("count 0", counting(1, 0)),
    Case("count -1", counting(1, -1)),
    Case("last offset delta 5", counting(5, 2)),
    Case("last offset delta -1", counting(-1, 2)),
    Case("one counted, two there", counting(0, 1)),
    Case("six counted, two there", counting(5, 6)),
    Case("no records, delta -1", no_records(-1)),
    Case("no records, delta 0", no_records(0)),
    Case("control batch", with_attributes(0x20)),
    Case("control batch of a transaction", with_attributes(0x30)),
    Case("transactional without id", with_attributes(0x10)),
    Case("transactional producer without id", TRANSACTIONAL),
    Case("transactional, unknown id", TRANSACTIONAL, transactional_id="nobody"),
    Case("transactional without producer id", with_attributes(0x10), transactional_id="nobody"),
    Case("transactional id, plain batch", GOOD, transactional_id="nobody"),
    Case("log append time", with_attributes(0x08)),
    Case("delete horizon", with_attributes(0x40)),
    Case("attribute bit 7", with_attributes(0x80)),
    Case("attribute bit 8", with_attributes(0x100)),

    # Compression.
    *(Case(f"codec {codec}", with_attributes(codec)) for codec in (5, 6, 7)),
    *(Case(f"codec {codec} does not read it", with_attributes(codec)) for codec in (1, 2, 3, 4)),
    *(Case(f"codec {codec}, good", encode_batch([(b"k", b"v")], codec=codec, base_timestamp=NOW)) for codec in (1, 2, 3, 4)),

    # The records.
    Case("noise", of_payload(b"\xff" * 30)),
    Case("varint of six bytes", of_payload(b"\x80\x80\x80\x80\x80\x80\x01")),
    Case("record too short", of_payload(b"\x02\0\0\0")),
    Case("bytes behind the record", of_payload(RECORD + b"abc")),
    Case("record longer than its parts", of_payload(bytes([RECORD[0] + 2]) + RECORD[1:] + b"\0")),
    Case("record of negative size", of_payload(b"\x01" + RECORD[1:])),
    Case("record cut", of_payload(RECORD[:-2])),
    Case("negative count of headers", of_payload(twelve(b"\x02k\x00\x01"))),
    Case("too many headers", of_payload(twelve(b"\x02k\x00\x7e"))),
    Case("key longer than the record", of_payload(twelve(b"\x40k\x00\x00"))),
    Case("header without key", of_payload(bytes([14]) + b"\0\0\0\x01\x01\x02\x01")),
    Case("record attributes", of_payload(RECORD[:1] + b"\xff" + RECORD[2:])),
    Case("offset delta 7", of_payload(encode_record(7, 0, b"k", b"v"))),
    Case("offset deltas 0, 0", of_payload(RECORD * 2, 2)),
    Case("gzip, offset deltas 0, 0", of_gzip(RECORD * 2, 2)),
    Case("gzip, noise", of_gzip(b"\xff" * 30)),
    Case("gzip, bytes behind", of_gzip(RECORD + b"abc")),
    Case("gzip, two counted", of_gzip(RECORD, 2)),
    Case("gzip, record cut", of_gzip(RECORD[:-2])),
    Case("gzip, negative count of headers", of_gzip(twelve(b"\x02k\x00\x01"))),
    Case("gzip, key longer than the record", of_gzip(twelve(b"\x40k\x00\x00"))),
    Case("gzip of nothing", of_gzip(b"")),

    # Keys and timestamps: the records that are wrong are named.
    Case("compacted without key", GOOD, topic="compacted"),
    Case("compacted without keys, gzip", encode_batch([(b"k", b"v"), (None, b"w"), (None, b"x")], codec=1, base_timestamp=NOW), topic="compacted"),
    Case("compacted without keys, four of them", encode_batch([(None, b"w")] * 4, base_timestamp=NOW), topic="compacted"),
    Case("compacted with keys", encode_batch([(b"k", b"v"), (b"", None)], base_timestamp=NOW), topic="compacted"),
    *(Case(f"too far in the future, codec {codec}", encode_batch(TWO_TIMES, base_timestamp=NOW, codec=codec))
      for codec in (0, 1)),
    Case("too far in the future, topic keeps append time", encode_batch(TWO_TIMES, base_timestamp=NOW), topic="append time"),
    Case("only the header is in the future", changed(MAX_TIMESTAMP, ">q", FUTURE, sealed=True)),
    Case("max timestamp -1 in the header", changed(MAX_TIMESTAMP, ">q", -1, sealed=True)),
    Case("base timestamp in the future, records not", encode_batch([Record(0, NOW, b"k", b"v")], base_timestamp=FUTURE)),
    *(Case(f"timestamp {ts}", encode_batch([(b"k", b"v")], base_timestamp=ts)) for ts in (-1, -5, 0)),

    # Producer ids.
    Case("producer id, sequence -1", of_producer(9, 0, -1)),
    Case("producer id, sequence -2", of_producer(9, 0, -2)),
    Case("producer id -1 with a sequence", of_producer(-1, 0, 4)),
    Case("producer id -7", of_producer(-7, 3, 4)),
    Case("producer epoch -1", of_producer(11, -1, 4)),
    Case("producer epoch -3", of_producer(12, -3, 4)),
)
# fmt: on

TOPICS = {
    "plain": {},
    "compacted": {"cleanup_policy": "compact"},
    "append time": {"message_timestamp_type": "LogAppendTime"},
    "small": {"max_message_bytes": "1000"},
}


@scene(ProduceRequest)
def batches(c: Conversation, version: int) -> None:
    topics = {kind: c.topic(kind.replace(" ", "-"), **configs) for kind, configs in TOPICS.items()}
    for case in CASES:
        place = (topics[case.topic], 0)
        request = produce(c, version, {place: case.records}, transactional_id=case.transactional_id)
        c.ask(case.label, request, version)


@scene(ProduceRequest)
def bad_batches_beside_good_ones(c: Conversation, version: int) -> None:
    """Some are met while the request as a whole is looked at, and refuse all of it."""
    topic = c.topic(partitions=3)
    for label, records in (
        ("magic 3", magic(3)),
        ("length negative", length(-5)),
        ("length overflows", length(2**31 - 1)),
        ("transactional", TRANSACTIONAL),
        ("magic 1", magic(1)),
        ("count", counting(5, 2)),
        ("checksum", changed(CRC, ">I", 1, sealed=False)),
        ("producer without sequence", of_producer(9, 0, -1)),
        ("empty", b""),
        ("too large", of_size(1_048_589)),
    ):
        three = {(topic, 0): GOOD, (topic, 1): records, (topic, 2): GOOD}
        c.ask(label, produce(c, version, three), version)


@scene(ProduceRequest)
def which_error_comes_first(c: Conversation, version: int) -> None:
    topic, producer = c.topic(), 77
    first = of_producer(producer, 0, 0)
    c.ask("a batch", produce(c, version, {(topic, 0): first}), version)
    for label, records in (
        ("a duplicate with a wrong checksum", changed(CRC, ">I", 1, first, sealed=False)),
        (
            "a gap with a wrong count",
            changed(57, ">i", 5, of_producer(producer, 0, 7), sealed=True),
        ),
        (
            "a gap in the future",
            encode_batch(
                TWO_TIMES,
                base_timestamp=NOW,
                producer_id=producer,
                producer_epoch=0,
                base_sequence=9,
            ),
        ),
        ("a lower epoch, too large", of_producer(producer, -1, 0, 200_000)),
        (
            "a duplicate, other payload",
            encode_batch(
                [(b"k", b"other")],
                base_timestamp=NOW,
                producer_id=producer,
                producer_epoch=0,
                base_sequence=0,
            ),
        ),
        ("a duplicate at base offset 7", changed(0, ">q", 7, first, sealed=False)),
    ):
        c.ask(label, produce(c, version, {(topic, 0): records}), version)
    for label, place, records in (
        ("unknown partition and a bad batch", (topic, 5), counting(5, 2)),
        ("unknown topic and magic 3", (c.name("missing"), 0), magic(3)),
        ("unknown topic and magic 1", (c.name("missing"), 0), magic(1)),
    ):
        c.ask(label, produce(c, version, {place: records}), version)
    bad_acks = produce(c, version, {(topic, 0): counting(5, 2)}, acks=2)
    c.ask("acks 2 and a bad count", bad_acks, version)

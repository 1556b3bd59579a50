"""Fetch: batches of topics that want another codec than the producer's (compression.type)."""

from __future__ import annotations

import struct
from typing import Any

from compat_tests.real_broker.conversation import TIME, Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.api_01_fetch_batches import RECORDS, compressed
from compat_tests.real_broker.scenes.fetching import fetch, part, store
from compat_tests.real_broker.scenes.producing import batch
from kafka_codecs.messages.api_01_fetch import FetchRequest, FetchResponse
from kafka_codecs.record_batch import (
    HEADER,
    HEADER_SIZE,
    LENGTH_OFFSET,
    MAX_TIMESTAMP_OFFSET,
    NO_TIMESTAMP,
    Record,
    encode_batch,
    read_batches,
)

CODECS = ("gzip", "snappy", "lz4", "zstd")
# librdkafka sets it, Kafka does not keep it.
UNKNOWN_BIT = 0x80


def decompressed(answer: FetchResponse) -> None:
    """Put what was compressed in its place: how small a library makes it is not the broker's doing."""
    for topic in answer.responses:
        for data in topic.partitions:
            data.records = b"".join(map(_decompressed, read_batches(data.records or b"")))


def _decompressed(found: Any) -> bytes:
    head = list(HEADER.unpack_from(found.buffer))
    payload = bytes(found.payload())
    head[1] = HEADER_SIZE - LENGTH_OFFSET - 4 + len(payload)
    head[4] = 0
    return HEADER.pack(*head) + payload


@scene(FetchRequest)
def another_codec(c: Conversation, version: int) -> None:
    producer = c.producer_id()
    sent = {
        "none": encode_batch(RECORDS, base_timestamp=TIME, attributes=UNKNOWN_BIT),
        "of a producer": batch(producer, 0, 0, 3),
        "without timestamps": batch(records=2, timestamp=NO_TIMESTAMP),
        "base apart": encode_batch([Record(0, TIME, b"k", b"v")] * 2, base_timestamp=TIME - 99),
        **{name: compressed(codec) for codec, name in enumerate(CODECS, 1)},
    }
    for wanted in ("uncompressed", *CODECS):
        topic = c.topic(wanted, compression_type=wanted)
        for label, records in sent.items():
            offset = store(c, topic, records)
            request = fetch(c, version, {topic: [part(offset)]})
            c.ask(f"{label}, wanted {wanted}", request, version, look=decompressed)


@scene(FetchRequest, "11+")
def append_time(c: Conversation, version: int) -> None:
    """The records keep their own times, and the header says that the time of the append is theirs."""
    topic = c.topic(compression_type="gzip", message_timestamp_type="LogAppendTime")

    def but_for_the_append(answer: FetchResponse) -> None:
        decompressed(answer)
        data = answer.responses[0].partitions[0]
        records = bytearray(data.records or b"")
        struct.pack_into(">q", records, MAX_TIMESTAMP_OFFSET, 0)
        data.records = bytes(records)

    for label, base in (("one of a batch", TIME), ("another base", TIME - 99)):
        offset = store(c, topic, encode_batch(RECORDS, base_timestamp=base))
        c.ask(label, fetch(c, version, {topic: [part(offset)]}), version, look=but_for_the_append)

"""Batches, good ones and ones with one thing wrong."""

from __future__ import annotations

import gzip
import struct
import time

from kafka_codecs.record_batch import (
    ATTRIBUTES_OFFSET,
    HEADER,
    HEADER_SIZE,
    MAGIC,
    encode_batch,
    encode_record,
    seal,
)

BATCH_LENGTH, LEADER_EPOCH, MAGIC_BYTE, CRC = 8, 12, 16, 17
LAST_OFFSET_DELTA, MAX_TIMESTAMP, RECORDS_COUNT = 23, 35, 57

NOW = int(time.time() * 1000)
GOOD = encode_batch([(b"k", b"v"), (None, b"w")], base_timestamp=NOW)
RECORD = encode_record(0, 0, b"k", b"v")


def changed(offset: int, format_: str, value: int, source: bytes = GOOD, *, sealed: bool) -> bytes:
    """A batch with one field changed; ``sealed`` says whether the checksum is made to fit again."""
    batch = bytearray(source)
    struct.pack_into(format_, batch, offset, value)
    if sealed:
        seal(batch)
    return bytes(batch)


def with_attributes(attributes: int, source: bytes = GOOD) -> bytes:
    """A batch with other attributes."""
    return changed(ATTRIBUTES_OFFSET, ">h", attributes, source, sealed=True)


def counting(last_offset_delta: int, records_count: int) -> bytes:
    """The good batch of two records, with other numbers in its header."""
    batch = changed(LAST_OFFSET_DELTA, ">i", last_offset_delta, sealed=True)
    return changed(RECORDS_COUNT, ">i", records_count, batch, sealed=True)


def of_payload(payload: bytes, count: int = 1, attributes: int = 0) -> bytes:
    """A batch of any bytes, with a header and a checksum that fit."""
    batch = bytearray(HEADER_SIZE) + payload
    HEADER.pack_into(
        batch,
        0,
        0,
        HEADER_SIZE - LEADER_EPOCH + len(payload),
        -1,
        MAGIC,
        0,
        attributes,
        count - 1,
        NOW,
        NOW,
        -1,
        -1,
        -1,
        count,
    )
    seal(batch)
    return bytes(batch)


def of_gzip(payload: bytes, count: int = 1) -> bytes:
    """The same, compressed."""
    return of_payload(gzip.compress(payload), count, attributes=1)


def of_producer(
    producer_id: int, epoch: int, sequence: int, records: int = 1, *, attributes: int = 0
) -> bytes:
    """A batch of an idempotent producer."""
    return encode_batch(
        [(b"k", b"v")] * records,
        base_timestamp=NOW,
        producer_id=producer_id,
        producer_epoch=epoch,
        base_sequence=sequence,
        attributes=attributes,
    )


def of_size(size: int) -> bytes:
    """A batch of exactly ``size`` bytes."""
    empty = len(encode_batch([(None, bytes(1000))])) - 1000
    value = size - empty
    for length in range(value, value - 5, -1):
        batch = encode_batch([(None, bytes(length))], base_timestamp=NOW)
        if len(batch) == size:
            return batch
    raise AssertionError(f"no batch of one record has {size} bytes")

"""Messages of the protocol as what JSON has."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Iterator
from typing import Any, cast
from uuid import UUID

from kafka_codecs.compression import NAMES, CompressionError, decompress
from kafka_codecs.record_batch import (
    HEADER_SIZE,
    MAGIC,
    TIMESTAMP_TYPE_BIT,
    InvalidRecord,
    RecordBatch,
    iterate_records,
    read_batches,
    to_long,
)
from kafka_codecs.schema import Buffer, Field, Struct
from kafka_codecs.types import ArrayType
from kafkashim.ids import base64_id

# The most bytes of a batch, decompressed, whose records are opened.
MOST_OPENED = 16 * 1024 * 1024


def base64(data: Buffer | None) -> str | None:
    """Bytes as text; null stays null."""
    return None if data is None else b64encode(data).decode()


def plain_struct(struct: Struct, version: int) -> dict[str, object]:
    """The fields of a message, or of a part of it, that its version has."""
    return {
        field.name: _plain_field(field, getattr(struct, field.name), version)
        for field in struct.FIELDS
        if field.versions.holds(version)
    }


def _plain_field(field: Field, value: Any, version: int) -> object:
    if isinstance(field.type, ArrayType):
        return None if value is None else [_plain(item, version) for item in value]
    if field.type.name == "RECORDS":
        return None if value is None else record_set(value)
    return _plain(value, version)


def _plain(value: Any, version: int) -> object:
    if isinstance(value, Struct):
        return plain_struct(value, version)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64(value)  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, UUID):
        return base64_id(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return cast("object", value)


def record_set(records: Buffer) -> dict[str, object]:
    """A record set, its batches opened, and what is left of it after the last that can be told apart."""
    opened: list[dict[str, object]] = []
    end = 0
    for batch in read_batches(records):
        if batch.magic != MAGIC:
            break
        opened.append(_batch(batch))
        end += batch.size
    return {"batches": opened, "rest": base64(records[end:]) if end < len(records) else None}


def _batch(batch: RecordBatch) -> dict[str, object]:
    codec = batch.codec
    found: dict[str, object] = {
        "base_offset": batch.base_offset,
        "last_offset": batch.last_offset,
        "partition_leader_epoch": batch.partition_leader_epoch,
        "attributes": batch.attributes,
        "compression": NAMES[codec] if codec < len(NAMES) else f"unknown ({codec})",
        "base_timestamp": batch.base_timestamp,
        "max_timestamp": batch.max_timestamp,
        "producer_id": batch.producer_id,
        "producer_epoch": batch.producer_epoch,
        "base_sequence": batch.base_sequence,
        "last_sequence": batch.last_sequence,
        "records_count": batch.records_count,
        "size": batch.size,
    }
    try:
        found["records"] = list(_records(batch))
    except (InvalidRecord, CompressionError) as error:
        found["unreadable"] = str(error)
    return found


def _records(batch: RecordBatch) -> Iterator[dict[str, object]]:
    payload = decompress(batch.codec, batch.buffer[HEADER_SIZE:], MOST_OPENED)
    append_time = bool(batch.attributes & TIMESTAMP_TYPE_BIT)
    for record in iterate_records(payload, batch.records_count):
        offset_delta, timestamp_delta, key, value, headers = record
        timestamp = to_long(batch.base_timestamp + timestamp_delta)
        yield {
            "offset": batch.base_offset + offset_delta,
            "timestamp": batch.max_timestamp if append_time else timestamp,
            "key": base64(key),
            "value": base64(value),
            "headers": [{"key": h.key, "value": base64(h.value)} for h in headers],
        }

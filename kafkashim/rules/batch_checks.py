"""Whether a batch is sound, before anyone asks whether it is the next one.

Apache Kafka checks in four places, and the place shows in the answer (whether a message comes with
it, whether the log start offset is known, whether other partitions are touched). They are kept apart
here in the same order:

1. :func:`check_readable` — ``ByteBufferLogInputStream``, met while the broker looks for transactional
   batches: an error refuses every partition of the request, with a message;
2. :func:`check_record_set` — ``ProduceRequest.validateRecords``: exactly one batch of magic 2;
3. :func:`check_integrity` — ``UnifiedLog.analyzeAndValidateRecords``: size and checksum;
4. :func:`check_records` — ``LogValidator``: header, records, timestamps, keys.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Protocol

from kafka_codecs.compression import CompressionError
from kafka_codecs.crc32c import crc32c
from kafka_codecs.errors import ErrorCode
from kafka_codecs.record_batch import (
    ATTRIBUTES_OFFSET,
    HEADER_SIZE,
    LENGTH_OFFSET,
    LOG_OVERHEAD,
    MAGIC,
    MAGIC_OFFSET,
    NO_SEQUENCE,
    NO_TIMESTAMP,
    TIMESTAMP_TYPE_BIT,
    TRANSACTIONAL_BIT,
    InvalidRecord,
    ParsedRecord,
    RecordBatch,
    VarintTooLong,
    iterate_records,
    to_long,
    walk_records,
)
from kafka_codecs.schema import Buffer

# LegacyRecord.RECORD_OVERHEAD_V0, the least any record of any magic takes.
MINIMUM_RECORD_SIZE = 14
# First Produce version that may carry zstd (KIP-110).
FIRST_VERSION_WITH_ZSTD = 7
MIN_LONG = -0x8000000000000000
MAX_LONG = 0x7FFFFFFFFFFFFFFF


class BatchLimits(Protocol):
    """The topic's configuration as far as batches are held to it."""

    max_message_bytes: int
    log_append_time: bool
    message_timestamp_before_max_ms: int
    message_timestamp_after_max_ms: int
    compacted: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a batch is not sound.

    Attributes:
        error: the partition's error code.
        message: the partition's error message.
        record_errors: (index of the record, message).
        knows_log: whether the answer carries the log start offset: the log had been reached.
    """

    error: ErrorCode
    message: str | None = None
    record_errors: tuple[tuple[int, str], ...] = ()
    knows_log: bool = True


# fmt: off
NO_SINGLE_BATCH   = Refusal(ErrorCode.INVALID_RECORD, knows_log=False)
UNREADABLE        = Refusal(ErrorCode.CORRUPT_MESSAGE, knows_log=False)
ZSTD_TOO_EARLY    = Refusal(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, knows_log=False)
TOO_LARGE         = Refusal(ErrorCode.MESSAGE_TOO_LARGE, knows_log=False)
INVALID           = Refusal(ErrorCode.INVALID_RECORD)
UNEXPECTED        = Refusal(ErrorCode.UNKNOWN_SERVER_ERROR)
# fmt: on


def check_readable(records: Buffer) -> Refusal | None:
    """Whether the first batch can be cut out of a record set at all.

    A refusal here is thrown while the request as a whole is looked at, so that it becomes the answer
    for each of its partitions.
    """
    size = len(records)
    if size < LOG_OVERHEAD:
        return None
    length: int = struct.unpack_from(">i", records, LENGTH_OFFSET)[0]
    if length < MINIMUM_RECORD_SIZE:
        message = f"Record size {length} is less than the minimum record overhead (14)"
        return Refusal(ErrorCode.CORRUPT_MESSAGE, message, knows_log=False)
    if length + LOG_OVERHEAD > 0x7FFFFFFF:
        # The size of the batch overflows a Java int; what follows is an IllegalArgumentException.
        return Refusal(ErrorCode.UNKNOWN_SERVER_ERROR, knows_log=False)
    if size > MAGIC_OFFSET:
        magic = struct.unpack_from("b", records, MAGIC_OFFSET)[0]
        if not 0 <= magic <= MAGIC:
            message = f"Invalid magic found in record: {magic}"
            return Refusal(ErrorCode.CORRUPT_MESSAGE, message, knows_log=False)
    return None


def is_transactional(records: Buffer) -> bool:
    """Whether a record set starts with a whole batch of magic 2 that belongs to a transaction."""
    return (
        len(records) >= HEADER_SIZE
        and struct.unpack_from(">i", records, LENGTH_OFFSET)[0] + LOG_OVERHEAD <= len(records)
        and records[MAGIC_OFFSET] == MAGIC
        and bool(records[ATTRIBUTES_OFFSET + 1] & TRANSACTIONAL_BIT)
    )


def check_record_set(records: Buffer) -> Refusal | None:
    """Whether a record set is exactly one batch of magic 2.

    Most passed :func:`check_readable` before; for the others the error is the same, but of their own
    partition and without a message.
    """
    size = len(records)
    unreadable = check_readable(records)
    if unreadable is not None:
        return Refusal(unreadable.error, knows_log=False)
    if size < LOG_OVERHEAD + MINIMUM_RECORD_SIZE:
        return NO_SINGLE_BATCH
    end = struct.unpack_from(">i", records, LENGTH_OFFSET)[0] + LOG_OVERHEAD
    if end > size or records[MAGIC_OFFSET] != MAGIC:
        return NO_SINGLE_BATCH
    if end < HEADER_SIZE:
        return UNREADABLE
    if end != size and size - end >= LOG_OVERHEAD:
        # Anything after the batch that is long enough is looked at as a second one.
        return UNREADABLE if check_readable(records[end:]) is not None else _second(records, end)
    return None


def _second(records: Buffer, end: int) -> Refusal | None:
    length: int = struct.unpack_from(">i", records, end + LENGTH_OFFSET)[0]
    return NO_SINGLE_BATCH if end + LOG_OVERHEAD + length <= len(records) else None


def check_integrity(batch: RecordBatch, limits: BatchLimits) -> Refusal | None:
    """Size before checksum, as Kafka does: a batch that is too large is not even hashed."""
    if batch.batch_length + LOG_OVERHEAD > limits.max_message_bytes:
        return TOO_LARGE
    return None if crc32c(batch.buffer[ATTRIBUTES_OFFSET:]) == batch.crc else UNREADABLE


def check_records(
    batch: RecordBatch, limits: BatchLimits, now_ms: int, where: str
) -> Refusal | int:
    """Header and records; gives the largest timestamp among the records, or why they are refused.

    ``where`` is the partition, ``topic-index``, as messages name it.
    """
    count = batch.records_count
    if (
        batch.base_offset != 0
        or count <= 0
        or count != batch.last_offset_delta + 1
        or batch.attributes & 0x20
        or (batch.producer_id > -1 and batch.base_sequence <= NO_SEQUENCE)
    ):
        return INVALID
    try:
        payload = bytes(batch.payload())
    except CompressionError:
        return UNEXPECTED
    try:
        low, high, sequential = walk_records(payload, count)
    except VarintTooLong:
        return INVALID if batch.codec else UNEXPECTED
    except InvalidRecord:
        return INVALID
    if not sequential and batch.codec:
        # Compressed records whose offsets do not count up would have to be written anew, and
        # MemoryRecordsBuilder then trips over them.
        return UNEXPECTED
    base = batch.base_timestamp
    first, last = base + low, base + high
    wraps = first < MIN_LONG or last > MAX_LONG
    if limits.log_append_time:
        suspicious = batch.attributes & TIMESTAMP_TYPE_BIT
    else:
        suspicious = (
            first < now_ms - limits.message_timestamp_before_max_ms
            or last > now_ms + limits.message_timestamp_after_max_ms
            or wraps
        )
    if suspicious or limits.compacted:
        refusal = _check_each(batch, payload, limits, now_ms, where)
        if refusal is not None:
            return refusal
    if wraps:
        last = max(to_long(base + record[1]) for record in iterate_records(payload, count))
    return last if last > NO_TIMESTAMP else NO_TIMESTAMP


def _check_each(
    batch: RecordBatch, payload: bytes, limits: BatchLimits, now_ms: int, where: str
) -> Refusal | None:
    before, after = limits.message_timestamp_before_max_ms, limits.message_timestamp_after_max_ms
    earliest, latest = to_long(now_ms - before), to_long(now_ms + after)
    errors: list[tuple[int, str]] = []
    bad_timestamp = False
    for index, record in enumerate(iterate_records(payload, batch.records_count)):
        timestamp = to_long(batch.base_timestamp + record[1])
        age = to_long(now_ms - timestamp)
        if limits.compacted and record[2] is None:
            text = "Compacted topic cannot accept message without key in topic partition"
            errors.append((index, f"{text} {where}"))
        elif (
            not limits.log_append_time
            and timestamp != NO_TIMESTAMP
            and (age > before or to_long(-age) > after)
        ):
            bad_timestamp = True
            text = f"Timestamp {timestamp} of message with offset {record[0]} is out of range."
            text += f" The timestamp should be within [{earliest}, {latest}]"
            errors.append((index, text))
        elif limits.log_append_time and batch.attributes & TIMESTAMP_TYPE_BIT:
            bad_timestamp = True
            text = f"Invalid timestamp type in message {_describe(record, timestamp)}. "
            errors.append(
                (index, text + "Producer should not set timestamp type to LogAppendTime.")
            )
    if not errors:
        return None
    if bad_timestamp:
        message = "One or more records have been rejected due to invalid timestamp"
        return Refusal(ErrorCode.INVALID_TIMESTAMP, message, tuple(errors))
    shown = ", ".join(f"RecordError(batchIndex={i}, message='{text}')" for i, text in errors[:3])
    message = (
        f"One or more records have been rejected due to {len(errors)} record errors in total, "
        f"and only showing the first three errors at most: [{shown}]"
    )
    return Refusal(ErrorCode.INVALID_RECORD, message, tuple(errors))


def _describe(record: ParsedRecord, timestamp: int) -> str:
    """A record as ``DefaultRecord.toString`` has it."""
    key, value = len(record[2] or b""), len(record[3] or b"")
    return (
        f"DefaultRecord(offset={record[0]}, timestamp={timestamp}, key={key} bytes,"
        f" value={value} bytes)"
    )

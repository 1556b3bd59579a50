"""Lesson 05: a record batch, byte by byte, and its checksum.

Records travel and are stored in batches (magic 2, KIP-98): a header of 61 bytes, then the records. The
broker stores a batch as it came, and gives it to consumers as it is stored. So that nobody reads
damaged bytes, a batch carries a checksum, CRC-32C, which is worked out here bit by bit.
"""

from __future__ import annotations

import socket
import struct

from wire import ask, connect, create_topic, send_batch, told

from kafka_codecs.messages.api_01_fetch import FetchPartition, FetchRequest, FetchTopic
from kafka_codecs.record_batch import Record, RecordBatch, decode_varint, encode_batch, read_batches
from kafkashim.testing import KafkaShim

# Name and type of the fields of the header, in order; the types are those of the module struct.
HEADER = (
    ("base offset", "q"),
    ("length", "i"),  # of what comes after it
    ("leader epoch", "i"),
    ("magic", "b"),
    ("crc", "I"),
    ("attributes", "h"),  # the codec, and flags
    ("last offset delta", "i"),
    ("base timestamp", "q"),
    ("max timestamp", "q"),
    ("producer id", "q"),  # these three are -1 without idempotence
    ("producer epoch", "h"),
    ("base sequence", "i"),
    ("count of records", "i"),
)
CRC_AT, ATTRIBUTES_AT, RECORDS_AT = 17, 21, 61


def crc32c(data: bytes) -> int:
    """Castagnoli's polynomial, lowest bit first. Ordinary CRC-32 (zlib) has another polynomial."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def show_header(batch: bytes) -> None:
    at = 0
    for name, kind in HEADER:
        raw = batch[at : at + struct.calcsize(kind)]
        (value,) = struct.unpack(">" + kind, raw)
        print(f"  {at:>2}  {name:<18} {raw.hex(' '):<24} {value}")
        at += len(raw)


def show_record(batch: bytes, at: int) -> int:
    """In a record numbers are varints, zigzag: 0, -1, 1, -2 … are stored as 0, 1, 2, 3 …"""
    length, end = decode_varint(batch, at)
    print(f"  {at:>2}  length {length}, stored as {batch[at:end].hex()}")
    print(f"  {end:>2}  attributes {batch[end]}, not used")
    at = end + 1
    for name in ("timestamp delta", "offset delta"):
        value, end = decode_varint(batch, at)
        print(f"  {at:>2}  {name} {value}, stored as {batch[at:end].hex()}")
        at = end
    for name in ("key", "value"):
        size, end = decode_varint(batch, at)
        # A length of -1 is null.
        content = None if size < 0 else batch[end : end + size]
        print(f"  {at:>2}  {name} of length {size}, stored as {batch[at:end].hex()}: {content!r}")
        at = end + max(size, 0)
    headers, end = decode_varint(batch, at)
    print(f"  {at:>2}  {headers} headers")
    return end


def check(what: str, batch: bytes) -> None:
    """The checksum covers everything from the attributes on."""
    (written,) = struct.unpack_from(">I", batch, CRC_AT)
    fits = crc32c(batch[ATTRIBUTES_AT:]) == written
    print(f"  {what}: the checksum {'fits' if fits else 'does not fit'}")


def fetch(connection: socket.socket) -> list[RecordBatch]:
    """Everything from offset 0 on; lesson 15 is about this request."""
    wanted = FetchPartition(partition=0, fetch_offset=0, partition_max_bytes=1_000_000)
    topic = FetchTopic(topic="orders", partitions=[wanted])
    answer = ask(connection, FetchRequest(max_wait_ms=0, min_bytes=1, topics=[topic]), 11)
    return read_batches(answer.responses[0].partitions[0].records)


def main() -> None:
    records = [
        Record(0, 1_700_000_000_000, b"k", b"one"),
        Record(1, 1_700_000_000_005, None, b"two"),
    ]
    batch = encode_batch(records, base_timestamp=1_700_000_000_000)
    print("1. The header: where, what, its bytes, its value")
    show_header(batch)

    print("2. Two records; what they have in common stands in the header")
    end = show_record(batch, RECORDS_AT)
    show_record(batch, end)

    print("3. The checksum")
    check("as it is", batch)
    check("with base offset 1000", struct.pack(">q", 1000) + batch[8:])
    damaged = batch.replace(b"one", b"ond")
    check("with one bit of a value changed", damaged)

    print("4. What the broker says")
    with KafkaShim() as broker, connect(broker) as connection:
        create_topic(connection, "orders")
        for what, sent in (("as it is", batch), ("the same again", batch), ("damaged", damaged)):
            print(f"  {what}: {told(send_batch(connection, 'orders', sent))}")
        for stored in fetch(connection):
            same = stored.buffer[CRC_AT:] == batch[CRC_AT:]
            print(
                f"  stored: base offset {stored.base_offset},"
                f" leader epoch {stored.partition_leader_epoch}, from the crc on as sent: {same}"
            )

    print()
    print("Question: why does the checksum leave out the base offset and the leader epoch?")


if __name__ == "__main__":
    main()

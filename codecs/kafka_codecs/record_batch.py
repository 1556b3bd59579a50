"""The record batch (magic 2, KIP-98): header, records, checksum, compression.

```
 0          8        12       16   17       21        23        27              35
 baseOffset │ length │ leader │ m. │  CRC  │ attrib. │ lastOff │ baseTimestamp │ maxTimestamp
 43           51      53         57      61
 producerId │ epoch │ baseSeq │ count │ records …
```

The CRC (CRC-32C) covers everything from ``attributes`` on, so that a broker can set the base offset
and the leader epoch without touching it. ``length`` counts the bytes after itself.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple

from kafka_codecs.compression import compress, decompress
from kafka_codecs.crc32c import crc32c
from kafka_codecs.schema import Buffer

MAGIC = 2
HEADER_SIZE = 61
LOG_OVERHEAD = 12
LENGTH_OFFSET = 8
MAGIC_OFFSET = 16
CRC_OFFSET = 17
ATTRIBUTES_OFFSET = 21
MAX_TIMESTAMP_OFFSET = 35

COMPRESSION_MASK = 0x07
TIMESTAMP_TYPE_BIT = 0x08
TRANSACTIONAL_BIT = 0x10
CONTROL_BIT = 0x20
DELETE_HORIZON_BIT = 0x40

NO_PRODUCER_ID = -1
NO_PRODUCER_EPOCH = -1
NO_SEQUENCE = -1
NO_TIMESTAMP = -1

HEADER = struct.Struct(">qiibIhiqqqhii")
_unpack_header = HEADER.unpack_from


def to_long(number: int) -> int:
    """``number`` as Java's 64-bit arithmetic has it."""
    return (number + 0x8000000000000000 & 0xFFFFFFFFFFFFFFFF) - 0x8000000000000000


class InvalidRecord(ValueError):
    """Records that do not parse, or do not parse to as many as the batch says."""


class VarintTooLong(InvalidRecord):
    """A varint that goes on after its last possible byte; Java throws another exception for it."""


class Header(NamedTuple):
    """A header key with its value; values may be null, keys may not."""

    key: str
    value: bytes | None


class Record(NamedTuple):
    """One record, its offset and timestamp made absolute."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[Header] = ()


class RecordBatch:
    """The header of one batch, and the bytes it was read from (header included)."""

    __slots__ = (
        "attributes",
        "base_offset",
        "base_sequence",
        "base_timestamp",
        "batch_length",
        "buffer",
        "crc",
        "last_offset_delta",
        "magic",
        "max_timestamp",
        "partition_leader_epoch",
        "producer_epoch",
        "producer_id",
        "records_count",
    )

    buffer: memoryview
    base_offset: int
    batch_length: int
    partition_leader_epoch: int
    magic: int
    crc: int
    attributes: int
    last_offset_delta: int
    base_timestamp: int
    max_timestamp: int
    producer_id: int
    producer_epoch: int
    base_sequence: int
    records_count: int

    def __init__(self, buffer: Buffer, offset: int = 0) -> None:
        """Read the header at ``offset``.

        Raises:
            struct.error: fewer than 61 bytes are there.
        """
        (
            self.base_offset,
            self.batch_length,
            self.partition_leader_epoch,
            self.magic,
            self.crc,
            self.attributes,
            self.last_offset_delta,
            self.base_timestamp,
            self.max_timestamp,
            self.producer_id,
            self.producer_epoch,
            self.base_sequence,
            self.records_count,
        ) = _unpack_header(buffer, offset)
        size = self.batch_length + LOG_OVERHEAD
        if type(buffer) is not memoryview:
            buffer = memoryview(buffer)
        self.buffer = (
            buffer if size == len(buffer) and not offset else buffer[offset : offset + size]
        )

    @property
    def size(self) -> int:
        """Bytes of the whole batch."""
        return self.batch_length + LOG_OVERHEAD

    @property
    def last_offset(self) -> int:
        """The offset of the last record."""
        return self.base_offset + self.last_offset_delta

    @property
    def last_sequence(self) -> int:
        """The sequence of the last record; -1 without sequences. The ring is 0 … 2³¹-1."""
        if self.base_sequence == NO_SEQUENCE:
            return NO_SEQUENCE
        last = self.base_sequence + self.last_offset_delta
        return last if last <= 0x7FFFFFFF else last - 0x80000000

    @property
    def codec(self) -> int:
        """The compression codec: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd."""
        return self.attributes & COMPRESSION_MASK

    @property
    def is_transactional(self) -> bool:
        """Whether the batch belongs to a transaction."""
        return bool(self.attributes & TRANSACTIONAL_BIT)

    @property
    def is_control(self) -> bool:
        """Whether the batch holds a control record instead of data."""
        return bool(self.attributes & CONTROL_BIT)

    def crc_matches(self) -> bool:
        """Whether the checksum is that of the bytes."""
        return crc32c(self.buffer[ATTRIBUTES_OFFSET:]) == self.crc

    def payload(self) -> Buffer:
        """The records, decompressed.

        Raises:
            CompressionError: an unknown codec, or bytes the codec does not read.
        """
        raw = self.buffer[HEADER_SIZE:]
        codec = self.attributes & COMPRESSION_MASK
        return decompress(codec, raw) if codec else raw

    def records(self) -> list[Record]:
        """The records.

        Raises:
            InvalidRecord: they do not parse.
            CompressionError: they do not decompress.
        """
        return list(self.iterate())

    def iterate(self) -> Iterator[Record]:
        """The records one by one; raises as :meth:`records` does, but only when it gets there."""
        log_append_time = bool(self.attributes & TIMESTAMP_TYPE_BIT)
        found = iterate_records(self.payload(), self.records_count)
        for offset_delta, timestamp_delta, key, value, headers in found:
            timestamp = to_long(self.base_timestamp + timestamp_delta)
            yield Record(
                self.base_offset + offset_delta,
                self.max_timestamp if log_append_time else timestamp,
                key,
                value,
                headers,
            )


def read_batches(buffer: Buffer) -> list[RecordBatch]:
    """The whole batches of a record set as a fetch answers it; a last one that is cut is left out."""
    found: list[RecordBatch] = []
    o, end = 0, len(buffer)
    while o + HEADER_SIZE <= end:
        size = struct.unpack_from(">i", buffer, o + LENGTH_OFFSET)[0] + LOG_OVERHEAD
        if size < HEADER_SIZE or o + size > end:
            break
        found.append(RecordBatch(buffer, o))
        o += size
    return found


def encode_batch(
    records: Iterable[tuple[bytes | None, bytes | None] | Record],
    *,
    base_offset: int = 0,
    base_timestamp: int = 0,
    producer_id: int = NO_PRODUCER_ID,
    producer_epoch: int = NO_PRODUCER_EPOCH,
    base_sequence: int = NO_SEQUENCE,
    codec: int = 0,
    level: int | None = None,
    attributes: int = 0,
    partition_leader_epoch: int = -1,
) -> bytes:
    """A batch of records given as (key, value) or :class:`Record`, with its checksum.

    A :class:`Record` brings its own timestamp; offsets are always counted from ``base_offset``.
    """
    payload = bytearray()
    count, max_timestamp = 0, base_timestamp
    for record in records:
        if isinstance(record, Record):
            timestamp, key, value, headers = record[1:]
        else:
            (key, value), timestamp, headers = record, base_timestamp, ()
        max_timestamp = max(max_timestamp, timestamp)
        payload += encode_record(count, timestamp - base_timestamp, key, value, headers)
        count += 1
    body = compress(codec, payload, level) if codec else payload
    batch = bytearray(HEADER_SIZE)
    HEADER.pack_into(
        batch,
        0,
        base_offset,
        HEADER_SIZE - LOG_OVERHEAD + len(body),
        partition_leader_epoch,
        MAGIC,
        0,
        attributes | codec,
        count - 1,
        base_timestamp,
        max_timestamp,
        producer_id,
        producer_epoch,
        base_sequence,
        count,
    )
    batch += body
    seal(batch)
    return bytes(batch)


def seal(batch: bytearray | memoryview) -> None:
    """Write the checksum into a batch whose bytes were changed."""
    struct.pack_into(">I", batch, CRC_OFFSET, crc32c(memoryview(batch)[ATTRIBUTES_OFFSET:]))


def encode_record(
    offset_delta: int,
    timestamp_delta: int,
    key: bytes | None,
    value: bytes | None,
    headers: Sequence[tuple[str, bytes | None]] = (),
) -> bytes:
    """One record with its length in front."""
    body = bytearray(1)
    body += encode_varint(timestamp_delta)
    body += encode_varint(offset_delta)
    for field in (key, value):
        body += encode_varint(-1 if field is None else len(field))
        body += field or b""
    body += encode_varint(len(headers))
    for name, content in headers:
        raw = name.encode()
        body += encode_varint(len(raw)) + raw
        body += encode_varint(-1 if content is None else len(content))
        body += content or b""
    return encode_varint(len(body)) + bytes(body)


def encode_varint(value: int) -> bytes:
    """A zigzag varint, as ``ByteUtils.writeVarint`` and ``writeVarlong``."""
    n = value << 1 if value >= 0 else (-value << 1) - 1
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def decode_varint(b: Buffer, o: int, longest: int = 5) -> tuple[int, int]:
    """A zigzag varint and the offset after it; at most ``longest`` bytes (5, or 10 for varlong).

    Raises:
        VarintTooLong: it is longer.
        IndexError: the bytes end inside it.
    """
    n = shift = 0
    for _ in range(longest):
        byte = b[o]
        o += 1
        n |= (byte & 0x7F) << shift
        if byte < 0x80:
            n &= 0xFFFFFFFF if longest == 5 else 0xFFFFFFFFFFFFFFFF
            return n >> 1 ^ -(n & 1), o
        shift += 7
    raise VarintTooLong(f"varint longer than {longest} bytes")


ParsedRecord = tuple[int, int, bytes | None, bytes | None, list[Header]]


def parse_records(b: Buffer, count: int) -> list[ParsedRecord]:
    """Exactly ``count`` records: (offset delta, timestamp delta, key, value, headers).

    Raises:
        InvalidRecord: they do not parse, or bytes are left over.
    """
    return list(iterate_records(b, count))


def iterate_records(b: Buffer, count: int) -> Iterator[ParsedRecord]:
    """The same one by one; an error comes when the walk gets there."""
    o = 0
    try:
        for _ in range(count):
            size, o = decode_varint(b, o)
            stop = o + size
            if size < 0 or stop > len(b):
                raise InvalidRecord(f"a record of {size} bytes where {len(b) - o} are left")
            timestamp_delta, o = decode_varint(b, o + 1, 10)
            offset_delta, o = decode_varint(b, o)
            key, o = _nullable(b, o, stop)
            value, o = _nullable(b, o, stop)
            headers, o = _headers(b, o, stop)
            if o != stop:
                raise InvalidRecord(f"a record of {size} bytes ends after {o - stop + size}")
            yield offset_delta, timestamp_delta, key, value, headers
    except IndexError:
        raise InvalidRecord("the records end inside a record") from None
    if o != len(b):
        raise InvalidRecord(f"{len(b) - o} bytes are left over after {count} records")


def _nullable(b: Buffer, o: int, stop: int) -> tuple[bytes | None, int]:
    size, o = decode_varint(b, o)
    if size < 0:
        return None, o
    if o + size > stop:
        raise InvalidRecord(f"{size} bytes announced, {stop - o} left in the record")
    return bytes(b[o : o + size]), o + size


def _headers(b: Buffer, o: int, stop: int) -> tuple[list[Header], int]:
    count, o = decode_varint(b, o)
    if count < 0 or count > stop - o:
        raise InvalidRecord(f"{count} headers announced, {stop - o} bytes left in the record")
    headers: list[Header] = []
    for _ in range(count):
        name, o = _nullable(b, o, stop)
        if name is None:
            raise InvalidRecord("a header without a key")
        value, o = _nullable(b, o, stop)
        headers.append(Header(name.decode("utf-8", "replace"), value))
    return headers, o


def walk_records(b: bytes, count: int) -> tuple[int, int, bool]:
    """Check that exactly ``count`` records fill ``b``, without making objects of them.

    Gives the smallest and largest timestamp delta (for the smallest, 0 may stand where none is
    negative), and whether the offset deltas are 0, 1, 2, …
    Every record of every batch passes here, so varints of one and two bytes are read in place, and
    records that all look alike are compared column by column.

    Raises:
        InvalidRecord: they do not parse, or bytes are left over.
    """
    high = _walk_alike(b, count)
    return (0, high, True) if high >= 0 else _walk_each(b, count)


def _walk_each(b: bytes, count: int) -> tuple[int, int, bool]:
    o, end = 0, len(b)
    low, high, sequential = 0x7FFFFFFFFFFFFFFF, -0x8000000000000000, True
    try:
        for index in range(count):
            n = b[o]
            o += 1
            if n > 127:
                if (m := b[o]) < 128:
                    n = n & 127 | m << 7
                    o += 1
                else:
                    n, o = _raw_varint(b, o - 1, 5)
            stop = o + (n >> 1)
            if n & 1 or stop > end:
                raise InvalidRecord("a record longer than what is left")
            n = b[o + 1]
            o += 2
            if n > 127:
                n, o = _raw_varint(b, o - 1, 10)
            delta = n >> 1 ^ -(n & 1)
            if delta > high:
                high = delta
            if delta < low:
                low = delta
            n = b[o]
            o += 1
            if n > 127:
                n, o = _raw_varint(b, o - 1, 5)
            if n != index << 1:
                sequential = False
            for _ in _KEY_AND_VALUE:
                n = b[o]
                o += 1
                if n > 127:
                    if (m := b[o]) < 128:
                        n = n & 127 | m << 7
                        o += 1
                    else:
                        n, o = _raw_varint(b, o - 1, 5)
                if not n & 1:
                    o += n >> 1
            if b[o]:
                o = _headers(b, o, stop)[1]
            else:
                o += 1
            if o != stop:
                raise InvalidRecord("a record that does not end where it says")
    except IndexError:
        raise InvalidRecord("the records end inside a record") from None
    if o != end:
        raise InvalidRecord(f"{end - o} bytes are left over after {count} records")
    return low, high, sequential


_KEY_AND_VALUE = (0, 1)
# A zigzag varint of a number from 0 to 63 is one byte, from 64 to 8191 it is two. These are the
# columns that the offset deltas of as many records make.
_ONE_BYTE = 64
_TWO_BYTES = 8192
_SMALL = bytes(range(0, 2 * _ONE_BYTE, 2))
_LARGE_LOW = bytes(range(128, 256, 2)) * 127
_LARGE_HIGH = b"".join(bytes((high,)) * 64 for high in range(1, 128))


class _Shape(NamedTuple):
    """What the bytes of records that all look alike have in common, column by column.

    A column is the byte that stands at one place of every record: those of the lengths, of the offset
    deltas, and the count of headers. ``columns`` takes them out of the records, ``expected`` is what
    they must be, ``stamps`` are the columns of the timestamp deltas.
    """

    columns: Callable[[bytes], tuple[bytes, ...]]
    expected: tuple[bytes, ...]
    stamps: tuple[slice, ...]


# The shapes met before, by size and number of the records: a producer of equal messages sends the
# same one again and again. Those of many records take room, and looking at them again little time.
_shapes: dict[tuple[int, int], _Shape] = {}
_MOST_SHAPES = 1024
_LARGEST_KEPT = 1024


def _walk_alike(b: bytes, count: int) -> int:
    """The largest timestamp delta of records that all have the same shape; -1 when they do not.

    Same shape: keys and values of one length (or null), no headers, timestamp deltas from 0 to 63.
    What is not that is walked record by record.
    """
    shape = _shapes.get((len(b), count))
    if shape is None or shape.columns(b) != shape.expected:
        shape = _shape_of(b, count)
        if shape is None or shape.columns(b) != shape.expected:
            return -1
        if count <= _LARGEST_KEPT:
            if len(_shapes) >= _MOST_SHAPES:
                _shapes.clear()
            _shapes[len(b), count] = shape
    high = 0
    for place in shape.stamps:
        stamps = b[place]
        if stamps.count(0) != len(stamps):
            if stamps.translate(None, _SMALL):
                return -1
            high = max(high, max(stamps) >> 1)
    return high


def _shape_of(b: bytes, count: int) -> _Shape | None:
    """The shape the records have if they all look like the first; ``None`` if they cannot."""
    if not 1 < count <= _TWO_BYTES or b[-1]:
        return None
    try:
        size, o = decode_varint(b, 0)
        if not 0 <= len(b) - count * (o + size) <= 2 * count:
            return None  # what mostly tells that they are of different sizes
        key_size, value_at = decode_varint(b, o + 3)
        key_length = b[o + 3 : value_at]
        value_at += max(key_size, 0)
        value_size, o = decode_varint(b, value_at)
        value_length = b[value_at:o]
    except (IndexError, VarintTooLong):
        return None
    content = 2 + len(key_length) + max(key_size, 0) + len(value_length) + max(value_size, 0) + 1
    small, large = encode_varint(content + 1), encode_varint(content + 2)
    few = min(count, _ONE_BYTE)
    more = count - few
    split = few * (len(small) + content + 1)
    if split + more * (len(large) + content + 2) != len(b):
        return None
    columns: list[tuple[slice, bytes]] = []
    stamps: list[slice] = []

    def stretch(start: int, records: int, length: bytes, deltas: tuple[bytes, ...]) -> None:
        """Records from ``start`` on whose offset deltas take as many bytes."""
        stride = len(length) + content + len(deltas)
        stop = start + records * stride

        def fixed(at: int, values: bytes) -> None:
            for place, value in enumerate(values, start + at):
                columns.append((slice(place, stop, stride), bytes((value,)) * records))

        fixed(0, length)
        stamp = len(length) + 1
        stamps.append(slice(start + stamp, stop, stride))
        for place, delta in enumerate(deltas, start + stamp + 1):
            columns.append((slice(place, stop, stride), delta[:records]))
        key_at = stamp + 1 + len(deltas)
        fixed(key_at, key_length)
        fixed(key_at + len(key_length) + max(key_size, 0), value_length)
        fixed(stride - 1, b"\0")

    stretch(0, few, small, (_SMALL,))
    if more:
        stretch(split, more, large, (_LARGE_LOW, _LARGE_HIGH))
    slices, expected = zip(*columns, strict=True)
    return _Shape(itemgetter(*slices), expected, tuple(stamps))


def _raw_varint(b: bytes, o: int, longest: int) -> tuple[int, int]:
    n = shift = 0
    for _ in range(longest):
        byte = b[o]
        o += 1
        n |= (byte & 0x7F) << shift
        if byte < 0x80:
            # Bits beyond an int or a long fall away, as in ByteUtils.
            return n & (0xFFFFFFFF if longest == 5 else 0xFFFFFFFFFFFFFFFF), o
        shift += 7
    raise VarintTooLong(f"varint longer than {longest} bytes")

"""What generated code calls: the few things it does not spell out itself.

Everything here bounds what it reads by the bytes that are there, and stops a varint at five bytes
(``ByteUtils.readUnsignedVarint``).
"""

from __future__ import annotations

import struct
from typing import Any, cast
from uuid import UUID

from kafka_codecs.schema import Buffer

i16 = struct.Struct(">h").unpack_from
i32 = struct.Struct(">i").unpack_from
put_i16 = struct.Struct(">h").pack
put_i32 = struct.Struct(">i").pack
BYTE = [bytes((n,)) for n in range(128)]
# What older versions' INT16 can say, and the readers Kafka generates hold newer ones to.
LONGEST_STRING = 32767
# What stands before n items or bytes in the compact forms: n + 1 as a varint.
COMPACT = BYTE[1:]


class Malformed(ValueError):
    """Something the flat code will not read; the frame is then read again, slowly, to say where."""


def short(wanted: int, left: int) -> Malformed:
    """More was announced than the frame holds."""
    return Malformed(f"{wanted} bytes wanted, {left} left")


def null() -> Malformed:
    """A null where the version allows none."""
    return Malformed("null in a field that is not nullable")


def foreign(tag: int) -> Malformed:
    """A tagged field of another version: Kafka's generated readers refuse it instead of keeping it."""
    return Malformed(f"tag {tag} is not valid in this version")


def uvarint(b: Buffer, o: int) -> tuple[int, int]:
    """An unsigned varint and the offset after it.

    Raises:
        Malformed: the varint is longer than five bytes.
        IndexError: the frame ends inside it.
    """
    value = shift = 0
    while shift < 28:
        byte = b[o]
        o += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, o
        shift += 7
    byte = b[o]
    if byte > 0x7F:
        raise Malformed("varint longer than 5 bytes")
    # Java's int: bits beyond the 32nd fall off, and a set 32nd bit makes the value negative.
    value = (value | byte << 28) & 0xFFFFFFFF
    return (value - 0x1_0000_0000 if value & 0x8000_0000 else value), o + 1


def compact_length(b: Buffer, o: int) -> tuple[int, int]:
    """The varint before a compact string, array or records: one more than their length.

    Java subtracts the one from an int: the least there is becomes the largest, which no frame holds,
    and every other negative number stays one and stands for null.
    """
    n, o = uvarint(b, o)
    return (0x8000_0000 if n == -0x8000_0000 else n), o


def string_length(b: Buffer, o: int) -> tuple[int, int]:
    """The varint before a compact string, as :func:`compact_length`.

    Raises:
        Malformed: the string is longer than one may be.
    """
    n, o = compact_length(b, o)
    if n > LONGEST_STRING + 1:
        raise Malformed(f"a string of {n - 1} bytes, the longest may have {LONGEST_STRING}")
    return n, o


def put_uvarint(n: int) -> bytes:
    """The bytes of an unsigned varint."""
    if 0 <= n < 0x80:
        return BYTE[n]
    n &= 0xFFFFFFFF  # a tag beyond 2^31 was read as Java's int, and goes out as it came
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


_uuids: dict[bytes, UUID] = {}


def uuid(raw: bytes) -> UUID:
    """The UUID of 16 bytes. Topic ids come again and again; making a UUID costs a microsecond."""
    found = _uuids.get(raw)
    if found is None:
        if len(_uuids) >= 4096:
            _uuids.clear()
        found = _uuids[raw] = UUID(bytes=raw)
    return found


def _put_buffers(out: list[Buffer], value: Any, total: int, lead: bytes) -> None:
    out.append(lead)
    if isinstance(value, list):
        out += cast("list[Buffer]", value)
    elif total:
        out.append(value)


def _size(value: Any) -> int:
    return sum(map(len, cast("list[Buffer]", value))) if isinstance(value, list) else len(value)


def put_records(out: list[Buffer], value: Any) -> None:
    """Records behind an INT32 length; ``value`` is one buffer or a list of them, never copied."""
    if value is None:
        out.append(b"\xff\xff\xff\xff")
        return
    total = _size(value)
    _put_buffers(out, value, total, put_i32(total))


def put_compact_records(out: list[Buffer], value: Any) -> None:
    """Records behind a varint length; ``value`` is one buffer or a list of them, never copied."""
    if value is None:
        out.append(b"\0")
        return
    total = _size(value)
    _put_buffers(out, value, total, put_uvarint(total + 1))


NAMES: dict[str, Any] = {
    "_i16": i16,
    "_i32": i32,
    "_put_i16": put_i16,
    "_put_i32": put_i32,
    "_compact": COMPACT,
    "_short": short,
    "_null": null,
    "_foreign": foreign,
    "_uvarint": uvarint,
    "_compact_length": compact_length,
    "_string_length": string_length,
    "_put_uvarint": put_uvarint,
    "_uuid": uuid,
    "_put_records": put_records,
    "_put_compact_records": put_compact_records,
    "_new": object.__new__,
    "_Malformed": Malformed,
}

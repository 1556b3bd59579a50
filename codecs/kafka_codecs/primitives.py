"""The construct of every type of the protocol.

``construct`` has the fixed widths; the rest is composed here in its vocabulary, with two things it
does not do by itself: every length and count is held against the bytes that are left before
anything is read, and a varint stops at five bytes. While a :class:`~kafka_codecs.explain.Tracer`
listens, each value reports the bytes it was read from.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import construct

from kafka_codecs.flat import LONGEST_STRING, put_uvarint

# construct has no types of its own, and the stubs that others publish may be installed or not. To a
# type checker the base classes are these, and everything else in construct is Any.
c: Any = construct
if TYPE_CHECKING:

    class Construct:
        """A construct, as far as it is used here."""

        name: str

        def __init__(self, *args: Any) -> None: ...
        def build(self, obj: Any) -> bytes: ...
        def _parsereport(self, stream: Any, context: Any, path: str) -> Any: ...

    class Subconstruct(Construct):
        """A construct around another."""

        subcon: Any

    class Adapter(Subconstruct): ...

    class Renamed(Subconstruct): ...
else:
    from construct import Adapter, Construct, Renamed, Subconstruct

__all__ = [
    "ArrayOf",
    "Boolean",
    "Float64b",
    "Int8sb",
    "Int16sb",
    "Int16ub",
    "Int32sb",
    "Int32ub",
    "Int64sb",
    "Named",
    "NullableStruct",
    "Octets",
    "TaggedFields",
    "Text",
    "UnsignedVarint",
    "Uuid",
]

Float64b: Any = c.Float64b
Int8sb: Any = c.Int8sb
Int16sb: Any = c.Int16sb
Int16ub: Any = c.Int16ub
Int32sb: Any = c.Int32sb
Int32ub: Any = c.Int32ub
Int64sb: Any = c.Int64sb

# tag -> (field, default)
Tagged = Mapping[int, tuple["Named", Any]]
UNSIGNED_VARINT = "UNSIGNED_VARINT"


def _left(stream: BytesIO) -> int:
    return len(stream.getbuffer()) - stream.tell()


def _take(stream: BytesIO, n: int, path: str) -> bytes:
    left = _left(stream)
    if n < 0 or n > left:
        raise c.StreamError(f"{n} bytes announced, {left} left", path=path)
    return stream.read(n)


class _UnsignedVarint(Construct):
    """Base 128, least significant group first, at most five bytes (KIP-482)."""

    def _parse(self, stream: Any, context: Any, path: str) -> int:
        value = 0
        for shift in (0, 7, 14, 21, 28):
            byte: int = c.stream_read(stream, 1, path)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
        else:
            raise c.IntegerError("varint longer than 5 bytes", path=path)
        value &= 0xFFFFFFFF
        return value - 0x1_0000_0000 if value & 0x8000_0000 else value

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        raw = put_uvarint(obj)
        c.stream_write(stream, raw, len(raw), path)
        return obj


class _Boolean(Construct):
    """One byte; anything but zero is true, as ``Readable.readByte() != 0`` has it."""

    def _parse(self, stream: Any, context: Any, path: str) -> bool:
        return bool(c.stream_read(stream, 1, path)[0])

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        c.stream_write(stream, b"\1" if obj else b"\0", 1, path)
        return obj


class _Uuid(Adapter):
    """Sixteen bytes, the most significant first."""

    def _decode(self, obj: Any, context: Any, path: str) -> UUID:
        return UUID(bytes=obj)

    def _encode(self, obj: Any, context: Any, path: str) -> bytes:
        raw: bytes = obj.bytes
        return raw


UnsignedVarint: Any = _UnsignedVarint()
Boolean: Any = _Boolean()
Uuid: Any = _Uuid(c.Bytes(16))


class _Counted(Construct):
    """A length or count in front: signed, or a varint that holds one more and 0 for null."""

    def __init__(self, length: Any, nullable: bool) -> None:
        super().__init__()
        self.length = length
        self.nullable = nullable

    def _read_count(self, stream: Any, context: Any, path: str) -> int | None:
        n: int = self.length._parsereport(stream, context, path)
        if self.length is UnsignedVarint:
            # As Java's int has it: the least there is, minus one, is the largest.
            n = n - 1 if n != -0x8000_0000 else 0x7FFF_FFFF
        if n >= 0:
            return n
        if not self.nullable:
            raise c.ValidationError("null in a field that is not nullable", path=path)
        return None

    def _write_count(self, count: int | None, stream: Any, context: Any, path: str) -> None:
        compact = self.length is UnsignedVarint
        n = -1 if count is None else count
        self.length._build(n + 1 if compact else n, stream, context, path)

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        count = self._read_count(stream, context, path)
        return None if count is None else self._read(count, stream, context, path)

    def _read(self, count: int, stream: Any, context: Any, path: str) -> Any:
        raise NotImplementedError

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        if obj is None and not self.nullable:
            raise c.ValidationError("null in a field that is not nullable", path=path)
        raw = None if obj is None else self._bytes_of(obj)
        self._write_count(None if raw is None else len(raw), stream, context, path)
        if raw is not None:
            c.stream_write(stream, raw, len(raw), path)
        return obj

    def _bytes_of(self, obj: Any) -> bytes:
        raise NotImplementedError


class Text(_Counted):
    """A string in UTF-8; bytes that are none become U+FFFD, as in Java's ``new String``."""

    def _read(self, count: int, stream: Any, context: Any, path: str) -> str:
        if count > LONGEST_STRING:
            text = f"a string of {count} bytes, the longest may have {LONGEST_STRING}"
            raise c.ValidationError(text, path=path)
        return _take(stream, count, path).decode("utf-8", "replace")

    def _bytes_of(self, obj: Any) -> bytes:
        raw: bytes = obj.encode()
        return raw


class Octets(_Counted):
    """Bytes, or records: one buffer, or a list of buffers that follow each other."""

    def _read(self, count: int, stream: Any, context: Any, path: str) -> bytes:
        return _take(stream, count, path)

    def _bytes_of(self, obj: Any) -> bytes:
        return b"".join(cast("list[bytes]", obj)) if isinstance(obj, list) else bytes(obj)


class ArrayOf(_Counted):
    """A count, then so many items. No item is shorter than a byte, which bounds the count."""

    def __init__(self, length: Any, nullable: bool, item: Any, item_type: str) -> None:
        super().__init__(length, nullable)
        self.item = item
        self.item_type = item_type
        self.count_type = UNSIGNED_VARINT if length is UnsignedVarint else "INT32"

    def _parse(self, stream: Any, context: Any, path: str) -> list[Any] | None:
        start = stream.tell()
        count = self._read_count(stream, context, path)
        if count is None:
            return None
        left = _left(stream)
        if count > left:
            raise c.StreamError(f"{count} items announced, {left} bytes left", path=path)
        tracer = context._params.get("tracer")
        if tracer is None:
            return [self.item._parsereport(stream, context, path) for _ in range(count)]
        if count:
            tracer.leaf("count", self.count_type, start, stream.tell(), count)
        items: list[Any] = []
        for index in range(count):
            with tracer.node(f"[{index}]", self.item_type, stream) as node:
                node.value = self.item._parsereport(stream, context, path)
                if tracer.keep:
                    items.append(node.value)
        return items

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        if obj is None and not self.nullable:
            raise c.ValidationError("null in a field that is not nullable", path=path)
        self._write_count(None if obj is None else len(obj), stream, context, path)
        for item in obj or ():
            self.item._build(item, stream, context, path)
        return obj


class NullableStruct(Subconstruct):
    """A struct behind one byte that is -1 for null and 1 otherwise (KIP-893)."""

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        start = stream.tell()
        present: int = Int8sb._parsereport(stream, context, path)
        if present < 0:
            return None
        tracer = context._params.get("tracer")
        if tracer is not None:
            tracer.leaf("present", "INT8", start, stream.tell(), present)
        return self.subcon._parsereport(stream, context, path)

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        Int8sb._build(-1 if obj is None else 1, stream, context, path)
        return None if obj is None else self.subcon._build(obj, stream, context, path)


class Named(Renamed):
    """A field: its name and type, and its place in the frame for who wants to know."""

    def __init__(self, subcon: Any, name: str, type_: str) -> None:
        super().__init__(subcon, name)
        self.type = type_

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        tracer = context._params.get("tracer")
        if tracer is None:
            return self.subcon._parsereport(stream, context, f"{path} -> {self.name}")
        with tracer.node(self.name, self.type, stream) as node:
            node.value = self.subcon._parsereport(stream, context, f"{path} -> {self.name}")
            return node.value


class _Unknown(Construct):
    """The bytes of a tagged field that is not declared."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def _parse(self, stream: Any, context: Any, path: str) -> bytes:
        return _take(stream, self.size, path)


class TaggedFields(Construct):
    """The tagged fields that end a struct of a flexible version (KIP-482).

    Parses to a container of the known ones that were there, by name, and ``unknown``, a list of
    (tag, bytes). Those of other versions, ``foreign``, are refused. Builds those that differ from
    their default, in the order of their tags.
    """

    def __init__(self, known: Tagged, foreign: tuple[int, ...] = ()) -> None:
        super().__init__()
        self.known = known
        self.foreign = foreign

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        found = c.Container(unknown=[])
        tracer = context._params.get("tracer")
        start = stream.tell()
        count: int = UnsignedVarint._parsereport(stream, context, path)
        if count and tracer is not None:
            tracer.leaf("count", UNSIGNED_VARINT, start, stream.tell(), count)
        for _ in range(count):
            start = stream.tell()
            tag: int = UnsignedVarint._parsereport(stream, context, path)
            between = stream.tell()
            size: int = UnsignedVarint._parsereport(stream, context, path)
            if tracer is not None:
                tracer.leaf("tag", UNSIGNED_VARINT, start, between, tag)
                tracer.leaf("size", UNSIGNED_VARINT, between, stream.tell(), size)
            if tag in self.foreign:
                raise c.ValidationError(f"tag {tag} is not valid in this version", path=path)
            known = self.known.get(tag)
            field: Any = Named(_Unknown(size), f"tag {tag}", "BYTES") if known is None else known[0]
            value = field._parsereport(stream, context, path)
            if known is not None:
                found[field.name] = value
            elif tracer is None or tracer.keep:
                found.unknown.append((tag, value))
        return found

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        parts: list[tuple[int, bytes]] = list(obj.get("unknown", ()))
        for tag, (field, default) in self.known.items():
            if field.name in obj and obj[field.name] != default:
                parts.append((tag, field.build(obj[field.name])))
        parts.sort(key=lambda part: part[0])
        UnsignedVarint._build(len(parts), stream, context, path)
        for tag, raw in parts:
            UnsignedVarint._build(tag, stream, context, path)
            UnsignedVarint._build(len(raw), stream, context, path)
            c.stream_write(stream, raw, len(raw), path)
        return obj

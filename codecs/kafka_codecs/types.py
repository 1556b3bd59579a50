"""The protocol's types, one line each: its name in the docs, its construct, its flat code.

A declaration says ``STRING``; which of the four shapes stands on the wire (plain, nullable,
compact, compact nullable) follows from the version, as in Kafka's message generator. The shape's
construct is what people read and what explains a frame; the flat code is what serves. Both are
given here side by side, and the tests hold them to the same bytes.

Flat code is a template. ``{v}`` is the value's place; ``b`` the frame, ``o`` the offset, ``end``
the frame's length; ``w`` appends bytes to the answer. Helpers that start with ``_`` are those of
:mod:`kafka_codecs.flat`. The constructs are functions of :mod:`kafka_codecs.primitives`, so that
importing a declaration does not import ``construct``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from textwrap import indent
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

    from kafka_codecs.schema import Struct

ConstructFactory = Callable[["ModuleType"], Any]


@dataclass(frozen=True, slots=True)
class Wire:
    """One shape on the wire.

    ``code`` is the :mod:`struct` code of a fixed-width type: the code generator packs neighbours
    together, and ``decode``/``encode`` then hold only the conversion of the unpacked value.
    """

    name: str
    construct: ConstructFactory
    code: str = ""
    decode: str = ""
    encode: str = ""


@dataclass(frozen=True, slots=True)
class FieldType:
    """A type as a declaration names it: up to four shapes, and the value it has when unset."""

    name: str
    plain: Wire
    nullable: Wire
    compact: Wire
    compact_nullable: Wire
    default: Any

    def wire(self, *, flexible: bool, nullable: bool) -> Wire:
        """The shape that stands on the wire."""
        if flexible:
            return self.compact_nullable if nullable else self.compact
        return self.nullable if nullable else self.plain

    def wire_name(self, *, flexible: bool, nullable: bool) -> str:
        """The name of the shape that stands on the wire."""
        return self.wire(flexible=flexible, nullable=nullable).name


@dataclass(frozen=True, slots=True)
class ArrayType:
    """``ARRAY(item)``: a count and the items; the items are scalars or structs."""

    item: FieldType | type[Struct]
    default: Any = ()

    @property
    def name(self) -> str:
        """The name in the docs."""
        return self.wire_name(flexible=False, nullable=False)

    def item_name(self, *, flexible: bool) -> str:
        """The name of the items' shape on the wire."""
        if isinstance(self.item, FieldType):
            return self.item.wire_name(flexible=flexible, nullable=False)
        return self.item.__name__

    def wire_name(self, *, flexible: bool, nullable: bool) -> str:
        """The name of the shape that stands on the wire."""
        lead = ("COMPACT_" if flexible else "") + ("NULLABLE_" if nullable else "")
        return f"{lead}ARRAY({self.item_name(flexible=flexible)})"


@dataclass(frozen=True, slots=True)
class StructType:
    """A struct that stands in a field by itself."""

    struct: type[Struct]

    @property
    def name(self) -> str:
        """The name in the docs."""
        return self.struct.__name__

    def wire_name(self, *, flexible: bool, nullable: bool) -> str:
        """The name of the shape that stands on the wire: a struct looks the same everywhere."""
        return f"NULLABLE_{self.name}" if nullable else self.name


AnyType = FieldType | ArrayType | StructType


def ARRAY(item: FieldType | type[Struct]) -> ArrayType:  # noqa: N802 - the protocol's own name
    """An array, as the protocol guide writes it."""
    return ArrayType(item)


def STRUCT(struct: type[Struct]) -> StructType:  # noqa: N802 - beside ARRAY
    """A single struct as a field."""
    return StructType(struct)


def _fixed(
    name: str,
    code: str,
    construct: ConstructFactory,
    default: Any,
    decode: str = "",
    encode: str = "",
) -> FieldType:
    wire = Wire(name, construct, code, decode, encode)
    return FieldType(name, wire, wire, wire, wire, default)


@dataclass(frozen=True, slots=True)
class _Prefix:
    """A length that stands before the bytes: its construct, its flat code, what it is for null."""

    construct: str
    read: str
    write: str
    null: str


# fmt: off
_INT16  = _Prefix("Int16sb", "n = _i16(b, o)[0]; o += 2\n",
                  "w(_put_i16(len(s)))", r'b"\xff\xff"')
_INT32  = _Prefix("Int32sb", "n = _i32(b, o)[0]; o += 4\n",
                  "w(_put_i32(len(s)))", r'b"\xff\xff\xff\xff"')
_VARINT = _Prefix("UnsignedVarint",
                  "n = b[o]; o += 1\nif n > 127: n, o = _compact_length(b, o - 1)\nn -= 1\n",
                  "n = len(s); w(_compact[n] if n < 127 else _put_uvarint(n + 1))", r'b"\0"')
# The length of records is rarely below 128, so that its second byte is read in place too.
_LONG_VARINT = replace(
    _VARINT,
    read="n = b[o]; o += 1\nif n > 127:\n"
    "    if (k := b[o]) < 128: n += (k << 7) - 128; o += 1\n"
    "    else: n, o = _compact_length(b, o - 1)\nn -= 1\n",
)
# A string is never longer than the older versions' INT16 could say: the readers that Kafka generates
# refuse it then. One whose length has no second byte is not.
_STRING_VARINT = replace(_VARINT, read=_VARINT.read.replace("_compact_length", "_string_length"))
# fmt: on


def _take(prefix: _Prefix, value: str, *, nullable: bool) -> str:
    """Flat code that reads ``value``, an expression of ``b[o:e]``, behind its length."""
    read = f"e = o + n\nif e > end: raise _short(n, end - o)\n{{v}} = {value}; o = e"
    if not nullable:
        return f"{prefix.read}if n < 0: raise _null()\n{read}"
    return f"{prefix.read}if n < 0: {{v}} = None\nelse:\n{indent(read, '    ')}"


def _put(prefix: _Prefix, value: str, *, nullable: bool) -> str:
    """Flat code that writes the bytes ``value``, an expression of ``{v}``, behind their length."""
    write = f"s = {value}; {prefix.write}; w(s)"
    return f"if {{v}} is None: w({prefix.null})\nelse: {write}" if nullable else write


def _lengthed(
    name: str, prefix: _Prefix, varint: _Prefix, construct: str, get: str, put: str, default: Any
) -> FieldType:
    def wire(lead: str, prefix: _Prefix, *, nullable: bool = False) -> Wire:
        return Wire(
            lead + name,
            lambda c: getattr(c, construct)(getattr(c, prefix.construct), nullable),
            decode=_take(prefix, get, nullable=nullable),
            encode=_put(prefix, put, nullable=nullable),
        )

    return FieldType(
        name,
        wire("", prefix),
        wire("NULLABLE_", prefix, nullable=True),
        wire("COMPACT_", varint),
        wire("COMPACT_NULLABLE_", varint, nullable=True),
        default,
    )


def _records() -> FieldType:
    # A null stands for "no records" in every version, whether a declaration says so or not.
    def wire(lead: str, prefix: _Prefix, put: str) -> Wire:
        return Wire(
            f"{lead}RECORDS",
            lambda c: c.Octets(getattr(c, prefix.construct), True),
            decode=_take(prefix, "b[o:e]", nullable=True),
            encode=f"{put}(out, {{v}})",
        )

    return FieldType(
        "RECORDS",
        wire("", _INT32, "_put_records"),
        wire("NULLABLE_", _INT32, "_put_records"),
        wire("COMPACT_", _LONG_VARINT, "_put_compact_records"),
        wire("COMPACT_NULLABLE_", _LONG_VARINT, "_put_compact_records"),
        None,
    )


# fmt: off
BOOLEAN = _fixed("BOOLEAN", "?", lambda c: c.Boolean, False)
INT8    = _fixed("INT8",    "b", lambda c: c.Int8sb,  0)
INT16   = _fixed("INT16",   "h", lambda c: c.Int16sb, 0)
UINT16  = _fixed("UINT16",  "H", lambda c: c.Int16ub, 0)
INT32   = _fixed("INT32",   "i", lambda c: c.Int32sb, 0)
UINT32  = _fixed("UINT32",  "I", lambda c: c.Int32ub, 0)
INT64   = _fixed("INT64",   "q", lambda c: c.Int64sb, 0)
FLOAT64 = _fixed("FLOAT64", "d", lambda c: c.Float64b, 0.0)
UUID    = _fixed("UUID",  "16s", lambda c: c.Uuid, None, "_uuid({v})", "{v}.bytes")
STRING  = _lengthed("STRING", _INT16, _STRING_VARINT, "Text",
                    'str(b[o:e], "utf-8", "replace")', "{v}.encode()", "")
BYTES   = _lengthed("BYTES", _INT32, _VARINT, "Octets", "bytes(b[o:e])", "{v}", b"")
RECORDS = _records()
# fmt: on

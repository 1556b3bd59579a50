"""Values of any message at any version, for Hypothesis, made from the message's declaration."""

from __future__ import annotations

import string
from functools import cache
from typing import Any

from hypothesis import strategies as st

from kafka_codecs.schema import Field, Message, Struct
from kafka_codecs.types import ArrayType, FieldType, StructType

Strategy = st.SearchStrategy[Any]
# Lengths at which a compact prefix takes one byte more, and the protocol's longest string.
LONG = (126, 127, 128, 16_382, 16_383)
LONGEST_STRING = 32_767
MOST_ITEMS = 3
LEAST_UNKNOWN_TAG = 100  # above every declared one


def _integers(bits: int, signed: bool = True) -> Strategy:
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    edges = sorted({low, low + 1, max(low, -1), 0, 1, 127, 128, 255, high - 1, high} - {-2})
    return st.one_of(
        st.sampled_from([n for n in edges if low <= n <= high]), st.integers(low, high)
    )


_short_text = st.text(alphabet=st.characters(codec="utf-8"), max_size=6)
_long_text = st.sampled_from(
    [
        *("x" * n for n in LONG),
        "ü" * 64,
        "日本語" * 43,
        "x" * LONGEST_STRING,
        string.printable,
        "\0",
        "\U0001f980",
    ]
)
_short_bytes = st.binary(max_size=6)
_long_bytes = st.sampled_from([bytes(n) for n in (*LONG, 70_000)])

SCALARS: dict[str, Strategy] = {
    "BOOLEAN": st.booleans(),
    "INT8": _integers(8),
    "INT16": _integers(16),
    "UINT16": _integers(16, signed=False),
    "INT32": _integers(32),
    "UINT32": _integers(32, signed=False),
    "INT64": _integers(64),
    "FLOAT64": st.floats(allow_nan=False),
    "UUID": st.uuids(),
    "STRING": st.one_of(_short_text, _short_text, _short_text, _long_text),
    "BYTES": st.one_of(_short_bytes, _short_bytes, _short_bytes, _long_bytes),
    "RECORDS": st.one_of(_short_bytes, _short_bytes, _short_bytes, _long_bytes),
}

_unknown_tags = st.dictionaries(
    st.one_of(st.integers(LEAST_UNKNOWN_TAG, 300), st.sampled_from([16_384, 0x7FFFFFFF])),
    st.binary(max_size=4),
    max_size=2,
).map(lambda tags: tuple(sorted(tags.items())))


@cache
def messages_of(message: type[Message], version: int, *, unknown_tags: bool) -> Strategy:
    """Messages with any values that ``version`` can carry; other fields keep their defaults."""
    flexible = message.is_flexible(version)
    return _structs(message, version, unknown_tags=unknown_tags and flexible)


def _structs(struct: type[Struct], version: int, *, unknown_tags: bool) -> Strategy:
    fields = {
        f.name: _values(f, version, unknown_tags=unknown_tags)
        for f in struct.FIELDS
        if f.versions.holds(version)
    }
    tags = _unknown_tags if unknown_tags else st.just(())

    def build(values: dict[str, Any], unknown: tuple[tuple[int, bytes], ...]) -> Struct:
        built = struct(**values)
        built.unknown_tagged_fields = unknown
        return built

    return st.builds(build, st.fixed_dictionaries(fields), tags)


def _values(f: Field, version: int, *, unknown_tags: bool) -> Strategy:
    values = _present(f, version, unknown_tags=unknown_tags)
    if f.is_tagged(version):
        values = st.one_of(st.just(f.default if f.default != () else []), values)
    # Records may be null in every version: that is how "no records" is written.
    nullable = f.nullable.holds(version) or f.type.name == "RECORDS"
    return st.one_of(st.none(), values) if nullable else values


def _present(f: Field, version: int, *, unknown_tags: bool) -> Strategy:
    if isinstance(f.type, FieldType):
        return SCALARS[f.type.name]
    if isinstance(f.type, StructType):
        return _structs(f.type.struct, version, unknown_tags=unknown_tags)
    return _arrays(f.type, version, unknown_tags=unknown_tags)


def _arrays(type_: ArrayType, version: int, *, unknown_tags: bool) -> Strategy:
    if isinstance(type_.item, FieldType):
        item = SCALARS[type_.item.name]
    else:
        item = _structs(type_.item, version, unknown_tags=unknown_tags)
    return st.lists(item, max_size=MOST_ITEMS)

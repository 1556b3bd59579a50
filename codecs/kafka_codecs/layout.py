"""``(message, version) -> construct.Struct``: the layout people read, made from the declaration.

    >>> from kafka_codecs.messages.api_12_heartbeat import HeartbeatRequest
    >>> [part.name for part in layout(HeartbeatRequest, 4).subcons][:3]
    ['group_id', 'generation_id', 'member_id']

:func:`decode` and :func:`encode` run on it and give and take the same objects as the flat code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from kafka_codecs.schema import Buffer, Field, Message, Struct
from kafka_codecs.types import AnyType, ArrayType, FieldType, StructType

if TYPE_CHECKING:
    import construct

MessageT = TypeVar("MessageT", bound=Message)
TAGGED = "tagged_fields"


@cache
def layout(message: type[Message], version: int) -> construct.Struct:
    """The construct of a message at a version.

    Raises:
        ValueError: the message has no such version.
    """
    if not message.VERSIONS.holds(version):
        raise ValueError(f"{message.__name__} has versions {message.VERSIONS}, not {version}")
    built: construct.Struct = _struct(message, version, message.is_flexible(version))
    return built


def _struct(struct: type[Struct], version: int, flexible: bool) -> Any:
    import construct

    from kafka_codecs import primitives as c

    parts: list[Any] = []
    tagged: dict[int, tuple[c.Named, Any]] = {}
    for f in struct.FIELDS:
        if not f.versions.holds(version):
            continue
        nullable = f.nullable.holds(version)
        type_ = f.type.wire_name(flexible=flexible, nullable=nullable)
        named = c.Named(_item(f, version, flexible), f.name, type_)
        if f.tag is not None and f.is_tagged(version):
            tagged[f.tag] = (named, plain(f.default, version))
        else:
            parts.append(named)
    if flexible:
        parts.append(
            c.Named(c.TaggedFields(tagged, struct.foreign_tags(version)), TAGGED, "TAGGED_FIELDS")
        )
    return construct.Struct(*parts)


def _item(f: Field, version: int, flexible: bool) -> Any:
    from kafka_codecs import primitives as c

    nullable = f.nullable.holds(version)
    if isinstance(f.type, FieldType):
        return f.type.wire(flexible=flexible, nullable=nullable).construct(c)
    if isinstance(f.type, StructType):
        inner = _struct(f.type.struct, version, flexible)
        return c.NullableStruct(inner) if nullable else inner
    length = c.UnsignedVarint if flexible else c.Int32sb
    element = _element(f.type, version, flexible)
    return c.ArrayOf(length, nullable, element, f.type.item_name(flexible=flexible))


def _element(type_: ArrayType, version: int, flexible: bool) -> Any:
    from kafka_codecs import primitives as c

    if isinstance(type_.item, FieldType):
        return type_.item.wire(flexible=flexible, nullable=False).construct(c)
    return _struct(type_.item, version, flexible)


def decode(message: type[MessageT], version: int, data: Buffer, tracer: Any = None) -> MessageT:
    """Read a message through construct.

    Raises:
        construct.ConstructError: the bytes are not that message.
    """
    extra = {} if tracer is None else {"tracer": tracer}
    reader: Any = layout(message, version)
    found: MessageT = _to_struct(message, reader.parse(bytes(data), **extra))
    return found


def encode(message: Message, version: int) -> bytes:
    """Write a message through construct."""
    writer: Any = layout(type(message), version)
    raw: bytes = writer.build(plain(message, version))
    return raw


def _to_struct(struct: type[Any], found: Mapping[str, Any]) -> Any:
    tags = found.get(TAGGED, {})
    values: dict[str, Any] = {}
    for f in struct.FIELDS:
        source = found if f.name in found else tags
        if f.name in source:
            values[f.name] = _to_value(f.type, source[f.name])
    built = struct(**values)
    built.unknown_tagged_fields = tuple(tags.get("unknown", ()))
    return built


def _to_value(type_: AnyType, value: Any) -> Any:
    if value is None or isinstance(type_, FieldType):
        return memoryview(value) if value is not None and type_.name == "RECORDS" else value
    if isinstance(type_, StructType):
        return _to_struct(type_.struct, value)
    if isinstance(type_.item, FieldType):
        return list(value)
    return [_to_struct(type_.item, item) for item in value]


def plain(value: Any, version: int) -> Any:
    """A message as the plain dicts and lists that construct builds from."""
    if isinstance(value, Struct):
        fields = [f for f in value.FIELDS if f.versions.holds(version)]
        found = {f.name: plain(getattr(value, f.name), version) for f in fields}
        tags = {f.name: found[f.name] for f in fields if f.is_tagged(version)}
        return {**found, TAGGED: {**tags, "unknown": list(value.unknown_tagged_fields)}}
    if isinstance(value, (list, tuple)):
        return [plain(item, version) for item in cast("Sequence[Any]", value)]
    return value

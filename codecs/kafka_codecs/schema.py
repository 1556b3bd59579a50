"""What a declaration is made of: structs with fields, each with the versions it stands in.

A message is declared once, as a class::

    class OffsetForLeaderPartition(Struct):
        partition: int = field(INT32)
        current_leader_epoch: int = field(INT32, "2+", default=-1)
        leader_epoch: int = field(INT32)

The class is what handlers hold in their hands (slotted, with Kafka's defaults); its declaration is
what :mod:`~kafka_codecs.layout`, :mod:`~kafka_codecs.codegen` and the docs are made from. Names are
those of Kafka's message definitions in snake case, as the protocol guide prints them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Self, dataclass_transform
from uuid import UUID as Uuid

from kafka_codecs.types import AnyType, ArrayType, FieldType, StructType

ZERO_UUID = Uuid(int=0)
MAX_VERSION = 32767
UNSET: Any = object()
Buffer = bytes | bytearray | memoryview


class MalformedMessage(ValueError):
    """Bytes that are not the message they should be.

    Attributes:
        path: where in the message, e.g. ``topic_data[0].partition_data[2].records``.
        offset: the byte, counted from the start of the message, at which it went wrong.
        reason: what was wrong.
    """

    def __init__(self, path: str, offset: int, reason: str) -> None:
        super().__init__(f"{path or 'message'} at byte {offset}: {reason}")
        self.path = path
        self.offset = offset
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Versions:
    """A range of versions, both ends included; written ``"3-13"``, ``"9+"``, ``"4"`` or ``""``."""

    low: int
    high: int

    @classmethod
    def parse(cls, text: str) -> Versions:
        """Read the notation of Kafka's message definitions; ``""`` is no version at all."""
        if not text:
            return NO_VERSION
        if text.endswith("+"):
            return cls(int(text[:-1]), MAX_VERSION)
        low, _, high = text.partition("-")
        return cls(int(low), int(high or low))

    def holds(self, version: int) -> bool:
        """Whether ``version`` lies in the range."""
        return self.low <= version <= self.high

    def __iter__(self) -> Iterator[int]:
        """The versions one by one."""
        return iter(range(self.low, self.high + 1))

    def __str__(self) -> str:
        if self.low > self.high:
            return "none"
        if self.high == MAX_VERSION:
            return f"{self.low}+"
        return f"{self.low}" if self.low == self.high else f"{self.low}-{self.high}"


NO_VERSION = Versions(0, -1)


class Field:
    """One field of a struct: its type, where it stands, and what it is when it does not."""

    __slots__ = ("about", "default", "name", "nullable", "tag", "tagged", "type", "versions")

    def __init__(
        self,
        type_: AnyType,
        versions: str,
        nullable: str,
        tag: int | None,
        tagged: str,
        default: Any,
        about: str,
    ) -> None:
        self.name = ""
        self.type = type_
        self.versions = Versions.parse(versions)
        self.nullable = Versions.parse(nullable)
        self.tag = tag
        self.tagged = Versions.parse(tagged or (versions if tag is not None else ""))
        self.default = implicit_default(type_) if default is UNSET else default
        self.about = about

    def is_tagged(self, version: int) -> bool:
        """Whether the field stands among the tagged fields of ``version`` (KIP-482)."""
        return self.tag is not None and self.tagged.holds(version)


def implicit_default(type_: AnyType) -> Any:
    """The value Kafka's generated classes give a field that states no default."""
    if isinstance(type_, StructType):
        return type_.struct()
    if isinstance(type_, FieldType) and type_.name == "UUID":
        return ZERO_UUID
    return type_.default


def field(
    type_: AnyType,
    versions: str = "0+",
    *,
    nullable: str = "",
    tag: int | None = None,
    tagged: str = "",
    default: Any = UNSET,
    about: str = "",
) -> Any:
    """Declare a field.

    Args:
        type_: one of :mod:`kafka_codecs.types`.
        versions: the versions of the message in which the field exists.
        nullable: the versions in which it may be null.
        tag: its number among the tagged fields.
        tagged: the versions in which it is tagged, when not all of ``versions``.
        default: its value when absent, when it is not the type's own (0, "", empty, zero UUID).
            A struct that stands for a default is shared: put another in its place, never change it.
        about: one sentence for the docs.
    """
    return Field(type_, versions, nullable, tag, tagged, default, about)


@dataclass_transform(kw_only_default=True, field_specifiers=(field,))
class StructMeta(type):
    """Turns the declared fields into slots and remembers the declaration."""

    FIELDS: tuple[Field, ...]

    def __new__(
        mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any
    ) -> StructMeta:
        """Build the class: one slot a field, the declaration in ``FIELDS``."""
        fields: list[Field] = []
        for key, value in list(namespace.items()):
            if isinstance(value, Field):
                value.name = key
                fields.append(value)
                del namespace[key]
        namespace.setdefault("__slots__", tuple(f.name for f in fields))
        namespace["FIELDS"] = tuple(fields)
        namespace["_lists"] = tuple(
            f.name for f in fields if isinstance(f.type, ArrayType) and f.default is not None
        )
        namespace["_defaults"] = tuple((f.name, f.default) for f in fields)
        return super().__new__(mcs, name, bases, namespace, **options)


class TaggedFieldsKeeper:
    """Holds the tagged fields this release does not know, as (tag, bytes).

    They are kept and written again, as KIP-482 asks. A class of its own, because the attribute is no
    declared field.
    """

    __slots__ = ("unknown_tagged_fields",)

    unknown_tagged_fields: tuple[tuple[int, bytes], ...]


class Struct(TaggedFieldsKeeper, metaclass=StructMeta):
    """A declared structure; its instances carry the values."""

    __slots__ = ()

    FIELDS: ClassVar[tuple[Field, ...]]
    _defaults: ClassVar[tuple[tuple[str, Any], ...]]
    _lists: ClassVar[tuple[str, ...]]

    def __init__(self, **values: Any) -> None:
        # Replaced by a flat one at first use: a declaration that is never built costs nothing.
        from kafka_codecs.codegen import make_init

        init = make_init(type(self))
        type(self).__init__ = init  # type: ignore[method-assign]
        init(self, **values)

    @classmethod
    def foreign_tags(cls, version: int) -> tuple[int, ...]:
        """The tags that are fields of other versions, and are refused in this one."""
        return tuple(f.tag for f in cls.FIELDS if f.tag is not None and not f.is_tagged(version))

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, f.name) == getattr(other, f.name) for f in self.FIELDS) and (
            self.unknown_tagged_fields == other.unknown_tagged_fields
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        values = ", ".join(f"{f.name}={getattr(self, f.name)!r}" for f in self.FIELDS)
        return f"{type(self).__name__}({values})"


class Message(Struct):
    """A struct with versions of its own: a request or a response, which have an API key too, or data."""

    __slots__ = ()

    API_KEY: ClassVar[int]
    NAME: ClassVar[str]
    VERSIONS: ClassVar[Versions]
    FLEXIBLE: ClassVar[Versions]
    IS_REQUEST: ClassVar[bool]

    def __init_subclass__(
        cls, api_key: int | None = None, versions: str = "", flexible: str = "", **options: Any
    ) -> None:
        super().__init_subclass__(**options)
        if not versions:
            return
        if api_key is not None:
            cls.API_KEY = api_key
        cls.NAME = cls.__name__.removesuffix("Request").removesuffix("Response")
        cls.VERSIONS = Versions.parse(versions)
        cls.FLEXIBLE = Versions.parse(flexible)

    @classmethod
    def is_flexible(cls, version: int) -> bool:
        """Whether ``version`` uses compact types and tagged fields (KIP-482)."""
        return cls.FLEXIBLE.holds(version)

    @classmethod
    def decode(cls, data: Buffer, version: int) -> Self:
        """Read a message that fills ``data``; bytes left over are ignored, as Kafka ignores them.

        Raises:
            MalformedMessage: with the field's path and the offset.
        """
        from kafka_codecs.codegen import decoder

        message: Self = decoder(cls, version)(memoryview(data), 0)[0]
        return message

    def encode(self, version: int) -> bytes:
        """The message's bytes at ``version``, without header."""
        from kafka_codecs.codegen import encoder

        out: list[Buffer] = []
        encoder(type(self), version)(self, out)
        return b"".join(out)


class Request(Message):
    """What a client sends."""

    __slots__ = ()
    IS_REQUEST = True


class Response(Message):
    """What a broker answers."""

    __slots__ = ()
    IS_REQUEST = False

"""``(message, version) -> flat decode() and encode()``, made from the declaration at first use.

The code that comes out is what one would write by hand: neighbouring fixed-width fields in one
``struct`` call, nested structs inline, no lookups that could be names. Its source is registered, so
that a traceback shows it, and ``python -m kafka_codecs show Produce 9`` prints it.
"""

from __future__ import annotations

import linecache
import struct
from collections.abc import Callable
from functools import cache
from operator import itemgetter
from typing import Any, ParamSpec, TypeVar, cast

from kafka_codecs import flat
from kafka_codecs.schema import ZERO_UUID, Buffer, Field, MalformedMessage, Message, Struct
from kafka_codecs.types import ArrayType, FieldType, StructType, Wire

Given = ParamSpec("Given")
StructT = TypeVar("StructT", bound=Struct)
MessageT = TypeVar("MessageT", bound=Message)
Decoder = Callable[[Buffer, int], tuple[MessageT, int]]
Encoder = Callable[[Message, list[Buffer]], None]

# A frame larger than this is not read a second time for the sake of a better error message.
EXPLAINED_BYTES = 256 * 1024


@cache
def decoder(message: type[MessageT], version: int) -> Decoder[MessageT]:
    """``decode(frame, offset) -> (message, offset after it)``.

    The function raises :class:`~kafka_codecs.schema.MalformedMessage`.
    """
    source, names = decode_source(message, version)
    function: Decoder[MessageT] = _compile(f"{message.__name__} v{version} decode", source, names)
    return function


@cache
def encoder(message: type[Message], version: int) -> Encoder:
    """``encode(message, out)``: appends the message's buffers to ``out``."""
    source, names = encode_source(message, version)
    function: Encoder = _compile(f"{message.__name__} v{version} encode", source, names)
    return function


def decode_source(message: type[Message], version: int) -> tuple[str, dict[str, Any]]:
    """The source of the decoder, and the names it refers to."""
    return _DecodeWriter(message, version).write()


def encode_source(message: type[Message], version: int) -> tuple[str, dict[str, Any]]:
    """The source of the encoder, and the names it refers to."""
    return _EncodeWriter(message, version).write()


def make_init(cls: type[Struct]) -> Callable[..., None]:
    """A flat ``__init__`` with Kafka's defaults for what is not given."""
    parameters, body, names = _fill(cls)
    star = ", *, " if parameters else ""
    head = f"def __init__(self{star}{', '.join(parameters)}):"
    source = "\n    ".join([head, *body])
    function: Callable[..., None] = _compile(f"{cls.__name__} init", source, names)
    return function


def maker(cls: Callable[Given, StructT]) -> Callable[Given, StructT]:
    """``cls`` itself as a plain function, for the few places where an object is made per batch.

    Python 3.11 gathers the keyword arguments of a class in a dictionary, which takes longer than the
    rest of making the object; those of a function it puts where they belong.
    """
    parameters, body, names = _fill(cast("type[Struct]", cls))
    names |= {"_new": object.__new__, "_class": cls}
    head = f"def make(*, {', '.join(parameters)}):"
    source = "\n    ".join([head, "self = _new(_class)", *body, "return self"])
    function: Callable[Given, StructT] = _compile(f"{cls.__name__} make", source, names)
    return function


def _fill(cls: type[Struct]) -> tuple[list[str], list[str], dict[str, Any]]:
    """Parameters, the lines that set the fields of ``self``, and the names they refer to."""
    names: dict[str, Any] = {"_empty": object()}
    parameters: list[str] = []
    body = ["self.unknown_tagged_fields = ()"]
    for f in cls.FIELDS:
        if isinstance(f.type, ArrayType) and f.default is not None:
            parameters.append(f"{f.name}=_empty")
            body.append(f"self.{f.name} = [] if {f.name} is _empty else {f.name}")
        else:
            names[f"_d_{f.name}"] = f.default
            parameters.append(f"{f.name}=_d_{f.name}")
            body.append(f"self.{f.name} = {f.name}")
    return parameters, body, names


def _compile(title: str, source: str, names: dict[str, Any]) -> Any:
    filename = f"<kafka_codecs {title}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    scope = dict(names)
    exec(
        compile(source, filename, "exec"), scope
    )  # our own declarations, never the network's bytes
    return scope[source.partition("(")[0].removeprefix("def ")]


class _Writer:
    """Lines, their indentation, and the names the code needs."""

    def __init__(self, message: type[Message], version: int) -> None:
        if not message.VERSIONS.holds(version):
            raise ValueError(f"{message.__name__} has versions {message.VERSIONS}, not {version}")
        self.message = message
        self.version = version
        self.flexible = message.is_flexible(version)
        self.names: dict[str, Any] = dict(flat.NAMES)
        self.lines: list[str] = []
        self.depth = 1
        self._serial = 0

    def add(self, code: str) -> None:
        pad = "    " * self.depth
        self.lines += [pad + line for line in code.splitlines()]

    def fresh(self, stem: str) -> str:
        self._serial += 1
        return f"{stem}{self._serial}"

    def constant(self, stem: str, value: Any) -> str:
        for name, known in self.names.items():
            if known is value:
                return name
        name = self.fresh(stem)
        self.names[name] = value
        return name

    def default(self, f: Field) -> str:
        """An expression for the value of a field that is not on the wire."""
        if isinstance(f.type, ArrayType):
            return "None" if f.default is None else "[]"
        if isinstance(f.type, StructType) and f.default is not None:
            return self.constant("_default", f.default)
        return self.constant("_zero", ZERO_UUID) if f.default is ZERO_UUID else repr(f.default)

    def wire(self, f: Field) -> Wire | None:
        """The shape of a scalar field; ``None`` for arrays and structs."""
        if not isinstance(f.type, FieldType):
            return None
        return f.type.wire(flexible=self.flexible, nullable=f.nullable.holds(self.version))

    def element(self, item: FieldType | type[Struct]) -> Wire | None:
        """The shape of an array's items; ``None`` for structs."""
        if not isinstance(item, FieldType):
            return None
        return item.wire(flexible=self.flexible, nullable=False)

    def present(self, struct_: type[Struct]) -> tuple[list[Field], list[Field], list[Field]]:
        """Fields in line, tagged fields, and those this version does not have."""
        here = [f for f in struct_.FIELDS if f.versions.holds(self.version)]
        tagged = [f for f in here if f.is_tagged(self.version)]
        return (
            [f for f in here if f not in tagged],
            sorted(tagged, key=lambda f: f.tag or 0),
            [f for f in struct_.FIELDS if f not in here],
        )

    def in_line(self, fields: list[Field], var: str) -> None:
        """Fields one after the other, neighbours of fixed width together."""
        run: list[tuple[str, Wire]] = []
        for f in fields:
            wire = self.wire(f)
            if wire is not None and wire.code:
                run.append((f"{var}.{f.name}", wire))
                continue
            self.flush(run)
            self.value(f, wire, f"{var}.{f.name}")
        self.flush(run)

    def value(self, f: Field, wire: Wire | None, place: str) -> None:
        """One field by itself."""
        nullable = f.nullable.holds(self.version)
        if wire is not None and wire.code:
            self.flush([(place, wire)])
        elif wire is not None:
            self.scalar(wire, place)
        elif isinstance(f.type, ArrayType):
            self.array(f.type, place, nullable)
        elif isinstance(f.type, StructType):
            self.single(f.type.struct, place, nullable)

    def flush(self, run: list[tuple[str, Wire]]) -> None:
        """Fixed-width fields gathered so far, in one ``struct`` call; empties ``run``."""
        raise NotImplementedError

    def scalar(self, wire: Wire, place: str) -> None:
        """A value with a length in front."""
        raise NotImplementedError

    def array(self, type_: ArrayType, place: str, nullable: bool) -> None:
        """A count and the items."""
        raise NotImplementedError

    def single(self, struct_: type[Struct], place: str, nullable: bool) -> None:
        """A struct that stands in a field by itself."""
        raise NotImplementedError


class _DecodeWriter(_Writer):
    def write(self) -> tuple[str, dict[str, Any]]:
        self.names["_malformed"] = _malformed_for(self.message, self.version)
        self.names["_errors"] = (IndexError, struct.error, flat.Malformed)
        self.add("start = o; end = len(b)\ntry:")
        self.depth += 1
        self.struct(self.message, "m")
        self.add("return m, o")
        self.depth -= 1
        self.add("except _errors as error:\n    raise _malformed(b, start, error) from None")
        return "\n".join(["def decode(b, o):", *self.lines]), self.names

    def struct(self, struct_: type[Struct], var: str) -> None:
        self.add(f"{var} = _new({self.constant('_class', struct_)})")
        in_line, tagged, absent = self.present(struct_)
        for f in absent:
            self.add(f"{var}.{f.name} = {self.default(f)}")
        self.in_line(in_line, var)
        if self.flexible:
            self.tags(tagged, struct_.foreign_tags(self.version), var)
        else:
            self.add(f"{var}.unknown_tagged_fields = ()")

    def flush(self, run: list[tuple[str, Wire]]) -> None:
        """One ``struct`` call for all fixed-width fields gathered so far."""
        if not run:
            return
        code = "".join(wire.code for _, wire in run)
        reader = "_read_" + code.replace("?", "t")
        self.names[reader] = struct.Struct(">" + code).unpack_from
        converted = [(target, wire) for target, wire in run if wire.decode]
        targets = [f"t{i}" if wire.decode else target for i, (target, wire) in enumerate(run)]
        self.add(f"{', '.join(targets)}, = {reader}(b, o); o += {struct.calcsize('>' + code)}")
        for target, wire in converted:
            self.add(f"{target} = " + wire.decode.format(v=f"t{run.index((target, wire))}"))
        run.clear()

    def scalar(self, wire: Wire, place: str) -> None:
        self.add(wire.decode.format(v=place))

    def single(self, struct_: type[Struct], place: str, nullable: bool) -> None:
        var = self.fresh("e")
        if nullable:
            self.add(f"n = b[o]; o += 1\nif n > 127: {place} = None\nelse:")
            self.depth += 1
        self.struct(struct_, var)
        self.add(f"{place} = {var}")
        self.depth -= nullable

    def array(self, type_: ArrayType, place: str, nullable: bool) -> None:
        if self.flexible:
            self.add("n = b[o]; o += 1\nif n > 127: n, o = _compact_length(b, o - 1)\nn -= 1")
        else:
            self.add("n = _i32(b, o)[0]; o += 4")
        self.add(f"if n < 0: {f'{place} = None' if nullable else 'raise _null()'}\nelse:")
        self.depth += 1
        item = type_.item
        wire = self.element(item)
        if wire is not None and wire.code and not wire.decode:
            width = struct.calcsize(">" + wire.code)
            self.names["_unpack_from"] = struct.unpack_from
            self.add(
                f"if n * {width} > end - o: raise _short(n * {width}, end - o)\n"
                f'{place} = list(_unpack_from(f">{{n}}{wire.code}", b, o)); o += n * {width}'
            )
        else:
            items, var = self.fresh("a"), self.fresh("e")
            self.add(f"if n > end - o: raise _short(n, end - o)\n{place} = {items} = []")
            self.add("for _ in range(n):")
            self.depth += 1
            if wire is not None:
                if wire.code:
                    self.flush([(var, wire)])
                else:
                    self.add(wire.decode.format(v=var))
            else:
                assert not isinstance(item, FieldType)
                self.struct(item, var)
            self.add(f"{items}.append({var})")
            self.depth -= 1
        self.depth -= 1

    def tags(self, tagged: list[Field], foreign: tuple[int, ...], var: str) -> None:
        for f in tagged:
            self.add(f"{var}.{f.name} = {self.default(f)}")
        count, tag, unknown = self.fresh("n"), self.fresh("tag"), self.fresh("unknown")
        self.add(
            f"{var}.unknown_tagged_fields = ()\n{count} = b[o]; o += 1\nif {count}:\n"
            f"    if {count} > 127: {count}, o = _uvarint(b, o - 1)\n"
            f"    {unknown} = []\n    for _ in range({count}):\n"
            f"        {tag}, o = _uvarint(b, o); n, o = _uvarint(b, o)"
        )
        self.depth += 2
        for f in tagged:
            self.add(f"if {tag} == {f.tag}:")
            self.depth += 1
            self.value(f, self.wire(f), f"{var}.{f.name}")
            self.add("continue")
            self.depth -= 1
        if foreign:
            self.add(f"if {tag} in {foreign}: raise _foreign({tag})")
        self.add(
            "if n < 0 or n > end - o: raise _short(n, end - o)\n"
            f"{unknown}.append(({tag}, bytes(b[o:o + n]))); o += n"
        )
        self.depth -= 1
        self.add(f"{var}.unknown_tagged_fields = tuple({unknown})")
        self.depth -= 1


class _EncodeWriter(_Writer):
    def write(self) -> tuple[str, dict[str, Any]]:
        self.names["_put_tags"] = _put_tags
        self.add("w = out.append")
        self.struct(self.message, "m")
        return "\n".join(["def encode(m, out):", *self.lines]), self.names

    def struct(self, struct_: type[Struct], var: str) -> None:
        in_line, tagged, _ = self.present(struct_)
        self.in_line(in_line, var)
        if self.flexible:
            self.tags(tagged, var)
        elif not in_line:
            self.add("pass")

    def flush(self, run: list[tuple[str, Wire]]) -> None:
        """One ``struct`` call for all fixed-width fields gathered so far."""
        if not run:
            return
        code = "".join(wire.code for _, wire in run)
        writer = "_write_" + code.replace("?", "t")
        self.names[writer] = struct.Struct(">" + code).pack
        values = [(wire.encode or "{v}").format(v=source) for source, wire in run]
        self.add(f"w({writer}({', '.join(values)}))")
        run.clear()

    def scalar(self, wire: Wire, place: str) -> None:
        self.add(wire.encode.format(v=place))

    def single(self, struct_: type[Struct], place: str, nullable: bool) -> None:
        var = self.fresh("e")
        self.add(f"{var} = {place}")
        if nullable:
            self.add(f'if {var} is None: w(b"\\xff")\nelse:\n    w(b"\\1")')
            self.depth += 1
        self.struct(struct_, var)
        self.depth -= nullable

    def array(self, type_: ArrayType, place: str, nullable: bool) -> None:
        items = self.fresh("a")
        self.add(f"{items} = {place}")
        if nullable:
            none = 'b"\\0"' if self.flexible else 'b"\\xff\\xff\\xff\\xff"'
            self.add(f"if {items} is None: w({none})\nelse:")
            self.depth += 1
        if self.flexible:
            self.add(f"n = len({items}); w(_compact[n] if n < 127 else _put_uvarint(n + 1))")
        else:
            self.add(f"w(_put_i32(len({items})))")
        item = type_.item
        wire = self.element(item)
        if wire is not None and wire.code and not wire.encode:
            self.names["_pack"] = struct.pack
            self.add(f'w(_pack(f">{{len({items})}}{wire.code}", *{items}))')
        else:
            var = self.fresh("e")
            self.add(f"for {var} in {items}:")
            self.depth += 1
            if wire is not None:
                if wire.code:
                    self.flush([(var, wire)])
                else:
                    self.add(wire.encode.format(v=var))
            else:
                assert not isinstance(item, FieldType)
                self.struct(item, var)
            self.depth -= 1
        self.depth -= nullable

    def tags(self, tagged: list[Field], var: str) -> None:
        unknown = f"{var}.unknown_tagged_fields"
        if not tagged:
            self.add(f'if {unknown}: _put_tags(out, {unknown})\nelse: w(b"\\0")')
            return
        conditions = {f.name: self.differs(f, f"{var}.{f.name}") for f in tagged}
        parts, kept = self.fresh("tags"), self.fresh("out")
        self.add(f"if {unknown} or {' or '.join(conditions.values())}:")
        self.depth += 1
        self.add(f"{parts} = list({unknown}); {kept} = out")
        for f in tagged:
            self.add(f"if {conditions[f.name]}:\n    out = []; w = out.append")
            self.depth += 1
            self.value(f, self.wire(f), f"{var}.{f.name}")
            self.add(f'{parts}.append(({f.tag}, b"".join(out)))')
            self.depth -= 1
        self.add(f"out = {kept}; w = out.append\n_put_tags(out, {parts})")
        self.depth -= 1
        self.add('else: w(b"\\0")')

    def differs(self, f: Field, source: str) -> str:
        """The condition under which a tagged field is written: it is not its default."""
        if isinstance(f.type, ArrayType):
            return source if f.default is not None else f"{source} is not None"
        if f.default is None:
            return f"{source} is not None"
        default = self.default(f)
        if isinstance(f.type, StructType):
            return f"({source} is not {default} and {source} != {default})"
        return f"{source} != {default}"


def _put_tags(out: list[Buffer], tags: Any) -> None:
    out.append(flat.put_uvarint(len(tags)))
    for tag, raw in sorted(tags, key=itemgetter(0)):
        out += (flat.put_uvarint(tag), flat.put_uvarint(len(raw)), raw)


def _malformed_for(
    message: type[Message], version: int
) -> Callable[[Buffer, int, Exception], MalformedMessage]:
    def build(b: Buffer, start: int, error: Exception) -> MalformedMessage:
        if len(b) - start > EXPLAINED_BYTES:
            return MalformedMessage("", 0, str(error))
        from kafka_codecs.explain import malformed

        return malformed(message, version, memoryview(b)[start:], str(error))

    return build

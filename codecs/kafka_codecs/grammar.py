"""A message for people: its grammar at a version, its fields, and a page about its API.

The grammar is written as the protocol guide of Kafka 4.3 writes it (``Protocol.java``)::

    { }     a struct                    [ ] an array    ( ) a compact array
    ?       an array that may be null   <tag: 0> a tagged field, last in its struct

Everything comes from the declaration; ``docs/protocol`` is made here, and a test holds it to what this
module would write.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from kafka_codecs.header import request_header_version, response_header_version
from kafka_codecs.messages import messages, modules
from kafka_codecs.schema import MAX_VERSION, ZERO_UUID, Field, Message, Struct, Versions
from kafka_codecs.types import ArrayType, StructType

GENERATED = (
    "<!-- Written by `python -m kafka_codecs docs docs/protocol`; change the declaration. -->"
)
COLUMNS = ("Field", "Type", "Versions", "Nullable", "Default", "About")
_INDENT = "  "


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field of a message, at whatever depth.

    Attributes:
        path: from the message down, ``topics[].partitions[].records``.
        type: as declared; which shape stands on the wire follows from the version.
        versions: those of the message in which the field exists.
        nullable: those in which it may be null; ``""`` for none.
        default: what it is where it does not exist, or is tagged and left out.
        about: a remark, perhaps ``""``.
    """

    path: str
    type: str
    versions: str
    nullable: str
    default: str
    about: str

    @property
    def cells(self) -> tuple[str, ...]:
        """The row, in the order of :data:`COLUMNS`."""
        return (self.path, self.type, self.versions, self.nullable, self.default, self.about)


def grammar(message: type[Message], version: int) -> str:
    """The message in the notation of Kafka's protocol guide.

    Raises:
        ValueError: the message has no such version.
    """
    if not message.VERSIONS.holds(version):
        raise ValueError(f"{message.__name__} has versions {message.VERSIONS}, not {version}")
    kind = "Request" if message.IS_REQUEST else "Response"
    title = f"{message.NAME} {kind} (Version: {version})"
    return "\n".join(_rules(title, message, version, message.is_flexible(version), _INDENT))


def _rules(
    lead: str, struct: type[Struct], version: int, flexible: bool, indent: str
) -> Iterator[str]:
    fields = [f for f in struct.FIELDS if f.versions.holds(version)]
    tagged = sorted((f for f in fields if f.is_tagged(version)), key=lambda f: f.tag or 0)
    fields = [*(f for f in fields if f not in tagged), *tagged]
    parts = [_part(f, version, flexible) for f in fields]
    yield " ".join([lead, "=>", "{", *parts, "}"])
    for f in fields:
        tag = f"<tag: {f.tag}>" if f in tagged else ""
        yield from _rules_of_field(f, f"{indent}{f.name}{tag}", version, flexible, indent)


def _part(f: Field, version: int, flexible: bool) -> str:
    if f.is_tagged(version):
        return f"{f.name}<tag: {f.tag}>"
    if not isinstance(f.type, ArrayType):
        return f.name
    array = f"({f.name})" if flexible else f"[{f.name}]"
    return f"?{array}" if f.nullable.holds(version) else array


def _rules_of_field(
    f: Field, lead: str, version: int, flexible: bool, indent: str
) -> Iterator[str]:
    struct = _struct_in(f)
    if struct is not None:
        yield from _rules(lead, struct, version, flexible, indent + _INDENT)
    elif isinstance(f.type, ArrayType):
        yield f"{lead} => {f.type.item_name(flexible=flexible)}"
    else:
        name = f.type.wire_name(flexible=flexible, nullable=f.nullable.holds(version))
        yield f"{lead} => {name}"


def _struct_in(f: Field) -> type[Struct] | None:
    if isinstance(f.type, StructType):
        return f.type.struct
    if isinstance(f.type, ArrayType) and isinstance(f.type.item, type):
        return f.type.item
    return None


def field_rows(message: type[Message], version: int | None = None) -> list[FieldRow]:
    """The fields of a message, outer ones before inner ones; of one version, or of all."""
    within = message.VERSIONS if version is None else Versions(version, version)
    return list(_rows(message, message.VERSIONS, within, ""))


def _rows(
    struct: type[Struct], around: Versions, within: Versions, path: str
) -> Iterator[FieldRow]:
    for f in struct.FIELDS:
        versions = _both(f.versions, around)
        if versions.low > versions.high or not _overlap(versions, within):
            continue
        name = f"{path}{f.name}{'[]' if isinstance(f.type, ArrayType) else ''}"
        nullable = _both(f.nullable, versions)
        yield FieldRow(
            name,
            f.type.name,
            _range(versions, around) + _tag(f, versions),
            "" if nullable.low > nullable.high else _range(nullable, around),
            _default(f),
            f.about,
        )
        inner = _struct_in(f)
        if inner is not None:
            yield from _rows(inner, versions, within, f"{name}.")


def _both(one: Versions, other: Versions) -> Versions:
    return Versions(max(one.low, other.low), min(one.high, other.high))


def _overlap(one: Versions, other: Versions) -> bool:
    both = _both(one, other)
    return both.low <= both.high


def _range(versions: Versions, around: Versions) -> str:
    # "9+", not "9-13": the next version of the message will have the field, too.
    high = MAX_VERSION if versions.high == around.high else versions.high
    return str(Versions(versions.low, high))


def _tag(f: Field, versions: Versions) -> str:
    if f.tag is None:
        return ""
    tagged = _both(f.tagged, versions)
    when = "" if tagged == versions else f" in {tagged}"
    return f", tag {f.tag}{when}"


def _default(f: Field) -> str:
    if f.default is None:
        return "null"
    if isinstance(f.type, ArrayType):
        return "empty"
    if isinstance(f.type, StructType):
        return "its fields' own"
    if isinstance(f.default, bool):
        return str(f.default).lower()
    if f.default in ("", b""):
        return "empty"
    return "zero" if f.default == ZERO_UUID else str(f.default)


def table(rows: list[FieldRow]) -> list[tuple[str, ...]]:
    """Head and rows as cells; no column for remarks when there are none."""
    width = len(COLUMNS) if any(row.about for row in rows) else len(COLUMNS) - 1
    return [COLUMNS[:width], *(row.cells[:width] for row in rows)]


def text_table(rows: list[FieldRow]) -> str:
    """The fields as aligned text, inner ones indented."""
    head, *body = table(rows)
    cells = [
        head,
        *((_INDENT * path.count(".") + path.rpartition(".")[2], *rest) for path, *rest in body),
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    )
    return "\n".join(lines)


def markdown_table(rows: list[FieldRow]) -> str:
    """The fields as a Markdown table."""
    head, *body = table(rows)
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join((f"`{path}`", *rest)) + " |" for path, *rest in body]
    return "\n".join(lines)


def pages() -> dict[str, str]:
    """File name -> Markdown: one page per API, and the list of them."""
    found = {f"{stem}.md": page(api_key) for api_key, stem in modules().items()}
    return {"README.md": _index(), **found}


def page(api_key: int) -> str:
    """The Markdown page of an API."""
    request, response = messages(api_key)
    module = importlib.import_module(request.__module__)
    _, _, remarks = (inspect.getdoc(module) or "").partition("\n\n")
    parts = [
        GENERATED,
        f"# {request.NAME} (key {api_key})",
        _markdown(remarks),
        f"Versions {request.VERSIONS}. {_headers(request, response)}",
    ]
    for message in (request, response):
        parts += [
            "## Request" if message.IS_REQUEST else "## Response",
            _markdown(inspect.getdoc(message) or ""),
        ]
        rows = field_rows(message)
        parts.append(markdown_table(rows) if rows else "No fields.")
        for versions, text in _grammars(message):
            parts += [f"### {versions}", f"```text\n{text}\n```"]
    return "\n\n".join(part for part in parts if part) + "\n"


def _grammars(message: type[Message]) -> Iterator[tuple[str, str]]:
    """Newest first; versions that look the same are shown once, as the newest of them."""

    def shape(version: int) -> str:
        return grammar(message, version).partition("=>")[2]

    for _, same in groupby(reversed(list(message.VERSIONS)), shape):
        versions = list(same)
        first, last = versions[-1], versions[0]
        title = f"Version {last}" if first == last else f"Versions {first} to {last}"
        yield title, grammar(message, last)


def _headers(request: type[Message], response: type[Message]) -> str:
    def of(versions: Versions, header: Any, message: type[Message]) -> str:
        steps = groupby(versions, lambda version: header(message, version))
        return ", ".join(f"v{number} from {next(same)}" for number, same in steps)

    return (
        f"Request header: {of(request.VERSIONS, request_header_version, request)}; "
        f"response header: {of(response.VERSIONS, response_header_version, response)}."
    )


def _index() -> str:
    rows = ["| Key | API | Versions | Flexible |", "| --- | --- | --- | --- |"]
    for api_key, stem in modules().items():
        request, _ = messages(api_key)
        flexible = _range(_both(request.FLEXIBLE, request.VERSIONS), request.VERSIONS)
        rows.append(
            f"| {api_key} | [{request.NAME}]({stem}.md) | {request.VERSIONS} | {flexible} |"
        )
    about = (
        "One page per API: its fields with the versions they stand in, and its grammar at every "
        "version, as the protocol guide of Kafka 4.3 writes it."
    )
    notation = (
        "`{ }` is a struct, `[ ]` an array, `( )` a compact array, `?` stands before an array that "
        "may be null, and `<tag: 0>` behind a tagged field. In a flexible version every struct ends "
        "with its tagged fields: how many, and of each its tag, its size and its bytes (KIP-482)."
    )
    return "\n\n".join([GENERATED, "# Messages", about, notation, "\n".join(rows)]) + "\n"


def _markdown(text: str) -> str:
    return re.sub(r":\w+:(`[^`]+`)", r"\1", text).replace("``", "`")

"""Bytes to a tree of fields with their places, for people.

The tree comes from parsing with the construct layout while a :class:`Tracer` listens. Of a frame
that is cut or wrong it shows what was understood, and where it ended.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

from kafka_codecs.schema import Buffer, MalformedMessage, Message

# Fields that are read again to name the one that is wrong: 10,000 take about a quarter of a second.
NAMED_FIELDS = 10_000


class TooManyFields(Exception):
    """The bytes are not worth reading a second time."""


class Node:
    """One field: its name, its type, the bytes [start, end) it was read from, its value.

    The nodes without children cover a message without gaps: where a count, a tag or the size of a
    tagged field stands on the wire, there is a node for it.
    """

    __slots__ = ("children", "end", "error", "name", "start", "type", "value")

    def __init__(self, name: str, type_: str, start: int) -> None:
        self.name = name
        self.type = type_
        self.start = start
        self.end = start
        self.value: Any = None
        self.error: str | None = None
        self.children: list[Node] = []

    def walk(self, path: str = "") -> Iterator[tuple[str, Node]]:
        """This node and all below it, each with its path."""
        here = path + self.name if self.name.startswith("[") or not path else f"{path}.{self.name}"
        yield here, self
        for child in self.children:
            yield from child.walk(here)


class Tracer:
    """Listens to a parse: which value came from which bytes.

    With ``keep=False`` it only knows where it is, in memory that does not grow with the frame, and
    gives up with :class:`TooManyFields` after :data:`NAMED_FIELDS`.
    """

    def __init__(self, root: str, *, keep: bool = True) -> None:
        self.keep = keep
        self._left = NAMED_FIELDS
        self.root = Node(root, "message", 0)
        self._open = [self.root]
        self.failed: list[str] | None = None
        self.failed_at = 0

    @contextmanager
    def node(self, name: str, type_: str, stream: Any) -> Generator[Node]:
        """A field that is being read; one that fails is remembered with its path."""
        node = Node(name, type_, stream.tell())
        if self.keep:
            self._open[-1].children.append(node)
        else:
            self._left -= 1
            if self._left < 0:
                raise TooManyFields
        self._open.append(node)
        try:
            yield node
        except Exception as error:
            if self.failed is None:
                self.failed = [n.name for n in self._open[1:]]
                self.failed_at = node.start
                node.error = str(error)
            raise
        finally:
            node.end = stream.tell()
            self._open.pop()

    def leaf(self, name: str, type_: str, start: int, end: int, value: Any) -> None:
        """A value without parts that has no name in the declaration: a count, a tag."""
        if self.keep:
            node = Node(name, type_, start)
            node.end, node.value = end, value
            self._open[-1].children.append(node)

    @property
    def failed_path(self) -> str:
        """The path of the field that could not be read, ``a[0].b``."""
        return ".".join(self.failed or ()).replace(".[", "[")


def explain(message: type[Message], version: int, data: Buffer) -> tuple[Node, str | None]:
    """The tree of a message, and what was wrong with it (``None`` when nothing was)."""
    from construct import ConstructError

    from kafka_codecs import layout

    tracer = Tracer(f"{message.__name__} v{version}")
    try:
        tracer.root.value = layout.decode(message, version, data, tracer)
        tracer.root.end = max((n.end for n in tracer.root.children), default=0)
    except ConstructError as error:
        tracer.root.end = max((n.end for n in tracer.root.children), default=0)
        reason = str(error).splitlines()[-1]
        return tracer.root, f"{tracer.failed_path} at byte {tracer.failed_at}: {reason}"
    return tracer.root, None


def malformed(
    message: type[Message], version: int, data: Buffer, fallback: str
) -> MalformedMessage:
    """Say where bytes stop being a message, by reading them again field by field.

    Of a message with very many fields it does not, so that nobody can keep a broker busy with them:
    then the path is empty and the reason is ``fallback``.
    """
    from construct import ConstructError

    from kafka_codecs import layout

    tracer = Tracer(message.__name__, keep=False)
    try:
        layout.decode(message, version, data, tracer)
    except ConstructError as error:
        return MalformedMessage(tracer.failed_path, tracer.failed_at, str(error).splitlines()[-1])
    except TooManyFields:
        pass
    return MalformedMessage("", 0, fallback)

"""Faults from a YAML file, each as :meth:`~kafkashim.faults.Faults.add` takes it.

    - action: drop_answer
      api: Produce
      topic: orders
      times: 1

The list stands at the top of the file or under the key ``faults``. A mistake is told with the line and
the column of the very word that is wrong.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeGuard, cast

import yaml
from yaml.constructor import ConstructorError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from kafkashim.faults import Faults
from kafkashim.faults.actions import ACTIONS
from kafkashim.faults.conditions import Conditions, FaultError

if TYPE_CHECKING:
    from yaml.error import Mark

TOP = "faults"
AT_THE_TOP = f"write a list of faults, at the top or under the key '{TOP}'"
MERGE_TAG = "tag:yaml.org,2002:merge"
Words = dict[str, object]


class FaultFileError(ValueError):
    """A file of faults that cannot be used; the text begins with its name, line and column."""


class _Mistake(Exception):
    """Something is wrong with what a node says, or at a place in the text."""

    def __init__(self, where: Node | Mark | None, text: str) -> None:
        super().__init__(text)
        self.mark: Mark | None = where.start_mark if isinstance(where, Node) else where


def read_fault_file(path: str) -> list[Words]:
    """The descriptions in a file, each of which :meth:`~kafkashim.faults.Faults.add` takes.

    Raises:
        FaultFileError: the file cannot be read, is no YAML, or describes no faults.
    """
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        reason = error.strerror or error
        raise FaultFileError(f"cannot read {path} ({reason}): name a file of faults") from None
    loader: yaml.SafeLoader | None = None
    try:
        loader = yaml.SafeLoader(data)
        return [_description(loader, node) for node in _faults(loader.get_single_node())]
    except _Mistake as mistake:
        raise _error_at(path, mistake.mark, str(mistake)) from None
    except yaml.MarkedYAMLError as error:
        text = ", ".join(part for part in (error.context, error.problem) if part)
        raise _error_at(path, error.problem_mark or error.context_mark, text) from None
    except yaml.YAMLError as error:
        raise _no_text(path, data, error) from None
    except RecursionError:
        raise _error_at(path, None, "lists in lists too deep to be read") from None
    finally:
        if loader is not None:
            loader.dispose()


def _error_at(path: str, mark: Mark | None, text: str) -> FaultFileError:
    line, column = (1, 1) if mark is None else (mark.line + 1, mark.column + 1)
    return FaultFileError(f"{path}:{line}:{column}: {' '.join(text.split())}")


def _no_text(path: str, data: bytes, error: yaml.YAMLError) -> FaultFileError:
    """The bytes cannot be decoded, or have a character that YAML does not take."""
    position, reason = getattr(error, "position", 0), getattr(error, "reason", "not readable")
    # The position counts bytes where they are not of the encoding, and characters else.
    encoded = getattr(error, "encoding", "") != "unicode"
    before = (
        data[:position].decode("utf-8", "replace")
        if encoded
        else data.decode("utf-8", "replace")[:position]
    )
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    return FaultFileError(f"{path}:{line}:{column}: this is no YAML ({reason})")


def _faults(top: Node | None) -> list[Node]:
    """The nodes that describe a fault each."""
    if isinstance(top, MappingNode):
        for key, _ in _pairs(top):
            if key.value != TOP:
                raise _Mistake(key, f"unknown key {key.value!r}: {AT_THE_TOP}")
        if not top.value:
            raise _Mistake(top, f"no faults are here: {AT_THE_TOP}")
        top = _pairs(top)[0][1]
    if not isinstance(top, SequenceNode):
        raise _Mistake(top, f"no list of faults is here: {AT_THE_TOP}")
    return cast("list[Node]", top.value)


def _pairs(node: MappingNode) -> list[tuple[ScalarNode, Node]]:
    """Keys and values; a key is a single word, and stands there once."""
    found: dict[str, tuple[ScalarNode, Node]] = {}
    for key, value in cast("list[tuple[Node, Node]]", node.value):
        if not isinstance(key, ScalarNode):
            raise _Mistake(key, "a key is a word, not a list or a mapping")
        if key.value in found:
            raise _Mistake(key, f"{key.value!r} stands here twice")
        found[key.value] = (key, value)
    return list(found.values())


def _description(loader: yaml.SafeLoader, node: Node) -> Words:
    """What a node says, found to be a fault."""
    if not isinstance(node, MappingNode):
        raise _Mistake(node, "a fault is a mapping such as 'action: drop_answer'")
    _pairs(node)  # those that the fault has itself, before the merged ones are put among them
    if any(key.tag == MERGE_TAG for key, _ in node.value):
        loader.flatten_mapping(node)
    places: dict[str, tuple[Node, Node]] = {}
    words: Words = {}
    for key, value in cast("list[tuple[Node, Node]]", node.value):
        name = _value(loader, key)
        if not isinstance(name, str):
            raise _Mistake(key, f"a key is a word such as 'action', not {name!r}")
        places[name] = (key, value)
        words[name] = _value(loader, value)
    if "action" not in words:
        raise _Mistake(node, f"the fault has no action: {', '.join(ACTIONS)}")
    try:
        Faults().add(words)
    except FaultError as error:
        key_node, value_node = places.get(error.key or "", (node, node))
        where = value_node if _is_known(words["action"], error.key) else key_node
        raise _Mistake(where, str(error)) from None
    return words


def _is_known(action: object, key: str | None) -> bool:
    """Whether a key is one that a fault has, so that what is wrong is its value."""
    own = ACTIONS.get(action) if isinstance(action, str) else None
    known = {"action", *(each.name for each in fields(Conditions))}
    return key in known | {each.name for each in (fields(own) if own is not None else ())}


def _value(loader: yaml.SafeLoader, node: Node) -> Any:
    """The plain value of a word, or a list of such."""
    if _is_list(node):
        return [_scalar(loader, item) for item in node.value]
    return _scalar(loader, node)


def _is_list(node: Node) -> TypeGuard[SequenceNode]:
    return isinstance(node, SequenceNode) and node.tag == "tag:yaml.org,2002:seq"


def _scalar(loader: yaml.SafeLoader, node: Node) -> Hashable:
    if not isinstance(node, ScalarNode):
        raise _Mistake(node, "a word, a number, or a range such as 3-9 is wanted here")
    try:
        return cast("Hashable", loader.construct_object(node))  # pyright: ignore[reportUnknownMemberType]
    except ConstructorError:
        raise _Mistake(node, f"a value of the kind {node.tag!r} means nothing here") from None
    except (ValueError, OverflowError) as error:
        raise _Mistake(node, f"{node.value[:40]!r} cannot be read: {error}") from None

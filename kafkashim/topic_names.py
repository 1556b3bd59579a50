"""Which topic names are legal (``org.apache.kafka.common.internals.Topic.validate``)."""

from __future__ import annotations

import re
from collections.abc import Iterable

MAX_NAME_LENGTH = 249
_LEGAL = re.compile(r"[a-zA-Z0-9._-]*\Z")


def topic_name_error(name: str) -> str | None:
    """What is wrong with a name, in the broker's words; ``None`` when it is legal."""
    if not name:
        return "the empty string is not allowed"
    if name in (".", ".."):
        return f"'{name}' is not allowed"
    if len(name) > MAX_NAME_LENGTH:
        return f"the length of '{name}' is longer than the max allowed length {MAX_NAME_LENGTH}"
    if not _LEGAL.match(name):
        other = "contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"
        return f"'{name}' {other}"
    return None


def colliding_topic(name: str, topics: Iterable[str]) -> str | None:
    """A topic that cannot go together with a new one of this name (``Topic.hasCollision``).

    Names of metrics have underscores for dots, so that names which differ in them alone would meet.
    """
    if "." not in name and "_" not in name:
        return None
    merged = name.replace(".", "_")
    return next((topic for topic in topics if topic.replace(".", "_") == merged), None)

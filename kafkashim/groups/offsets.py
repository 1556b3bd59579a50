"""Committed offsets (``OffsetMetadataManager``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class OffsetAndMetadata(NamedTuple):
    """How far a group has read a partition, and what it noted about it.

    ``expires_at_ms`` is set by clients of OffsetCommit versions 2 to 4 that ask for their own retention.
    """

    committed_offset: int
    leader_epoch: int
    metadata: str
    committed_at_ms: int
    expires_at_ms: int | None


class Offsets:
    """The committed offsets of all groups: group id, topic name, partition."""

    __slots__ = ("_by_group",)

    def __init__(self) -> None:
        self._by_group: dict[str, dict[str, dict[int, OffsetAndMetadata]]] = {}

    def put(self, group_id: str, topic: str, partition: int, offset: OffsetAndMetadata) -> None:
        """Remember an offset instead of the one before."""
        topics = self._by_group.setdefault(group_id, {})
        topics.setdefault(topic, {})[partition] = offset

    def of_group(self, group_id: str) -> Mapping[str, Mapping[int, OffsetAndMetadata]]:
        """All offsets of a group, by topic and partition."""
        return self._by_group.get(group_id, {})

    def remove(self, group_id: str, topic: str, partition: int) -> None:
        """Forget one offset that is there."""
        topics = self._by_group[group_id]
        del topics[topic][partition]
        if not topics[topic]:
            del topics[topic]
        if not topics:
            del self._by_group[group_id]

    def discard(self, group_id: str, topic: str, partition: int) -> None:
        """Forget one offset, if it is there."""
        if partition in self._by_group.get(group_id, {}).get(topic, {}):
            self.remove(group_id, topic, partition)

    def forget_group(self, group_id: str) -> None:
        """Forget the offsets of a group that is deleted."""
        self._by_group.pop(group_id, None)

    def forget_topic(self, topic: str) -> None:
        """Forget the offsets of a topic that was deleted."""
        for group_id, topics in list(self._by_group.items()):
            topics.pop(topic, None)
            if not topics:
                del self._by_group[group_id]

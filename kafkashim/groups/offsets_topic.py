"""What the group coordinator sees of ``__consumer_offsets``: who leads its partitions.

A partition's groups are coordinated by its leader. Where there are several brokers they move with it, and
while it is led by nobody, or by a broker that is gone or cut off, nothing happens to them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from kafkashim.internal_topics import OFFSETS
from kafkashim.java_hash import DEFAULT_CAPACITY, string_hash

if TYPE_CHECKING:
    from kafkashim.topics import Topic


class OffsetsTopic:
    """The topic as it is, and who led it when it was last looked at.

    Args:
        topics: those of the cluster, by name.
        partitions: how many the topic will have, as long as it is not there.
    """

    def __init__(self, topics: Mapping[str, Topic], partitions: int) -> None:
        self._topics = topics
        self._planned = partitions
        self._seen: Topic | None = None
        self._leaders: dict[int, int] = {}
        self.look()

    @property
    def partitions(self) -> int:
        """How many it has."""
        topic = self._topics.get(OFFSETS)
        return self._planned if topic is None else len(topic.partitions)

    def look(self) -> None:
        """Remember who leads the partitions that are new."""
        topic = self._topics.get(OFFSETS)
        if topic is not self._seen:
            self._seen, self._leaders = topic, {}
        for partition in topic.partitions if topic is not None else ():
            self._leaders.setdefault(partition.index, partition.leader)

    def has_moved(self, index: int, leader: int) -> bool:
        """Remember who leads a partition now; whether that is another than before.

        The same one in another epoch is not: a coordinator that is active stays so
        (``CoordinatorRuntime.scheduleLoadOperation``).
        """
        before, self._leaders[index] = self._leaders.get(index), leader
        return before != leader

    def leader(self, index: int) -> int:
        """The id of the broker that leads a partition, -1 while none does."""
        topic = self._topics.get(OFFSETS)
        partition = None if topic is None else topic.partition(index)
        return -1 if partition is None else partition.leader

    def is_stuck(self, index: int) -> bool:
        """Whether who leads a partition is gone, or cut off, and no other leads it yet."""
        topic = self._topics.get(OFFSETS)
        partition = None if topic is None else topic.partition(index)
        return partition is not None and partition.leader in (-1, *partition.behind)


def in_map_order_of_partitions(indexes: Collection[int]) -> list[int]:
    """Partitions of the topic in the order of a ``HashMap`` of theirs that ``computeIfAbsent`` filled.

    What that puts in a bucket comes before what is there (``TopicPartition.hashCode``).
    """
    capacity = DEFAULT_CAPACITY
    while len(indexes) * 4 > capacity * 3:
        capacity *= 2
    of_topic = string_hash(OFFSETS)

    def bucket(index: int) -> int:
        code = (31 * (31 + index) + of_topic) & 0xFFFFFFFF
        return (code ^ code >> 16) & (capacity - 1)

    newest_first = list(indexes)
    newest_first.reverse()
    return sorted(newest_first, key=bucket)

"""Who gets which partitions in a group of the consumer protocol: ``uniform`` and ``range`` (KIP-848).

The broker assigns, not a member. Assignors are sticky or not, as in Apache Kafka (``UniformAssignor``,
``RangeAssignor``), and give equal members their partitions in the same order as there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from kafkashim.groups.consumer_balancing import assign_heterogeneous
from kafkashim.java_hash import ints_in_set_order

Assignment = Mapping[UUID, frozenset[int]]
NOTHING: Assignment = {}
_NONE = frozenset[int]()


@dataclass(frozen=True, slots=True)
class MemberSpec:
    """What an assignor knows of a member: the topics it subscribes to that exist, what it has."""

    instance_id: str | None
    topic_ids: Collection[UUID]
    assignment: Assignment


@dataclass(frozen=True, slots=True)
class GroupSpec:
    """What is to be assigned: members in Apache Kafka's order, and each topic's partition count.

    ``homogeneous`` when all members subscribe to the same topics.
    """

    members: Mapping[str, MemberSpec]
    partitions: Mapping[UUID, int]
    homogeneous: bool


def assign_uniform(group: GroupSpec) -> dict[str, Assignment]:
    """Spread the partitions evenly over the members, and move as few as that allows."""
    if not group.members:
        return {}
    if group.homogeneous:
        return _assign_uniform_homogeneous(group)
    return assign_heterogeneous(
        {member_id: member.topic_ids for member_id, member in group.members.items()},
        {member_id: member.assignment for member_id, member in group.members.items()},
        group.partitions,
    )


def _assign_uniform_homogeneous(group: GroupSpec) -> dict[str, Assignment]:
    topic_ids = next(iter(group.members.values())).topic_ids
    if not topic_ids:
        return {}
    free = _free_partitions(group, topic_ids)
    total = sum(group.partitions[topic_id] for topic_id in topic_ids)
    quota, extra = divmod(total, len(group.members))
    assigned: dict[str, dict[UUID, frozenset[int]]] = {}
    room: list[tuple[str, int]] = []
    for position, (member_id, member) in enumerate(group.members.items()):
        left = quota + (extra > 0)
        takes_extra = extra > 0
        kept: dict[UUID, frozenset[int]] = {}
        for topic_id, partitions in member.assignment.items():
            if topic_id not in topic_ids:
                continue
            if len(partitions) > left:
                ordered = ints_in_set_order(partitions)
                partitions = frozenset(ordered[:left])
                free += [(topic_id, partition) for partition in ordered[left:]]
            if partitions:
                kept[topic_id] = partitions
                left -= len(partitions)
        if left > 0 and takes_extra and len(group.members) - position > extra:
            # Others may have more than their share already: leave the extra partition to them.
            left -= 1
            takes_extra = False
        if left > 0:
            room.append((member_id, left))
        extra -= takes_extra
        assigned[member_id] = kept
    waiting = iter(free)
    for member_id, left in room:
        given: dict[UUID, list[int]] = {}
        for topic_id, partition in islice(waiting, left):
            given.setdefault(topic_id, []).append(partition)
        kept = assigned[member_id]
        for topic_id, more in given.items():
            kept[topic_id] = kept.get(topic_id, _NONE).union(more)
    return dict(assigned)


def _free_partitions(group: GroupSpec, topic_ids: Collection[UUID]) -> list[tuple[UUID, int]]:
    """The partitions that no member has, topic by topic."""
    taken: dict[UUID, set[int]] = {topic_id: set() for topic_id in topic_ids}
    for member in group.members.values():
        for topic_id, partitions in member.assignment.items():
            if topic_id in taken:
                taken[topic_id] |= partitions
    return [
        (topic_id, partition)
        for topic_id in topic_ids
        for partition in range(group.partitions[topic_id])
        if partition not in taken[topic_id]
    ]


def assign_range(group: GroupSpec) -> dict[str, Assignment]:
    """Give each member a range of every topic it subscribes to, in the order of the member ids.

    Topics with equally many partitions and the same subscribers are assigned alike, so that their
    records can be joined. Static members come first, by their instance ids.
    """
    subscribers: dict[UUID, int] = {}
    for member in group.members.values():
        for topic_id in member.topic_ids:
            subscribers[topic_id] = subscribers.get(topic_id, 0) + 1
    quotas = {
        topic_id: divmod(group.partitions[topic_id], count)
        for topic_id, count in subscribers.items()
    }
    begun: dict[UUID, tuple[int, int]] = {}
    assigned: dict[str, Assignment] = {}
    for member_id, member in sorted(group.members.items(), key=_range_order):
        found: dict[UUID, frozenset[int]] = {}
        for topic_id in member.topic_ids:
            start, members_before = begun.get(topic_id, (0, 0))
            quota, extra = quotas[topic_id]
            end = start + quota + (members_before < extra)
            begun[topic_id] = (end, members_before + 1)
            if start < end:
                found[topic_id] = frozenset(range(start, end))
        assigned[member_id] = found
    return assigned


def _range_order(entry: tuple[str, MemberSpec]) -> tuple[bool, bytes]:
    member_id, member = entry
    # Java compares strings by their UTF-16 units.
    name = member_id if member.instance_id is None else member.instance_id
    return member.instance_id is None, name.encode("utf-16-be", "surrogatepass")


ASSIGNORS: Mapping[str, Callable[[GroupSpec], dict[str, Assignment]]] = {
    "uniform": assign_uniform,
    "range": assign_range,
}

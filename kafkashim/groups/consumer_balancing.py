"""The ``uniform`` assignor where members subscribe to different topics.

What ``UniformHeterogeneousAssignmentBuilder`` does: partitions that nobody has go to the subscriber with
the fewest partitions, topics with the least choice first; then partitions move from the most to the least
loaded subscribers of each topic until no topic gains from it.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Mapping
from uuid import UUID

MOST_ROUNDS = 16


def assign_heterogeneous(
    subscriptions: Mapping[str, Collection[UUID]],
    current: Mapping[str, Mapping[UUID, frozenset[int]]],
    partitions: Mapping[UUID, int],
) -> dict[str, Mapping[UUID, frozenset[int]]]:
    """Assign every partition of a subscribed topic to one of its subscribers.

    Args:
        subscriptions: member id -> the topics it subscribes to, in Apache Kafka's order of members.
        current: what each member has so far.
        partitions: how many partitions each topic has.
    """
    if not any(subscriptions.values()):
        return {}
    return _Balancing(subscriptions, current, partitions).balanced()


class _Balancing:
    """The work in progress. Members are numbers here; -1 owns what nobody owns."""

    def __init__(
        self,
        subscriptions: Mapping[str, Collection[UUID]],
        current: Mapping[str, Mapping[UUID, frozenset[int]]],
        partitions: Mapping[UUID, int],
    ) -> None:
        self._member_ids = list(subscriptions)
        self._sizes = [0] * len(self._member_ids)
        self._subscribers: dict[UUID, list[int]] = {}
        for member, topic_ids in enumerate(subscriptions.values()):
            for topic_id in topic_ids:
                self._subscribers.setdefault(topic_id, []).append(member)
        self._owners = {topic_id: [-1] * partitions[topic_id] for topic_id in self._subscribers}
        for member, member_id in enumerate(self._member_ids):
            for topic_id, owned in current[member_id].items():
                if topic_id not in subscriptions[member_id]:
                    continue
                self._sizes[member] += len(owned)
                for partition in owned:
                    self._owners[topic_id][partition] = member

    def balanced(self) -> dict[str, Mapping[UUID, frozenset[int]]]:
        """Hand out, balance, and give the outcome by member id."""
        ordered = sorted(self._owners, key=self._least_choice_first)
        for topic_id in ordered:
            self._hand_out(topic_id)
        self._balance([t for t in ordered if len(self._subscribers[t]) > 1])
        found: list[dict[UUID, set[int]]] = [{} for _ in self._member_ids]
        for topic_id, owners in self._owners.items():
            for partition, member in enumerate(owners):
                found[member].setdefault(topic_id, set()).add(partition)
        return {
            member_id: {topic_id: frozenset(owned) for topic_id, owned in topics.items()}
            for member_id, topics in zip(self._member_ids, found, strict=True)
        }

    def _least_choice_first(self, topic_id: UUID) -> tuple[float, int, tuple[int, ...]]:
        subscribers = len(self._subscribers[topic_id])
        # Java compares ids as two signed numbers.
        order = struct.unpack(">qq", topic_id.bytes)
        return -len(self._owners[topic_id]) / subscribers, subscribers, order

    def _by_load(self, topic_id: UUID) -> list[int]:
        return sorted(self._subscribers[topic_id], key=lambda member: (self._sizes[member], member))

    def _hand_out(self, topic_id: UUID) -> None:
        """Give what nobody has of a topic to the least loaded, round by round."""
        owners = self._owners[topic_id]
        least = _LeastLoaded(self._by_load(topic_id), self._sizes)
        for partition, owner in enumerate(owners):
            if owner < 0:
                self._move(owners, partition, least.next())

    def _move(self, owners: list[int], partition: int, member: int) -> None:
        if owners[partition] >= 0:
            self._sizes[owners[partition]] -= 1
        owners[partition] = member
        self._sizes[member] += 1

    def _balance(self, topic_ids: list[UUID]) -> None:
        last_changed = -1
        for _ in range(MOST_ROUNDS):
            for index, topic_id in enumerate(topic_ids):
                if index == last_changed:
                    return
                if self._balance_topic(topic_id) or last_changed < 0:
                    last_changed = index

    def _balance_topic(self, topic_id: UUID) -> int:
        """Move partitions of a topic from the most to the least loaded; how many were moved."""
        members = self._by_load(topic_id)
        if self._sizes[members[-1]] - self._sizes[members[0]] <= 1:
            return 0
        owners = self._owners[topic_id]
        owned: dict[int, list[int]] = {}
        for partition, owner in enumerate(owners):
            owned.setdefault(owner, []).append(partition)
        sizes = self._sizes
        least, most = _LeastLoaded(members, sizes), _MostLoaded(members, sizes)
        moved = 0
        while True:
            giver = most.next()
            while giver is not None and not owned.get(giver):
                most.exclude()
                giver = most.next()
            if giver is None:
                return moved
            partition = owned[giver].pop()
            taker = least.next()
            if most.count - least.count <= 1:
                return moved
            self._move(owners, partition, taker)
            moved += 1


class _LeastLoaded:
    """Goes round the members with the fewest partitions, and widens when each of them got one."""

    def __init__(self, members: list[int], sizes: list[int]) -> None:
        self._members = members
        self._sizes = sizes
        self._end = 0
        self._next = 0
        self.count = sizes[members[0]] - 1

    def next(self) -> int:
        if self._next >= self._end:
            self.count += 1
            while (
                self._end < len(self._members)
                and self._sizes[self._members[self._end]] == self.count
            ):
                self._end += 1
            self._next = 0
        member = self._members[self._next]
        self._next += 1
        return member


class _MostLoaded:
    """The same from the other end, without members that have nothing left to give."""

    def __init__(self, members: list[int], sizes: list[int]) -> None:
        self._members = members
        self._sizes = sizes
        self._start = self._end = len(members)
        self._next = len(members) - 1
        self.count = sizes[members[-1]] + 1

    def next(self) -> int | None:
        if self._next < self._start:
            if self._end <= self._start and self._start > 0:
                self.count = self._sizes[self._members[self._start - 1]]
            else:
                self.count -= 1
            while self._start > 0 and self._sizes[self._members[self._start - 1]] == self.count:
                self._start -= 1
            self._next = self._end - 1
        if self._next < 0:
            return None
        member = self._members[self._next]
        self._next -= 1
        return member

    def exclude(self) -> None:
        """Leave out the member that was given last."""
        index = self._next + 1
        members, last = self._members, self._end - 1
        members[index], members[last] = members[last], members[index]
        self._end -= 1

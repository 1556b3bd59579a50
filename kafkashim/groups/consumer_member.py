"""A member of a group of the consumer protocol, and how it gets to its assignment (KIP-848).

``ConsumerGroupMember`` and ``CurrentAssignmentBuilder``. Members are values: a heartbeat makes a new one,
and only when all of the heartbeat was found in order does it take the old one's place.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from uuid import UUID

from kafka_codecs.messages.api_68_consumer_group_heartbeat import OwnedTopicPartitions
from kafkashim.groups.consumer_assignors import Assignment

LEAVE = -1
LEAVE_FOR_A_WHILE = -2  # a static member, which keeps its place

# Topic id -> partition -> the epoch since which the member has it.
Partitions = Mapping[UUID, Mapping[int, int]]


class MemberState(Enum):
    """How far a member is on its way to the target assignment (``MemberState``)."""

    STABLE = 1
    UNREVOKED_PARTITIONS = 2
    UNRELEASED_PARTITIONS = 3


@dataclass(frozen=True, slots=True)
class ClassicProtocols:
    """What a member of the classic protocol said when it joined a group of the other one."""

    session_timeout_ms: int
    protocols: tuple[tuple[str, bytes], ...]

    @property
    def name(self) -> str:
        """The protocol it is spoken to in: its first choice."""
        return self.protocols[0][0]


@dataclass(frozen=True, slots=True)
class ConsumerGroupMember:
    """What the coordinator knows of a member.

    ``previous_epoch`` is that before the last answer, which may have been lost on its way.
    """

    member_id: str
    epoch: int = 0
    previous_epoch: int = -1
    state: MemberState = MemberState.STABLE
    instance_id: str | None = None
    rack_id: str | None = None
    rebalance_timeout_ms: int = -1
    client_id: str = ""
    client_host: str = ""
    topic_names: frozenset[str] = frozenset()
    topic_regex: str = ""
    server_assignor: str | None = None
    assigned: Partitions = field(default_factory=dict[UUID, Mapping[int, int]])
    pending_revocation: Partitions = field(default_factory=dict[UUID, Mapping[int, int]])
    classic: ClassicProtocols | None = None

    def is_reconciled_to(self, target_epoch: int) -> bool:
        """Whether the member has what it is to have at that epoch."""
        return self.state is MemberState.STABLE and self.epoch == target_epoch

    def epoch_of(self, topic_id: UUID, partition: int) -> int | None:
        """Since which epoch the member has a partition; ``None`` when it has it not."""
        found = self.assigned.get(topic_id, {}).get(partition)
        if found is None:
            found = self.pending_revocation.get(topic_id, {}).get(partition)
        return found

    def away_for_a_while(self) -> ConsumerGroupMember:
        """The static member that said it would be back."""
        return replace(
            self,
            epoch=LEAVE_FOR_A_WHILE,
            pending_revocation={},
            assigned={
                topic_id: dict.fromkeys(partitions, 0)
                for topic_id, partitions in self.assigned.items()
            },
        )


Owned = Sequence[OwnedTopicPartitions] | None


def owns_any(owned: Owned, partitions: Partitions) -> bool:
    """Whether a member may still have one of the partitions; if it does not say, it may."""
    if owned is None:
        return True
    return any(
        partition in partitions.get(topic.topic_id, {})
        for topic in owned
        for partition in topic.partitions
    )


def owns_only(owned: Owned, partitions: Partitions) -> bool:
    """Whether what a member says it has are some of these partitions; if it does not say, not."""
    if owned is None:
        return False
    for topic in owned:
        known = partitions.get(topic.topic_id)
        if known is None or not all(partition in known for partition in topic.partitions):
            return False
    return True


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What a member is to have, and what it says it has.

    ``partition_epoch`` tells at which epoch somebody in the group has a partition, -1 when nobody has.
    """

    target_epoch: int
    target: Assignment
    subscribed: Collection[UUID]
    subscription_changed: bool
    owned: Owned
    partition_epoch: Callable[[UUID, int], int]

    def next(self, member: ConsumerGroupMember) -> ConsumerGroupMember:
        """The member after its heartbeat: one step nearer to the target, where a step is possible.

        Not for a member that is there already and subscribes to the same as before.
        """
        if member.state is MemberState.STABLE and member.epoch == self.target_epoch:
            return self._without_unsubscribed(member)
        if member.state is MemberState.UNREVOKED_PARTITIONS and owns_any(
            self.owned, member.pending_revocation
        ):
            return self._without_unsubscribed(member) if self.subscription_changed else member
        return self._towards_target(member)

    def _without_unsubscribed(self, member: ConsumerGroupMember) -> ConsumerGroupMember:
        """Take away what the member no longer subscribes to, before a new target is there."""
        gone = {t: found for t, found in member.assigned.items() if t not in self.subscribed}
        if not gone:
            return member
        kept = {t: found for t, found in member.assigned.items() if t in self.subscribed}
        pending = {t: dict(found) for t, found in member.pending_revocation.items()}
        for topic_id, found in gone.items():
            pending.setdefault(topic_id, {}).update(found)
        if owns_any(self.owned, pending):
            return _moved_to(member, member.epoch, MemberState.UNREVOKED_PARTITIONS, kept, pending)
        return replace(member, previous_epoch=member.epoch, assigned=kept)

    def _towards_target(self, member: ConsumerGroupMember) -> ConsumerGroupMember:
        assigned: dict[UUID, dict[int, int]] = {}
        to_revoke: dict[UUID, dict[int, int]] = {}
        to_assign: dict[UUID, list[int]] = {}
        unreleased = False
        for topic_id in self.target.keys() | member.assigned.keys():
            has = member.assigned.get(topic_id, {})
            target = self.target.get(topic_id, ()) if topic_id in self.subscribed else ()
            kept = {p: epoch for p, epoch in has.items() if p in target}
            revoked = {p: epoch for p, epoch in has.items() if p not in target}
            wanted = [p for p in target if p not in kept]
            free = [p for p in wanted if self._is_free(member, topic_id, p)]
            unreleased = unreleased or len(free) < len(wanted)
            if kept:
                assigned[topic_id] = kept
            if revoked:
                to_revoke[topic_id] = revoked
            if free:
                to_assign[topic_id] = free
        if to_revoke and owns_any(self.owned, to_revoke):
            return _moved_to(
                member, member.epoch, MemberState.UNREVOKED_PARTITIONS, assigned, to_revoke
            )
        for topic_id, free in to_assign.items():
            found = assigned.setdefault(topic_id, {})
            found.update(dict.fromkeys(free, self.target_epoch))
        state = MemberState.UNRELEASED_PARTITIONS if unreleased else MemberState.STABLE
        return _moved_to(member, self.target_epoch, state, assigned, {})

    def _is_free(self, member: ConsumerGroupMember, topic_id: UUID, partition: int) -> bool:
        if self.partition_epoch(topic_id, partition) == -1:
            return True
        return partition in member.pending_revocation.get(topic_id, {})


def _moved_to(
    member: ConsumerGroupMember,
    epoch: int,
    state: MemberState,
    assigned: Partitions,
    pending_revocation: Partitions,
) -> ConsumerGroupMember:
    return replace(
        member,
        epoch=epoch,
        previous_epoch=member.epoch,
        state=state,
        assigned=assigned,
        pending_revocation=pending_revocation,
    )

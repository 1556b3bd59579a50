"""A group of the consumer protocol: members, epochs, who has which partition (``ConsumerGroup``)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, Protocol
from uuid import UUID

from kafka_codecs.errors import ErrorCode
from kafkashim.groups.consumer_assignors import NOTHING, Assignment
from kafkashim.groups.consumer_member import ConsumerGroupMember
from kafkashim.java_hash import grown_timeline, in_timeline_order
from kafkashim.refused import Refused

if TYPE_CHECKING:
    from collections.abc import Sized

# What a topic was when the group looked at it last: its id and how many partitions it had.
TopicShape = tuple[UUID, int]


class TopicLike(Protocol):
    """A topic, as far as groups look at it."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def topic_id(self) -> UUID:
        """Its id."""
        ...

    @property
    def partitions(self) -> Sized:
        """As many as it has."""
        ...


class Topics(NamedTuple):
    """The broker's topics, by name and by id."""

    by_name: Mapping[str, TopicLike]
    by_id: Mapping[UUID, TopicLike]


class ConsumerGroupState(Enum):
    """The states of ``ConsumerGroupState``."""

    EMPTY = "Empty"
    ASSIGNING = "Assigning"
    RECONCILING = "Reconciling"
    STABLE = "Stable"


@dataclass(frozen=True, slots=True)
class ResolvedRegex:
    """The topics a regular expression matched, and when (``ResolvedRegularExpression``)."""

    topics: frozenset[str]
    version: int
    resolved_at_ms: int


class ConsumerGroup:
    """A group's members and what is assigned to them.

    The group epoch goes up when members or topics change; the assignment epoch follows when a new target
    is computed; each member's own epoch when it got there.
    """

    type_name = "consumer"
    protocol_type = "consumer"

    def __init__(self, group_id: str) -> None:
        self.group_id = group_id
        self.group_epoch = 1
        self.assignment_epoch = 0
        self.assigned_at_ms = 0
        self.members: dict[str, ConsumerGroupMember] = {}
        self.static_members: dict[str, str] = {}
        self.target: dict[str, Assignment] = {}
        self.resolved: dict[str, ResolvedRegex] = {}
        # The topics as they were when the group looked at them last, and when it has to look again.
        self.topics: Mapping[str, TopicShape] = {}
        self.look_at_topics_ms = 0
        self._partition_epochs: dict[UUID, dict[int, int]] = {}
        self._slots = 2

    # Members

    @property
    def state(self) -> ConsumerGroupState:
        """Where the group stands."""
        if not self.members:
            return ConsumerGroupState.EMPTY
        if self.group_epoch > self.assignment_epoch:
            return ConsumerGroupState.ASSIGNING
        if all(m.is_reconciled_to(self.assignment_epoch) for m in self.members.values()):
            return ConsumerGroupState.STABLE
        return ConsumerGroupState.RECONCILING

    @property
    def state_name(self) -> str:
        """The state as clients see it."""
        return self.state.value

    @property
    def is_empty(self) -> bool:
        """Whether nobody is in the group."""
        return not self.members

    def member(self, member_id: str) -> ConsumerGroupMember:
        """A member.

        Raises:
            Refused: there is none of that id (UNKNOWN_MEMBER_ID).
        """
        found = self.members.get(member_id)
        if found is None:
            text = f"Member {member_id} is not a member of group {self.group_id}."
            raise Refused(ErrorCode.UNKNOWN_MEMBER_ID, text)
        return found

    def ids_in_order(self) -> list[str]:
        """The member ids in the order in which Apache Kafka goes through them."""
        return in_timeline_order(self.members, self._slots)

    def static_member(self, instance_id: str | None) -> ConsumerGroupMember | None:
        """The member an instance id belongs to now."""
        member_id = self.static_members.get(instance_id or "")
        return None if instance_id is None or member_id is None else self.members[member_id]

    def put(self, member: ConsumerGroupMember) -> None:
        """Take in a member, or its next state."""
        old = self.members.get(member.member_id)
        if old is not None:
            self._release(old)
        self.members[member.member_id] = member
        self._slots = grown_timeline(self._slots, len(self.members))
        if member.instance_id is not None:
            self.static_members[member.instance_id] = member.member_id
        for partitions in (member.assigned, member.pending_revocation):
            for topic_id, found in partitions.items():
                epochs = self._partition_epochs.setdefault(topic_id, {})
                epochs.update(dict.fromkeys(found, member.epoch))

    def remove(self, member_id: str) -> None:
        """Let a member go with all it has, and is to have."""
        member = self.members.pop(member_id)
        self._release(member)
        self.target.pop(member_id, None)
        if self.static_members.get(member.instance_id or "") == member_id:
            del self.static_members[member.instance_id or ""]

    def replace(self, old: ConsumerGroupMember, new: ConsumerGroupMember) -> None:
        """Put a static member that came back in the place of the one it was."""
        target = self.target.get(old.member_id, NOTHING)
        self.remove(old.member_id)
        self.target[new.member_id] = target
        self.put(new)

    def _release(self, member: ConsumerGroupMember) -> None:
        for partitions in (member.assigned, member.pending_revocation):
            for topic_id, found in partitions.items():
                epochs = self._partition_epochs.get(topic_id, {})
                for partition in found:
                    # Somebody else may have it at a later epoch already.
                    if epochs.get(partition) == member.epoch:
                        del epochs[partition]

    def partition_epoch(self, topic_id: UUID, partition: int) -> int:
        """The epoch at which a member has a partition, or still has to give it up; -1 when nobody has."""
        return self._partition_epochs.get(topic_id, {}).get(partition, -1)

    def target_of(self, member_id: str, instance_id: str | None) -> Assignment:
        """What a member is to have; a static one that comes back has what it had before."""
        if instance_id is not None:
            member_id = self.static_members.get(instance_id, "")
        return self.target.get(member_id, NOTHING)

    def waits_for_others(self, member: ConsumerGroupMember) -> bool:
        """Whether something the member is to have is not given up by another yet."""
        return any(
            partition not in member.assigned.get(topic_id, {})
            and self.partition_epoch(topic_id, partition) != -1
            for topic_id, partitions in self.target.get(member.member_id, NOTHING).items()
            for partition in partitions
        )

    # Subscriptions

    def with_member(
        self, member: ConsumerGroupMember | None, *without: ConsumerGroupMember
    ) -> list[ConsumerGroupMember]:
        """The members as they will be with one new or changed, and others gone."""
        gone = {gone.member_id for gone in without}
        if member is not None:
            gone.add(member.member_id)
        found = [m for m in self.members.values() if m.member_id not in gone]
        return found if member is None else [*found, member]

    def regexes(self) -> Counter[str]:
        """The regular expressions members subscribe with, and how many use each."""
        return Counter(m.topic_regex for m in self.members.values() if m.topic_regex)

    def forget_regex(self, regex: str) -> None:
        """Forget what an expression matched that nobody subscribes with any more."""
        self.resolved.pop(regex, None)

    def is_subscribed_to(self, topic: str) -> bool:
        """Whether any member reads a topic."""
        return topic in self.subscribed_names(self.members.values())

    def subscribed_names(self, members: Iterable[ConsumerGroupMember]) -> set[str]:
        """The names of the topics that members subscribe to, by name or by what an expression matched."""
        names: set[str] = set()
        for member in members:
            names |= member.topic_names
            if member.topic_regex in self.resolved:
                names |= self.resolved[member.topic_regex].topics
        return names

    def names_of(self, member: ConsumerGroupMember) -> frozenset[str]:
        """The names of the topics a member subscribes to."""
        resolved = self.resolved.get(member.topic_regex)
        return member.topic_names if resolved is None else member.topic_names | resolved.topics

    def is_homogeneous(self, members: list[ConsumerGroupMember]) -> bool:
        """Whether all members subscribe to the same (``ConsumerGroup.subscriptionType``)."""
        regexes = Counter(member.topic_regex for member in members if member.topic_regex)
        by_name = Counter(name for member in members for name in member.topic_names)
        if not regexes:
            return all(count == len(members) for count in by_name.values())
        return not by_name and len(regexes) == 1 and regexes.total() == len(members)

    # Members of the classic protocol

    @property
    def classic_members(self) -> int:
        """How many members speak the classic protocol."""
        return sum(member.classic is not None for member in self.members.values())

    def supports(self, protocol_type: str, names: Iterable[str]) -> bool:
        """Whether somebody with these protocols can be a member beside the classic ones that are."""
        if protocol_type != self.protocol_type:
            return False
        names = tuple(names)
        if not self.members:
            return bool(names)
        known = Counter(
            name
            for member in self.members.values()
            if member.classic is not None
            for name, _ in member.classic.protocols
        )
        return any(known[name] == self.classic_members for name in names)

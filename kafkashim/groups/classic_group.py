"""A classic group: who belongs to it, which generation it is in, and what state it is in.

No time passes here: :mod:`kafkashim.groups.rebalance` moves groups from state to state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from copy import copy
from enum import Enum
from typing import NamedTuple

from kafka_codecs.errors import ErrorCode
from kafka_codecs.flat import Malformed
from kafka_codecs.messages.api_11_join_group import (
    JoinGroupRequestProtocol,
    JoinGroupResponse,
    JoinGroupResponseMember,
)
from kafka_codecs.messages.api_14_sync_group import SyncGroupResponse
from kafkashim.groups.member import ClassicGroupMember, Join, failed_join
from kafkashim.groups.subscription import CONSUMER, subscribed_topics
from kafkashim.java_hash import in_map_order


class GroupState(Enum):
    """The states of ``ClassicGroupState``; DEAD is a group that is no longer in the coordinator."""

    EMPTY = "Empty"
    PREPARING_REBALANCE = "PreparingRebalance"
    COMPLETING_REBALANCE = "CompletingRebalance"
    STABLE = "Stable"


class Persisted(NamedTuple):
    """A classic group as its coordinator writes it down (``GroupMetadataValue``).

    Of the members' protocols it has the one that was chosen.
    """

    generation_id: int
    protocol_type: str | None
    protocol_name: str | None
    leader_id: str | None
    state_since_ms: int
    members: list[ClassicGroupMember]


class NoCommonProtocolError(Exception):
    """The members have no protocol in common, which only naming one twice can bring about."""


class ClassicGroup:
    """A group's members and what they agreed on (``ClassicGroup``)."""

    type_name = "classic"

    def __init__(self, group_id: str, now_ms: int) -> None:
        self.group_id = group_id
        self.state = GroupState.EMPTY
        self.previous_state = GroupState.EMPTY
        self.state_since_ms = now_ms
        self.generation_id = 0
        self.protocol_type: str | None = None
        self.protocol_name: str | None = None
        self.leader_id: str | None = None
        self.members: dict[str, ClassicGroupMember] = {}
        self.static_members: dict[str, str] = {}
        self.pending_join: set[str] = set()
        self.pending_sync: set[str] = set()
        # What the members read; None where it is not known.
        self.topics: set[str] | None = None
        # What its coordinator has written down, and another one would read; None before the first time.
        self.persisted: Persisted | None = None
        # During an initial rebalance: whether somebody joined since the delay began.
        self.new_member_added = False

    def persist(self) -> None:
        """Write down the generation and its members."""
        members: list[ClassicGroupMember] = []
        for member in self.members.values():
            written = copy(member)
            written.protocols = [p for p in member.protocols if p.name == self.protocol_name][:1]
            members.append(written)
        self.persisted = Persisted(
            self.generation_id,
            self.protocol_type,
            self.protocol_name,
            self.leader_id,
            self.state_since_ms,
            members,
        )

    def restore(self, persisted: Persisted) -> None:
        """Be what was written down, as a coordinator that reads it is."""
        self.generation_id, self.protocol_type, self.protocol_name, self.leader_id = persisted[:4]
        self.members = {member.member_id: copy(member) for member in persisted.members}
        self.static_members = {
            member.group_instance_id: member.member_id
            for member in self.members.values()
            if member.group_instance_id is not None
        }
        for member in self.members.values():
            member.awaiting_join = member.awaiting_sync = None
            member.is_new = False
        self.pending_join.clear()
        self.pending_sync.clear()
        self.new_member_added = False
        try:
            self.learn_topics()
        except Malformed:
            # A static member that came back may have said what cannot be read.
            self.topics = None
        state = GroupState.STABLE if self.members else GroupState.EMPTY
        self.transition_to(state, persisted.state_since_ms)

    def transition_to(self, state: GroupState, now_ms: int) -> None:
        """Enter a state."""
        self.previous_state, self.state = self.state, state
        self.state_since_ms = now_ms

    def is_in(self, *states: GroupState) -> bool:
        """Whether the group is in one of the states."""
        return self.state in states

    @property
    def state_name(self) -> str:
        """The state as clients see it."""
        return self.state.value

    @property
    def is_empty(self) -> bool:
        """Whether nobody is in the group, nor about to be."""
        return self.state is GroupState.EMPTY

    @property
    def rebalance_timeout_ms(self) -> int:
        """The longest that any member wants a rebalance to wait for it."""
        return max((m.rebalance_timeout_ms for m in self.members.values()), default=0)

    @property
    def awaiting_join(self) -> int:
        """How many members wait for the answer to their JoinGroup."""
        return sum(member.awaiting_join is not None for member in self.members.values())

    @property
    def has_all_members_joined(self) -> bool:
        """Whether the next generation can begin."""
        return len(self.members) == self.awaiting_join and not self.pending_join

    def is_leader(self, member_id: str) -> bool:
        """Whether a member makes the assignments."""
        return self.leader_id is not None and self.leader_id == member_id

    def add(self, member: ClassicGroupMember, join: Join | None) -> None:
        """Take in a member; the first one gives the group its protocol type and leads it."""
        if member.group_instance_id is not None:
            self.static_members[member.group_instance_id] = member.member_id
        if not self.members:
            self.protocol_type = member.protocol_type
        if self.leader_id is None:
            self.leader_id = member.member_id
        self.members[member.member_id] = member
        member.awaiting_join = join
        self.pending_join.discard(member.member_id)

    def update(self, member: ClassicGroupMember, join: Join) -> None:
        """Take over what a member's new JoinGroup says.

        One that is still parked is never answered: the member gave up waiting for it.
        """
        member.protocols = join.protocols
        member.rebalance_timeout_ms = join.rebalance_timeout_ms
        member.session_timeout_ms = join.request.session_timeout_ms
        member.awaiting_join = join

    def remove(self, member_id: str) -> None:
        """Let a member go, also one that only has its id yet; another one leads if it led."""
        member = self.members.pop(member_id, None)
        if member is not None and member.group_instance_id is not None:
            del self.static_members[member.group_instance_id]
        if self.is_leader(member_id):
            self.leader_id = next(iter(self.members), None)
        self.pending_join.discard(member_id)
        self.pending_sync.discard(member_id)

    def replace_static_member(
        self, group_instance_id: str, old_member_id: str, new_member_id: str
    ) -> ClassicGroupMember:
        """Give an instance id to a new member id; who still waits under the old one is fenced."""
        member = self.members.pop(old_member_id)
        self.answer_join(member, failed_join(ErrorCode.FENCED_INSTANCE_ID, old_member_id))
        self.answer_sync(
            member, SyncGroupResponse(error_code=ErrorCode.FENCED_INSTANCE_ID, assignment=b"")
        )
        member.member_id = new_member_id
        member.is_new = False
        self.members[new_member_id] = member
        if self.is_leader(old_member_id):
            self.leader_id = new_member_id
        self.static_members[group_instance_id] = new_member_id
        return member

    def elect_joined_leader(self) -> bool:
        """Have a leader that is there for the next generation; whether there is one."""
        if self.leader_id is None:
            return False
        if self.members[self.leader_id].awaiting_join is not None:
            return True
        for member in self.members.values():
            if member.awaiting_join is not None:
                self.leader_id = member.member_id
                return True
        return False

    def validate_member(self, member_id: str, group_instance_id: str | None) -> ErrorCode:
        """Whether a request comes from a member, and from the one its instance id belongs to."""
        if group_instance_id is not None:
            holder = self.static_members.get(group_instance_id)
            if holder is None:
                return ErrorCode.UNKNOWN_MEMBER_ID
            if holder != member_id:
                return ErrorCode.FENCED_INSTANCE_ID
        return ErrorCode.NONE if member_id in self.members else ErrorCode.UNKNOWN_MEMBER_ID

    def validate_offset_commit(
        self, member_id: str, group_instance_id: str | None, generation_id: int
    ) -> ErrorCode:
        """Whether offsets may be committed by this member, or by nobody in particular."""
        if generation_id < 0 and self.state is GroupState.EMPTY:
            return ErrorCode.NONE
        if generation_id >= 0 or member_id or group_instance_id is not None:
            error = self.validate_member(member_id, group_instance_id)
            if error:
                return error
            if generation_id != self.generation_id:
                return ErrorCode.ILLEGAL_GENERATION
        elif self.state is not GroupState.EMPTY:
            return ErrorCode.UNKNOWN_MEMBER_ID
        if self.state is GroupState.COMPLETING_REBALANCE:
            return ErrorCode.REBALANCE_IN_PROGRESS
        return ErrorCode.NONE

    def supports(self, protocol_type: str, protocols: Sequence[JoinGroupRequestProtocol]) -> bool:
        """Whether somebody with these protocols can be a member beside those that are."""
        if self.state is GroupState.EMPTY:
            return bool(protocol_type) and bool(protocols)
        support = self._support()
        return self.protocol_type == protocol_type and any(
            support[p.name] == len(self.members) for p in protocols
        )

    def _support(self) -> Counter[str]:
        """How often each protocol is named; Kafka counts one that a member names twice as two."""
        return Counter(p.name for member in self.members.values() for p in member.protocols)

    def select_protocol(self) -> str:
        """The protocol most members prefer among those all of them have.

        Raises:
            NoCommonProtocolError: there is none.
        """
        support = self._support()
        candidates = {name for name, count in support.items() if count == len(self.members)}
        if not candidates:
            raise NoCommonProtocolError(self.group_id)
        votes = Counter(member.vote(candidates) for member in self.members.values())
        best = max(votes.values())
        return in_map_order([name for name in votes if votes[name] == best])[0]

    def init_next_generation(self, now_ms: int) -> None:
        """Begin the next generation with those that are there.

        Raises:
            NoCommonProtocolError: there is none.
            Malformed: a consumer's subscription cannot be read.
        """
        self.generation_id += 1
        self.pending_sync.clear()
        if self.members:
            self.protocol_name = self.select_protocol()
            self.learn_topics()
            self.transition_to(GroupState.COMPLETING_REBALANCE, now_ms)
        else:
            self.protocol_name = None
            self.learn_topics()
            self.transition_to(GroupState.EMPTY, now_ms)
            self.persist()

    def learn_topics(self) -> None:
        """See what the members read, if they are consumers (``computeSubscribedTopics``).

        Raises:
            Malformed: a consumer's subscription cannot be read.
        """
        self.topics = None
        if self.protocol_type != CONSUMER:
            return
        topics: set[str] = set()
        for member in self.members.values():
            found = subscribed_topics(member.metadata(self.protocol_name))
            if found is None:
                return
            topics.update(found)
        self.topics = topics

    def is_subscribed_to(self, topic: str) -> bool:
        """Whether any member reads a topic, or may read it."""
        return self.protocol_type == CONSUMER if self.topics is None else topic in self.topics

    def joined(self, member_id: str, *, leader: str | None = None) -> JoinGroupResponse:
        """What tells a member about the current generation; only the leader hears of the others.

        Args:
            member_id: whom it is for.
            leader: whom to name as the leader, if not the one that leads.
        """
        named = leader if leader is not None else self.leader_id or ""
        return JoinGroupResponse(
            generation_id=self.generation_id,
            protocol_type=self.protocol_type,
            protocol_name=self.protocol_name,
            leader=named,
            member_id=member_id,
            members=self._joined_members() if named == member_id else [],
        )

    def _joined_members(self) -> list[JoinGroupResponseMember]:
        return [
            JoinGroupResponseMember(
                member_id=member.member_id,
                group_instance_id=member.group_instance_id,
                metadata=member.metadata(self.protocol_name),
            )
            for member in self.members.values()
        ]

    def answer_join(self, member: ClassicGroupMember, response: JoinGroupResponse) -> None:
        """Answer the JoinGroup a member waits for, if it waits."""
        join, member.awaiting_join = member.awaiting_join, None
        if join is not None:
            join.answer(response)

    def answer_sync(self, member: ClassicGroupMember, response: SyncGroupResponse) -> bool:
        """Answer the SyncGroup a member waits for; whether it waited."""
        parked, member.awaiting_sync = member.awaiting_sync, None
        if parked is None:
            return False
        parked.answer(response)
        return True

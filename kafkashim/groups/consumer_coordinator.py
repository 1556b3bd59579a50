"""All groups of the consumer protocol: heartbeats, departures, sessions, assignments (KIP-848)."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_68_consumer_group_heartbeat import ConsumerGroupHeartbeatResponse
from kafkashim.clock import Clock
from kafkashim.config import Config
from kafkashim.config_defs import OF_GROUP
from kafkashim.config_values import parse_list
from kafkashim.groups.classic_group import ClassicGroup
from kafkashim.groups.consumer_assignors import ASSIGNORS, Assignment, GroupSpec, MemberSpec
from kafkashim.groups.consumer_group import ConsumerGroup, ResolvedRegex, TopicLike, TopicShape
from kafkashim.groups.consumer_heartbeats import (
    Heartbeat,
    Subscribing,
    check_epoch,
    heartbeat_response,
)
from kafkashim.groups.consumer_member import (
    LEAVE,
    LEAVE_FOR_A_WHILE,
    ConsumerGroupMember,
    MemberState,
)
from kafkashim.groups.consumer_regex import RegexContext, matches
from kafkashim.groups.timers import Timers
from kafkashim.ids import IdSource, base64_id
from kafkashim.java_hash import in_map_order
from kafkashim.refused import Refused

if TYPE_CHECKING:
    from kafkashim.groups.consumer_migration import Migration

# The topics are looked at again after this time even if nothing is heard of them.
LOOK_AGAIN_MS = 2**31 - 1

log = logging.getLogger("kafkashim.groups")


class ConsumerCoordinator:
    """Takes heartbeats in and keeps the time of members."""

    def __init__(
        self,
        clock: Clock,
        config: Config,
        ids: IdSource,
        timers: Timers,
        groups: dict[str, ClassicGroup | ConsumerGroup],
        topics: Mapping[str, TopicLike],
    ) -> None:
        self._clock = clock
        self._config = config
        self._ids = ids
        self._timers = timers
        self._groups = groups
        self._topics = topics
        # Goes up with every new topic.
        self.topics_version = 0
        names = parse_list(config.get("group.consumer.assignors"))
        # Apache Kafka takes class names of its own assignors too.
        self.assignors = tuple(_ASSIGNOR_CLASSES.get(name, name) for name in names)
        self.migration: Migration

    def now_ms(self) -> int:
        """The clock's time."""
        return self._clock.now_ms()

    # Groups

    def group(self, group_id: str) -> ConsumerGroup:
        """A group of the consumer protocol.

        Raises:
            Refused: there is none (GROUP_ID_NOT_FOUND).
        """
        group = self._groups.get(group_id)
        if group is None:
            raise Refused(ErrorCode.GROUP_ID_NOT_FOUND, f"Group {group_id} not found.")
        if not isinstance(group, ConsumerGroup):
            text = f"Group {group_id} is not a consumer group."
            raise Refused(ErrorCode.GROUP_ID_NOT_FOUND, text)
        return group

    def _group_to_join(self, group_id: str) -> ConsumerGroup:
        """The group a first heartbeat goes to: a new one, or what a classic one becomes."""
        group = self._groups.get(group_id)
        if group is None or (isinstance(group, ClassicGroup) and group.is_empty):
            return ConsumerGroup(group_id)
        if isinstance(group, ClassicGroup):
            return self.migration.upgraded(group)
        return group

    def _group_of_member(self, group_id: str) -> ConsumerGroup:
        if group_id not in self._groups:
            raise Refused(ErrorCode.GROUP_ID_NOT_FOUND, f"Consumer group {group_id} not found.")
        return self.group(group_id)

    # Heartbeats

    def heartbeat(
        self, heartbeat: Heartbeat, elsewhere: ErrorCode = ErrorCode.NONE
    ) -> ConsumerGroupHeartbeatResponse:
        """Take in a heartbeat, if the broker that is asked answers for the group.

        Raises:
            Refused: with the code and the text of the answer.
        """
        heartbeat.check(self.assignors)
        if elsewhere:
            raise Refused(elsewhere)
        request = heartbeat.request
        if request.member_epoch in (LEAVE, LEAVE_FOR_A_WHILE):
            return self._leave(heartbeat)
        joins = request.member_epoch == 0
        find = self._group_to_join if joins else self._group_of_member
        group = find(request.group_id)
        # A random id, as Kafka's Uuid prints it.
        member_id = request.member_id or base64_id(self._ids.uuid())
        self.check_room(group, member_id)
        subscribing = Subscribing(self, group)
        owned = request.topic_partitions
        member = subscribing.find(member_id, request.instance_id, create=joins, classic=False)
        check_epoch(member, request.member_epoch, owned)
        updated = heartbeat.updated(member)
        reconciled = subscribing.advance(member, updated, owned)
        self.keep(group)
        subscribing.commit()
        self.watch(group, reconciled)
        return heartbeat_response(
            reconciled,
            self._config_of(group.group_id, "heartbeat.interval.ms"),
            with_assignment=heartbeat.is_full or member.assigned != reconciled.assigned,
        )

    def _leave(self, heartbeat: Heartbeat) -> ConsumerGroupHeartbeatResponse:
        request = heartbeat.request
        group = self.group(request.group_id)
        member_id, instance_id = request.member_id, request.instance_id
        if instance_id is None:
            member = group.member(member_id)
        else:
            member = self.holds_instance(group.static_member(instance_id), member_id, instance_id)
        if instance_id is not None and request.member_epoch == LEAVE_FOR_A_WHILE:
            group.put(member.away_for_a_while())
        else:
            self.fence(group, [member], "it left")
        return ConsumerGroupHeartbeatResponse(
            member_id=member_id, member_epoch=request.member_epoch, heartbeat_interval_ms=0
        )

    def holds_instance(
        self, holder: ConsumerGroupMember | None, member_id: str, instance_id: str
    ) -> ConsumerGroupMember:
        """The member an instance id belongs to, if it is the one that asks.

        Raises:
            Refused: UNKNOWN_MEMBER_ID or FENCED_INSTANCE_ID.
        """
        if holder is None:
            raise Refused(ErrorCode.UNKNOWN_MEMBER_ID, f"Instance id {instance_id} is unknown.")
        if holder.member_id != member_id:
            text = (
                f"Static member {member_id} with instance id {instance_id} was fenced by member "
                f"{holder.member_id}."
            )
            raise Refused(ErrorCode.FENCED_INSTANCE_ID, text)
        return holder

    def check_room(self, group: ConsumerGroup, member_id: str) -> None:
        """Refuse a new member where the group is as large as it may be.

        Raises:
            Refused: GROUP_MAX_SIZE_REACHED.
        """
        largest = self._config.get_int("group.consumer.max.size")
        if len(group.members) >= largest and member_id not in group.members:
            text = f"The consumer group has reached its maximum capacity of {largest} members."
            raise Refused(ErrorCode.GROUP_MAX_SIZE_REACHED, text)

    # What a heartbeat changes

    def keep(self, group: ConsumerGroup) -> None:
        """Let a group be there from now on, in the place of a classic one."""
        before = self._groups.get(group.group_id)
        if before is not group:
            self._groups[group.group_id] = group
            if isinstance(before, ClassicGroup):
                self.migration.dissolve(before)

    def put(self, group: ConsumerGroup, member: ConsumerGroupMember, *, moved: bool) -> None:
        """Take over a member's next state; one that has to give something up has a time for it."""
        group.put(member)
        if not moved or member.classic is not None:
            return
        if member.state is MemberState.UNREVOKED_PARTITIONS:
            self._wait_for_revocation(group, member)
        else:
            self._timers.cancel(("rebalance", group.group_id, member.member_id))

    def _wait_for_revocation(self, group: ConsumerGroup, member: ConsumerGroupMember) -> None:
        """Give a member its rebalance timeout to give up what it has to."""
        epoch, timeout = member.epoch, member.rebalance_timeout_ms

        def time_is_up() -> None:
            found = group.members.get(member.member_id)
            if found is not None and found.epoch == epoch and self._is_there(group):
                reason = f"it failed to transition from epoch {epoch} within {timeout}ms"
                self.fence(group, [found], reason)

        key = ("rebalance", group.group_id, member.member_id)
        self._timers.schedule(key, timeout, time_is_up)

    def load(self, group: ConsumerGroup) -> None:
        """Begin the time of a group anew at another coordinator (``GroupMetadataManager.onLoaded``).

        Members of the classic protocol get the others' session there, until they are heard of.
        """
        group.look_at_topics_ms = 0
        for member in map(group.members.__getitem__, group.ids_in_order()):
            self._watch(group, member.member_id, self._session_timeout(group))
            if member.state is MemberState.UNREVOKED_PARTITIONS:
                self._wait_for_revocation(group, member)

    def replace(
        self, group: ConsumerGroup, old: ConsumerGroupMember, new: ConsumerGroupMember
    ) -> None:
        """Put a static member that came back in the place of the one it was."""
        group.replace(old, new)
        self._cancel_timers(group, old.member_id)

    def looked_at_topics(self, group: ConsumerGroup, topics: Mapping[str, TopicShape]) -> None:
        """Remember what the group's topics are, until they change."""
        group.topics = topics
        group.look_at_topics_ms = self.now_ms() + LOOK_AGAIN_MS

    # Topics

    def shapes(self, names: Iterable[str]) -> dict[str, TopicShape]:
        """What the topics of these names are, those that exist."""
        return {
            name: (topic.topic_id, len(topic.partitions))
            for name in names
            if (topic := self._topics.get(name)) is not None
        }

    def topic_ids(self, names: Iterable[str]) -> set[UUID]:
        """The ids of the topics of these names that exist."""
        return {topic_id for topic_id, _ in self.shapes(names).values()}

    def topic_changed(self, topic: str) -> None:
        """Have the groups that read a topic look at it again."""
        for group in self._groups.values():
            if isinstance(group, ConsumerGroup) and group.is_subscribed_to(topic):
                group.look_at_topics_ms = 0

    def regex_context(self) -> RegexContext:
        """What expressions are looked at with."""
        interval_ms = self._config.get_int("group.consumer.regex.refresh.interval.ms")
        return RegexContext(self.now_ms(), self.topics_version, interval_ms)

    def resolve(self, group: ConsumerGroup, regexes: Iterable[str]) -> None:
        """Look for the topics of expressions; the group has a new epoch if they are others now."""
        used = group.regexes()
        bump = False
        for regex, topics in matches(regexes, self._topics).items():
            if not used[regex]:
                continue
            before = group.resolved.pop(regex, None)
            bump = bump or topics != (before.topics if before is not None else frozenset())
            group.resolved[regex] = ResolvedRegex(topics, self.topics_version, self.now_ms())
        shapes = self.shapes(group.subscribed_names(group.members.values()))
        if bump or shapes != group.topics:
            group.group_epoch += 1
            self.looked_at_topics(group, shapes)

    # Assignments

    def may_assign(self, group: ConsumerGroup) -> bool:
        """Whether the time since the last assignment is long enough for another (KIP-1263)."""
        interval_ms = self._config_of(group.group_id, "assignment.interval.ms")
        if not group.assigned_at_ms or not interval_ms:
            return True
        return self.now_ms() >= group.assigned_at_ms + interval_ms

    def assign(
        self,
        group: ConsumerGroup,
        epoch: int,
        members: list[ConsumerGroupMember],
        *,
        homogeneous: bool,
    ) -> dict[str, Assignment]:
        """Compute the target for an epoch of a group that will have these members."""
        by_id = {member.member_id: member for member in members}
        known = [member_id for member_id in group.ids_in_order() if member_id in by_id]
        new = [member_id for member_id in by_id if member_id not in group.members]
        # Members mostly subscribe to the same.
        topic_ids = {
            names: self.topic_ids(names) for names in {group.names_of(member) for member in members}
        }
        specs = {
            member_id: MemberSpec(
                by_id[member_id].instance_id,
                topic_ids[group.names_of(by_id[member_id])],
                self._target_so_far(group, by_id[member_id]),
            )
            for member_id in in_map_order([*known, *new])
        }
        partitions = dict(self.shapes(group.subscribed_names(members)).values())
        name = self.preferred_assignor(members)
        log.info("Group %s computes a target for epoch %d with %s", group.group_id, epoch, name)
        return ASSIGNORS[name](GroupSpec(specs, partitions, homogeneous))

    def _target_so_far(self, group: ConsumerGroup, member: ConsumerGroupMember) -> Assignment:
        found = group.target.get(member.member_id)
        return group.target_of(member.member_id, member.instance_id) if found is None else found

    def preferred_assignor(self, members: Iterable[ConsumerGroupMember]) -> str:
        """The assignor most members ask for, or the first configured one."""
        votes: dict[str, int] = {}
        for member in members:
            if member.server_assignor is not None:
                votes[member.server_assignor] = votes.get(member.server_assignor, 0) + 1
        return max(in_map_order(votes), key=lambda name: votes[name], default=self.assignors[0])

    def set_target(
        self, group: ConsumerGroup, epoch: int, assigned: Mapping[str, Assignment]
    ) -> None:
        """Let members have a new target."""
        group.assignment_epoch = epoch
        group.assigned_at_ms = self.now_ms()
        group.target = dict(assigned)

    # Departures

    def fence(self, group: ConsumerGroup, members: list[ConsumerGroupMember], reason: str) -> None:
        """Let members go; a group in which only classic members are left becomes a classic one."""
        if not members:
            return
        for member in members:
            log.info("Group %s lets member %s go: %s", group.group_id, member.member_id, reason)
        if self.migration.downgrades_without(group, members):
            self.migration.downgrade(group, members)
            return
        for member in members:
            group.remove(member.member_id)
            self._cancel_timers(group, member.member_id)
        for regex in group.resolved.keys() - group.regexes().keys():
            group.forget_regex(regex)
        group.topics = self.shapes(group.subscribed_names(group.members.values()))
        group.group_epoch += 1

    def watch(self, group: ConsumerGroup, member: ConsumerGroupMember) -> None:
        """Begin a member's session anew."""
        timeout = (
            self._session_timeout(group)
            if member.classic is None
            else member.classic.session_timeout_ms
        )
        self._watch(group, member.member_id, timeout)

    def _session_timeout(self, group: ConsumerGroup) -> int:
        return self._config_of(group.group_id, "session.timeout.ms")

    def _watch(self, group: ConsumerGroup, member_id: str, timeout_ms: int) -> None:
        self.fence_after(group, member_id, "session", timeout_ms, "the member session expired")

    def fence_after(
        self, group: ConsumerGroup, member_id: str, what: str, timeout_ms: int, reason: str
    ) -> None:
        """Let a member go after a time, unless it is heard of before."""

        def time_is_up() -> None:
            found = group.members.get(member_id)
            if found is not None and self._is_there(group):
                self.fence(group, [found], reason)

        self._timers.schedule((what, group.group_id, member_id), timeout_ms, time_is_up)

    def _is_there(self, group: ConsumerGroup) -> bool:
        return self._groups.get(group.group_id) is group

    def _cancel_timers(self, group: ConsumerGroup, member_id: str) -> None:
        for what in ("session", "rebalance", "join", "sync"):
            self._timers.cancel((what, group.group_id, member_id))

    def cancel_all_timers(self, group: ConsumerGroup) -> None:
        """Stop the time of all members of a group that ends."""
        for member_id in group.members:
            self._cancel_timers(group, member_id)

    def _config_of(self, group_id: str, name: str) -> int:
        """A setting of the group, where it has one of its own, or the broker's."""
        own = self._config.resources.get((OF_GROUP, group_id), {}).get(f"consumer.{name}")
        return self._config.get_int(f"group.consumer.{name}") if own is None else int(own)


_ASSIGNOR_CLASSES = {
    "org.apache.kafka.coordinator.group.assignor.UniformAssignor": "uniform",
    "org.apache.kafka.coordinator.group.assignor.RangeAssignor": "range",
}

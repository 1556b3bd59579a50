"""From the classic protocol to the consumer protocol and back, while members stay (KIP-848).

A classic group of consumers becomes one of the consumer protocol with the first heartbeat of a member
that speaks it, and a classic one again when the last such member goes. Which of it is allowed is said by
``group.consumer.migration.policy``.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from kafka_codecs.consumer_protocol import (
    ConsumerProtocolAssignment,
    TopicPartition,
    decode_assignment,
    decode_subscription,
    encode_assignment,
    protocol_version,
)
from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_11_join_group import JoinGroupRequest, JoinGroupRequestProtocol
from kafka_codecs.messages.api_14_sync_group import SyncGroupResponse
from kafka_codecs.schema import MalformedMessage
from kafkashim.config import Config
from kafkashim.groups.classic_group import ClassicGroup, GroupState
from kafkashim.groups.consumer_assignors import NOTHING, Assignment
from kafkashim.groups.consumer_group import ConsumerGroup, Topics
from kafkashim.groups.consumer_member import ClassicProtocols, ConsumerGroupMember
from kafkashim.groups.member import ClassicGroupMember, Join, failed_join
from kafkashim.groups.rebalance import Rebalancer
from kafkashim.groups.subscription import CONSUMER
from kafkashim.refused import Refused

if TYPE_CHECKING:
    from kafkashim.groups.consumer_coordinator import ConsumerCoordinator

# The newest version of JoinGroup: what a member said in any version fits in.
JOIN_VERSION = 9

log = logging.getLogger("kafkashim.groups")


class Migration:
    """Turns groups into groups of the other kind."""

    def __init__(
        self,
        config: Config,
        rebalancer: Rebalancer,
        groups: dict[str, ClassicGroup | ConsumerGroup],
        coordinator: ConsumerCoordinator,
        topics: Topics,
    ) -> None:
        self._config = config
        self._rebalancer = rebalancer
        self._groups = groups
        self._coordinator = coordinator
        self._topics = topics
        policy = config.get("group.consumer.migration.policy").lower()
        self.may_upgrade = policy in ("upgrade", "bidirectional")
        self._may_downgrade = policy in ("downgrade", "bidirectional")

    # To the consumer protocol

    def upgraded(self, classic: ClassicGroup) -> ConsumerGroup:
        """What a classic group becomes; it stays as it is until :meth:`dissolve`.

        Raises:
            Refused: it may or can not become one (GROUP_ID_NOT_FOUND).
        """
        self._check_upgrade(classic)
        group = ConsumerGroup(classic.group_id)
        group.group_epoch = group.assignment_epoch = classic.generation_id
        try:
            for member in classic.members.values():
                self._take_over(classic, member, group)
        except MalformedMessage as error:
            why = "the embedded consumer protocol is malformed."
            raise _cannot_upgrade(classic, why) from error
        names = group.subscribed_names(group.members.values())
        group.topics = self._coordinator.shapes(names)
        return group

    def _check_upgrade(self, classic: ClassicGroup) -> None:
        if not self.may_upgrade:
            raise _cannot_upgrade(classic, "online upgrade is disabled.")
        if classic.protocol_type != CONSUMER:
            why = "the group does not use the consumer embedded protocol."
            raise _cannot_upgrade(classic, why)
        if len(classic.members) > self._config.get_int("group.consumer.max.size"):
            why = "the group size exceeds the consumer group maximum size."
            raise _cannot_upgrade(classic, why)
        if classic.protocol_name is None:
            # The first generation has not begun: Apache Kafka does not expect this.
            raise Refused(ErrorCode.UNKNOWN_SERVER_ERROR, "No value present")

    def _take_over(
        self, classic: ClassicGroup, member: ClassicGroupMember, group: ConsumerGroup
    ) -> None:
        epoch = classic.generation_id
        assigned: Assignment = NOTHING
        if member.assignment:
            found = decode_assignment(member.assignment)
            if found.user_data:
                why = (
                    "an unsupported custom assignor is in use. Please refer to the documentation or "
                    "switch to a default assignor before re-attempting the upgrade."
                )
                raise _cannot_upgrade(classic, why)
            assigned = self._by_id(found.assigned_partitions)
        subscription = decode_subscription(member.metadata(classic.protocol_name))
        group.target[member.member_id] = assigned
        group.put(
            ConsumerGroupMember(
                member.member_id,
                epoch=epoch,
                previous_epoch=epoch,
                instance_id=member.group_instance_id,
                rack_id=subscription.rack_id or None,
                rebalance_timeout_ms=member.rebalance_timeout_ms,
                client_id=member.client_id or "",
                client_host=f"/{member.client_host}",
                topic_names=frozenset(subscription.topics),
                assigned={t: dict.fromkeys(sorted(p), epoch) for t, p in assigned.items()},
                classic=ClassicProtocols(
                    member.session_timeout_ms, tuple((p.name, p.metadata) for p in member.protocols)
                ),
            )
        )

    def _by_id(self, partitions: Iterable[TopicPartition]) -> Assignment:
        return {
            topic.topic_id: frozenset(found.partitions)
            for found in partitions
            if (topic := self._topics.by_name.get(found.topic)) is not None
        }

    def dissolve(self, classic: ClassicGroup) -> None:
        """End a classic group that became another: who waits is told, its members' time goes on."""
        for member in classic.members.values():
            error = ErrorCode.REBALANCE_IN_PROGRESS
            classic.answer_join(member, failed_join(error, member.member_id))
            classic.answer_sync(member, SyncGroupResponse(error_code=error, assignment=b""))
        self._rebalancer.forget(classic)
        group = self._groups.get(classic.group_id)
        log.info("Group %s is one of the consumer protocol now", classic.group_id)
        if isinstance(group, ConsumerGroup):
            for taken_over in group.members.values():
                self._coordinator.watch(group, taken_over)

    # Back to the classic protocol

    def downgrades_without(
        self, group: ConsumerGroup, leaving: Iterable[ConsumerGroupMember]
    ) -> bool:
        """Whether a group becomes a classic one when these members go."""
        gone = {member.member_id for member in leaving}
        left = [m for m in group.members.values() if m.member_id not in gone]
        return bool(left) and self._may_be_classic(left)

    def downgrades_with(self, group: ConsumerGroup, replaced: ConsumerGroupMember) -> bool:
        """Whether a group becomes a classic one when a static member comes back as a classic one."""
        left = [m for m in group.members.values() if m.member_id != replaced.member_id]
        return replaced.classic is None and self._may_be_classic([*left])

    def _may_be_classic(self, members: list[ConsumerGroupMember]) -> bool:
        return (
            all(member.classic is not None for member in members)
            and self._may_downgrade
            and len(members) <= self._config.group_max_size
        )

    def downgrade(
        self,
        group: ConsumerGroup,
        leaving: Iterable[ConsumerGroupMember] = (),
        joining: ConsumerGroupMember | None = None,
        *,
        rebalance: bool = True,
    ) -> None:
        """Let a group be a classic one, without some members or with one that comes back."""
        self._coordinator.cancel_all_timers(group)
        gone = {member.member_id for member in leaving}
        members = [m for m in group.members.values() if m.member_id not in gone]
        targets = {m.member_id: group.target.get(m.member_id, NOTHING) for m in members}
        if joining is not None:
            replaced = group.static_member(joining.instance_id)
            if replaced is not None:
                members = [m for m in members if m.member_id != replaced.member_id]
                targets[joining.member_id] = group.target.get(replaced.member_id, NOTHING)
            members.append(joining)
        classic = ClassicGroup(group.group_id, self._coordinator.now_ms())
        for member in members:
            classic.add(_as_classic(member, group.group_id), None)
        classic.generation_id = group.group_epoch
        classic.protocol_name = classic.select_protocol()
        classic.learn_topics()
        classic.transition_to(GroupState.STABLE, self._coordinator.now_ms())
        for added in classic.members.values():
            version = protocol_version(added.metadata(classic.protocol_name))
            added.assignment = self.encoded(targets[added.member_id], version)
            self._rebalancer.watch(classic, added)
        classic.persist()
        self._groups[group.group_id] = classic
        log.info("Group %s is a classic one now", group.group_id)
        if rebalance:
            self._rebalancer.prepare(classic, "it was of the consumer protocol before")

    def encoded(self, assigned: Mapping[UUID, Iterable[int]], version: int) -> bytes:
        """An assignment as members of the classic protocol read it."""
        partitions = [
            TopicPartition(topic=topic.name, partitions=list(found))
            for topic_id, found in assigned.items()
            if (topic := self._topics.by_id.get(topic_id)) is not None
        ]
        return encode_assignment(
            ConsumerProtocolAssignment(assigned_partitions=partitions), version
        )


def _cannot_upgrade(classic: ClassicGroup, why: str) -> Refused:
    text = f"Cannot upgrade classic group {classic.group_id} to consumer group because {why}"
    return Refused(ErrorCode.GROUP_ID_NOT_FOUND, text)


def _as_classic(member: ConsumerGroupMember, group_id: str) -> ClassicGroupMember:
    assert member.classic is not None
    request = JoinGroupRequest(
        group_id=group_id,
        session_timeout_ms=member.classic.session_timeout_ms,
        rebalance_timeout_ms=member.rebalance_timeout_ms,
        member_id=member.member_id,
        group_instance_id=member.instance_id,
        protocol_type=CONSUMER,
        protocols=[
            JoinGroupRequestProtocol(name=name, metadata=metadata)
            for name, metadata in member.classic.protocols
        ],
    )
    host = member.client_host.removeprefix("/")
    return ClassicGroupMember(member.member_id, Join(request, JOIN_VERSION, member.client_id, host))

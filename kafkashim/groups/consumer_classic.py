"""Members of the classic protocol in a group of the consumer protocol (KIP-848).

To them the member epoch is the generation, and a rebalance is the time until they have joined again with
what they are to have. Nobody leads: the coordinator assigns.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from kafka_codecs.consumer_protocol import (
    ConsumerProtocolSubscription,
    decode_subscription,
    protocol_version,
)
from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_11_join_group import JoinGroupResponse
from kafka_codecs.messages.api_12_heartbeat import HeartbeatRequest
from kafka_codecs.messages.api_13_leave_group import MemberIdentity, MemberResponse
from kafka_codecs.messages.api_14_sync_group import SyncGroupRequest, SyncGroupResponse
from kafka_codecs.messages.api_68_consumer_group_heartbeat import OwnedTopicPartitions
from kafka_codecs.schema import MalformedMessage
from kafkashim.config import Config
from kafkashim.groups.consumer_coordinator import ConsumerCoordinator
from kafkashim.groups.consumer_group import ConsumerGroup
from kafkashim.groups.consumer_heartbeats import Subscribing
from kafkashim.groups.consumer_member import ClassicProtocols, ConsumerGroupMember, MemberState
from kafkashim.groups.consumer_migration import Migration
from kafkashim.groups.member import Join
from kafkashim.groups.subscription import CONSUMER
from kafkashim.groups.timers import Timers
from kafkashim.ids import IdSource, base64_id
from kafkashim.refused import Refused


class ClassicInConsumerGroup:
    """JoinGroup, SyncGroup, Heartbeat and LeaveGroup where the group speaks the other protocol."""

    def __init__(
        self,
        config: Config,
        ids: IdSource,
        timers: Timers,
        groups: ConsumerCoordinator,
        migration: Migration,
    ) -> None:
        self._ids = ids
        self._timers = timers
        self._groups = groups
        self._migration = migration
        policy = config.get("group.consumer.migration.policy").lower()
        self._may_join = policy != "disabled"

    def join(self, group: ConsumerGroup, join: Join) -> None:
        """Let a client join, for the first time or again; the answer is there at once."""
        try:
            join.answer(self._join(group, join))
        except Refused as refused:
            join.fail(refused.error)

    def _join(self, group: ConsumerGroup, join: Join) -> JoinGroupResponse:
        request = join.request
        if not self._may_join:
            raise Refused(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
        member_id = request.member_id or base64_id(self._ids.uuid())
        self._groups.check_room(group, member_id)
        if not group.supports(request.protocol_type, [p.name for p in join.protocols]):
            raise Refused(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
        instance_id = request.group_instance_id
        if not request.member_id and instance_id is None and join.needs_member_id:
            return JoinGroupResponse(
                error_code=ErrorCode.MEMBER_ID_REQUIRED,
                member_id=member_id,
                protocol_name=None,
                leader="",
                members=[],
            )
        subscribing = Subscribing(self._groups, group)
        create = instance_id is None or not request.member_id
        member = subscribing.find(member_id, instance_id, create=create, classic=True)
        holder = group.static_member(instance_id)
        downgrade = holder is not None and self._migration.downgrades_with(group, holder)
        subscription = _subscription(join)
        updated = _updated(member, join, subscription)
        owned = self._owned(subscription)
        joined = subscribing.advance(member, updated, owned, downgrade=downgrade)
        stale = group.assignment_epoch < subscribing.epoch
        if downgrade:
            self._migration.downgrade(group, joining=joined, rebalance=stale)
        else:
            subscribing.commit()
        self._timers.cancel(("join", group.group_id, joined.member_id))
        if not downgrade:
            self._groups.watch(group, joined)
            reason = "the member failed to sync within timeout"
            timeout = join.rebalance_timeout_ms
            self._groups.fence_after(group, joined.member_id, "sync", timeout, reason)
        return JoinGroupResponse(
            member_id=joined.member_id,
            generation_id=joined.epoch,
            protocol_type=CONSUMER,
            protocol_name=join.protocols[0].name,
            leader="",
            members=[],
        )

    def _owned(self, subscription: ConsumerProtocolSubscription) -> list[OwnedTopicPartitions]:
        shapes = self._groups.shapes([found.topic for found in subscription.owned_partitions])
        return [
            OwnedTopicPartitions(topic_id=shapes[found.topic][0], partitions=found.partitions)
            for found in subscription.owned_partitions
            if found.topic in shapes
        ]

    def sync(self, group: ConsumerGroup, request: SyncGroupRequest) -> SyncGroupResponse:
        """Give a member what it has now."""
        try:
            member, protocols = self._member(group, request.member_id, request.group_instance_id)
            _check_generation(member, request.generation_id)
            if request.protocol_type not in (None, CONSUMER) or request.protocol_name not in (
                None,
                protocols.name,
            ):
                raise Refused(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
            unrevoked = member.state is MemberState.UNREVOKED_PARTITIONS
            if group.assignment_epoch > member.epoch and not unrevoked:
                self._join_in_time(group, member)
                raise Refused(ErrorCode.REBALANCE_IN_PROGRESS)
            version = protocol_version(protocols.protocols[0][1])
        except Refused as refused:
            return SyncGroupResponse(error_code=refused.error, assignment=b"")
        self._timers.cancel(("sync", group.group_id, member.member_id))
        self._groups.watch(group, member)
        return SyncGroupResponse(
            protocol_type=request.protocol_type,
            protocol_name=request.protocol_name,
            assignment=self._migration.encoded(member.assigned, version),
        )

    def heartbeat(self, group: ConsumerGroup, request: HeartbeatRequest) -> ErrorCode:
        """Take a member's sign of life; REBALANCE_IN_PROGRESS when it has to join again."""
        try:
            member, _ = self._member(group, request.member_id, request.group_instance_id)
            _check_generation(member, request.generation_id)
        except Refused as refused:
            return refused.error
        self._groups.watch(group, member)
        if (
            member.epoch < group.assignment_epoch
            or member.state is MemberState.UNREVOKED_PARTITIONS
            or (
                member.state is MemberState.UNRELEASED_PARTITIONS
                and not group.waits_for_others(member)
            )
        ):
            self._join_in_time(group, member)
            return ErrorCode.REBALANCE_IN_PROGRESS
        return ErrorCode.NONE

    def leave(
        self, group: ConsumerGroup, members: Iterable[MemberIdentity]
    ) -> list[MemberResponse]:
        """Let members go, of either protocol."""
        leaving: dict[str, ConsumerGroupMember] = {}
        responses: list[MemberResponse] = []
        for asked in members:
            error = ErrorCode.NONE
            try:
                found = self._leaving(group, asked)
                leaving[found.member_id] = found
            except Refused as refused:
                error = refused.error
            responses.append(
                MemberResponse(
                    member_id=asked.member_id,
                    group_instance_id=asked.group_instance_id,
                    error_code=error,
                )
            )
        self._groups.fence(group, list(leaving.values()), "it left")
        return responses

    def _leaving(self, group: ConsumerGroup, asked: MemberIdentity) -> ConsumerGroupMember:
        instance_id = asked.group_instance_id
        if instance_id is None:
            return group.member(asked.member_id)
        holder = group.static_member(instance_id)
        if holder is not None and not asked.member_id:
            return holder
        return self._groups.holds_instance(holder, asked.member_id, instance_id)

    def _member(
        self, group: ConsumerGroup, member_id: str, instance_id: str | None
    ) -> tuple[ConsumerGroupMember, ClassicProtocols]:
        if instance_id is None:
            member = group.member(member_id)
        else:
            holder = group.static_member(instance_id)
            member = self._groups.holds_instance(holder, member_id, instance_id)
        if member.classic is None:
            raise Refused(ErrorCode.UNKNOWN_MEMBER_ID)
        return member, member.classic

    def _join_in_time(self, group: ConsumerGroup, member: ConsumerGroupMember) -> None:
        """Give a member its rebalance timeout to join again, from the first time it is told."""
        if not self._timers.is_scheduled(("join", group.group_id, member.member_id)):
            reason = "the classic member failed to join within the rebalance timeout"
            timeout = member.rebalance_timeout_ms
            self._groups.fence_after(group, member.member_id, "join", timeout, reason)


def _check_generation(member: ConsumerGroupMember, generation_id: int) -> None:
    if generation_id != member.epoch:
        raise Refused(ErrorCode.ILLEGAL_GENERATION)


def _subscription(join: Join) -> ConsumerProtocolSubscription:
    try:
        return decode_subscription(join.protocols[0].metadata)
    except MalformedMessage as error:
        raise Refused(ErrorCode.UNKNOWN_SERVER_ERROR) from error


def _updated(
    member: ConsumerGroupMember, join: Join, subscription: ConsumerProtocolSubscription
) -> ConsumerGroupMember:
    request = join.request
    timeout = request.rebalance_timeout_ms
    instance_id = request.group_instance_id
    return replace(
        member,
        instance_id=member.instance_id if instance_id is None else instance_id,
        rack_id=subscription.rack_id or member.rack_id,
        rebalance_timeout_ms=member.rebalance_timeout_ms if timeout == -1 else timeout,
        topic_names=frozenset(subscription.topics),
        topic_regex="",
        client_id=join.client_id or "",
        client_host=f"/{join.client_host}",
        classic=ClassicProtocols(
            request.session_timeout_ms, tuple((p.name, p.metadata) for p in join.protocols)
        ),
    )

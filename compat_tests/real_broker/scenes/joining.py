"""Requests of consumer groups, and the way into one, for the scenes of their APIs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from compat_tests.real_broker.conversation import Conversation
from kafka_codecs.messages.api_08_offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from kafka_codecs.messages.api_11_join_group import JoinGroupRequest, JoinGroupRequestProtocol
from kafka_codecs.messages.api_12_heartbeat import HeartbeatRequest
from kafka_codecs.messages.api_13_leave_group import LeaveGroupRequest, MemberIdentity
from kafka_codecs.messages.api_14_sync_group import SyncGroupRequest, SyncGroupRequestAssignment

MEMBER_ID_REQUIRED = 79
REBALANCE_IN_PROGRESS = 27
# From these versions on static members and a list of leaving members are known.
STATIC_JOIN, STATIC_SYNC, STATIC_HEARTBEAT, MANY_LEAVE = 5, 3, 3, 3
STATIC_COMMIT = 7


def join(
    group: str,
    member: str = "",
    *,
    instance: str | None = None,
    protocols: Sequence[str] = ("range", "roundrobin"),
    protocol_type: str = "consumer",
    session_ms: int = 30_000,
    rebalance_ms: int = 60_000,
    reason: str | None = None,
) -> JoinGroupRequest:
    offered = [JoinGroupRequestProtocol(name=name, metadata=b"\0\0\0\0\0\0") for name in protocols]
    return JoinGroupRequest(
        group_id=group,
        session_timeout_ms=session_ms,
        rebalance_timeout_ms=rebalance_ms,
        member_id=member,
        group_instance_id=instance,
        protocol_type=protocol_type,
        protocols=offered,
        reason=reason,
    )


def sync(
    group: str,
    generation: int,
    member: str,
    assignments: Sequence[tuple[str, bytes]] = (),
    *,
    instance: str | None = None,
    protocol_type: str | None = "consumer",
    protocol: str | None = "range",
) -> SyncGroupRequest:
    return SyncGroupRequest(
        group_id=group,
        generation_id=generation,
        member_id=member,
        group_instance_id=instance,
        protocol_type=protocol_type,
        protocol_name=protocol,
        assignments=[
            SyncGroupRequestAssignment(member_id=to, assignment=given) for to, given in assignments
        ],
    )


def heartbeat(
    group: str, generation: int, member: str, instance: str | None = None
) -> HeartbeatRequest:
    return HeartbeatRequest(
        group_id=group, generation_id=generation, member_id=member, group_instance_id=instance
    )


def leave(version: int, group: str, *members: tuple[str, str | None]) -> LeaveGroupRequest:
    if version < MANY_LEAVE:
        return LeaveGroupRequest(group_id=group, member_id=members[0][0] if members else "")
    leaving = [MemberIdentity(member_id=who, group_instance_id=static) for who, static in members]
    return LeaveGroupRequest(group_id=group, members=leaving)


def commit(
    group: str,
    topics: Sequence[tuple[str | UUID, Sequence[tuple[int, int]]]],
    generation: int = -1,
    member: str = "",
    *,
    instance: str | None = None,
    metadata: str | None = "m",
) -> OffsetCommitRequest:
    """``topics`` are (name or id, [(partition, offset)])."""
    return OffsetCommitRequest(
        group_id=group,
        generation_id_or_member_epoch=generation,
        member_id=member,
        group_instance_id=instance,
        topics=[
            OffsetCommitRequestTopic(
                name="" if isinstance(topic, UUID) else topic,
                topic_id=topic if isinstance(topic, UUID) else UUID(int=0),
                partitions=[
                    OffsetCommitRequestPartition(
                        partition_index=index, committed_offset=offset, committed_metadata=metadata
                    )
                    for index, offset in parts
                ],
            )
            for topic, parts in topics
        ],
    )


def member_of(c: Conversation, group: str, connection: str = "main", **more: Any) -> Any:
    """Join a group alone, quietly and to the end; gives the answer to the join."""
    joined = c.quietly(join(group, **more), 5, connection)
    if joined.error_code == MEMBER_ID_REQUIRED:
        joined = c.quietly(join(group, joined.member_id, **more), 5, connection)
    c.normalizer.name("member id", joined.member_id)
    request = sync(group, joined.generation_id, joined.member_id, [(joined.member_id, b"all")])
    c.quietly(request, 3, connection)
    return joined

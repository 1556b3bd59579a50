"""Committed offsets of groups of the consumer protocol: who may commit and fetch, when they expire.

``ConsumerGroup.validateOffsetCommit``, ``validateOffsetFetch`` and ``offsetExpirationCondition``.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from kafka_codecs.errors import ErrorCode
from kafkashim.groups.consumer_group import ConsumerGroup
from kafkashim.groups.consumer_member import ConsumerGroupMember
from kafkashim.groups.offsets import Offsets

FIRST_COMMIT_VERSION_FOR_CONSUMERS = 9


def commit_error(
    group: ConsumerGroup,
    member_id: str,
    epoch: int,
    version: int,
    partitions: Iterable[tuple[UUID, int]],
) -> ErrorCode:
    """Whether somebody may commit offsets of these partitions (topic id, index).

    A member that missed an epoch may commit what it has had since then (KIP-1251).
    """
    if epoch < 0 and group.is_empty:
        return ErrorCode.NONE
    member = group.members.get(member_id)
    if member is None:
        return ErrorCode.UNKNOWN_MEMBER_ID
    if member.classic is None and version < FIRST_COMMIT_VERSION_FOR_CONSUMERS:
        return ErrorCode.UNSUPPORTED_VERSION
    if epoch == member.epoch:
        return ErrorCode.NONE
    if epoch > member.epoch:
        return _other_epoch(member)
    for topic_id, partition in partitions:
        since = member.epoch_of(topic_id, partition)
        if since is None or epoch < since:
            return _other_epoch(member)
    return ErrorCode.NONE


def offset_fetch_error(group: ConsumerGroup, member_id: str | None, epoch: int) -> ErrorCode:
    """Whether somebody may fetch the group's offsets."""
    if member_id is None and epoch < 0:
        return ErrorCode.NONE
    if member_id is None:
        # A null that nobody expects there.
        return ErrorCode.UNKNOWN_SERVER_ERROR
    member = group.members.get(member_id)
    if member is None:
        return ErrorCode.UNKNOWN_MEMBER_ID
    return ErrorCode.NONE if epoch == member.epoch else _other_epoch(member)


def _other_epoch(member: ConsumerGroupMember) -> ErrorCode:
    if member.classic is not None:
        return ErrorCode.ILLEGAL_GENERATION
    return ErrorCode.STALE_MEMBER_EPOCH


def expire_offsets_of_consumers(
    group: ConsumerGroup, offsets: Offsets, now_ms: int, retention_ms: int
) -> bool:
    """Forget the offsets of topics nobody reads whose time has come; whether none is left."""
    subscribed = group.subscribed_names(group.members.values())
    expired = [
        (topic, partition)
        for topic, partitions in offsets.of_group(group.group_id).items()
        if topic not in subscribed
        for partition, offset in partitions.items()
        if (
            now_ms - offset.committed_at_ms >= retention_ms
            if offset.expires_at_ms is None
            else now_ms >= offset.expires_at_ms
        )
    ]
    for topic, partition in expired:
        offsets.remove(group.group_id, topic, partition)
    return not offsets.of_group(group.group_id)

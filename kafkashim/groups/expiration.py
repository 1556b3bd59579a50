"""When committed offsets are forgotten, and groups that have nothing left (KIP-211).

``ClassicGroup.offsetExpirationCondition`` and ``OffsetMetadataManager.cleanupExpiredOffsets``.
"""

from __future__ import annotations

from kafkashim.groups.classic_group import ClassicGroup, GroupState
from kafkashim.groups.offsets import OffsetAndMetadata, Offsets


def expire_offsets(group: ClassicGroup, offsets: Offsets, now_ms: int, retention_ms: int) -> bool:
    """Forget the offsets of a group whose time has come; whether the group has none left."""
    of_group = offsets.of_group(group.group_id)
    if not of_group:
        return True
    subscribed: set[str] = set()
    if group.protocol_type is not None and group.state is not GroupState.EMPTY:
        if group.state is not GroupState.STABLE or group.topics is None:
            return False
        subscribed = group.topics
    expired = [
        (topic, partition)
        for topic, partitions in of_group.items()
        if topic not in subscribed
        for partition, offset in partitions.items()
        if _is_expired(offset, group, now_ms, retention_ms)
    ]
    for topic, partition in expired:
        offsets.remove(group.group_id, topic, partition)
    return not offsets.of_group(group.group_id)


def _is_expired(
    offset: OffsetAndMetadata, group: ClassicGroup, now_ms: int, retention_ms: int
) -> bool:
    if offset.expires_at_ms is not None:
        return now_ms >= offset.expires_at_ms
    had_members = group.protocol_type is not None and group.state is GroupState.EMPTY
    since_ms = group.state_since_ms if had_members else offset.committed_at_ms
    return now_ms - since_ms >= retention_ms

"""When committed offsets are forgotten, and groups that have nothing left (KIP-211).

``ClassicGroup.offsetExpirationCondition`` and ``OffsetMetadataManager.cleanupExpiredOffsets``.
"""

from __future__ import annotations

import struct

from kafkashim.groups.classic_group import ClassicGroup, GroupState
from kafkashim.groups.offsets import OffsetAndMetadata, Offsets

CONSUMER_PROTOCOL_TYPE = "consumer"


def expire_offsets(group: ClassicGroup, offsets: Offsets, now_ms: int, retention_ms: int) -> bool:
    """Forget the offsets of a group whose time has come; whether the group has none left."""
    of_group = offsets.of_group(group.group_id)
    if not of_group:
        return True
    subscribed: set[str] = set()
    if group.protocol_type is not None and group.state is not GroupState.EMPTY:
        found = subscribed_topics(group)
        if found is None:
            return False
        subscribed = found
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


def subscribed_topics(group: ClassicGroup) -> set[str] | None:
    """The topics the members of a stable group of consumers read; ``None`` when it is not known."""
    if group.protocol_type != CONSUMER_PROTOCOL_TYPE or group.state is not GroupState.STABLE:
        return None
    try:
        return {
            topic
            for member in group.members.values()
            for topic in _subscription(member.metadata(group.protocol_name))
        }
    except (struct.error, UnicodeDecodeError):
        return None


def _subscription(metadata: bytes) -> list[str]:
    """The topics of a ``ConsumerProtocolSubscription``: after the version, strings as in version 0."""
    topics: list[str] = []
    (count,) = struct.unpack_from(">i", metadata, 2)
    o = 6
    for _ in range(count):
        (length,) = struct.unpack_from(">h", metadata, o)
        if length < 0:
            raise struct.error("a topic without a name")
        (raw,) = struct.unpack_from(f"{length}s", metadata, o + 2)
        topics.append(raw.decode())
        o += 2 + length
    return topics

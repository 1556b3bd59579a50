"""What consumers of the classic protocol say to each other through the coordinator.

The metadata in JoinGroup and the assignment in SyncGroup, each behind its version number
(``ConsumerProtocol``). Version 1 adds the partitions a member owns (KIP-429), 2 the generation it owned
them in (KIP-792), 3 its rack (KIP-881).
"""

from __future__ import annotations

import struct

from kafka_codecs.schema import Buffer, MalformedMessage, Message, Struct, field
from kafka_codecs.types import ARRAY, BYTES, INT32, STRING

HIGHEST_VERSION = 3


class TopicPartition(Struct):
    """Some partitions of a topic."""

    topic: str = field(STRING)
    partitions: list[int] = field(ARRAY(INT32))


class ConsumerProtocolSubscription(Message, versions="0-3"):
    """What a member wants to read, and what it has."""

    topics: list[str] = field(ARRAY(STRING))
    user_data: bytes | None = field(BYTES, nullable="0+", default=None)
    owned_partitions: list[TopicPartition] = field(ARRAY(TopicPartition), "1+", default=())
    generation_id: int = field(INT32, "2+", default=-1)
    rack_id: str | None = field(STRING, "3+", nullable="3+", default=None)


class ConsumerProtocolAssignment(Message, versions="0-3"):
    """What a member is to read."""

    assigned_partitions: list[TopicPartition] = field(ARRAY(TopicPartition))
    user_data: bytes | None = field(BYTES, nullable="0+", default=None)


def protocol_version(data: Buffer) -> int:
    """The version in front; a newer one than is known here is read as the newest.

    Raises:
        MalformedMessage: there is none, or it is negative.
    """
    if len(data) < 2:
        raise MalformedMessage("version", 0, "no version")
    (version,) = struct.unpack_from(">h", data)
    if version < 0:
        raise MalformedMessage("version", 0, f"version {version}")
    return min(int(version), HIGHEST_VERSION)


def decode_subscription(data: Buffer) -> ConsumerProtocolSubscription:
    """Read the metadata of a JoinGroup.

    Raises:
        MalformedMessage: it cannot be read.
    """
    return ConsumerProtocolSubscription.decode(memoryview(data)[2:], protocol_version(data))


def decode_assignment(data: Buffer) -> ConsumerProtocolAssignment:
    """Read an assignment of a SyncGroup.

    Raises:
        MalformedMessage: it cannot be read.
    """
    return ConsumerProtocolAssignment.decode(memoryview(data)[2:], protocol_version(data))


def encode_assignment(assignment: ConsumerProtocolAssignment, version: int) -> bytes:
    """Write an assignment with its version in front."""
    return struct.pack(">h", version) + assignment.encode(version)

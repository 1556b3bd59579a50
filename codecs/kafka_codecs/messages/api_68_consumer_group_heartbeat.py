"""ConsumerGroupHeartbeat (key 68): be a member of a group whose coordinator assigns (KIP-848).

Version 1 adds subscriptions by regular expression, and the client makes its member id itself (KIP-1082).
"""

from __future__ import annotations

from uuid import UUID as Uuid

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, INT16, INT32, STRING, STRUCT, UUID


class OwnedTopicPartitions(Struct):
    """``topic_partitions[]`` of :class:`ConsumerGroupHeartbeatRequest`."""

    topic_id: Uuid = field(UUID)
    partitions: list[int] = field(ARRAY(INT32))


class ConsumerGroupHeartbeatRequest(Request, api_key=68, versions="0-1", flexible="0+"):
    """What the member wants and has; null and -1 stand for what did not change."""

    group_id: str = field(STRING)
    member_id: str = field(STRING)
    member_epoch: int = field(INT32)
    instance_id: str | None = field(STRING, nullable="0+", default=None)
    rack_id: str | None = field(STRING, nullable="0+", default=None)
    rebalance_timeout_ms: int = field(INT32, default=-1)
    subscribed_topic_names: list[str] | None = field(ARRAY(STRING), nullable="0+", default=None)
    subscribed_topic_regex: str | None = field(STRING, "1+", nullable="1+", default=None)
    server_assignor: str | None = field(STRING, nullable="0+", default=None)
    topic_partitions: list[OwnedTopicPartitions] | None = field(
        ARRAY(OwnedTopicPartitions), nullable="0+", default=None
    )


class TopicPartitions(Struct):
    """``topic_partitions[]`` of :class:`Assignment`."""

    topic_id: Uuid = field(UUID)
    partitions: list[int] = field(ARRAY(INT32))


class Assignment(Struct):
    """``assignment`` of :class:`ConsumerGroupHeartbeatResponse`."""

    topic_partitions: list[TopicPartitions] = field(ARRAY(TopicPartitions))


class ConsumerGroupHeartbeatResponse(Response, api_key=68, versions="0-1", flexible="0+"):
    """The member's epoch, and its assignment when that is new to it."""

    throttle_time_ms: int = field(INT32, default=0)
    error_code: int = field(INT16, default=0)
    error_message: str | None = field(STRING, nullable="0+", default=None)
    member_id: str | None = field(STRING, nullable="0+", default=None)
    member_epoch: int = field(INT32)
    heartbeat_interval_ms: int = field(INT32)
    assignment: Assignment | None = field(STRUCT(Assignment), nullable="0+", default=None)

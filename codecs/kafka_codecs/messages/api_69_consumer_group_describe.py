"""ConsumerGroupDescribe (key 69): who is in groups of the consumer protocol (KIP-848).

Version 1 tells which protocol each member speaks (KIP-1099).
"""

from __future__ import annotations

from uuid import UUID as Uuid

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, BOOLEAN, INT8, INT16, INT32, STRING, STRUCT, UUID


class ConsumerGroupDescribeRequest(Request, api_key=69, versions="0-1", flexible="0+"):
    """Which groups."""

    group_ids: list[str] = field(ARRAY(STRING))
    include_authorized_operations: bool = field(BOOLEAN)


class TopicPartitions(Struct):
    """``topic_partitions[]`` of :class:`Assignment`."""

    topic_id: Uuid = field(UUID)
    topic_name: str = field(STRING)
    partitions: list[int] = field(ARRAY(INT32))


class Assignment(Struct):
    """``assignment`` of :class:`Member`."""

    topic_partitions: list[TopicPartitions] = field(ARRAY(TopicPartitions))


class Member(Struct):
    """``members[]`` of :class:`DescribedGroup`."""

    member_id: str = field(STRING)
    instance_id: str | None = field(STRING, nullable="0+", default=None)
    rack_id: str | None = field(STRING, nullable="0+", default=None)
    member_epoch: int = field(INT32)
    client_id: str = field(STRING)
    client_host: str = field(STRING)
    subscribed_topic_names: list[str] = field(ARRAY(STRING))
    subscribed_topic_regex: str | None = field(STRING, nullable="0+", default=None)
    assignment: Assignment = field(STRUCT(Assignment))
    target_assignment: Assignment = field(STRUCT(Assignment))
    member_type: int = field(INT8, "1+", default=-1)


class DescribedGroup(Struct):
    """``groups[]`` of :class:`ConsumerGroupDescribeResponse`."""

    error_code: int = field(INT16, default=0)
    error_message: str | None = field(STRING, nullable="0+", default=None)
    group_id: str = field(STRING)
    group_state: str = field(STRING)
    group_epoch: int = field(INT32)
    assignment_epoch: int = field(INT32)
    assignor_name: str = field(STRING)
    members: list[Member] = field(ARRAY(Member))
    authorized_operations: int = field(INT32, default=-2147483648)


class ConsumerGroupDescribeResponse(Response, api_key=69, versions="0-1", flexible="0+"):
    """Per group its epochs and members, with what they have and are to have."""

    throttle_time_ms: int = field(INT32, default=0)
    groups: list[DescribedGroup] = field(ARRAY(DescribedGroup))

"""DescribeTopicPartitions (key 75): topics and their partitions, a page at a time (KIP-966)."""

from __future__ import annotations

from uuid import UUID as Uuid

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, BOOLEAN, INT16, INT32, STRING, STRUCT, UUID


class TopicRequest(Struct):
    """``topics[]`` of :class:`DescribeTopicPartitionsRequest`."""

    name: str = field(STRING)


class Cursor(Struct):
    """``cursor`` of :class:`DescribeTopicPartitionsRequest`."""

    topic_name: str = field(STRING)
    partition_index: int = field(INT32)


class DescribeTopicPartitionsRequest(Request, api_key=75, versions="0", flexible="0+"):
    """The topics, none for all; at most so many partitions; where to go on, null for the start."""

    topics: list[TopicRequest] = field(ARRAY(TopicRequest))
    response_partition_limit: int = field(INT32, default=2000)
    cursor: Cursor | None = field(STRUCT(Cursor), nullable="0+", default=None)


class DescribeTopicPartitionsResponsePartition(Struct):
    """``partitions[]`` of :class:`DescribeTopicPartitionsResponseTopic`."""

    error_code: int = field(INT16, default=0)
    partition_index: int = field(INT32)
    leader_id: int = field(INT32)
    leader_epoch: int = field(INT32, default=-1)
    replica_nodes: list[int] = field(ARRAY(INT32))
    isr_nodes: list[int] = field(ARRAY(INT32))
    eligible_leader_replicas: list[int] | None = field(ARRAY(INT32), nullable="0+", default=None)
    last_known_elr: list[int] | None = field(ARRAY(INT32), nullable="0+", default=None)
    offline_replicas: list[int] = field(ARRAY(INT32))


class DescribeTopicPartitionsResponseTopic(Struct):
    """``topics[]`` of :class:`DescribeTopicPartitionsResponse`."""

    error_code: int = field(INT16, default=0)
    name: str | None = field(STRING, nullable="0+")
    topic_id: Uuid = field(UUID)
    is_internal: bool = field(BOOLEAN, default=False)
    partitions: list[DescribeTopicPartitionsResponsePartition] = field(
        ARRAY(DescribeTopicPartitionsResponsePartition)
    )
    topic_authorized_operations: int = field(INT32, default=-2147483648)


class NextCursor(Struct):
    """``next_cursor`` of :class:`DescribeTopicPartitionsResponse`."""

    topic_name: str = field(STRING)
    partition_index: int = field(INT32)


class DescribeTopicPartitionsResponse(Response, api_key=75, versions="0", flexible="0+"):
    """Topics in the order of their names; ``next_cursor`` is null when there is no more."""

    throttle_time_ms: int = field(INT32, default=0)
    topics: list[DescribeTopicPartitionsResponseTopic] = field(
        ARRAY(DescribeTopicPartitionsResponseTopic)
    )
    next_cursor: NextCursor | None = field(STRUCT(NextCursor), nullable="0+", default=None)

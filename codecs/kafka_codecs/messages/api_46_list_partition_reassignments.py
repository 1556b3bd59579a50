"""ListPartitionReassignments (key 46): which replicas are being moved to other brokers (KIP-455)."""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, INT16, INT32, STRING


class ListPartitionReassignmentsTopics(Struct):
    """``topics[]`` of :class:`ListPartitionReassignmentsRequest`."""

    name: str = field(STRING)
    partition_indexes: list[int] = field(ARRAY(INT32))


class ListPartitionReassignmentsRequest(Request, api_key=46, versions="0", flexible="0+"):
    """The partitions wanted; null for all there are."""

    timeout_ms: int = field(INT32, default=60000)
    topics: list[ListPartitionReassignmentsTopics] | None = field(
        ARRAY(ListPartitionReassignmentsTopics), nullable="0+", default=None
    )


class OngoingPartitionReassignment(Struct):
    """``partitions[]`` of :class:`OngoingTopicReassignment`."""

    partition_index: int = field(INT32)
    replicas: list[int] = field(ARRAY(INT32))
    adding_replicas: list[int] = field(ARRAY(INT32))
    removing_replicas: list[int] = field(ARRAY(INT32))


class OngoingTopicReassignment(Struct):
    """``topics[]`` of :class:`ListPartitionReassignmentsResponse`."""

    name: str = field(STRING)
    partitions: list[OngoingPartitionReassignment] = field(ARRAY(OngoingPartitionReassignment))


class ListPartitionReassignmentsResponse(Response, api_key=46, versions="0", flexible="0+"):
    """The partitions wanted that are being moved, the others not."""

    throttle_time_ms: int = field(INT32, default=0)
    error_code: int = field(INT16, default=0)
    error_message: str | None = field(STRING, nullable="0+")
    topics: list[OngoingTopicReassignment] = field(ARRAY(OngoingTopicReassignment))

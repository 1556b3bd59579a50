"""DescribeProducers (key 61): the producers a partition remembers (KIP-664)."""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, INT16, INT32, INT64, STRING


class TopicRequest(Struct):
    """``topics[]`` of :class:`DescribeProducersRequest`."""

    name: str = field(STRING)
    partition_indexes: list[int] = field(ARRAY(INT32))


class DescribeProducersRequest(Request, api_key=61, versions="0", flexible="0+"):
    """Which partitions."""

    topics: list[TopicRequest] = field(ARRAY(TopicRequest))


class ProducerState(Struct):
    """``active_producers[]`` of :class:`PartitionResponse`."""

    producer_id: int = field(INT64)
    producer_epoch: int = field(INT32)
    last_sequence: int = field(INT32, default=-1)
    last_timestamp: int = field(INT64, default=-1)
    coordinator_epoch: int = field(INT32)
    current_txn_start_offset: int = field(INT64, default=-1)


class PartitionResponse(Struct):
    """``partitions[]`` of :class:`TopicResponse`."""

    partition_index: int = field(INT32)
    error_code: int = field(INT16, default=0)
    error_message: str | None = field(STRING, nullable="0+", default=None)
    active_producers: list[ProducerState] = field(ARRAY(ProducerState))


class TopicResponse(Struct):
    """``topics[]`` of :class:`DescribeProducersResponse`."""

    name: str = field(STRING)
    partitions: list[PartitionResponse] = field(ARRAY(PartitionResponse))


class DescribeProducersResponse(Response, api_key=61, versions="0", flexible="0+"):
    """Per partition the active producers: id, epoch, last sequence."""

    throttle_time_ms: int = field(INT32, default=0)
    topics: list[TopicResponse] = field(ARRAY(TopicResponse))

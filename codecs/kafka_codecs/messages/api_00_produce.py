"""Produce (key 0): batches to append, and the offset each of them got.

Version 3 is the oldest that is decoded: it brought ``transactional_id`` and record batches (v2).
7 allows zstd (KIP-110); 8 adds ``record_errors`` (KIP-467); 9 is flexible; 10 adds the tagged
``current_leader`` and ``node_endpoints`` (KIP-951); 11 and 12 are for transactions (KIP-890);
13 names topics by id (KIP-516).
"""

from __future__ import annotations

from uuid import UUID as Uuid

from kafka_codecs.schema import UNSET, ZERO_UUID, Buffer, Request, Response, Struct, field
from kafka_codecs.types import ARRAY, INT16, INT32, INT64, RECORDS, STRING, STRUCT, UUID


class PartitionProduceData(Struct):
    """``partition_data[]`` of :class:`TopicProduceData`."""

    index: int = field(INT32)
    records: Buffer | list[Buffer] | list[memoryview] | None = field(
        RECORDS, nullable="0+", default=None
    )


class TopicProduceData(Struct):
    """``topic_data[]`` of :class:`ProduceRequest`."""

    name: str = field(STRING, "0-12", default="")
    topic_id: Uuid = field(UUID, "13+", default=ZERO_UUID)
    partition_data: list[PartitionProduceData] = field(ARRAY(PartitionProduceData))


class ProduceRequest(Request, api_key=0, versions="3-13", flexible="9+"):
    """Batches for some partitions, and how many replicas must have them first."""

    transactional_id: str | None = field(STRING, nullable="3+", default=None)
    acks: int = field(INT16)
    timeout_ms: int = field(INT32)
    topic_data: list[TopicProduceData] = field(ARRAY(TopicProduceData))


class BatchIndexAndErrorMessage(Struct):
    """``record_errors[]`` of :class:`PartitionProduceResponse`."""

    batch_index: int = field(INT32, "8+", default=0)
    batch_index_error_message: str | None = field(STRING, "8+", nullable="8+", default=None)


class LeaderIdAndEpoch(Struct):
    """``current_leader`` of :class:`PartitionProduceResponse`."""

    leader_id: int = field(INT32, "10+", default=-1)
    leader_epoch: int = field(INT32, "10+", default=-1)


class PartitionProduceResponse(Struct):
    """``partition_responses[]`` of :class:`TopicProduceResponse`."""

    index: int = field(INT32)
    error_code: int = field(INT16, default=0)
    base_offset: int = field(INT64)
    log_append_time_ms: int = field(INT64, default=-1)
    log_start_offset: int = field(INT64, "5+", default=-1)
    record_errors: list[BatchIndexAndErrorMessage] = field(
        ARRAY(BatchIndexAndErrorMessage), "8+", default=()
    )
    error_message: str | None = field(STRING, "8+", nullable="8+", default=None)
    current_leader: LeaderIdAndEpoch = field(STRUCT(LeaderIdAndEpoch), "10+", tag=0, default=UNSET)


class TopicProduceResponse(Struct):
    """``responses[]`` of :class:`ProduceResponse`."""

    name: str = field(STRING, "0-12", default="")
    topic_id: Uuid = field(UUID, "13+", default=ZERO_UUID)
    partition_responses: list[PartitionProduceResponse] = field(ARRAY(PartitionProduceResponse))


class NodeEndpoint(Struct):
    """``node_endpoints[]`` of :class:`ProduceResponse`."""

    node_id: int = field(INT32, "10+", default=0)
    host: str = field(STRING, "10+", default="")
    port: int = field(INT32, "10+", default=0)
    rack: str | None = field(STRING, "10+", nullable="10+", default=None)


class ProduceResponse(Response, api_key=0, versions="3-13", flexible="9+"):
    """Per partition the base offset of the batch, or why it was refused."""

    responses: list[TopicProduceResponse] = field(ARRAY(TopicProduceResponse))
    throttle_time_ms: int = field(INT32, default=0)
    node_endpoints: list[NodeEndpoint] = field(ARRAY(NodeEndpoint), "10+", tag=0, default=())

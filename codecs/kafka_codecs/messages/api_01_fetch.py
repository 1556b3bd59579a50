"""Fetch (key 1): batches from an offset on.

Version 4 brought isolation levels; 5 the log start offset; 7 fetch sessions (KIP-227);
9 leader epochs (KIP-320); 10 zstd (KIP-110); 11 racks (KIP-392); 12 is flexible and detects
diverging logs (KIP-595); 13 names topics by id (KIP-516); 15 moves the replica into a tagged field
(KIP-903); 16 adds ``node_endpoints`` (KIP-951); 17 and 18 concern replicas only.
"""

from __future__ import annotations

from uuid import UUID as Uuid

from kafka_codecs.schema import UNSET, ZERO_UUID, Buffer, Request, Response, Struct, field
from kafka_codecs.types import ARRAY, INT8, INT16, INT32, INT64, RECORDS, STRING, STRUCT, UUID


class ReplicaState(Struct):
    """``replica_state`` of :class:`FetchRequest`."""

    replica_id: int = field(INT32, "15+", default=-1)
    replica_epoch: int = field(INT64, "15+", default=-1)


class FetchPartition(Struct):
    """``partitions[]`` of :class:`FetchTopic`."""

    partition: int = field(INT32)
    current_leader_epoch: int = field(INT32, "9+", default=-1)
    fetch_offset: int = field(INT64)
    last_fetched_epoch: int = field(INT32, "12+", default=-1)
    log_start_offset: int = field(INT64, "5+", default=-1)
    partition_max_bytes: int = field(INT32)
    replica_directory_id: Uuid = field(UUID, "17+", tag=0, default=ZERO_UUID)
    high_watermark: int = field(INT64, "18+", tag=1, default=9223372036854775807)


class FetchTopic(Struct):
    """``topics[]`` of :class:`FetchRequest`."""

    topic: str = field(STRING, "0-12", default="")
    topic_id: Uuid = field(UUID, "13+", default=ZERO_UUID)
    partitions: list[FetchPartition] = field(ARRAY(FetchPartition))


class ForgottenTopic(Struct):
    """``forgotten_topics_data[]`` of :class:`FetchRequest`."""

    topic: str = field(STRING, "7-12", default="")
    topic_id: Uuid = field(UUID, "13+", default=ZERO_UUID)
    partitions: list[int] = field(ARRAY(INT32), "7+", default=())


class FetchRequest(Request, api_key=1, versions="4-18", flexible="12+"):
    """From where to read, how much, and how long to wait for it."""

    cluster_id: str | None = field(STRING, "12+", nullable="12+", tag=0, default=None)
    replica_id: int = field(INT32, "0-14", default=-1)
    replica_state: ReplicaState = field(STRUCT(ReplicaState), "15+", tag=1, default=UNSET)
    max_wait_ms: int = field(INT32)
    min_bytes: int = field(INT32)
    max_bytes: int = field(INT32, default=2147483647)
    isolation_level: int = field(INT8, default=0)
    session_id: int = field(INT32, "7+", default=0)
    session_epoch: int = field(INT32, "7+", default=-1)
    topics: list[FetchTopic] = field(ARRAY(FetchTopic))
    forgotten_topics_data: list[ForgottenTopic] = field(ARRAY(ForgottenTopic), "7+", default=())
    rack_id: str = field(STRING, "11+", default="")


class EpochEndOffset(Struct):
    """``diverging_epoch`` of :class:`PartitionData`."""

    epoch: int = field(INT32, "12+", default=-1)
    end_offset: int = field(INT64, "12+", default=-1)


class LeaderIdAndEpoch(Struct):
    """``current_leader`` of :class:`PartitionData`."""

    leader_id: int = field(INT32, "12+", default=-1)
    leader_epoch: int = field(INT32, "12+", default=-1)


class SnapshotId(Struct):
    """``snapshot_id`` of :class:`PartitionData`."""

    end_offset: int = field(INT64, default=-1)
    epoch: int = field(INT32, default=-1)


class AbortedTransaction(Struct):
    """``aborted_transactions[]`` of :class:`PartitionData`."""

    producer_id: int = field(INT64)
    first_offset: int = field(INT64)


class PartitionData(Struct):
    """``partitions[]`` of :class:`FetchableTopicResponse`."""

    partition_index: int = field(INT32)
    error_code: int = field(INT16, default=0)
    high_watermark: int = field(INT64)
    last_stable_offset: int = field(INT64, default=-1)
    log_start_offset: int = field(INT64, "5+", default=-1)
    diverging_epoch: EpochEndOffset = field(STRUCT(EpochEndOffset), "12+", tag=0, default=UNSET)
    current_leader: LeaderIdAndEpoch = field(STRUCT(LeaderIdAndEpoch), "12+", tag=1, default=UNSET)
    snapshot_id: SnapshotId = field(STRUCT(SnapshotId), "12+", tag=2, default=UNSET)
    aborted_transactions: list[AbortedTransaction] | None = field(
        ARRAY(AbortedTransaction), nullable="4+"
    )
    preferred_read_replica: int = field(INT32, "11+", default=-1)
    records: Buffer | list[Buffer] | list[memoryview] | None = field(
        RECORDS, nullable="0+", default=None
    )


class FetchableTopicResponse(Struct):
    """``responses[]`` of :class:`FetchResponse`."""

    topic: str = field(STRING, "0-12", default="")
    topic_id: Uuid = field(UUID, "13+", default=ZERO_UUID)
    partitions: list[PartitionData] = field(ARRAY(PartitionData))


class NodeEndpoint(Struct):
    """``node_endpoints[]`` of :class:`FetchResponse`."""

    node_id: int = field(INT32, "16+", default=0)
    host: str = field(STRING, "16+", default="")
    port: int = field(INT32, "16+", default=0)
    rack: str | None = field(STRING, "16+", nullable="16+", default=None)


class FetchResponse(Response, api_key=1, versions="4-18", flexible="12+"):
    """Per partition its watermarks and the batches."""

    throttle_time_ms: int = field(INT32, default=0)
    error_code: int = field(INT16, "7+", default=0)
    session_id: int = field(INT32, "7+", default=0)
    responses: list[FetchableTopicResponse] = field(ARRAY(FetchableTopicResponse))
    node_endpoints: list[NodeEndpoint] = field(ARRAY(NodeEndpoint), "16+", tag=0, default=())

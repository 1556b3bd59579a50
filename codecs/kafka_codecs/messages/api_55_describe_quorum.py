"""DescribeQuorum (key 55): who keeps the cluster's metadata, and how far each of them is (KIP-595).

Version 1 adds when a replica last fetched and was last caught up (KIP-836), version 2 directories, error
messages and the addresses of the controllers (KIP-853).
"""

from __future__ import annotations

from uuid import UUID as Uuid

from kafka_codecs.schema import ZERO_UUID, Request, Response, Struct, field
from kafka_codecs.types import ARRAY, INT16, INT32, INT64, STRING, UINT16, UUID


class WantedPartition(Struct):
    """``partitions[]`` of :class:`WantedTopic`."""

    partition_index: int = field(INT32)


class WantedTopic(Struct):
    """``topics[]`` of :class:`DescribeQuorumRequest`."""

    topic_name: str = field(STRING)
    partitions: list[WantedPartition] = field(ARRAY(WantedPartition))


class DescribeQuorumRequest(Request, api_key=55, versions="0-2", flexible="0+"):
    """Of which partitions: there is one, ``__cluster_metadata-0``."""

    topics: list[WantedTopic] = field(ARRAY(WantedTopic))


class ReplicaState(Struct):
    """``current_voters[]`` and ``observers[]`` of :class:`QuorumPartition`; times in milliseconds."""

    replica_id: int = field(INT32)
    replica_directory_id: Uuid = field(UUID, "2+", default=ZERO_UUID)
    log_end_offset: int = field(INT64)
    last_fetch_timestamp: int = field(INT64, "1+", default=-1)
    last_caught_up_timestamp: int = field(INT64, "1+", default=-1)


class QuorumPartition(Struct):
    """``partitions[]`` of :class:`TopicData`."""

    partition_index: int = field(INT32)
    error_code: int = field(INT16, default=0)
    error_message: str | None = field(STRING, "2+", nullable="2+", default="")
    leader_id: int = field(INT32, default=0)
    leader_epoch: int = field(INT32, default=0)
    high_watermark: int = field(INT64, default=0)
    current_voters: list[ReplicaState] = field(ARRAY(ReplicaState))
    observers: list[ReplicaState] = field(ARRAY(ReplicaState))


class TopicData(Struct):
    """``topics[]`` of :class:`DescribeQuorumResponse`."""

    topic_name: str = field(STRING)
    partitions: list[QuorumPartition] = field(ARRAY(QuorumPartition))


class Listener(Struct):
    """``listeners[]`` of :class:`Node`."""

    name: str = field(STRING, "2+", default="")
    host: str = field(STRING, "2+", default="")
    port: int = field(UINT16, "2+", default=0)


class Node(Struct):
    """``nodes[]`` of :class:`DescribeQuorumResponse`."""

    node_id: int = field(INT32, "2+", default=0)
    listeners: list[Listener] = field(ARRAY(Listener), "2+", default=())


class DescribeQuorumResponse(Response, api_key=55, versions="0-2", flexible="0+"):
    """The quorum, or why it cannot be told."""

    error_code: int = field(INT16, default=0)
    error_message: str | None = field(STRING, "2+", nullable="2+", default="")
    topics: list[TopicData] = field(ARRAY(TopicData))
    nodes: list[Node] = field(ARRAY(Node), "2+", default=())

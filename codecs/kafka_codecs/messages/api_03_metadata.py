"""Metadata (key 3): which brokers and topics there are, and who leads what.

Version 1 tells null (all topics) from empty (none); 4 lets the client forbid creating topics;
5 offline replicas; 7 leader epochs (KIP-320); 8 authorized operations (KIP-430); 9 is flexible;
10 topic ids and 12 asking by them (KIP-516); 11 drops the cluster's operations (KIP-700);
13 adds a top-level error code.
"""

from __future__ import annotations

from uuid import UUID as Uuid

from kafka_codecs.schema import ZERO_UUID, Request, Response, Struct, field
from kafka_codecs.types import ARRAY, BOOLEAN, INT16, INT32, STRING, UUID


class MetadataRequestTopic(Struct):
    """``topics[]`` of :class:`MetadataRequest`."""

    topic_id: Uuid = field(UUID, "10+", default=ZERO_UUID)
    name: str | None = field(STRING, nullable="10+")


class MetadataRequest(Request, api_key=3, versions="0-13", flexible="9+"):
    """Which topics to describe, null for all."""

    topics: list[MetadataRequestTopic] | None = field(ARRAY(MetadataRequestTopic), nullable="1+")
    allow_auto_topic_creation: bool = field(BOOLEAN, "4+", default=True)
    include_cluster_authorized_operations: bool = field(BOOLEAN, "8-10", default=False)
    include_topic_authorized_operations: bool = field(BOOLEAN, "8+", default=False)


class MetadataResponseBroker(Struct):
    """``brokers[]`` of :class:`MetadataResponse`."""

    node_id: int = field(INT32)
    host: str = field(STRING)
    port: int = field(INT32)
    rack: str | None = field(STRING, "1+", nullable="1+", default=None)


class MetadataResponsePartition(Struct):
    """``partitions[]`` of :class:`MetadataResponseTopic`."""

    error_code: int = field(INT16, default=0)
    partition_index: int = field(INT32)
    leader_id: int = field(INT32)
    leader_epoch: int = field(INT32, "7+", default=-1)
    replica_nodes: list[int] = field(ARRAY(INT32))
    isr_nodes: list[int] = field(ARRAY(INT32))
    offline_replicas: list[int] = field(ARRAY(INT32), "5+", default=())


class MetadataResponseTopic(Struct):
    """``topics[]`` of :class:`MetadataResponse`."""

    error_code: int = field(INT16, default=0)
    name: str | None = field(STRING, nullable="12+")
    topic_id: Uuid = field(UUID, "10+", default=ZERO_UUID)
    is_internal: bool = field(BOOLEAN, "1+", default=False)
    partitions: list[MetadataResponsePartition] = field(ARRAY(MetadataResponsePartition))
    topic_authorized_operations: int = field(INT32, "8+", default=-2147483648)


class MetadataResponse(Response, api_key=3, versions="0-13", flexible="9+"):
    """Brokers, topics, partitions and their leaders."""

    throttle_time_ms: int = field(INT32, "3+", default=0)
    brokers: list[MetadataResponseBroker] = field(ARRAY(MetadataResponseBroker))
    cluster_id: str | None = field(STRING, "2+", nullable="2+", default=None)
    controller_id: int = field(INT32, "1+", default=-1)
    topics: list[MetadataResponseTopic] = field(ARRAY(MetadataResponseTopic))
    cluster_authorized_operations: int = field(INT32, "8-10", default=-2147483648)
    error_code: int = field(INT16, "13+", default=0)

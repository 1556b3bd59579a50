"""OffsetCommit (key 8): remember how far a group has read.

Version 5 drops the retention time; 6 adds leader epochs (KIP-320); 7 static members (KIP-345);
8 is flexible; 9 is for the consumer protocol (KIP-848); 10 names topics by id.
"""

from __future__ import annotations

from uuid import UUID as Uuid

from kafka_codecs.schema import ZERO_UUID, Request, Response, Struct, field
from kafka_codecs.types import ARRAY, INT16, INT32, INT64, STRING, UUID


class OffsetCommitRequestPartition(Struct):
    """``partitions[]`` of :class:`OffsetCommitRequestTopic`."""

    partition_index: int = field(INT32)
    committed_offset: int = field(INT64)
    committed_leader_epoch: int = field(INT32, "6+", default=-1)
    committed_metadata: str | None = field(STRING, nullable="0+")


class OffsetCommitRequestTopic(Struct):
    """``topics[]`` of :class:`OffsetCommitRequest`."""

    name: str = field(STRING, "0-9", default="")
    topic_id: Uuid = field(UUID, "10+", default=ZERO_UUID)
    partitions: list[OffsetCommitRequestPartition] = field(ARRAY(OffsetCommitRequestPartition))


class OffsetCommitRequest(Request, api_key=8, versions="2-10", flexible="8+"):
    """Offsets to remember, and who says so."""

    group_id: str = field(STRING)
    generation_id_or_member_epoch: int = field(INT32, default=-1)
    member_id: str = field(STRING)
    group_instance_id: str | None = field(STRING, "7+", nullable="7+", default=None)
    retention_time_ms: int = field(INT64, "2-4", default=-1)
    topics: list[OffsetCommitRequestTopic] = field(ARRAY(OffsetCommitRequestTopic))


class OffsetCommitResponsePartition(Struct):
    """``partitions[]`` of :class:`OffsetCommitResponseTopic`."""

    partition_index: int = field(INT32)
    error_code: int = field(INT16, default=0)


class OffsetCommitResponseTopic(Struct):
    """``topics[]`` of :class:`OffsetCommitResponse`."""

    name: str = field(STRING, "0-9", default="")
    topic_id: Uuid = field(UUID, "10+", default=ZERO_UUID)
    partitions: list[OffsetCommitResponsePartition] = field(ARRAY(OffsetCommitResponsePartition))


class OffsetCommitResponse(Response, api_key=8, versions="2-10", flexible="8+"):
    """Per partition whether the offset was taken."""

    throttle_time_ms: int = field(INT32, "3+", default=0)
    topics: list[OffsetCommitResponseTopic] = field(ARRAY(OffsetCommitResponseTopic))

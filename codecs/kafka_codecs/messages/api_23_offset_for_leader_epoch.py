"""OffsetForLeaderEpoch (key 23): where an epoch of a partition's leader ended (KIP-320).

Version 3 adds the replica; 4 is flexible.
"""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, INT16, INT32, INT64, STRING


class OffsetForLeaderPartition(Struct):
    """``partitions[]`` of :class:`OffsetForLeaderTopic`."""

    partition: int = field(INT32)
    current_leader_epoch: int = field(INT32, default=-1)
    leader_epoch: int = field(INT32)


class OffsetForLeaderTopic(Struct):
    """``topics[]`` of :class:`OffsetForLeaderEpochRequest`."""

    topic: str = field(STRING)
    partitions: list[OffsetForLeaderPartition] = field(ARRAY(OffsetForLeaderPartition))


class OffsetForLeaderEpochRequest(Request, api_key=23, versions="2-4", flexible="4+"):
    """Per partition the epoch asked about."""

    replica_id: int = field(INT32, "3+", default=-2)
    topics: list[OffsetForLeaderTopic] = field(ARRAY(OffsetForLeaderTopic))


class EpochEndOffset(Struct):
    """``partitions[]`` of :class:`OffsetForLeaderTopicResult`."""

    error_code: int = field(INT16, default=0)
    partition: int = field(INT32)
    leader_epoch: int = field(INT32, default=-1)
    end_offset: int = field(INT64, default=-1)


class OffsetForLeaderTopicResult(Struct):
    """``topics[]`` of :class:`OffsetForLeaderEpochResponse`."""

    topic: str = field(STRING)
    partitions: list[EpochEndOffset] = field(ARRAY(EpochEndOffset))


class OffsetForLeaderEpochResponse(Response, api_key=23, versions="2-4", flexible="4+"):
    """Per partition the end offset of that epoch."""

    throttle_time_ms: int = field(INT32, default=0)
    topics: list[OffsetForLeaderTopicResult] = field(ARRAY(OffsetForLeaderTopicResult))

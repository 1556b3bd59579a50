"""ListOffsets (key 2): the offset for a timestamp, or one of the special ones.

Version 2 brought isolation levels; 4 leader epochs (KIP-320); 6 is flexible; 7 the offset of the
largest timestamp (KIP-734); 8 the earliest local and 9 the last tiered offset (KIP-405, KIP-1005);
10 a timeout (KIP-1075); 11 the earliest pending upload (KIP-1023).
"""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, INT8, INT16, INT32, INT64, STRING


class ListOffsetsPartition(Struct):
    """``partitions[]`` of :class:`ListOffsetsTopic`."""

    partition_index: int = field(INT32)
    current_leader_epoch: int = field(INT32, "4+", default=-1)
    timestamp: int = field(INT64)


class ListOffsetsTopic(Struct):
    """``topics[]`` of :class:`ListOffsetsRequest`."""

    name: str = field(STRING)
    partitions: list[ListOffsetsPartition] = field(ARRAY(ListOffsetsPartition))


class ListOffsetsRequest(Request, api_key=2, versions="1-11", flexible="6+"):
    """Which timestamps, on which partitions."""

    replica_id: int = field(INT32)
    isolation_level: int = field(INT8, "2+", default=0)
    topics: list[ListOffsetsTopic] = field(ARRAY(ListOffsetsTopic))
    timeout_ms: int = field(INT32, "10+", default=0)


class ListOffsetsPartitionResponse(Struct):
    """``partitions[]`` of :class:`ListOffsetsTopicResponse`."""

    partition_index: int = field(INT32)
    error_code: int = field(INT16, default=0)
    timestamp: int = field(INT64, default=-1)
    offset: int = field(INT64, default=-1)
    leader_epoch: int = field(INT32, "4+", default=-1)


class ListOffsetsTopicResponse(Struct):
    """``topics[]`` of :class:`ListOffsetsResponse`."""

    name: str = field(STRING)
    partitions: list[ListOffsetsPartitionResponse] = field(ARRAY(ListOffsetsPartitionResponse))


class ListOffsetsResponse(Response, api_key=2, versions="1-11", flexible="6+"):
    """Per partition the offset found and its timestamp, -1 where there is none."""

    throttle_time_ms: int = field(INT32, "2+", default=0)
    topics: list[ListOffsetsTopicResponse] = field(ARRAY(ListOffsetsTopicResponse))

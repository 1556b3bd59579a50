"""DeleteRecords (key 21): forget everything before an offset (KIP-107).

Version 2 is flexible.
"""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, INT16, INT32, INT64, STRING


class DeleteRecordsPartition(Struct):
    """``partitions[]`` of :class:`DeleteRecordsTopic`."""

    partition_index: int = field(INT32)
    offset: int = field(INT64)


class DeleteRecordsTopic(Struct):
    """``topics[]`` of :class:`DeleteRecordsRequest`."""

    name: str = field(STRING)
    partitions: list[DeleteRecordsPartition] = field(ARRAY(DeleteRecordsPartition))


class DeleteRecordsRequest(Request, api_key=21, versions="0-2", flexible="2+"):
    """Per partition the offset before which records go; -1 is the high watermark."""

    topics: list[DeleteRecordsTopic] = field(ARRAY(DeleteRecordsTopic))
    timeout_ms: int = field(INT32)


class DeleteRecordsPartitionResult(Struct):
    """``partitions[]`` of :class:`DeleteRecordsTopicResult`."""

    partition_index: int = field(INT32)
    low_watermark: int = field(INT64)
    error_code: int = field(INT16, default=0)


class DeleteRecordsTopicResult(Struct):
    """``topics[]`` of :class:`DeleteRecordsResponse`."""

    name: str = field(STRING)
    partitions: list[DeleteRecordsPartitionResult] = field(ARRAY(DeleteRecordsPartitionResult))


class DeleteRecordsResponse(Response, api_key=21, versions="0-2", flexible="2+"):
    """Per partition its new log start offset."""

    throttle_time_ms: int = field(INT32, default=0)
    topics: list[DeleteRecordsTopicResult] = field(ARRAY(DeleteRecordsTopicResult))

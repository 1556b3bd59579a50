"""OffsetDelete (key 47): forget offsets of topics a group does not read any more (KIP-496)."""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, INT16, INT32, STRING


class OffsetDeleteRequestPartition(Struct):
    """``partitions[]`` of :class:`OffsetDeleteRequestTopic`."""

    partition_index: int = field(INT32)


class OffsetDeleteRequestTopic(Struct):
    """``topics[]`` of :class:`OffsetDeleteRequest`."""

    name: str = field(STRING)
    partitions: list[OffsetDeleteRequestPartition] = field(ARRAY(OffsetDeleteRequestPartition))


class OffsetDeleteRequest(Request, api_key=47, versions="0"):
    """Which offsets of which group."""

    group_id: str = field(STRING)
    topics: list[OffsetDeleteRequestTopic] = field(ARRAY(OffsetDeleteRequestTopic))


class OffsetDeleteResponsePartition(Struct):
    """``partitions[]`` of :class:`OffsetDeleteResponseTopic`."""

    partition_index: int = field(INT32)
    error_code: int = field(INT16, default=0)


class OffsetDeleteResponseTopic(Struct):
    """``topics[]`` of :class:`OffsetDeleteResponse`."""

    name: str = field(STRING)
    partitions: list[OffsetDeleteResponsePartition] = field(ARRAY(OffsetDeleteResponsePartition))


class OffsetDeleteResponse(Response, api_key=47, versions="0"):
    """Whether each was forgotten."""

    error_code: int = field(INT16, default=0)
    throttle_time_ms: int = field(INT32, default=0)
    topics: list[OffsetDeleteResponseTopic] = field(ARRAY(OffsetDeleteResponseTopic))

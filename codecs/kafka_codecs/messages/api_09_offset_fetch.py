"""OffsetFetch (key 9): how far a group had read.

Version 2 can ask for all partitions (null); 5 adds leader epochs; 6 is flexible; 7 can insist on
stable offsets (KIP-447); 8 asks for several groups; 9 is for the consumer protocol (KIP-848);
10 names topics by id.
"""

from __future__ import annotations

from uuid import UUID as Uuid

from kafka_codecs.schema import ZERO_UUID, Request, Response, Struct, field
from kafka_codecs.types import ARRAY, BOOLEAN, INT16, INT32, INT64, STRING, UUID


class OffsetFetchRequestTopic(Struct):
    """``topics[]`` of :class:`OffsetFetchRequest`."""

    name: str = field(STRING, "0-7", default="")
    partition_indexes: list[int] = field(ARRAY(INT32), "0-7", default=())


class OffsetFetchRequestTopics(Struct):
    """``topics[]`` of :class:`OffsetFetchRequestGroup`."""

    name: str = field(STRING, "8-9", default="")
    topic_id: Uuid = field(UUID, "10+", default=ZERO_UUID)
    partition_indexes: list[int] = field(ARRAY(INT32), "8+", default=())


class OffsetFetchRequestGroup(Struct):
    """``groups[]`` of :class:`OffsetFetchRequest`."""

    group_id: str = field(STRING, "8+", default="")
    member_id: str | None = field(STRING, "9+", nullable="9+", default=None)
    member_epoch: int = field(INT32, "9+", default=-1)
    topics: list[OffsetFetchRequestTopics] | None = field(
        ARRAY(OffsetFetchRequestTopics), "8+", nullable="8+", default=()
    )


class OffsetFetchRequest(Request, api_key=9, versions="1-10", flexible="6+"):
    """Whose offsets, of which partitions."""

    group_id: str = field(STRING, "0-7", default="")
    topics: list[OffsetFetchRequestTopic] | None = field(
        ARRAY(OffsetFetchRequestTopic), "0-7", nullable="2-7", default=()
    )
    groups: list[OffsetFetchRequestGroup] = field(ARRAY(OffsetFetchRequestGroup), "8+", default=())
    require_stable: bool = field(BOOLEAN, "7+", default=False)


class OffsetFetchResponsePartition(Struct):
    """``partitions[]`` of :class:`OffsetFetchResponseTopic`."""

    partition_index: int = field(INT32, "0-7", default=0)
    committed_offset: int = field(INT64, "0-7", default=0)
    committed_leader_epoch: int = field(INT32, "5-7", default=-1)
    metadata: str | None = field(STRING, "0-7", nullable="0-7", default="")
    error_code: int = field(INT16, "0-7", default=0)


class OffsetFetchResponseTopic(Struct):
    """``topics[]`` of :class:`OffsetFetchResponse`."""

    name: str = field(STRING, "0-7", default="")
    partitions: list[OffsetFetchResponsePartition] = field(
        ARRAY(OffsetFetchResponsePartition), "0-7", default=()
    )


class OffsetFetchResponsePartitions(Struct):
    """``partitions[]`` of :class:`OffsetFetchResponseTopics`."""

    partition_index: int = field(INT32, "8+", default=0)
    committed_offset: int = field(INT64, "8+", default=0)
    committed_leader_epoch: int = field(INT32, "8+", default=-1)
    metadata: str | None = field(STRING, "8+", nullable="8+", default="")
    error_code: int = field(INT16, "8+", default=0)


class OffsetFetchResponseTopics(Struct):
    """``topics[]`` of :class:`OffsetFetchResponseGroup`."""

    name: str = field(STRING, "8-9", default="")
    topic_id: Uuid = field(UUID, "10+", default=ZERO_UUID)
    partitions: list[OffsetFetchResponsePartitions] = field(
        ARRAY(OffsetFetchResponsePartitions), "8+", default=()
    )


class OffsetFetchResponseGroup(Struct):
    """``groups[]`` of :class:`OffsetFetchResponse`."""

    group_id: str = field(STRING, "8+", default="")
    topics: list[OffsetFetchResponseTopics] = field(
        ARRAY(OffsetFetchResponseTopics), "8+", default=()
    )
    error_code: int = field(INT16, "8+", default=0)


class OffsetFetchResponse(Response, api_key=9, versions="1-10", flexible="6+"):
    """The committed offsets, -1 where there is none."""

    throttle_time_ms: int = field(INT32, "3+", default=0)
    topics: list[OffsetFetchResponseTopic] = field(
        ARRAY(OffsetFetchResponseTopic), "0-7", default=()
    )
    error_code: int = field(INT16, "2-7", default=0)
    groups: list[OffsetFetchResponseGroup] = field(
        ARRAY(OffsetFetchResponseGroup), "8+", default=()
    )

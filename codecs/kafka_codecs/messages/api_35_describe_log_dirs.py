"""DescribeLogDirs (key 35): what lies in the broker's log directories, and how large it is (KIP-113).

Version 2 is flexible; 3 adds an error for the whole request, 4 the size of the volume and its free space
(KIP-827), 5 whether a directory is cordoned (KIP-1066).
"""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, BOOLEAN, INT16, INT32, INT64, STRING


class DescribableLogDirTopic(Struct):
    """``topics[]`` of :class:`DescribeLogDirsRequest`."""

    topic: str = field(STRING)
    partitions: list[int] = field(ARRAY(INT32))


class DescribeLogDirsRequest(Request, api_key=35, versions="1-5", flexible="2+"):
    """The partitions wanted; null for all there are."""

    topics: list[DescribableLogDirTopic] | None = field(
        ARRAY(DescribableLogDirTopic), nullable="0+"
    )


class DescribeLogDirsPartition(Struct):
    """``partitions[]`` of :class:`DescribeLogDirsTopic`."""

    partition_index: int = field(INT32)
    partition_size: int = field(INT64)
    offset_lag: int = field(INT64)
    is_future_key: bool = field(BOOLEAN)


class DescribeLogDirsTopic(Struct):
    """``topics[]`` of :class:`DescribeLogDirsResult`."""

    name: str = field(STRING)
    partitions: list[DescribeLogDirsPartition] = field(ARRAY(DescribeLogDirsPartition))


class DescribeLogDirsResult(Struct):
    """``results[]`` of :class:`DescribeLogDirsResponse`."""

    error_code: int = field(INT16, default=0)
    log_dir: str = field(STRING)
    topics: list[DescribeLogDirsTopic] = field(ARRAY(DescribeLogDirsTopic))
    total_bytes: int = field(INT64, "4+", default=-1)
    usable_bytes: int = field(INT64, "4+", default=-1)
    is_cordoned: bool = field(BOOLEAN, "5+", default=False)


class DescribeLogDirsResponse(Response, api_key=35, versions="1-5", flexible="2+"):
    """Every log directory, with those of the partitions wanted that lie in it. Sizes are in bytes."""

    throttle_time_ms: int = field(INT32, default=0)
    error_code: int = field(INT16, "3+", default=0)
    results: list[DescribeLogDirsResult] = field(ARRAY(DescribeLogDirsResult))

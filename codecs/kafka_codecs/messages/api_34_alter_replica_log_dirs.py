"""AlterReplicaLogDirs (key 34): move replicas to other log directories of the broker (KIP-113).

Version 2 is flexible.
"""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, INT16, INT32, STRING


class AlterReplicaLogDirTopic(Struct):
    """``topics[]`` of :class:`AlterReplicaLogDir`."""

    name: str = field(STRING)
    partitions: list[int] = field(ARRAY(INT32))


class AlterReplicaLogDir(Struct):
    """``dirs[]`` of :class:`AlterReplicaLogDirsRequest`."""

    path: str = field(STRING)
    topics: list[AlterReplicaLogDirTopic] = field(ARRAY(AlterReplicaLogDirTopic))


class AlterReplicaLogDirsRequest(Request, api_key=34, versions="1-2", flexible="2+"):
    """Per directory, by its absolute path, the replicas that are to lie in it."""

    dirs: list[AlterReplicaLogDir] = field(ARRAY(AlterReplicaLogDir))


class AlterReplicaLogDirPartitionResult(Struct):
    """``partitions[]`` of :class:`AlterReplicaLogDirTopicResult`."""

    partition_index: int = field(INT32)
    error_code: int = field(INT16, default=0)


class AlterReplicaLogDirTopicResult(Struct):
    """``results[]`` of :class:`AlterReplicaLogDirsResponse`."""

    topic_name: str = field(STRING)
    partitions: list[AlterReplicaLogDirPartitionResult] = field(
        ARRAY(AlterReplicaLogDirPartitionResult)
    )


class AlterReplicaLogDirsResponse(Response, api_key=34, versions="1-2", flexible="2+"):
    """Per replica whether the move was begun; it is over when DescribeLogDirs says so."""

    throttle_time_ms: int = field(INT32, default=0)
    results: list[AlterReplicaLogDirTopicResult] = field(ARRAY(AlterReplicaLogDirTopicResult))

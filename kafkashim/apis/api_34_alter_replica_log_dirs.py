"""AlterReplicaLogDirs: partitions go to other log directories, at once since nothing is to be copied.

``ReplicaManager.alterReplicaLogDirs``.
"""

from __future__ import annotations

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_34_alter_replica_log_dirs import (
    AlterReplicaLogDirPartitionResult,
    AlterReplicaLogDirsRequest,
    AlterReplicaLogDirsResponse,
    AlterReplicaLogDirTopicResult,
)
from kafkashim.apis import RequestContext
from kafkashim.state import Broker

# The directory of a replica that is being moved is called after the topic, the partition and a UUID, and
# a file system takes no longer name (UnifiedLog.logFutureDirName, KAFKA-4893).
LONGEST_FILE_NAME = 255
REST_OF_FILE_NAME = len(f"-.{'f' * 32}-future")


def handle(
    request: AlterReplicaLogDirsRequest, broker: Broker, context: RequestContext
) -> AlterReplicaLogDirsResponse:
    """Move each partition; of one that is named twice, the last directory counts."""
    wanted: dict[str, dict[int, str]] = {}
    for directory in request.dirs:
        for topic in directory.topics:
            for index in topic.partitions:
                wanted.setdefault(topic.name, {})[index] = directory.path
    return AlterReplicaLogDirsResponse(
        results=[
            AlterReplicaLogDirTopicResult(
                topic_name=name,
                partitions=[
                    AlterReplicaLogDirPartitionResult(
                        partition_index=index, error_code=_move(name, index, path, broker)
                    )
                    for index, path in paths.items()
                ],
            )
            for name, paths in wanted.items()
        ]
    )


def _move(name: str, index: int, path: str, broker: Broker) -> ErrorCode:
    if len(name) + len(str(index)) + REST_OF_FILE_NAME > LONGEST_FILE_NAME:
        return ErrorCode.INVALID_TOPIC_EXCEPTION
    log_dirs = broker.log_dirs
    if not log_dirs.holds(path):
        return ErrorCode.LOG_DIR_NOT_FOUND
    if log_dirs.is_cordoned(path):
        return ErrorCode.INVALID_REPLICA_ASSIGNMENT
    topic = broker.topics.get(name)
    partition = None if topic is None else topic.partition(index)
    if partition is None:
        # It is told that there is no such partition, and remembered for when there is one.
        log_dirs.want(name, index, path)
        return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    log_dir = partition.log_dirs.get(broker.node_id)
    if log_dir is None:
        log_dirs.want(name, index, path)
        return ErrorCode.REPLICA_NOT_AVAILABLE
    if log_dir != path:
        log_dirs.move(log_dir, path)
        partition.log_dirs[broker.node_id] = path
    return ErrorCode.NONE

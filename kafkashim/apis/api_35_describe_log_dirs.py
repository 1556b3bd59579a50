"""DescribeLogDirs: the log directories and the partitions that belong to them.

``ReplicaManager.describeLogDirs``. Sizes of partitions are those of the batches that are kept. The
volume's are those of the disk where the directory would be.
"""

from __future__ import annotations

import os

from kafka_codecs.messages.api_35_describe_log_dirs import (
    DescribeLogDirsPartition,
    DescribeLogDirsRequest,
    DescribeLogDirsResponse,
    DescribeLogDirsResult,
    DescribeLogDirsTopic,
)
from kafkashim.apis import RequestContext
from kafkashim.state import Broker
from kafkashim.topics import Partition

UNKNOWN_BYTES = -1
FIRST_VERSION_WITH_VOLUMES = 4


def handle(
    request: DescribeLogDirsRequest, broker: Broker, context: RequestContext
) -> DescribeLogDirsResponse:
    """Describe every log directory with the partitions asked for; what is not there is left out."""
    found: dict[str, dict[str, list[DescribeLogDirsPartition]]] = {
        path: {} for path in broker.log_dirs.paths
    }
    for partition in _wanted(request, broker):
        log_dir = partition.log_dirs.get(broker.node_id)
        if log_dir is None:
            continue  # other brokers have it
        topics = found[log_dir]
        topics.setdefault(partition.topic.name, []).append(
            DescribeLogDirsPartition(
                partition_index=partition.index,
                partition_size=partition.log.size,
                # Whoever is alive has what its leader has.
                offset_lag=0,
                is_future_key=False,
            )
        )
    return DescribeLogDirsResponse(
        results=[_describe(path, topics, broker, context.version) for path, topics in found.items()]
    )


def _wanted(request: DescribeLogDirsRequest, broker: Broker) -> list[Partition]:
    """The partitions asked for that are there, each once."""
    if request.topics is None:
        return [partition for topic in broker.topics.values() for partition in topic.partitions]
    asked = dict.fromkeys(
        (wanted.topic, index) for wanted in request.topics for index in wanted.partitions
    )
    found: list[Partition] = []
    for name, index in asked:
        topic = broker.topics.get(name)
        partition = None if topic is None else topic.partition(index)
        if partition is not None:
            found.append(partition)
    return found


def _describe(
    path: str,
    topics: dict[str, list[DescribeLogDirsPartition]],
    broker: Broker,
    version: int,
) -> DescribeLogDirsResult:
    total = usable = UNKNOWN_BYTES
    if version >= FIRST_VERSION_WITH_VOLUMES:
        total, usable = _volume(path)
    return DescribeLogDirsResult(
        log_dir=path,
        topics=[
            DescribeLogDirsTopic(name=name, partitions=partitions)
            for name, partitions in topics.items()
        ],
        total_bytes=total,
        usable_bytes=usable,
        is_cordoned=broker.log_dirs.is_cordoned(path),
    )


def _volume(path: str) -> tuple[int, int]:
    """Size and free space of the disk a directory is on, or would be if it were there."""
    import shutil

    while not os.path.exists(path) and path != os.path.dirname(path):
        path = os.path.dirname(path)
    try:
        usage = shutil.disk_usage(path)
    except OSError:
        return UNKNOWN_BYTES, UNKNOWN_BYTES
    return usage.total, usage.free

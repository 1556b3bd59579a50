"""ListOffsets: the offset for a timestamp, or one of the special ones.

``ReplicaManager.fetchOffset`` and ``UnifiedLog.fetchOffsetByTimestamp``. There is no tiered storage
here, as in a broker without it: what asks about it is answered with -1.
"""

from __future__ import annotations

from collections import Counter

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_02_list_offsets import (
    ListOffsetsPartition,
    ListOffsetsPartitionResponse,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopicResponse,
)
from kafkashim.apis import RequestContext
from kafkashim.apis.leadership import leadership_error
from kafkashim.log.partition_log import TimestampOffset
from kafkashim.state import Broker
from kafkashim.topics import Partition

ISOLATION_LEVELS = (0, 1)
LATEST = -1
EARLIEST = -2
MAX_TIMESTAMP = -3
EARLIEST_LOCAL = -4
LATEST_TIERED = -5
EARLIEST_PENDING_UPLOAD = -6
# The first version in which each special timestamp may be asked for.
SINCE = {
    LATEST: 1,
    EARLIEST: 1,
    MAX_TIMESTAMP: 7,
    EARLIEST_LOCAL: 8,
    LATEST_TIERED: 9,
    EARLIEST_PENDING_UPLOAD: 11,
}


def handle(
    request: ListOffsetsRequest, broker: Broker, context: RequestContext
) -> ListOffsetsResponse:
    """Look up each timestamp; a partition named more than once is answered once, with an error."""
    if request.isolation_level not in ISOLATION_LEVELS:
        return _refused(request, ErrorCode.UNKNOWN_SERVER_ERROR)
    asked = Counter(
        (topic.name, p.partition_index) for topic in request.topics for p in topic.partitions
    )
    answers: dict[str, dict[int, ListOffsetsPartitionResponse]] = {}
    for topic in request.topics:
        of_topic = answers.setdefault(topic.name, {})
        for wanted in topic.partitions:
            index = wanted.partition_index
            if asked[topic.name, index] > 1:
                of_topic[index] = _failed(index, ErrorCode.INVALID_REQUEST)
            else:
                of_topic[index] = _look_up(topic.name, wanted, broker, context.version)
    return ListOffsetsResponse(
        topics=[
            ListOffsetsTopicResponse(name=name, partitions=list(of_topic.values()))
            for name, of_topic in answers.items()
            # What is answered is gathered by partition, so that a topic without any is left out.
            if of_topic
        ]
    )


def _refused(request: ListOffsetsRequest, error: ErrorCode) -> ListOffsetsResponse:
    """The error for all that was asked, just as it was (``ListOffsetsRequest.getErrorResponse``)."""
    return ListOffsetsResponse(
        topics=[
            ListOffsetsTopicResponse(
                name=topic.name,
                partitions=[_failed(p.partition_index, error) for p in topic.partitions],
            )
            for topic in request.topics
        ]
    )


def _look_up(
    name: str, wanted: ListOffsetsPartition, broker: Broker, version: int
) -> ListOffsetsPartitionResponse:
    index, timestamp = wanted.partition_index, wanted.timestamp
    if timestamp < 0 and version < SINCE.get(timestamp, version + 1):
        return _failed(index, ErrorCode.UNSUPPORTED_VERSION)
    topic = broker.topics.get(name)
    partition = None if topic is None else topic.partition(index)
    if partition is None:
        return _failed(index, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    error = leadership_error(partition, broker, wanted.current_leader_epoch)
    if error:
        return _failed(index, error)
    found = _find(partition, timestamp)
    return ListOffsetsPartitionResponse(
        partition_index=index,
        timestamp=found.timestamp,
        offset=found.offset,
        leader_epoch=found.leader_epoch,
    )


def _find(partition: Partition, timestamp: int) -> TimestampOffset:
    log = partition.log
    if timestamp == LATEST:
        return TimestampOffset(-1, partition.high_watermark, partition.leader_epoch)
    if timestamp in (EARLIEST, EARLIEST_LOCAL):
        start = log.log_start_offset
        return TimestampOffset(-1, start, log.epochs.earliest_at(start))
    if timestamp == MAX_TIMESTAMP:
        return log.offset_of_max_timestamp()
    if timestamp in (LATEST_TIERED, EARLIEST_PENDING_UPLOAD):
        return TimestampOffset(-1, -1)
    return log.offset_for_timestamp(timestamp)


def _failed(index: int, error: ErrorCode) -> ListOffsetsPartitionResponse:
    return ListOffsetsPartitionResponse(
        partition_index=index, error_code=error, timestamp=-1, offset=-1
    )

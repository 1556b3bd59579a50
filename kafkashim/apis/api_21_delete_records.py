"""DeleteRecords: forget what lies before an offset (KIP-107, ``ReplicaManager.deleteRecords``)."""

from __future__ import annotations

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_21_delete_records import (
    DeleteRecordsPartitionResult,
    DeleteRecordsRequest,
    DeleteRecordsResponse,
    DeleteRecordsTopicResult,
)
from kafkashim.apis import RequestContext
from kafkashim.state import Broker

HIGH_WATERMARK = -1


def handle(
    request: DeleteRecordsRequest, broker: Broker, context: RequestContext
) -> DeleteRecordsResponse:
    """Move each log's start.

    A partition named twice is answered once, for its last offset; a topic without partitions never.
    """
    wanted: dict[str, dict[int, int]] = {}
    for topic in request.topics:
        offsets = wanted.setdefault(topic.name, {})
        offsets.update((p.partition_index, p.offset) for p in topic.partitions)
    return DeleteRecordsResponse(
        topics=[
            DeleteRecordsTopicResult(
                name=name,
                partitions=[
                    _delete(name, index, offset, broker) for index, offset in offsets.items()
                ],
            )
            for name, offsets in wanted.items()
            if offsets
        ]
    )


def _delete(name: str, index: int, offset: int, broker: Broker) -> DeleteRecordsPartitionResult:
    topic = broker.topics.get(name)
    partition = None if topic is None else topic.partition(index)
    error = ErrorCode.NONE
    if topic is None or partition is None:
        error = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    elif topic.internal:
        error = ErrorCode.INVALID_TOPIC_EXCEPTION
    elif topic.config.compacted and not topic.config.deletes:
        # A topic that is only compacted may not lose records this way.
        error = ErrorCode.POLICY_VIOLATION
    elif partition.leader != broker.node_id:
        error = ErrorCode.NOT_LEADER_OR_FOLLOWER
    else:
        before = partition.high_watermark if offset == HIGH_WATERMARK else offset
        if 0 <= before <= partition.high_watermark:
            low_watermark = partition.delete_records(before)
            return DeleteRecordsPartitionResult(partition_index=index, low_watermark=low_watermark)
        error = ErrorCode.OFFSET_OUT_OF_RANGE
    return DeleteRecordsPartitionResult(partition_index=index, low_watermark=-1, error_code=error)

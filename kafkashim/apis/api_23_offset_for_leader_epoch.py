"""OffsetForLeaderEpoch: where a leader epoch ended (KIP-320)."""

from __future__ import annotations

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_23_offset_for_leader_epoch import (
    EpochEndOffset,
    OffsetForLeaderEpochRequest,
    OffsetForLeaderEpochResponse,
    OffsetForLeaderPartition,
    OffsetForLeaderTopicResult,
)
from kafkashim.apis import RequestContext
from kafkashim.apis.leadership import end_offset_for_epoch, leadership_error
from kafkashim.state import Broker


def handle(
    request: OffsetForLeaderEpochRequest, broker: Broker, context: RequestContext
) -> OffsetForLeaderEpochResponse:
    """Answer each partition's epoch with its end offset, -1 where it is not known."""
    return OffsetForLeaderEpochResponse(
        topics=[
            OffsetForLeaderTopicResult(
                topic=topic.topic,
                partitions=[_end(topic.topic, wanted, broker) for wanted in topic.partitions],
            )
            for topic in request.topics
        ]
    )


def _end(name: str, wanted: OffsetForLeaderPartition, broker: Broker) -> EpochEndOffset:
    topic = broker.topics.get(name)
    partition = None if topic is None else topic.partition(wanted.partition)
    if partition is None:
        unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        return EpochEndOffset(error_code=unknown, partition=wanted.partition)
    error = leadership_error(partition, broker, wanted.current_leader_epoch)
    if error:
        return EpochEndOffset(error_code=error, partition=wanted.partition)
    epoch, end = end_offset_for_epoch(partition, wanted.leader_epoch)
    return EpochEndOffset(partition=wanted.partition, leader_epoch=epoch, end_offset=end)

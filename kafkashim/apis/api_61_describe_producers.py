"""DescribeProducers: what each partition remembers of its producers (KIP-664)."""

from __future__ import annotations

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_61_describe_producers import (
    DescribeProducersRequest,
    DescribeProducersResponse,
    PartitionResponse,
    ProducerState,
    TopicResponse,
)
from kafkashim.apis import RequestContext
from kafkashim.state import Broker
from kafkashim.topic_names import topic_name_error


def handle(
    request: DescribeProducersRequest, broker: Broker, context: RequestContext
) -> DescribeProducersResponse:
    """Describe the producers of each partition."""
    return DescribeProducersResponse(
        topics=[
            TopicResponse(
                name=topic.name,
                partitions=[
                    _describe(topic.name, index, broker) for index in topic.partition_indexes
                ],
            )
            for topic in request.topics
        ]
    )


def _describe(name: str, index: int, broker: Broker) -> PartitionResponse:
    if topic_name_error(name) is not None:
        return PartitionResponse(
            partition_index=index,
            error_code=ErrorCode.INVALID_TOPIC_EXCEPTION,
            active_producers=[],
        )
    topic = broker.topics.get(name)
    partition = None if topic is None else topic.partition(index)
    if partition is None:
        return PartitionResponse(
            partition_index=index,
            error_code=ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
            active_producers=[],
        )
    return PartitionResponse(
        partition_index=index,
        active_producers=[
            ProducerState(
                producer_id=entry.producer_id,
                producer_epoch=entry.producer_epoch,
                last_sequence=entry.last_sequence,
                last_timestamp=entry.last_timestamp,
                coordinator_epoch=-1,
                current_txn_start_offset=-1,
            )
            for entry in partition.producers
        ],
    )

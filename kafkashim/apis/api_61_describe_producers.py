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

UNKNOWN_TOPIC = "This server does not host this topic-partition."


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
    wrong = topic_name_error(name)
    if wrong is not None:
        text = f"Topic name is invalid: {wrong}"
        return _failed(index, ErrorCode.INVALID_TOPIC_EXCEPTION, text)
    topic = broker.topics.get(name)
    if topic is None:
        return _failed(index, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_TOPIC)
    partition = topic.partition(index)
    if partition is None:
        return _failed(index, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, None)
    if broker.node_id not in partition.replicas:
        return _failed(index, ErrorCode.NOT_LEADER_OR_FOLLOWER, None)
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


def _failed(index: int, error: ErrorCode, message: str | None) -> PartitionResponse:
    return PartitionResponse(
        partition_index=index, error_code=error, error_message=message, active_producers=[]
    )

"""DescribeTopicPartitions: topics in the order of their names, a page of partitions at a time (KIP-966).

``DescribeTopicPartitionsRequestHandler`` and ``KRaftMetadataCache.describeTopicResponse``.
"""

from __future__ import annotations

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_75_describe_topic_partitions import (
    DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsResponse,
    DescribeTopicPartitionsResponsePartition,
    DescribeTopicPartitionsResponseTopic,
    NextCursor,
)
from kafka_codecs.schema import ZERO_UUID
from kafkashim.apis import RequestContext
from kafkashim.apis.authorized_operations import NOT_ASKED, TOPIC
from kafkashim.internal_topics import INTERNAL_TOPICS
from kafkashim.state import Broker
from kafkashim.topic_names import topic_name_error
from kafkashim.topics import NO_LEADER, Partition, Topic


def handle(
    request: DescribeTopicPartitionsRequest, broker: Broker, context: RequestContext
) -> DescribeTopicPartitionsResponse:
    """Describe the topics from the cursor on, until the limit of partitions is reached."""
    cursor = request.cursor
    first = "" if cursor is None else cursor.topic_name
    everything = not request.topics
    names = sorted(
        {
            name
            for name in (broker.topics if everything else (t.name for t in request.topics))
            if _java_order(name) >= _java_order(first)
        },
        key=_java_order,
    )
    if cursor is not None and (
        cursor.partition_index < 0 or (not everything and first not in names)
    ):
        return _refused(request, ErrorCode.INVALID_REQUEST)
    if "" in names:
        # Apache Kafka fails where it asks what may be done with a topic without name.
        return _refused(request, ErrorCode.UNKNOWN_SERVER_ERROR)
    remaining = max(
        min(
            broker.config.get_int("max.request.partition.size.limit"),
            request.response_partition_limit,
        ),
        1,
    )
    topics: list[DescribeTopicPartitionsResponseTopic] = []
    next_cursor = None
    for name in names:
        if remaining == 0:
            # A cursor may point to a topic that is not there.
            next_cursor = NextCursor(topic_name=name, partition_index=0)
            break
        topic = broker.topics.get(name)
        if topic is None:
            topics.append(_missing(name))
            continue
        start = cursor.partition_index if cursor is not None and name == first else 0
        end = min(len(topic.partitions), _int32(start + remaining))
        topics.append(_describe(topic, start, end, broker.alive))
        if end < len(topic.partitions) and end != -1:
            next_cursor = NextCursor(topic_name=name, partition_index=end)
            break
        remaining -= len(topics[-1].partitions)
    return DescribeTopicPartitionsResponse(topics=topics, next_cursor=next_cursor)


def _java_order(name: str) -> bytes:
    """Java compares strings by their UTF-16 units."""
    return name.encode("utf-16-be", "surrogatepass")


def _int32(number: int) -> int:
    """Java's int: beyond the largest it goes on with the least, and so does the cursor answered."""
    return (number + 2**31) % 2**32 - 2**31


def _refused(
    request: DescribeTopicPartitionsRequest, error: ErrorCode
) -> DescribeTopicPartitionsResponse:
    """The error for each topic (``DescribeTopicPartitionsRequest.getErrorResponse``)."""
    return DescribeTopicPartitionsResponse(
        topics=[
            DescribeTopicPartitionsResponseTopic(
                error_code=error,
                name=topic.name,
                topic_id=ZERO_UUID,
                partitions=[],
                topic_authorized_operations=NOT_ASKED,
            )
            for topic in request.topics
        ]
    )


def _missing(name: str) -> DescribeTopicPartitionsResponseTopic:
    illegal = topic_name_error(name) is not None
    return DescribeTopicPartitionsResponseTopic(
        error_code=(
            ErrorCode.INVALID_TOPIC_EXCEPTION if illegal else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        ),
        name=name,
        topic_id=ZERO_UUID,
        is_internal=name in INTERNAL_TOPICS,
        partitions=[],
        topic_authorized_operations=TOPIC,
    )


def _describe(
    topic: Topic, start: int, end: int, alive: list[int]
) -> DescribeTopicPartitionsResponseTopic:
    return DescribeTopicPartitionsResponseTopic(
        name=topic.name,
        topic_id=topic.topic_id,
        is_internal=topic.internal,
        partitions=[
            _describe_partition(partition, alive)
            for partition in topic.partitions[start : max(start, end)]
        ],
        topic_authorized_operations=TOPIC,
    )


def _describe_partition(
    partition: Partition, alive: list[int]
) -> DescribeTopicPartitionsResponsePartition:
    leader = partition.leader if partition.leader in alive else NO_LEADER
    return DescribeTopicPartitionsResponsePartition(
        partition_index=partition.index,
        leader_id=leader,
        leader_epoch=partition.leader_epoch,
        replica_nodes=partition.replicas,
        isr_nodes=partition.isr,
        eligible_leader_replicas=partition.elr,
        last_known_elr=partition.last_known_elr,
        offline_replicas=[replica for replica in partition.replicas if replica not in alive],
    )

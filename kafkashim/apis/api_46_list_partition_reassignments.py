"""ListPartitionReassignments: those that wait for a broker that is dead; others are done at once."""

from __future__ import annotations

from kafka_codecs.messages.api_46_list_partition_reassignments import (
    ListPartitionReassignmentsRequest,
    ListPartitionReassignmentsResponse,
    OngoingPartitionReassignment,
    OngoingTopicReassignment,
)
from kafkashim.apis import RequestContext
from kafkashim.state import Broker
from kafkashim.topics import Partition, Topic


def handle(
    request: ListPartitionReassignmentsRequest, broker: Broker, context: RequestContext
) -> ListPartitionReassignmentsResponse:
    """Tell what is under way; topics and partitions nobody knows are left out as well."""
    topics = {
        topic.name: [
            OngoingPartitionReassignment(
                partition_index=partition.index,
                replicas=partition.replicas,
                adding_replicas=partition.adding,
                removing_replicas=partition.removing,
            )
            for partition in _asked(topic, request)
            if partition.adding or partition.removing
        ]
        for topic in broker.topics.values()
    }
    return ListPartitionReassignmentsResponse(
        error_message=None,
        topics=[
            OngoingTopicReassignment(name=name, partitions=partitions)
            for name, partitions in topics.items()
            if partitions
        ],
    )


def _asked(topic: Topic, request: ListPartitionReassignmentsRequest) -> list[Partition]:
    if request.topics is None:
        return topic.partitions
    indexes = [
        index
        for wanted in request.topics
        if wanted.name == topic.name
        for index in wanted.partition_indexes
    ]
    return [partition for partition in topic.partitions if partition.index in indexes]

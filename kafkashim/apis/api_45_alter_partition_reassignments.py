"""AlterPartitionReassignments: other replicas for partitions (KIP-455).

``ReplicationControlManager.alterPartitionReassignments``.
"""

from __future__ import annotations

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_45_alter_partition_reassignments import (
    AlterPartitionReassignmentsRequest,
    AlterPartitionReassignmentsResponse,
    ReassignablePartition,
    ReassignablePartitionResponse,
    ReassignableTopicResponse,
)
from kafkashim.apis import RequestContext
from kafkashim.apis.replica_assignment import assignment_error
from kafkashim.state import Broker


def handle(
    request: AlterPartitionReassignmentsRequest, broker: Broker, context: RequestContext
) -> AlterPartitionReassignmentsResponse:
    """Check what is asked of each partition."""
    if not request.topics:
        # QuorumController has nothing to do then, and answers with the defaults of the message.
        return AlterPartitionReassignmentsResponse(error_message="", responses=[])
    # The controller finds the time of such a request over before it looks at it.
    other_factor = request.allow_replication_factor_change
    late = ErrorCode.REQUEST_TIMED_OUT if request.timeout_ms <= 0 else ErrorCode.NONE
    return AlterPartitionReassignmentsResponse(
        error_code=late,
        error_message=None,
        allow_replication_factor_change=bool(late) or other_factor,
        responses=[
            ReassignableTopicResponse(
                name=topic.name,
                partitions=[
                    _answer(partition, late, None)
                    if late
                    else _answer(partition, *_reassign(topic.name, partition, broker, other_factor))
                    for partition in topic.partitions
                ],
            )
            for topic in request.topics
        ],
    )


def _reassign(
    name: str, wanted: ReassignablePartition, broker: Broker, allow_other_factor: bool
) -> tuple[ErrorCode, str | None]:
    topic = broker.topics.get(name)
    if topic is None:
        text = f"Unable to find a topic named {name}."
        return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, text
    partition = topic.partition(wanted.partition_index)
    if partition is None:
        text = f"Unable to find partition {name}:{wanted.partition_index}."
        return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, text
    controller = broker.cluster.controller
    if wanted.replicas is None:
        cancelled = controller.cancel_reassignment(partition)
        return ErrorCode.NONE if cancelled else ErrorCode.NO_REASSIGNMENT_IN_PROGRESS, None
    wrong = assignment_error(wanted.replicas, broker)
    if wrong is not None:
        return ErrorCode.INVALID_REPLICA_ASSIGNMENT, wrong
    if not allow_other_factor and len(wanted.replicas) != len(partition.replicas):
        text = (
            f"The replication factor is changed from {len(partition.replicas)} to"
            f" {len(wanted.replicas)}"
        )
        return ErrorCode.INVALID_REPLICATION_FACTOR, text
    controller.reassign(partition, wanted.replicas)
    return ErrorCode.NONE, None


def _answer(
    wanted: ReassignablePartition, error: ErrorCode, message: str | None
) -> ReassignablePartitionResponse:
    return ReassignablePartitionResponse(
        partition_index=wanted.partition_index, error_code=error, error_message=message
    )

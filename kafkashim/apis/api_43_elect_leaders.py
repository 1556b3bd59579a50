"""ElectLeaders: no election is ever needed, since the one broker leads every partition.

``ReplicationControlManager.electLeaders``.
"""

from __future__ import annotations

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_43_elect_leaders import (
    ElectLeadersRequest,
    ElectLeadersResponse,
    PartitionResult,
    ReplicaElectionResult,
)
from kafkashim.apis import RequestContext
from kafkashim.state import Broker

# ElectionType: the preferred replica, or any at all.
ELECTION_TYPES = (0, 1)
NOT_NEEDED = "Leader election not needed for topic partition."


def handle(
    request: ElectLeadersRequest, broker: Broker, context: RequestContext
) -> ElectLeadersResponse:
    """Say of each partition that its leader is the right one; of all there are, nothing."""
    wanted = request.topic_partitions
    if wanted is not None and not wanted:
        # QuorumController has nothing to do then.
        return ElectLeadersResponse(replica_election_results=[])
    if request.timeout_ms <= 0:
        # The controller finds the request's time over before it looks at it.
        return _refused(request, ErrorCode.REQUEST_TIMED_OUT, None)
    if request.election_type not in ELECTION_TYPES:
        text = f"Unknown election type {request.election_type}"
        return _refused(request, ErrorCode.INVALID_REQUEST, text)
    if wanted is None:
        return ElectLeadersResponse(
            replica_election_results=[
                ReplicaElectionResult(topic=name, partition_result=[]) for name in broker.topics
            ]
        )
    return ElectLeadersResponse(
        replica_election_results=[
            ReplicaElectionResult(
                topic=asked.topic,
                partition_result=[_elect(asked.topic, i, broker) for i in asked.partitions],
            )
            for asked in wanted
        ]
    )


def _elect(name: str, index: int, broker: Broker) -> PartitionResult:
    topic = broker.topics.get(name)
    error, text = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, f"No such topic as {name}"
    if topic is not None:
        text = f"No such partition as {name}-{index}"
        if topic.partition(index) is not None:
            error, text = ErrorCode.ELECTION_NOT_NEEDED, NOT_NEEDED
    return PartitionResult(partition_id=index, error_code=error, error_message=text)


def _refused(
    request: ElectLeadersRequest, error: ErrorCode, message: str | None
) -> ElectLeadersResponse:
    """The error for the request and for each partition (``ElectLeadersRequest.getErrorResponse``)."""
    return ElectLeadersResponse(
        error_code=error,
        replica_election_results=[
            ReplicaElectionResult(
                topic=asked.topic,
                partition_result=[
                    PartitionResult(partition_id=index, error_code=error, error_message=message)
                    for index in asked.partitions
                ],
            )
            for asked in request.topic_partitions or []
        ],
    )

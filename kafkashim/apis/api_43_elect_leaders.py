"""ElectLeaders: have the preferred replica lead, or any at all where none does.

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
from kafkashim.topics import NO_LEADER

# ElectionType: the preferred replica, or any at all.
PREFERRED, UNCLEAN = 0, 1
ELECTION_TYPES = (PREFERRED, UNCLEAN)
NO_PREFERRED = "The preferred leader was not available."
NO_ELIGIBLE = "Eligible topic partition leaders are not available."
NOT_NEEDED = "Leader election not needed for topic partition."


def handle(
    request: ElectLeadersRequest, broker: Broker, context: RequestContext
) -> ElectLeadersResponse:
    """Elect a leader for each partition; of all there are, only those are told that got one."""
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
                ReplicaElectionResult(
                    topic=name,
                    partition_result=[
                        result
                        for partition in topic.partitions
                        for result in [_elect(name, partition.index, request.election_type, broker)]
                        if result.error_code != ErrorCode.ELECTION_NOT_NEEDED
                    ],
                )
                for name, topic in broker.topics.items()
            ]
        )
    return ElectLeadersResponse(
        replica_election_results=[
            ReplicaElectionResult(
                topic=asked.topic,
                partition_result=[
                    _elect(asked.topic, index, request.election_type, broker)
                    for index in asked.partitions
                ],
            )
            for asked in wanted
        ]
    )


def _elect(name: str, index: int, election_type: int, broker: Broker) -> PartitionResult:
    topic = broker.topics.get(name)
    partition = None if topic is None else topic.partition(index)
    if partition is None:
        unknown = (
            f"No such topic as {name}" if topic is None else f"No such partition as {name}-{index}"
        )
        return _result(index, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, unknown)
    controller = broker.cluster.controller
    if election_type == PREFERRED:
        if partition.leader == partition.replicas[0]:
            return _result(index, ErrorCode.ELECTION_NOT_NEEDED, NOT_NEEDED)
        if controller.elect_preferred(partition):
            return _result(index, ErrorCode.NONE, None)
        return _result(index, ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE, NO_PREFERRED)
    if partition.leader != NO_LEADER:
        return _result(index, ErrorCode.ELECTION_NOT_NEEDED, NOT_NEEDED)
    if controller.elect_unclean(partition):
        return _result(index, ErrorCode.NONE, None)
    return _result(index, ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE, NO_ELIGIBLE)


def _result(index: int, error: ErrorCode, message: str | None) -> PartitionResult:
    return PartitionResult(partition_id=index, error_code=error, error_message=message)


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

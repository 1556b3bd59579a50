"""CreatePartitions: topics grow, checked in the order and answered in the words of the KRaft controller.

``ControllerApis.createPartitions`` looks for duplicates, ``ReplicationControlManager.createPartitions``
for the rest.
"""

from __future__ import annotations

from collections import Counter

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_37_create_partitions import (
    CreatePartitionsAssignment,
    CreatePartitionsRequest,
    CreatePartitionsResponse,
    CreatePartitionsTopic,
    CreatePartitionsTopicResult,
)
from kafkashim.apis import RequestContext
from kafkashim.apis.replica_assignment import assignment_error, dead_assignment_error, placed
from kafkashim.refused import MOST_RECORDS, Refused
from kafkashim.state import Broker
from kafkashim.topics import Topic


def handle(
    request: CreatePartitionsRequest, broker: Broker, context: RequestContext
) -> CreatePartitionsResponse:
    """Let each topic grow that is in order; names that stand there twice are answered once, first."""
    names = Counter(topic.name for topic in request.topics)
    if request.timeout_ms <= 0 and 1 in names.values():
        # The controller finds the request's time over before it looks at what is left of it.
        timed_out = Refused(ErrorCode.REQUEST_TIMED_OUT)
        return CreatePartitionsResponse(
            results=[_answer(topic.name, timed_out) for topic in request.topics]
        )
    duplicate = Refused(ErrorCode.INVALID_REQUEST, "Duplicate topic name.")
    results = [_answer(name, duplicate) for name, count in names.items() if count > 1]
    room = MOST_RECORDS
    for wanted in request.topics:
        if names[wanted.name] > 1:
            continue
        try:
            topic, additional = _plan(wanted, broker)
            granted = _assignments(wanted, topic, min(additional, room), broker)
        except Refused as refused:
            results.append(_answer(wanted.name, refused))
            continue
        room -= len(granted)
        if not request.validate_only:
            broker.cluster.add_partitions(topic, granted)
        results.append(_answer(wanted.name, _too_many() if len(granted) < additional else None))
    return CreatePartitionsResponse(results=results)


def _plan(wanted: CreatePartitionsTopic, broker: Broker) -> tuple[Topic, int]:
    """The topic, and by how many partitions it grows."""
    topic = broker.topics.get(wanted.name)
    if topic is None:
        raise Refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    have = len(topic.partitions)
    if wanted.count == have:
        text = f"Topic already has {have} partition(s)."
        raise Refused(ErrorCode.INVALID_PARTITIONS, text)
    if wanted.count < have:
        text = (
            f"The topic {topic.name} currently has {have} partition(s);"
            f" {wanted.count} would not be an increase."
        )
        raise Refused(ErrorCode.INVALID_PARTITIONS, text)
    additional = wanted.count - have
    if wanted.assignments is not None:
        _check_assignments(wanted.assignments, topic, additional, broker)
    return topic, additional


def _assignments(
    wanted: CreatePartitionsTopic, topic: Topic, count: int, broker: Broker
) -> list[list[int]]:
    """The replicas of the first new partitions: as asked for, or as many as those that are there have."""
    if wanted.assignments is not None:
        return [assignment.broker_ids for assignment in wanted.assignments[:count]]
    return placed(broker, count, len(topic.partitions[0].replicas))


def _check_assignments(
    assignments: list[CreatePartitionsAssignment], topic: Topic, additional: int, broker: Broker
) -> None:
    text: str | None
    if len(assignments) != additional:
        text = (
            f"Attempted to add {additional} additional partition(s), but only"
            f" {len(assignments)} assignment(s) were specified."
        )
        raise Refused(ErrorCode.INVALID_REPLICA_ASSIGNMENT, text)
    factor = len(topic.partitions[0].replicas)
    for index, assignment in enumerate(assignments, len(topic.partitions)):
        ids = assignment.broker_ids
        text = assignment_error(ids, broker, factor) or dead_assignment_error(index, ids, broker)
        if text is not None:
            raise Refused(ErrorCode.INVALID_REPLICA_ASSIGNMENT, text)


def _too_many() -> Refused:
    # The list of the controller's records is full, which it does not expect here: what is in the list by
    # then is written all the same (BoundedListTooLongException).
    return Refused(ErrorCode.UNKNOWN_SERVER_ERROR)


def _answer(name: str, refused: Refused | None) -> CreatePartitionsTopicResult:
    if refused is None:
        return CreatePartitionsTopicResult(name=name)
    return CreatePartitionsTopicResult(
        name=name, error_code=refused.error, error_message=refused.message
    )

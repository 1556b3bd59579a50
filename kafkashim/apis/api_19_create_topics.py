"""CreateTopics: topics, checked in the order and answered in the words of the KRaft controller.

``ControllerApis.createTopics`` looks for duplicates, ``ReplicationControlManager.createTopics`` for the
rest: names, then configurations, then partitions and replicas. Topics of one request are judged before
any of them is there, so that two of one request may collide.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_19_create_topics import (
    CreatableTopic,
    CreatableTopicConfigs,
    CreatableTopicResult,
    CreateTopicsRequest,
    CreateTopicsResponse,
)
from kafkashim.apis import RequestContext
from kafkashim.apis.replica_assignment import assignment_error, dead_assignment_error, placed
from kafkashim.config import TopicConfig
from kafkashim.config_entries import created_entries
from kafkashim.refused import MOST_RECORDS, Refused
from kafkashim.state import Broker
from kafkashim.topic_configs import invalid_topic_config
from kafkashim.topic_names import colliding_topic, topic_name_error

USE_DEFAULT = -1
# Topic.CLUSTER_METADATA_TOPIC_NAME, which ControllerApis lets nobody create.
CLUSTER_METADATA = "__cluster_metadata"
# ReplicationControlManager.MAX_PARTITIONS_PER_BATCH
MOST_PARTITIONS = 10_000
MOST_COUNTED = 2**31 - 1


@dataclass(frozen=True, slots=True)
class _Plan:
    """A topic that is in order."""

    name: str
    assignments: list[list[int]]
    config: TopicConfig

    @property
    def records(self) -> int:
        """How many records of metadata the controller would write for it."""
        return 1 + len(self.config.overrides) + len(self.assignments)


def handle(
    request: CreateTopicsRequest, broker: Broker, context: RequestContext
) -> CreateTopicsResponse:
    """Create each topic that is in order; names that stand there twice are answered last, once."""
    if request.timeout_ms <= 0:
        # The controller finds the request's time over before it looks at it.
        timed_out = Refused(ErrorCode.REQUEST_TIMED_OUT)
        return CreateTopicsResponse(topics=[_refused(t.name, timed_out) for t in request.topics])
    names = Counter(topic.name for topic in request.topics)
    wanted = [
        topic
        for topic in request.topics
        if names[topic.name] == 1 and topic.name != CLUSTER_METADATA
    ]
    try:
        plans = _plan_all(wanted, broker)
    except Refused as refused:
        return CreateTopicsResponse(topics=[_refused(t.name, refused) for t in request.topics])
    duplicate = Refused(ErrorCode.INVALID_REQUEST, "Duplicate topic name.")
    prohibited = Refused(
        ErrorCode.INVALID_REQUEST, f"Creation of internal topic {CLUSTER_METADATA} is prohibited."
    )
    return CreateTopicsResponse(
        topics=[
            *(
                _refused(topic.name, plan)
                if isinstance(plan, Refused)
                else _created(plan, broker, request.validate_only)
                for topic, plan in zip(wanted, plans, strict=True)
            ),
            *(_refused(name, duplicate) for name, count in names.items() if count > 1),
            *(_refused(name, prohibited) for name in (CLUSTER_METADATA,) if names[name] == 1),
        ]
    )


def _plan_all(wanted: list[CreatableTopic], broker: Broker) -> list[_Plan | Refused]:
    """Judge each topic; too many partitions spoil the whole request."""
    partitions = 0
    for topic in wanted:
        if topic.assignments:
            partitions += len(topic.assignments)
        elif topic.num_partitions == USE_DEFAULT:
            partitions += broker.config.num_partitions
        else:
            partitions += max(topic.num_partitions, 0)
    if partitions > MOST_COUNTED:
        # Apache Kafka trips over the sum.
        raise Refused(ErrorCode.UNKNOWN_SERVER_ERROR)
    if partitions > MOST_PARTITIONS:
        text = "Excessively large number of partitions per request."
        raise Refused(ErrorCode.POLICY_VIOLATION, text)
    plans: list[_Plan | Refused] = []
    for topic in wanted:
        try:
            plans.append(_plan(topic, broker))
        except Refused as refused:
            plans.append(refused)
    if sum(plan.records for plan in plans if isinstance(plan, _Plan)) > MOST_RECORDS:
        text = "Unable to perform excessively large batch operation."
        raise Refused(ErrorCode.POLICY_VIOLATION, text)
    return plans


def _plan(wanted: CreatableTopic, broker: Broker) -> _Plan:
    _check_name(wanted.name, broker)
    overrides, wrong = invalid_topic_config(
        broker.config, [(config.name, config.value) for config in wanted.configs]
    )
    if wrong is not None:
        raise Refused(ErrorCode.INVALID_CONFIG, wrong)
    config = TopicConfig(broker.cluster.config, overrides)
    return _Plan(wanted.name, _assignments(wanted, broker), config)


def _created(plan: _Plan, broker: Broker, validate_only: bool) -> CreatableTopicResult:
    if validate_only:
        # The controller makes up an id before it throws the new topic away, and answers it.
        topic_id = broker.ids.uuid()
    else:
        topic_id = broker.cluster.create_topic(plan.name, plan.config, plan.assignments).topic_id
    return CreatableTopicResult(
        name=plan.name,
        topic_id=topic_id,
        error_message=None,
        num_partitions=len(plan.assignments),
        replication_factor=len(plan.assignments[0]),
        configs=[
            CreatableTopicConfigs(
                name=entry.name,
                value=entry.value,
                read_only=entry.read_only,
                config_source=entry.source,
                is_sensitive=entry.sensitive,
            )
            for entry in created_entries(plan.config)
        ],
    )


def _check_name(name: str, broker: Broker) -> None:
    wrong = topic_name_error(name)
    if wrong is not None:
        raise Refused(ErrorCode.INVALID_TOPIC_EXCEPTION, f"Topic name is invalid: {wrong}")
    if name in broker.topics:
        raise Refused(ErrorCode.TOPIC_ALREADY_EXISTS, f"Topic '{name}' already exists.")
    known = colliding_topic(name, broker.topics)
    if known is not None:
        text = f"Topic '{name}' collides with existing topic: {known}"
        raise Refused(ErrorCode.INVALID_TOPIC_EXCEPTION, text)


def _assignments(wanted: CreatableTopic, broker: Broker) -> list[list[int]]:
    """The replicas of each partition that the topic gets."""
    if wanted.assignments:
        return _assigned(wanted, broker)
    factor, partitions = wanted.replication_factor, wanted.num_partitions
    if factor != USE_DEFAULT and factor <= 0:
        raise Refused(
            ErrorCode.INVALID_REPLICATION_FACTOR,
            "Replication factor must be larger than 0, or -1 to use the default value.",
        )
    if partitions != USE_DEFAULT and partitions <= 0:
        raise Refused(
            ErrorCode.INVALID_PARTITIONS,
            "Number of partitions was set to an invalid non-positive value.",
        )
    if factor == USE_DEFAULT:
        factor = broker.config.default_replication_factor
    if partitions == USE_DEFAULT:
        partitions = broker.config.num_partitions
    return placed(broker, partitions, factor)


def _assigned(wanted: CreatableTopic, broker: Broker) -> list[list[int]]:
    manual = "A manual partition assignment was specified, but"
    if wanted.replication_factor != USE_DEFAULT:
        raise Refused(ErrorCode.INVALID_REQUEST, f"{manual} replication factor was not set to -1.")
    if wanted.num_partitions != USE_DEFAULT:
        raise Refused(ErrorCode.INVALID_REQUEST, f"{manual} numPartitions was not set to -1.")
    seen: dict[int, list[int]] = {}
    for assignment in wanted.assignments:
        index = assignment.partition_index
        if index in seen:
            raise _bad_assignment(
                f"Found multiple manual partition assignments for partition {index}"
            )
        seen[index] = assignment.broker_ids
        factor = len(wanted.assignments[0].broker_ids) if len(seen) > 1 else None
        wrong = assignment_error(assignment.broker_ids, broker, factor) or dead_assignment_error(
            index, assignment.broker_ids, broker
        )
        if wrong is not None:
            raise _bad_assignment(wrong)
    if seen.keys() != set(range(len(seen))):
        raise _bad_assignment("partitions should be a consecutive 0-based integer sequence")
    return [seen[index] for index in range(len(seen))]


def _bad_assignment(message: str) -> Refused:
    return Refused(ErrorCode.INVALID_REPLICA_ASSIGNMENT, message)


def _refused(name: str, refused: Refused) -> CreatableTopicResult:
    return CreatableTopicResult(name=name, error_code=refused.error, error_message=refused.message)

"""Metadata: the broker, its topics, who leads what.

A topic that is missing and may be created is created after the answer, which still says
UNKNOWN_TOPIC_OR_PARTITION, as with KRaft (``AutoTopicCreationManager``); clients ask again.
"""

from __future__ import annotations

from uuid import UUID

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_03_metadata import (
    MetadataRequest,
    MetadataResponse,
    MetadataResponseBroker,
    MetadataResponsePartition,
    MetadataResponseTopic,
)
from kafka_codecs.schema import ZERO_UUID
from kafkashim.apis import RequestContext
from kafkashim.apis.authorized_operations import CLUSTER, NOT_ASKED, TOPIC
from kafkashim.listeners import advertised
from kafkashim.state import Broker, Topic
from kafkashim.topic_names import topic_name_error

FIRST_VERSION_WITH_CHOICE_OF_CREATION = 4


def handle(request: MetadataRequest, broker: Broker, context: RequestContext) -> MetadataResponse:
    """Describe the broker and the topics asked for."""
    version = context.version
    host, port = advertised(broker, context.connection)
    return MetadataResponse(
        brokers=[
            MetadataResponseBroker(
                node_id=broker.node_id, host=host, port=port, rack=broker.config.broker_rack
            )
        ],
        cluster_id=broker.cluster_id,
        controller_id=broker.node_id,
        topics=_topics(request, broker, version),
        cluster_authorized_operations=(
            CLUSTER if request.include_cluster_authorized_operations else NOT_ASKED
        ),
    )


def _topics(request: MetadataRequest, broker: Broker, version: int) -> list[MetadataResponseTopic]:
    operations = TOPIC if request.include_topic_authorized_operations else NOT_ASKED
    node_id = broker.node_id
    asked = request.topics
    if asked is None or (version == 0 and not asked):
        return [_describe(topic, operations, node_id) for topic in broker.topics.values()]
    # Versions 10 and 11 have the id in the request but do not look at it (KAFKA-14186).
    answers: list[MetadataResponseTopic] = []
    seen: set[str] = set()
    create = request.allow_auto_topic_creation or version < FIRST_VERSION_WITH_CHOICE_OF_CREATION
    for wanted in asked:
        if wanted.name is None:
            found = broker.topics_by_id.get(wanted.topic_id)
            if found is None:
                unknown = ErrorCode.UNKNOWN_TOPIC_ID
                answers.append(_missing(None, unknown, operations, topic_id=wanted.topic_id))
            else:
                answers.append(_describe(found, operations, node_id))
        elif wanted.name not in seen:
            seen.add(wanted.name)
            found = broker.topics.get(wanted.name)
            if found is not None:
                answers.append(_describe(found, operations, node_id))
            else:
                answers.append(
                    _missing(wanted.name, _create(wanted.name, broker, create), operations)
                )
    return answers


def _create(name: str, broker: Broker, wanted: bool) -> ErrorCode:
    """Arrange for a missing topic to be created, and give the error of this answer."""
    if topic_name_error(name) is not None:
        return ErrorCode.INVALID_TOPIC_EXCEPTION
    if wanted and broker.config.auto_create_topics_enable:

        def create() -> None:
            if name not in broker.topics:
                broker.create_topic_with_defaults(name)

        broker.clock.call_later(0, create)
    return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


def _missing(
    name: str | None, error: ErrorCode, operations: int, topic_id: UUID = ZERO_UUID
) -> MetadataResponseTopic:
    return MetadataResponseTopic(
        error_code=error,
        name=name,
        topic_id=topic_id,
        is_internal=False,
        partitions=[],
        topic_authorized_operations=operations,
    )


def _describe(topic: Topic, operations: int, node_id: int) -> MetadataResponseTopic:
    return MetadataResponseTopic(
        name=topic.name,
        topic_id=topic.topic_id,
        is_internal=topic.internal,
        partitions=[
            MetadataResponsePartition(
                partition_index=partition.index,
                leader_id=node_id,
                leader_epoch=partition.leader_epoch,
                replica_nodes=[node_id],
                isr_nodes=[node_id],
                offline_replicas=[],
            )
            for partition in topic.partitions
        ],
        topic_authorized_operations=operations,
    )

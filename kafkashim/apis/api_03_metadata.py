"""Metadata: the brokers, the topics, who leads what.

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
from kafkashim.apis.leadership import nodes
from kafkashim.internal_topics import INTERNAL_TOPICS
from kafkashim.state import Broker
from kafkashim.topic_names import topic_name_error
from kafkashim.topics import NO_LEADER, Partition, Topic

FIRST_VERSION_WITH_CHOICE_OF_CREATION = 4
# Versions 10 and 11 have the id in the request, but a broker cannot look for it (KAFKA-14186).
FIRST_VERSION_WITH_TOPIC_IDS = 12


def handle(request: MetadataRequest, broker: Broker, context: RequestContext) -> MetadataResponse:
    """Describe the brokers and the topics asked for."""
    version = context.version
    error = _error(request, version)
    if error:
        return _refused(request, error)
    return MetadataResponse(
        brokers=[
            MetadataResponseBroker(
                node_id=node.node_id, host=node.host, port=node.port, rack=node.rack
            )
            for node in nodes(broker, context.connection, broker.alive)
        ],
        cluster_id=broker.cluster.cluster_id,
        controller_id=broker.some_broker_id,
        topics=_topics(request, broker, version),
        cluster_authorized_operations=(
            CLUSTER if request.include_cluster_authorized_operations else NOT_ASKED
        ),
    )


def _error(request: MetadataRequest, version: int) -> ErrorCode:
    """What is wrong with the request as a whole."""
    asked = request.topics or []
    nameless = any(topic.name is None for topic in asked)
    by_id = any(topic.topic_id != ZERO_UUID for topic in asked)
    if version < FIRST_VERSION_WITH_TOPIC_IDS:
        return ErrorCode.INVALID_REQUEST if nameless or by_id else ErrorCode.NONE
    # Neither name nor id: Apache Kafka runs into the null.
    return ErrorCode.UNKNOWN_SERVER_ERROR if nameless and not by_id else ErrorCode.NONE


def _refused(request: MetadataRequest, error: ErrorCode) -> MetadataResponse:
    """The error for each topic, and nothing about the broker (``MetadataRequest.getErrorResponse``)."""
    return MetadataResponse(
        error_code=error,
        brokers=[],
        controller_id=-1,
        topics=[
            _missing(topic.name or "", error, NOT_ASKED, topic_id=topic.topic_id)
            for topic in request.topics or []
        ],
    )


def _topics(request: MetadataRequest, broker: Broker, version: int) -> list[MetadataResponseTopic]:
    operations = TOPIC if request.include_topic_authorized_operations else NOT_ASKED
    alive = broker.alive
    asked = request.topics
    if asked is None or (version == 0 and not asked):
        return [_describe(topic, operations, alive, version) for topic in broker.topics.values()]
    found: list[Topic] = []
    missing: list[MetadataResponseTopic] = []
    ids = dict.fromkeys(topic.topic_id for topic in asked if topic.topic_id != ZERO_UUID)
    if ids:
        # One id is enough for the names not to be looked at.
        for topic_id in ids:
            topic = broker.topics_by_id.get(topic_id)
            if topic is not None:
                found.append(topic)
            else:
                unknown = ErrorCode.UNKNOWN_TOPIC_ID
                missing.append(_missing(None, unknown, NOT_ASKED, topic_id=topic_id))
        return missing + [_describe(topic, operations, alive, version) for topic in found]
    create = broker.config.auto_create_topics_enable and (
        request.allow_auto_topic_creation or version < FIRST_VERSION_WITH_CHOICE_OF_CREATION
    )
    for name in dict.fromkeys(topic.name or "" for topic in asked):
        topic = broker.topics.get(name)
        if topic is not None:
            found.append(topic)
        else:
            missing.append(_missing(name, _create(name, broker, create), operations))
    if create:
        # AutoTopicCreationManager sorts out what cannot be created before the rest.
        missing.sort(key=lambda topic: topic.error_code != ErrorCode.INVALID_TOPIC_EXCEPTION)
    return [_describe(topic, operations, alive, version) for topic in found] + missing


def _create(name: str, broker: Broker, wanted: bool) -> ErrorCode:
    """Arrange for a missing topic to be created, and give the error of this answer."""
    if topic_name_error(name) is not None:
        return ErrorCode.INVALID_TOPIC_EXCEPTION
    # With more replicas by default than there are brokers the topic is never created, nor is it said.
    if wanted and not broker.isolated:

        def create() -> None:
            # What the controller refuses, nobody is told.
            broker.cluster.create_missing_topic(name)

        broker.clock.call_later(0, create)
    return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


def _missing(
    name: str | None, error: ErrorCode, operations: int, topic_id: UUID = ZERO_UUID
) -> MetadataResponseTopic:
    return MetadataResponseTopic(
        error_code=error,
        name=name,
        topic_id=topic_id,
        is_internal=name in INTERNAL_TOPICS,
        partitions=[],
        topic_authorized_operations=operations,
    )


def _describe(
    topic: Topic, operations: int, alive: list[int], version: int
) -> MetadataResponseTopic:
    return MetadataResponseTopic(
        name=topic.name,
        topic_id=topic.topic_id,
        is_internal=topic.internal,
        partitions=[
            _describe_partition(partition, alive, version) for partition in topic.partitions
        ],
        topic_authorized_operations=operations,
    )


def _describe_partition(
    partition: Partition, alive: list[int], version: int
) -> MetadataResponsePartition:
    """``KRaftMetadataCache.partitionMetadata``."""
    leader = partition.leader if partition.leader in alive else NO_LEADER
    replicas, isr = partition.replicas, partition.isr
    error = ErrorCode.LEADER_NOT_AVAILABLE if leader == NO_LEADER else ErrorCode.NONE
    if version == 0:
        # Its clients look up every broker that is named.
        replicas = [replica for replica in replicas if replica in alive]
        isr = [replica for replica in isr if replica in alive]
        if not error and len(replicas) < len(partition.replicas):
            error = ErrorCode.REPLICA_NOT_AVAILABLE
    return MetadataResponsePartition(
        error_code=error,
        partition_index=partition.index,
        leader_id=leader,
        leader_epoch=partition.leader_epoch,
        replica_nodes=replicas,
        isr_nodes=isr,
        offline_replicas=[replica for replica in partition.replicas if replica not in alive],
    )

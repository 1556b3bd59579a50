"""OffsetDelete: forget offsets of topics a group does not read any more (KIP-496)."""

from __future__ import annotations

from collections.abc import Callable

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_47_offset_delete import (
    OffsetDeleteRequest,
    OffsetDeleteRequestTopic,
    OffsetDeleteResponse,
    OffsetDeleteResponsePartition,
    OffsetDeleteResponseTopic,
)
from kafkashim.apis import RequestContext
from kafkashim.apis.coordination import group_error
from kafkashim.groups.classic_group import ClassicGroup
from kafkashim.groups.subscription import CONSUMER
from kafkashim.state import Broker

Answer = Callable[[str, OffsetDeleteRequestTopic, Broker], list[OffsetDeleteResponsePartition]]


def handle(
    request: OffsetDeleteRequest, broker: Broker, context: RequestContext
) -> OffsetDeleteResponse:
    """Delete what is there of them; what is not there is no error, but its partition has to exist."""
    refused = _refused(request.group_id, broker)
    if refused:
        return OffsetDeleteResponse(error_code=refused, topics=[])
    # What does not exist is found before the group is asked, and comes first in the answer.
    missing = _answers(request, broker, _missing)
    deleted = _answers(request, broker, _delete)
    if not missing:
        return OffsetDeleteResponse(topics=deleted)
    merged: dict[str, OffsetDeleteResponseTopic] = {}
    for topic in missing + deleted:
        merged.setdefault(topic.name, topic)
        if merged[topic.name] is not topic:
            merged[topic.name].partitions += topic.partitions
    return OffsetDeleteResponse(topics=list(merged.values()))


def _answers(
    request: OffsetDeleteRequest, broker: Broker, answer: Answer
) -> list[OffsetDeleteResponseTopic]:
    return [
        OffsetDeleteResponseTopic(name=topic.name, partitions=partitions)
        for topic in request.topics
        if (partitions := answer(request.group_id, topic, broker))
    ]


def _refused(group_id: str, broker: Broker) -> ErrorCode:
    if not group_id:
        return ErrorCode.INVALID_GROUP_ID
    elsewhere = group_error(broker, group_id)
    if elsewhere:
        return elsewhere
    group = broker.groups.groups.get(group_id)
    if group is None:
        return ErrorCode.GROUP_ID_NOT_FOUND
    # Of members that are no consumers nobody knows what they read.
    others = isinstance(group, ClassicGroup) and group.protocol_type != CONSUMER
    return ErrorCode.NON_EMPTY_GROUP if others and not group.is_empty else ErrorCode.NONE


def _missing(
    group_id: str, topic: OffsetDeleteRequestTopic, broker: Broker
) -> list[OffsetDeleteResponsePartition]:
    error = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    return [
        OffsetDeleteResponsePartition(partition_index=asked.partition_index, error_code=error)
        for asked in topic.partitions
        if not _exists(topic.name, asked.partition_index, broker)
    ]


def _delete(
    group_id: str, topic: OffsetDeleteRequestTopic, broker: Broker
) -> list[OffsetDeleteResponsePartition]:
    subscribed = broker.groups.groups[group_id].is_subscribed_to(topic.name)
    answers: list[OffsetDeleteResponsePartition] = []
    for asked in topic.partitions:
        index = asked.partition_index
        if not _exists(topic.name, index, broker):
            continue
        error = ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC if subscribed else ErrorCode.NONE
        if not subscribed:
            broker.groups.offsets.discard(group_id, topic.name, index)
        answers.append(OffsetDeleteResponsePartition(partition_index=index, error_code=error))
    return answers


def _exists(name: str, index: int, broker: Broker) -> bool:
    topic = broker.topics.get(name)
    return topic is not None and topic.partition(index) is not None

"""OffsetFetch: how far groups had read.

Only a topic id that nobody has is an error: names and partitions are looked up in what the group
committed, whether they exist or not, and -1 says that there is nothing. There are no transactions that
could leave an offset pending, so that ``require_stable`` changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_09_offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchResponse,
    OffsetFetchResponseGroup,
    OffsetFetchResponsePartition,
    OffsetFetchResponsePartitions,
    OffsetFetchResponseTopic,
    OffsetFetchResponseTopics,
)
from kafka_codecs.schema import ZERO_UUID
from kafkashim.apis import RequestContext
from kafkashim.apis.coordination import group_error
from kafkashim.groups.offsets import OffsetAndMetadata
from kafkashim.state import Broker

FIRST_VERSION_WITH_GROUPS = 8
FIRST_VERSION_WITH_TOPIC_IDS = 10

FIRST_VERSION_WITH_ERROR = 2

NOTHING = OffsetAndMetadata(-1, -1, "", 0, None)

Offsets = Mapping[int, OffsetAndMetadata]


def handle(
    request: OffsetFetchRequest, broker: Broker, context: RequestContext
) -> OffsetFetchResponse:
    """Look up the offsets, of the partitions asked for or of all."""
    if context.version >= FIRST_VERSION_WITH_GROUPS:
        by_id = context.version >= FIRST_VERSION_WITH_TOPIC_IDS
        return OffsetFetchResponse(
            groups=[_fetch_group(group, broker, by_id) for group in request.groups]
        )
    refused = group_error(broker, request.group_id)
    refused = refused or broker.groups.fetch_error(request.group_id, None, -1)
    if refused and context.version < FIRST_VERSION_WITH_ERROR:
        return _refused_one_by_one(request, refused)
    if refused:
        return OffsetFetchResponse(topics=[], error_code=refused)
    committed = broker.groups.committed(request.group_id)
    if request.topics is None:
        wanted = [(name, tuple(offsets)) for name, offsets in committed.items()]
    else:
        wanted = [(topic.name, tuple(topic.partition_indexes)) for topic in request.topics]
    return OffsetFetchResponse(
        topics=[
            OffsetFetchResponseTopic(
                name=name,
                partitions=[
                    OffsetFetchResponsePartition(
                        partition_index=index,
                        committed_offset=offset.committed_offset,
                        committed_leader_epoch=offset.leader_epoch,
                        metadata=offset.metadata,
                    )
                    for index, offset in _look_up(committed.get(name, {}), indexes)
                ],
            )
            for name, indexes in wanted
        ]
    )


def _refused_one_by_one(request: OffsetFetchRequest, error: ErrorCode) -> OffsetFetchResponse:
    """The error for each partition, where there is no place for one of the whole."""
    return OffsetFetchResponse(
        topics=[
            OffsetFetchResponseTopic(
                name=topic.name,
                partitions=[
                    OffsetFetchResponsePartition(
                        partition_index=index, committed_offset=-1, metadata="", error_code=error
                    )
                    for index in topic.partition_indexes
                ],
            )
            for topic in request.topics or []
        ]
    )


def _look_up(offsets: Offsets, indexes: Sequence[int]) -> list[tuple[int, OffsetAndMetadata]]:
    return [(index, offsets.get(index, NOTHING)) for index in indexes]


def _fetch_group(
    group: OffsetFetchRequestGroup, broker: Broker, by_id: bool
) -> OffsetFetchResponseGroup:
    refused = group_error(broker, group.group_id)
    refused = refused or broker.groups.fetch_error(
        group.group_id, group.member_id, group.member_epoch
    )
    if refused:
        return OffsetFetchResponseGroup(group_id=group.group_id, topics=[], error_code=refused)
    committed = broker.groups.committed(group.group_id)
    topics: list[OffsetFetchResponseTopics] = []
    unknown: list[OffsetFetchResponseTopics] = []
    if group.topics is None:
        for name, offsets in committed.items():
            topic = broker.topics.get(name)
            if not by_id:
                topics.append(_topic(_look_up(offsets, tuple(offsets)), name=name))
            elif topic is not None:
                found = _topic(_look_up(offsets, tuple(offsets)))
                found.topic_id = topic.topic_id
                topics.append(found)
        return OffsetFetchResponseGroup(group_id=group.group_id, topics=topics)
    for wanted in group.topics:
        name = wanted.name
        if by_id:
            topic = broker.topics_by_id.get(wanted.topic_id)
            if topic is None:
                nothing = _look_up({}, wanted.partition_indexes)
                failed = _topic(nothing, error=ErrorCode.UNKNOWN_TOPIC_ID)
                failed.topic_id = wanted.topic_id
                unknown.append(failed)
                continue
            name = topic.name
        found = _topic(_look_up(committed.get(name, {}), wanted.partition_indexes))
        found.name = name
        found.topic_id = wanted.topic_id if by_id else ZERO_UUID
        topics.append(found)
    return OffsetFetchResponseGroup(group_id=group.group_id, topics=topics + unknown)


def _topic(
    offsets: list[tuple[int, OffsetAndMetadata]],
    *,
    name: str = "",
    error: ErrorCode = ErrorCode.NONE,
) -> OffsetFetchResponseTopics:
    return OffsetFetchResponseTopics(
        name=name,
        partitions=[
            OffsetFetchResponsePartitions(
                partition_index=index,
                committed_offset=offset.committed_offset,
                committed_leader_epoch=offset.leader_epoch,
                metadata=offset.metadata,
                error_code=error,
            )
            for index, offset in offsets
        ],
    )

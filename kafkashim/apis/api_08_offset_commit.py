"""OffsetCommit: remember how far a group has read.

What is wrong with a partition is found before the group is asked (``KafkaApis.handleOffsetCommit``), so
that those partitions come first in the answer.
"""

from __future__ import annotations

from uuid import UUID

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_08_offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
    OffsetCommitResponse,
    OffsetCommitResponsePartition,
    OffsetCommitResponseTopic,
)
from kafkashim.apis import RequestContext
from kafkashim.apis.coordination import group_error
from kafkashim.state import Broker
from kafkashim.topics import Topic

FIRST_VERSION_WITH_TOPIC_IDS = 10

Found = list[tuple[OffsetCommitRequestTopic, str, list[OffsetCommitRequestPartition]]]


def handle(
    request: OffsetCommitRequest, broker: Broker, context: RequestContext
) -> OffsetCommitResponse:
    """Commit the offsets of partitions that exist, if the group lets them be committed."""
    by_id = context.version >= FIRST_VERSION_WITH_TOPIC_IDS
    answer = _Answer(by_id)
    found: Found = []
    for topic in request.topics:
        known = broker.topics_by_id.get(topic.topic_id) if by_id else broker.topics.get(topic.name)
        if known is None:
            error = ErrorCode.UNKNOWN_TOPIC_ID if by_id else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
            answer.add(topic, [(p, error) for p in topic.partitions])
            continue
        partitions = [p for p in topic.partitions if _exists(known, p)]
        missing = [p for p in topic.partitions if not _exists(known, p)]
        if missing:
            answer.add(topic, [(p, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) for p in missing])
        if partitions:
            found.append((topic, known.name, partitions))
    if found:
        _commit(request, found, broker, context.version, answer)
    return OffsetCommitResponse(topics=answer.topics)


def _exists(topic: Topic, partition: OffsetCommitRequestPartition) -> bool:
    return topic.partition(partition.partition_index) is not None


def _commit(
    request: OffsetCommitRequest, found: Found, broker: Broker, version: int, answer: _Answer
) -> None:
    groups = broker.groups
    group_id = request.group_id
    refused = group_error(broker, group_id) or groups.begin_commit(
        group_id,
        request.member_id,
        request.group_instance_id,
        request.generation_id_or_member_epoch,
        version,
        [
            (broker.topics[name].topic_id, p.partition_index)
            for _, name, partitions in found
            for p in partitions
            if groups.takes_metadata(p.committed_metadata)
        ],
    )
    all_exist = not answer.topics
    for topic, name, partitions in found:
        answer.add(
            topic,
            [
                (
                    p,
                    refused
                    or groups.commit(
                        group_id,
                        name,
                        p.partition_index,
                        p.committed_offset,
                        p.committed_leader_epoch,
                        p.committed_metadata,
                        request.retention_time_ms,
                    ),
                )
                for p in partitions
            ],
            apart=all_exist,
        )


class _Answer:
    """Gathers the partitions of a topic, in the order in which they are told of.

    A topic that a request names twice is in the answer twice, but only as long as nothing was wrong
    (``OffsetCommitResponse.Builder.merge``).
    """

    def __init__(self, by_id: bool) -> None:
        self._by_id = by_id
        self._found: dict[str | UUID, OffsetCommitResponseTopic] = {}
        self.topics: list[OffsetCommitResponseTopic] = []

    def add(
        self,
        topic: OffsetCommitRequestTopic,
        partitions: list[tuple[OffsetCommitRequestPartition, ErrorCode]],
        *,
        apart: bool = False,
    ) -> None:
        key = topic.topic_id if self._by_id else topic.name
        found = None if apart else self._found.get(key)
        if found is None:
            found = OffsetCommitResponseTopic(
                name=topic.name, topic_id=topic.topic_id, partitions=[]
            )
            self._found[key] = found
            self.topics.append(found)
        found.partitions += [
            OffsetCommitResponsePartition(partition_index=p.partition_index, error_code=error)
            for p, error in partitions
        ]

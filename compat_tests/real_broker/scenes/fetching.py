"""Fetch requests of any shape, and something to fetch, for the scenes that read."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes.producing import NOBODY, produce
from kafka_codecs.messages.api_01_fetch import (
    FetchPartition,
    FetchRequest,
    FetchTopic,
    ForgottenTopic,
    ReplicaState,
)
from kafka_codecs.messages.api_21_delete_records import (
    DeleteRecordsPartition,
    DeleteRecordsRequest,
    DeleteRecordsTopic,
)

BY_ID = 13
MEGABYTE = 1 << 20
# Longer than a conversation waits: a fetch that is parked where it should not be is a failure.
TOO_LONG_MS = 60_000


def store(c: Conversation, topic: str, *batches: bytes, partition: int = 0) -> int:
    """Append batches, so that there is something to read; gives where the last one begins."""
    offset = -1
    for records in batches:
        answer = c.quietly(produce(c, 9, {(topic, partition): records}), 9)
        assert not answer.responses[0].partition_responses[0].error_code
        offset = answer.responses[0].partition_responses[0].base_offset
    return offset


def delete_before(c: Conversation, topic: str, offset: int, partition: int = 0) -> None:
    """Delete the records before an offset; -1 for all of them."""
    wanted = DeleteRecordsPartition(partition_index=partition, offset=offset)
    topics = [DeleteRecordsTopic(name=topic, partitions=[wanted])]
    answer = c.quietly(DeleteRecordsRequest(topics=topics, timeout_ms=10_000), 2)
    assert not answer.topics[0].partitions[0].error_code


def send_to_wait(
    c: Conversation, request: FetchRequest, version: int, connection: str, client_id: str = "scene"
) -> None:
    """Send a fetch that is to wait, and give the broker time to take it in.

    From outside it cannot be seen that it has.
    """
    c.send(request, version, connection, client_id)
    time.sleep(0.1)


def part(offset: int = 0, index: int = 0, limit: int = MEGABYTE, **more: Any) -> FetchPartition:
    """A partition to read from ``offset`` on, at most ``limit`` bytes."""
    return FetchPartition(partition=index, fetch_offset=offset, partition_max_bytes=limit, **more)


Wanted = Mapping[str, list[FetchPartition]] | Iterable[tuple[str, list[FetchPartition]]]


def fetch(
    c: Conversation,
    version: int,
    wanted: Wanted,
    *,
    forgotten: Mapping[str, list[int]] | None = None,
    replica: int = -1,
    **more: Any,
) -> FetchRequest:
    """A request for partitions of topics, by name or by id as the version has it."""
    pairs = wanted.items() if isinstance(wanted, Mapping) else wanted
    by_id = version >= BY_ID
    fields: dict[str, Any] = {
        "max_wait_ms": 0,
        "min_bytes": 1,
        "max_bytes": MEGABYTE,
        **more,
    }
    request = FetchRequest(
        topics=[
            FetchTopic(topic_id=c.topic_ids.get(topic, NOBODY), partitions=partitions)
            if by_id
            else FetchTopic(topic=topic, partitions=partitions)
            for topic, partitions in pairs
        ],
        forgotten_topics_data=[
            ForgottenTopic(topic_id=c.topic_ids.get(topic, NOBODY), partitions=indexes)
            if by_id
            else ForgottenTopic(topic=topic, partitions=indexes)
            for topic, indexes in (forgotten or {}).items()
        ],
        **fields,
    )
    if version >= 15:
        request.replica_state = ReplicaState(replica_id=replica)
    else:
        request.replica_id = replica
    return request

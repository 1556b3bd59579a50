"""CreateTopics and DeleteTopics in few words, and topics that are ready for use."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from compat_tests.wire_client import WireClient
from kafka_codecs.messages.api_02_list_offsets import (
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsTopic,
)
from kafka_codecs.messages.api_19_create_topics import (
    CreatableReplicaAssignment,
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
)
from kafka_codecs.messages.api_20_delete_topics import DeleteTopicsRequest, DeleteTopicState
from kafka_codecs.schema import ZERO_UUID

Configs = Mapping[str, str | None] | Iterable[tuple[str, str | None]]


def topic(
    name: str,
    partitions: int = 1,
    replicas: int = 1,
    configs: Configs = (),
    assignments: Iterable[tuple[int, Sequence[int]]] = (),
) -> CreatableTopic:
    """A topic as CreateTopics asks for it."""
    pairs = configs.items() if isinstance(configs, Mapping) else configs
    return CreatableTopic(
        name=name,
        num_partitions=partitions,
        replication_factor=replicas,
        configs=[CreatableTopicConfig(name=key, value=value) for key, value in pairs],
        assignments=[
            CreatableReplicaAssignment(partition_index=index, broker_ids=list(ids))
            for index, ids in assignments
        ],
    )


def create(
    client: WireClient,
    *topics: CreatableTopic,
    version: int = 7,
    validate_only: bool = False,
    timeout_ms: int = 10_000,
) -> list[Any]:
    """CreateTopics; gives the results."""
    request = CreateTopicsRequest(
        topics=list(topics), timeout_ms=timeout_ms, validate_only=validate_only
    )
    results: list[Any] = client.ask(request, version).topics
    return results


def try_out(client: WireClient, wanted: CreatableTopic) -> tuple[int, str | None]:
    """Error and message for a topic that is only validated."""
    (result,) = create(client, wanted, validate_only=True)
    return result.error_code, result.error_message


def delete(
    client: WireClient,
    *wanted: str | UUID | tuple[str | None, UUID],
    version: int = 6,
    timeout_ms: int = 10_000,
) -> list[tuple[str | None, UUID, int, str | None]]:
    """DeleteTopics by names, ids or both; gives name, id, error, message, in no certain order."""
    if version < 6:
        request = DeleteTopicsRequest(topic_names=list(wanted), timeout_ms=timeout_ms)
    else:
        states: list[DeleteTopicState] = []
        for one in wanted:
            name, topic_id = (
                one
                if isinstance(one, tuple)
                else (None, one)
                if isinstance(one, UUID)
                else (one, ZERO_UUID)
            )
            states.append(DeleteTopicState(name=name, topic_id=topic_id))
        request = DeleteTopicsRequest(topics=states, timeout_ms=timeout_ms)
    results = client.ask(request, version).responses
    return sorted(((r.name, r.topic_id, r.error_code, r.error_message) for r in results), key=repr)


def created(client: WireClient, wanted: CreatableTopic) -> Any:
    """Create a topic, wait until its partitions have leaders, and give the result."""
    (result,) = create(client, wanted)
    assert result.error_code == 0, result
    request = ListOffsetsRequest(
        replica_id=-1,
        topics=[
            ListOffsetsTopic(
                name=wanted.name,
                partitions=[
                    ListOffsetsPartition(
                        partition_index=index, timestamp=-1, current_leader_epoch=-1
                    )
                    for index in range(result.num_partitions)
                ],
            )
        ],
    )
    for _ in range(100):
        answer = client.ask(request, 5).topics[0]
        if all(partition.error_code == 0 for partition in answer.partitions):
            return result
        time.sleep(0.05)
    raise AssertionError(f"{wanted.name} has no leader: {answer}")

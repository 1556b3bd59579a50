"""The requests these tests make again and again, over any connection that can ``ask``."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any, Protocol

from kafka_codecs.messages.api_00_produce import (
    PartitionProduceData,
    ProduceRequest,
    TopicProduceData,
)
from kafka_codecs.messages.api_01_fetch import (
    FetchPartition,
    FetchRequest,
    FetchTopic,
)
from kafka_codecs.messages.api_02_list_offsets import (
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsTopic,
)
from kafka_codecs.messages.api_19_create_topics import (
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
)
from kafka_codecs.messages.api_21_delete_records import (
    DeleteRecordsPartition,
    DeleteRecordsRequest,
    DeleteRecordsTopic,
)
from kafka_codecs.messages.api_22_init_producer_id import InitProducerIdRequest
from kafka_codecs.messages.api_61_describe_producers import DescribeProducersRequest, TopicRequest
from kafka_codecs.schema import Request

LATEST = -1
EARLIEST = -2

_numbers = count(1)


class Asks(Protocol):
    """``WireClient`` over a socket, ``Peer`` without one."""

    def ask(self, request: Request, version: int) -> Any: ...


def new_topic(
    client: Asks,
    partitions: int = 1,
    configs: Mapping[str, str] | None = None,
    name: str = "",
    replicas: int = 1,
) -> str:
    """Create a topic; gives its name."""
    name = name or f"topic-{next(_numbers)}"
    request = CreateTopicsRequest(
        topics=[
            CreatableTopic(
                name=name,
                num_partitions=partitions,
                replication_factor=replicas,
                configs=[
                    CreatableTopicConfig(name=key, value=value)
                    for key, value in (configs or {}).items()
                ],
            )
        ],
        timeout_ms=10_000,
    )
    (answer,) = client.ask(request, 7).topics
    assert answer.error_code == 0, answer
    return name


def produce_request(
    partitions: Mapping[tuple[str, int], bytes | None],
    *,
    acks: int = -1,
    timeout_ms: int = 10_000,
    transactional_id: str | None = None,
) -> ProduceRequest:
    """A Produce request, topics and partitions in the order given."""
    topics: dict[str, list[PartitionProduceData]] = {}
    for (topic, index), records in partitions.items():
        topics.setdefault(topic, []).append(PartitionProduceData(index=index, records=records))
    return ProduceRequest(
        transactional_id=transactional_id,
        acks=acks,
        timeout_ms=timeout_ms,
        topic_data=[TopicProduceData(name=n, partition_data=data) for n, data in topics.items()],
    )


def produce(
    client: Asks, topic: str, records: bytes, partition: int = 0, version: int = 9, **options: Any
) -> Any:
    """Produce to one partition and give its answer."""
    request = produce_request({(topic, partition): records}, **options)
    return client.ask(request, version).responses[0].partition_responses[0]


def fetch_request(
    offsets: Mapping[tuple[str, int], int],
    *,
    partition_max_bytes: int = 1 << 20,
    **options: Any,
) -> FetchRequest:
    """A Fetch request by topic names, topics and partitions in the order given."""
    topics: dict[str, list[FetchPartition]] = {}
    for (topic, index), offset in offsets.items():
        topics.setdefault(topic, []).append(
            FetchPartition(
                partition=index,
                fetch_offset=offset,
                partition_max_bytes=partition_max_bytes,
                log_start_offset=-1,
                current_leader_epoch=-1,
                last_fetched_epoch=-1,
            )
        )
    fields = {
        "replica_id": -1,
        "max_wait_ms": 0,
        "min_bytes": 1,
        "max_bytes": 1 << 26,
        "isolation_level": 0,
        "session_id": 0,
        "session_epoch": -1,
        "topics": [FetchTopic(topic=n, partitions=wanted) for n, wanted in topics.items()],
        "forgotten_topics_data": [],
        "rack_id": "",
    }
    return FetchRequest(**{**fields, **options})


def fetch(client: Asks, topic: str, offset: int, version: int = 12, **options: Any) -> Any:
    """Fetch from partition 0 of a topic and give the partition's answer."""
    answer = client.ask(fetch_request({(topic, 0): offset}, **options), version)
    return answer.responses[0].partitions[0]


def list_offset(
    client: Asks, topic: str, timestamp: int, partition: int = 0, version: int = 11
) -> Any:
    """ListOffsets for one partition."""
    request = ListOffsetsRequest(
        replica_id=-1,
        topics=[
            ListOffsetsTopic(
                name=topic,
                partitions=[
                    ListOffsetsPartition(
                        partition_index=partition, timestamp=timestamp, current_leader_epoch=-1
                    )
                ],
            )
        ],
    )
    return client.ask(request, version).topics[0].partitions[0]


def log_end(client: Asks, topic: str, partition: int = 0) -> int:
    """The offset the next record gets."""
    return int(list_offset(client, topic, LATEST, partition).offset)


def log_start(client: Asks, topic: str, partition: int = 0) -> int:
    """The first offset there is."""
    return int(list_offset(client, topic, EARLIEST, partition).offset)


def delete_records(client: Asks, topic: str, before: int) -> Any:
    """DeleteRecords in partition 0."""
    request = DeleteRecordsRequest(
        topics=[
            DeleteRecordsTopic(
                name=topic, partitions=[DeleteRecordsPartition(partition_index=0, offset=before)]
            )
        ],
        timeout_ms=10_000,
    )
    return client.ask(request, 2).topics[0].partitions[0]


def init_producer_id(
    client: Asks,
    transactional_id: str | None = None,
    *,
    timeout_ms: int = 60_000,
    producer_id: int = -1,
    producer_epoch: int = -1,
    version: int = 5,
) -> tuple[int, int, int]:
    """InitProducerId; gives error, producer id, epoch."""
    request = InitProducerIdRequest(
        transactional_id=transactional_id,
        transaction_timeout_ms=timeout_ms,
        producer_id=producer_id,
        producer_epoch=producer_epoch,
    )
    answer = client.ask(request, version)
    return answer.error_code, answer.producer_id, answer.producer_epoch


def producers(client: Asks, topic: str, partition: int = 0) -> dict[int, tuple[int, int]]:
    """DescribeProducers: producer id -> (epoch, last sequence)."""
    request = DescribeProducersRequest(
        topics=[TopicRequest(name=topic, partition_indexes=[partition])]
    )
    answer = client.ask(request, 0).topics[0].partitions[0]
    assert answer.error_code == 0
    return {p.producer_id: (p.producer_epoch, p.last_sequence) for p in answer.active_producers}

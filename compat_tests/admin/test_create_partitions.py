"""CreatePartitions while clients are at work: they find the new partitions by themselves."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from compat_tests.admin.topics import created, topic
from compat_tests.conftest import BrokerUnderTest, need
from compat_tests.wire_client import WireClient
from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_03_metadata import MetadataRequest, MetadataRequestTopic
from kafka_codecs.messages.api_37_create_partitions import (
    CreatePartitionsRequest,
    CreatePartitionsTopic,
)

SECONDS = 20
OFTEN_MS = 200


def grow(client: WireClient, *wanted: tuple[str, int], validate_only: bool = False) -> list[Any]:
    """CreatePartitions; gives the results."""
    request = CreatePartitionsRequest(
        topics=[
            CreatePartitionsTopic(name=name, count=count, assignments=None)
            for name, count in wanted
        ],
        timeout_ms=30_000,
        validate_only=validate_only,
    )
    results: list[Any] = client.ask(request, 3).results
    return results


def partitions(client: WireClient, name: str) -> int:
    request = MetadataRequest(topics=[MetadataRequestTopic(name=name)])
    return len(client.ask(request, 12).topics[0].partitions)


def until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not what():
        assert time.monotonic() < end, "it never happened"


def test_a_producer_and_a_group_find_the_new_partitions(
    broker: BrokerUnderTest, client: WireClient, name: str
) -> None:
    kafka = need("confluent_kafka")
    created(client, topic(name))
    common = {
        "bootstrap.servers": broker.bootstrap_servers,
        "topic.metadata.refresh.interval.ms": OFTEN_MS,
    }
    producer = kafka.Producer({**common, "enable.idempotence": True})
    consumer = kafka.Consumer({**common, "group.id": name, "auto.offset.reset": "earliest"})
    seen: dict[int, list[bytes]] = {}

    def consume() -> None:
        for message in consumer.consume(100, timeout=0.1):
            assert message.error() is None, message.error()
            seen.setdefault(message.partition(), []).append(message.value())

    def send(index: int, value: bytes) -> None:
        producer.produce(name, value, partition=index)
        assert producer.flush(SECONDS) == 0

    def consumed(wanted: dict[int, list[bytes]]) -> bool:
        consume()
        return seen == wanted

    try:
        consumer.subscribe([name])
        send(0, b"before")
        until(lambda: consumed({0: [b"before"]}))
        assert [r.error_code for r in grow(client, (name, 3))] == [0]
        until(lambda: len(producer.list_topics(name).topics[name].partitions) == 3)
        send(2, b"new")
        send(0, b"after")
        until(lambda: consumed({0: [b"before", b"after"], 2: [b"new"]}))
        assert sorted(p.partition for p in consumer.assignment()) == [0, 1, 2]
    finally:
        consumer.close()


def test_admin_clients_let_topics_grow(
    broker: BrokerUnderTest, client: WireClient, name: str
) -> None:
    kafka, admins = need("confluent_kafka"), need("confluent_kafka.admin")
    created(client, topic(name))
    admin = admins.AdminClient({"bootstrap.servers": broker.bootstrap_servers})

    def ask(count: int, replicas: list[list[int]] | None = None, **options: Any) -> None:
        wanted = admins.NewPartitions(name, count, *([] if replicas is None else [replicas]))
        admin.create_partitions([wanted], **options)[name].result(SECONDS)

    ask(4, validate_only=True)
    assert partitions(client, name) == 1
    ask(2)
    ask(4, [[1], [1]])
    assert partitions(client, name) == 4
    with pytest.raises(kafka.KafkaException) as refused:
        ask(5, [[7]])
    assert refused.value.args[0].code() == ErrorCode.INVALID_REPLICA_ASSIGNMENT
    with pytest.raises(kafka.KafkaException) as refused:
        ask(3)
    assert refused.value.args[0].str() == (
        f"The topic {name} currently has 4 partition(s); 3 would not be an increase."
    )


def test_two_who_grow_a_topic_at_once(
    broker: BrokerUnderTest, client: WireClient, name: str
) -> None:
    created(client, topic(name))

    def one(count: int) -> int:
        with WireClient(*broker.address) as own:
            return int(grow(own, (name, count))[0].error_code)

    with ThreadPoolExecutor(8) as pool:
        errors = list(pool.map(one, [5] * 8))
    assert sorted(errors) == [0] + [ErrorCode.INVALID_PARTITIONS] * 7
    assert partitions(client, name) == 5


@pytest.mark.parametrize(("count", "error"), [(10_002, 0), (10_003, -1), (2**31 - 1, -1)])
def test_the_controller_writes_ten_thousand_records_for_a_request(
    broker: BrokerUnderTest, client: WireClient, name: str, count: int, error: int
) -> None:
    if count == 2**31 - 1 and not broker.is_kafkashim:
        pytest.skip("Apache Kafka runs out of memory")
    created(client, topic(name, 2))
    (result,) = grow(client, (name, count), validate_only=True)
    assert (result.error_code, result.error_message) == (error, None)
    assert partitions(client, name) == 2


def test_of_a_topic_that_grows_too_much_the_controller_writes_what_fits(
    broker: BrokerUnderTest, client: WireClient, name: str
) -> None:
    if not broker.is_kafkashim:
        pytest.skip("leaves Apache Kafka with ten thousand logs to open")
    created(client, topic(name, 2))
    (result,) = grow(client, (name, 10_005))
    assert (result.error_code, result.error_message) == (ErrorCode.UNKNOWN_SERVER_ERROR, None)
    assert partitions(client, name) == 10_002

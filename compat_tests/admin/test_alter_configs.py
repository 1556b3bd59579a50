"""What is altered while the broker runs counts at once."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from compat_tests.admin.conftest import Start
from compat_tests.real_broker.scenes.altering import (
    BROKER,
    DELETE,
    LOGGER,
    SET,
    TOPIC,
    Change,
    alter,
    change,
    describe,
)
from compat_tests.wire_client import WireClient
from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_00_produce import (
    PartitionProduceData,
    ProduceRequest,
    TopicProduceData,
)
from kafka_codecs.messages.api_01_fetch import FetchPartition, FetchRequest, FetchTopic
from kafka_codecs.messages.api_19_create_topics import CreatableTopic, CreateTopicsRequest
from kafka_codecs.record_batch import encode_batch, read_batches

LARGE = encode_batch([(b"k", b"v" * 2000)], base_timestamp=1_767_225_600_000)


@pytest.fixture
def client(start: Start) -> WireClient:
    connection = start({})
    topic = CreatableTopic(name="t", num_partitions=1, replication_factor=1)
    connection.ask(CreateTopicsRequest(topics=[topic], timeout_ms=1000), 7)
    return connection


@pytest.fixture
def levels() -> Iterator[None]:
    """Loggers are the process's: they get their levels back."""
    names = ("kafkashim", "kafkashim.connection")
    before = {name: logging.getLogger(name).level for name in names}
    yield
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


def produce(client: WireClient, records: bytes = LARGE) -> int:
    """The error code of one batch."""
    data = PartitionProduceData(index=0, records=records)
    request = ProduceRequest(
        acks=-1, timeout_ms=1000, topic_data=[TopicProduceData(name="t", partition_data=[data])]
    )
    found: int = client.ask(request, 9).responses[0].partition_responses[0].error_code
    return found


def set_broker(client: WireClient, name: str, *changes: Change) -> None:
    answer = client.ask(change((BROKER, name, list(changes))), 1).responses[0]
    assert not answer.error_code, answer.error_message


def test_the_whole_clusters_and_the_brokers_own(client: WireClient) -> None:
    limit = "message.max.bytes"
    assert produce(client) == 0
    set_broker(client, "", (limit, SET, "1000"))
    assert produce(client) == ErrorCode.MESSAGE_TOO_LARGE
    set_broker(client, "1", (limit, SET, "3000"))
    assert produce(client) == 0
    client.ask(alter((TOPIC, "t", {"max.message.bytes": "1000"})), 2)
    assert produce(client) == ErrorCode.MESSAGE_TOO_LARGE
    client.ask(alter((TOPIC, "t", {})), 2)
    assert produce(client) == 0
    set_broker(client, "1", (limit, DELETE, None))
    assert produce(client) == ErrorCode.MESSAGE_TOO_LARGE
    set_broker(client, "", (limit, DELETE, None))
    assert produce(client) == 0


def test_the_brokers_codec(client: WireClient) -> None:
    set_broker(client, "", ("compression.type", SET, "zstd"), ("compression.zstd.level", SET, "9"))
    assert produce(client) == 0
    wanted = FetchPartition(partition=0, fetch_offset=0, partition_max_bytes=9999)
    request = FetchRequest(
        max_wait_ms=0,
        min_bytes=1,
        max_bytes=9999,
        topics=[FetchTopic(topic="t", partitions=[wanted])],
    )
    found = read_batches(client.ask(request, 11).responses[0].partitions[0].records)[0]
    assert (found.codec, found.crc_matches()) == (4, True)
    assert found.size < 200
    assert [(record.key, record.value) for record in found.records()] == [(b"k", b"v" * 2000)]


def test_a_logger(client: WireClient, levels: None, caplog: pytest.LogCaptureFixture) -> None:
    def level_of(name: str) -> str:
        configs = client.ask(describe(LOGGER, "1"), 4).results[0].configs
        return next(str(entry.value) for entry in configs if entry.name == name)

    def set_level(name: str, operation: int, level: str | None) -> None:
        answer = client.ask(change((LOGGER, "1", [(name, operation, level)])), 1).responses[0]
        assert not answer.error_code, answer.error_message

    set_level("root", SET, "ERROR")
    assert level_of("root") == level_of("kafkashim.connection") == "ERROR"
    assert not logging.getLogger("kafkashim.connection").isEnabledFor(logging.WARNING)
    set_level("kafkashim.connection", SET, "TRACE")
    assert (level_of("root"), level_of("kafkashim.connection")) == ("ERROR", "TRACE")
    set_level("kafkashim.connection", DELETE, None)
    assert level_of("kafkashim.connection") == "ERROR"

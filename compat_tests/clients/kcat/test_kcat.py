"""kcat writes with an idempotent producer, reads, joins groups, and asks for metadata and offsets."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from compat_tests import toolchains
from compat_tests.clients.kcat.kcat import (
    COMMAND,
    Member,
    consume,
    kcat,
    produce,
    properties,
    wait_for,
)
from compat_tests.conftest import BrokerUnderTest, RelayedBroker
from compat_tests.wire_client import WireClient
from kafka_codecs.messages.api_19_create_topics import CreatableTopic, CreateTopicsRequest
from kafka_codecs.messages.api_61_describe_producers import (
    DescribeProducersRequest,
    TopicRequest,
)
from kafkashim.relay import PRODUCE, Action, RandomProgram

PARTITIONS = 4


@pytest.fixture(scope="module", autouse=True)
def _command() -> None:
    toolchains.need(COMMAND)


def create_topic(bootstrap: str, topic: str, partitions: int) -> None:
    """Kcat itself creates topics only by writing to them."""
    host, _, port = bootstrap.rpartition(":")
    wanted = CreatableTopic(
        name=topic, num_partitions=partitions, replication_factor=1, assignments=[], configs=[]
    )
    with WireClient(host, int(port)) as client:
        answer = client.ask(CreateTopicsRequest(topics=[wanted], timeout_ms=10_000), 5)
    assert answer.topics[0].error_code == 0


def lines(count: int, start: int = 0) -> list[bytes]:
    return [b"message %d" % number for number in range(start, start + count)]


def with_keys(wanted: list[bytes]) -> list[bytes]:
    """The lines with keys of their own in front, by which they go to all partitions."""
    return [b"%d:" % number + line for number, line in enumerate(wanted)]


def payloads(records: list[dict[str, Any]]) -> list[str]:
    return [record["payload"] for record in records]


def written_once(records: list[dict[str, Any]], count: int) -> None:
    """Every line is there once, and those of a partition have the offsets 0, 1, 2, …"""
    assert Counter(payloads(records)) == Counter(line.decode() for line in lines(count))
    for partition in {record["partition"] for record in records}:
        offsets = [r["offset"] for r in records if r["partition"] == partition]
        assert offsets == list(range(len(offsets)))


def test_an_idempotent_producer_writes_in_order(
    broker: BrokerUnderTest, unique: Callable[[str], str]
) -> None:
    topic = unique("kcat")
    produce(broker.bootstrap_servers, topic, lines(20_000))
    records = consume(broker.bootstrap_servers, topic)
    assert payloads(records) == [line.decode() for line in lines(20_000)]
    assert [record["offset"] for record in records] == list(range(20_000))

    asked = DescribeProducersRequest(topics=[TopicRequest(name=topic, partition_indexes=[0])])
    with WireClient(*broker.address) as client:
        producers = client.ask(asked, 0).topics[0].partitions[0].active_producers
    assert [producer.last_sequence for producer in producers] == [19_999]


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_compressed_messages(
    broker: BrokerUnderTest, unique: Callable[[str], str], codec: str
) -> None:
    topic = unique(codec)
    produce(broker.bootstrap_servers, topic, lines(2_000), "-z", codec)
    assert payloads(consume(broker.bootstrap_servers, topic)) == [
        line.decode() for line in lines(2_000)
    ]


def test_keys_headers_partitions_and_nulls(
    broker: BrokerUnderTest, unique: Callable[[str], str]
) -> None:
    bootstrap, topic = broker.bootstrap_servers, unique("keys")
    create_topic(bootstrap, topic, PARTITIONS)
    headers = ("-H", "name=value", "-H", "name=again", "-H", "größe=straße")
    produce(bootstrap, topic, [b"key:value", b"gone:"], "-p", "2", "-K:", "-Z", *headers)
    first, second = consume(bootstrap, topic)
    assert (first["partition"], first["key"], first["payload"]) == (2, "key", "value")
    assert first["headers"] == ["name", "value", "name", "again", "größe", "straße"]
    assert (second["key"], second["payload"], second["offset"]) == ("gone", None, 1)


def test_keys_choose_partitions(broker: BrokerUnderTest, unique: Callable[[str], str]) -> None:
    bootstrap, topic = broker.bootstrap_servers, unique("by-key")
    create_topic(bootstrap, topic, PARTITIONS)
    produce(bootstrap, topic, [b"key %d:%d" % (n % 40, n) for n in range(2_000)], "-K:")
    records = consume(bootstrap, topic)
    assert sorted(int(record["payload"]) for record in records) == list(range(2_000))
    places = {(record["key"], record["partition"]) for record in records}
    assert len(places) == 40
    assert {partition for _, partition in places} == set(range(PARTITIONS))


@pytest.mark.parametrize("seed", range(4))
def test_cut_connections_and_lost_answers(
    relayed_broker: RelayedBroker, unique: Callable[[str], str], seed: int
) -> None:
    relay, bootstrap = relayed_broker.relay, relayed_broker.bootstrap_servers
    topic = unique(f"kcat-seed{seed}")
    create_topic(bootstrap, topic, 2)
    settings = properties(
        batch_size=1_000,
        linger_ms=1,
        retry_backoff_ms=5,
        reconnect_backoff_ms=5,
        reconnect_backoff_max_ms=20,
    )
    relay.play(RandomProgram(seed, cuts=8))
    try:
        # -E: it goes on when it has no connection for a moment.
        produce(bootstrap, topic, lines(2_000), "-E", *settings)
    finally:
        relay.calm()
    done = [(event.request.api_key, event.step.action) for event in relay.events]
    assert (PRODUCE, Action.LOSE_ANSWER) in done
    written_once(consume(bootstrap, topic), 2_000)


def test_reading_from_offsets(broker: BrokerUnderTest, unique: Callable[[str], str]) -> None:
    bootstrap, topic = broker.bootstrap_servers, unique("offsets")
    produce(bootstrap, topic, lines(100))
    at = ("-p", "0", "-o")
    assert [r["offset"] for r in consume(bootstrap, topic, *at, "97")] == [97, 98, 99]
    assert [r["offset"] for r in consume(bootstrap, topic, *at, "-2")] == [98, 99]
    assert [r["offset"] for r in consume(bootstrap, topic, *at, "s@0", "-c", "2")] == [0, 1]
    assert consume(bootstrap, topic, *at, "end") == []
    (last,) = consume(bootstrap, topic, *at, "99")
    assert [r["offset"] for r in consume(bootstrap, topic, *at, f"s@{last['ts'] + 1}")] == []


def test_offsets_are_queried(broker: BrokerUnderTest, unique: Callable[[str], str]) -> None:
    bootstrap, topic = broker.bootstrap_servers, unique("query")
    create_topic(bootstrap, topic, 2)
    produce(bootstrap, topic, lines(10), "-p", "1")
    newest = consume(bootstrap, topic)[-1]["ts"]

    def offset(partition: int, time: int) -> str:
        return kcat("-Q", "-b", bootstrap, "-t", f"{topic}:{partition}:{time}").strip()

    earliest, latest = -2, -1
    assert offset(1, earliest) == f"{topic} [1] offset 0"
    assert offset(1, latest) == f"{topic} [1] offset 10"
    assert offset(0, latest) == f"{topic} [0] offset 0"
    assert offset(1, 1) == f"{topic} [1] offset 0"
    # No record is as late.
    assert offset(1, newest + 1_000_000) == f"{topic} [1] offset -1"


def test_metadata_is_listed(broker: BrokerUnderTest, unique: Callable[[str], str]) -> None:
    bootstrap, topic = broker.bootstrap_servers, unique("metadata")
    create_topic(bootstrap, topic, PARTITIONS)
    told = json.loads(kcat("-L", "-J", "-b", bootstrap, "-t", topic))
    (node,) = told["brokers"]
    assert node["name"] == bootstrap
    assert told["controllerid"] == node["id"]
    (found,) = told["topics"]
    assert found["topic"] == topic
    assert sorted(found["partitions"], key=lambda p: p["partition"]) == [
        {
            "partition": number,
            "leader": node["id"],
            "replicas": [{"id": node["id"]}],
            "isrs": [{"id": node["id"]}],
        }
        for number in range(PARTITIONS)
    ]
    everything = kcat("-L", "-b", bootstrap)
    assert f'topic "{topic}" with {PARTITIONS} partitions:' in everything
    assert f"partition 3, leader {node['id']}, replicas: {node['id']}, isrs: {node['id']}" in (
        everything
    )


def test_a_group_goes_on_where_it_stopped(
    broker: BrokerUnderTest, unique: Callable[[str], str]
) -> None:
    bootstrap, topic, group = broker.bootstrap_servers, unique("resumed"), unique("group")
    create_topic(bootstrap, topic, PARTITIONS)

    def read() -> list[dict[str, Any]]:
        earliest = properties(auto_offset_reset="earliest")
        told = kcat("-b", bootstrap, "-G", group, "-e", "-q", "-J", *earliest, topic)
        return [json.loads(line) for line in told.splitlines()]

    produce(bootstrap, topic, lines(200))
    written_once(read(), 200)
    assert read() == []
    produce(bootstrap, topic, lines(50, start=200))
    assert sorted(payloads(read())) == sorted(line.decode() for line in lines(50, start=200))


def test_two_members_and_their_rebalances(
    broker: BrokerUnderTest, unique: Callable[[str], str]
) -> None:
    bootstrap, topic, group = broker.bootstrap_servers, unique("shared"), unique("group")
    everything = frozenset(range(PARTITIONS))
    create_topic(bootstrap, topic, PARTITIONS)
    with Member(bootstrap, group, topic) as first:
        wait_for("one member has all", lambda: first.assigned() == everything, [first])
        produce(bootstrap, topic, with_keys(lines(200)), "-K:")
        wait_for("it consumes all", lambda: len(first.records()) >= 200, [first])
        with Member(bootstrap, group, topic) as second:
            both = [first, second]
            wait_for(
                "each of two members has two partitions",
                lambda: (
                    len(first.assigned()) == len(second.assigned()) == 2
                    and first.assigned() | second.assigned() == everything
                ),
                both,
            )
            second_has = second.assigned()
            produce(bootstrap, topic, with_keys(lines(200, start=200)), "-K:")
            wait_for(
                "both consume the rest",
                lambda: len(first.records()) + len(second.records()) >= 400,
                both,
            )
            assert second.leave() == 0
            records_of_second = second.records()
            wait_for("the first has all again", lambda: first.assigned() == everything, [first])
        produce(bootstrap, topic, with_keys(lines(100, start=400)), "-K:")
        wait_for(
            "it consumes all again",
            lambda: len(first.records()) + len(records_of_second) >= 500,
            [first],
        )
        assert first.leave() == 0
        records = first.records() + records_of_second
    assert {record["partition"] for record in records_of_second} == second_has
    written_once(sorted(records, key=lambda record: record["offset"]), 500)

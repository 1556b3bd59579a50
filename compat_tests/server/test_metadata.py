"""Metadata: which topics, which errors, which address; as measured on Apache Kafka 4.3.1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from compat_tests.server.asking import new_topic
from compat_tests.server.in_process import InProcess, Peer
from compat_tests.wire_client import WireClient
from kafka_codecs.messages.api_03_metadata import MetadataRequest, MetadataRequestTopic
from kafkashim.testing import KafkaShim

NONE = 0
UNKNOWN_TOPIC_OR_PARTITION = 3
INVALID_TOPIC_EXCEPTION = 17
INVALID_REQUEST = 42
UNKNOWN_TOPIC_ID = 100
UNKNOWN_SERVER_ERROR = -1
NOT_ASKED = -2147483648
TOPIC_OPERATIONS = 3576
NO_ID = UUID(int=0)
OTHER_ID = UUID(int=5)

every_version = pytest.mark.parametrize("version", range(14))
version_with_ids = pytest.mark.parametrize("version", [12, 13])
version_without_ids = pytest.mark.parametrize("version", [10, 11])


@pytest.fixture
def topic(peer: Peer) -> str:
    return new_topic(peer, 3, name="topic")


def ask(peer: Peer, topics: list[Any] | None, version: int = 12, **options: Any) -> Any:
    """Topics are names, ids, or (name, id)."""

    def asked(topic: str | UUID | tuple[str | None, UUID] | None) -> MetadataRequestTopic:
        if isinstance(topic, tuple):
            return MetadataRequestTopic(name=topic[0], topic_id=topic[1])
        if isinstance(topic, UUID):
            return MetadataRequestTopic(name=None, topic_id=topic)
        return MetadataRequestTopic(name=topic)

    options.setdefault("allow_auto_topic_creation", False)
    wanted = None if topics is None else [asked(topic) for topic in topics]
    return peer.ask(MetadataRequest(topics=wanted, **options), version)


def errors(answer: Any) -> list[tuple[str | None, int]]:
    return [(topic.name, topic.error_code) for topic in answer.topics]


@every_version
def test_all_topics(version: int, peer: Peer) -> None:
    for name in ("one", "two"):
        new_topic(peer, name=name)
    everything = [("one", NONE), ("two", NONE)]
    if version == 0:
        # There is no null in version 0: the empty list asks for all.
        assert errors(ask(peer, [], 0)) == everything
    else:
        assert errors(ask(peer, None, version)) == everything
        assert errors(ask(peer, [], version)) == []


@every_version
def test_what_is_said_of_a_topic(version: int, peer: Peer, broker: InProcess, topic: str) -> None:
    answer = ask(peer, [topic], version)
    (node,) = answer.brokers
    assert (node.node_id, node.host, node.port) == (1, "127.0.0.1", 9092)
    if version >= 1:
        assert answer.controller_id == 1
    if version >= 2:
        assert answer.cluster_id == broker.broker.cluster.cluster_id
    (found,) = answer.topics
    assert (found.error_code, found.name, found.is_internal) == (NONE, topic, False)
    assert found.topic_id == (broker.broker.topics[topic].topic_id if version >= 10 else NO_ID)
    assert [p.partition_index for p in found.partitions] == [0, 1, 2]
    for partition in found.partitions:
        assert (partition.leader_id, partition.replica_nodes) == (1, [1])
        assert (partition.isr_nodes, partition.offline_replicas) == ([1], [])
        assert partition.leader_epoch == (0 if version >= 7 else -1)


def test_a_name_asked_for_twice_is_answered_once(peer: Peer, topic: str) -> None:
    assert errors(ask(peer, [topic, topic])) == [(topic, NONE)]


@pytest.mark.parametrize("version", [4, 9, 12])
def test_what_is_missing_is_answered_last(version: int, peer: Peer, topic: str) -> None:
    asked = ["missing", "a b", topic, "", ".", "..", "x" * 250]
    assert errors(ask(peer, asked, version)) == [
        (topic, NONE),
        ("missing", UNKNOWN_TOPIC_OR_PARTITION),
        *((name, INVALID_TOPIC_EXCEPTION) for name in ("a b", "", ".", "..", "x" * 250)),
    ]


# -- auto-creation -------------------------------------------------------------------------------------


@every_version
def test_a_missing_topic_is_created_after_the_answer(
    version: int, peer: Peer, broker: InProcess
) -> None:
    """Before version 4 a client cannot choose."""
    answer = ask(peer, ["new"], version, allow_auto_topic_creation=True)
    assert errors(answer) == [("new", UNKNOWN_TOPIC_OR_PARTITION)]
    assert answer.topics[0].partitions == []
    broker.clock.advance(0)
    answer = ask(peer, ["new"], version)
    assert errors(answer) == [("new", NONE)]
    assert len(answer.topics[0].partitions) == 1


@every_version
def test_without_auto_creation_nothing_is_created(
    version: int, in_process: Callable[..., InProcess]
) -> None:
    broker = in_process(config={"auto.create.topics.enable": "false"})
    ask(broker.connect(), ["new"], version, allow_auto_topic_creation=True)
    broker.clock.advance(1000)
    assert not broker.broker.topics


def test_with_more_replicas_than_brokers_nothing_is_created(
    in_process: Callable[..., InProcess],
) -> None:
    """And the answer does not say so: it stays the one for a missing topic."""
    broker = in_process(config={"default.replication.factor": "3"})
    peer = broker.connect()
    for _ in range(2):
        answer = ask(peer, ["new"], allow_auto_topic_creation=True)
        assert errors(answer) == [("new", UNKNOWN_TOPIC_OR_PARTITION)]
        broker.clock.advance(1000)


@pytest.mark.parametrize("version", range(4, 14))
def test_a_client_may_choose(version: int, peer: Peer, broker: InProcess) -> None:
    ask(peer, ["new"], version, allow_auto_topic_creation=False)
    broker.clock.advance(1000)
    assert not broker.broker.topics


def test_illegal_names_are_not_created_and_come_first(peer: Peer, broker: InProcess) -> None:
    answer = ask(peer, ["new", "a b"], allow_auto_topic_creation=True)
    assert errors(answer) == [
        ("a b", INVALID_TOPIC_EXCEPTION),
        ("new", UNKNOWN_TOPIC_OR_PARTITION),
    ]
    broker.clock.advance(1000)
    assert list(broker.broker.topics) == ["new"]


def test_created_topics_have_the_brokers_defaults(in_process: Callable[..., InProcess]) -> None:
    broker = in_process(config={"num.partitions": "5"})
    peer = broker.connect()
    for _ in range(2):
        ask(peer, ["new"], allow_auto_topic_creation=True)
    broker.clock.advance(0)
    assert len(ask(peer, ["new"]).topics[0].partitions) == 5


# -- by id ---------------------------------------------------------------------------------------------


@version_with_ids
def test_by_id(version: int, peer: Peer, broker: InProcess, topic: str) -> None:
    topic_id = broker.broker.topics[topic].topic_id
    answer = ask(peer, [topic_id, OTHER_ID, topic_id], version)
    assert [(t.name, t.topic_id, t.error_code) for t in answer.topics] == [
        (None, OTHER_ID, UNKNOWN_TOPIC_ID),
        (topic, topic_id, NONE),
    ]


@version_with_ids
def test_one_id_and_no_name_is_looked_at(
    version: int, peer: Peer, broker: InProcess, topic: str
) -> None:
    topic_id = broker.broker.topics[topic].topic_id
    assert errors(ask(peer, [("missing", topic_id)], version)) == [(topic, NONE)]
    assert errors(ask(peer, [(topic, OTHER_ID)], version)) == [(None, UNKNOWN_TOPIC_ID)]
    assert errors(ask(peer, ["missing", topic_id], version)) == [(topic, NONE)]


@version_with_ids
def test_neither_name_nor_id(version: int, peer: Peer, topic: str) -> None:
    answer = ask(peer, [topic, None], version)
    assert errors(answer) == [(topic, UNKNOWN_SERVER_ERROR), ("", UNKNOWN_SERVER_ERROR)]
    assert (answer.brokers, answer.cluster_id, answer.controller_id) == ([], None, -1)
    assert answer.error_code == (UNKNOWN_SERVER_ERROR if version >= 13 else NONE)


@version_without_ids
def test_ids_came_too_early(version: int, peer: Peer, broker: InProcess, topic: str) -> None:
    """The field is there in versions 10 and 11; using it is an error (KAFKA-14186)."""
    topic_id = broker.broker.topics[topic].topic_id
    for asked in ([(topic, topic_id)], [topic_id], [None], [(None, OTHER_ID)]):
        answer = ask(peer, asked, version)
        assert [t.error_code for t in answer.topics] == [INVALID_REQUEST]
        assert answer.topics[0].name in (topic, "")
        assert answer.brokers == []
    both = ask(peer, [topic, topic_id], version)
    assert errors(both) == [(topic, INVALID_REQUEST), ("", INVALID_REQUEST)]


# -- authorized operations -----------------------------------------------------------------------------


@pytest.mark.parametrize("version", range(8, 14))
def test_authorized_operations(version: int, peer: Peer, topic: str) -> None:
    answer = ask(peer, [topic, "missing"], version)
    assert {t.topic_authorized_operations for t in answer.topics} == {NOT_ASKED}
    assert answer.cluster_authorized_operations == NOT_ASKED
    options = {"include_topic_authorized_operations": True}
    if version <= 10:
        options["include_cluster_authorized_operations"] = True
    answer = ask(peer, [topic, "missing"], version, **options)
    assert {t.topic_authorized_operations for t in answer.topics} == {TOPIC_OPERATIONS}
    if version <= 10:
        assert answer.cluster_authorized_operations > 0


# -- the address ---------------------------------------------------------------------------------------


def advertised(host: str, port: int) -> tuple[str, int]:
    with WireClient(host, port) as client:
        (node,) = client.ask(MetadataRequest(topics=[]), 12).brokers
        return node.host, node.port


def test_the_address_is_the_one_the_client_came_in_on(start: Callable[..., KafkaShim]) -> None:
    with start(host="0.0.0.0") as shim:
        for host in ("127.0.0.1", "127.0.0.2"):
            assert advertised(host, shim.port) == (host, shim.port)


def test_the_address_may_be_fixed(start: Callable[..., KafkaShim]) -> None:
    config = {"advertised.listeners": "PLAINTEXT://kafka.example:1234"}
    with start(config=config) as shim:
        assert advertised(shim.host, shim.port) == ("kafka.example", 1234)


def test_node_and_rack_are_configured(in_process: Callable[..., InProcess]) -> None:
    peer = in_process(config={"node.id": "7", "broker.rack": "r1"}).connect()
    answer = ask(peer, [])
    assert [(node.node_id, node.rack) for node in answer.brokers] == [(7, "r1")]
    assert answer.controller_id == 7

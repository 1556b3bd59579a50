"""Topics over HTTP: what CreateTopics and DeleteTopics would say is said."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest

from compat_tests.http_api.asking import HttpClient, Running
from compat_tests.server.asking import delete_records, new_topic, produce
from compat_tests.server.batches import GOOD
from kafka_codecs.messages.api_03_metadata import MetadataRequest


def test_a_topic_comes_and_goes(running: Running) -> None:
    api = running.client
    configs = {"retention.ms": 60_000, "cleanup.policy": "delete", "preallocate": True}
    wanted = {"name": "orders", "partitions": 2, "configs": configs}
    answer = api.ask("POST", "/api/topics", wanted)
    assert answer.status == 201
    topic = answer.body
    assert topic["configs"] == {
        "retention.ms": "60000",
        "cleanup.policy": "delete",
        "preallocate": "true",
    }
    assert [p["partition"] for p in topic["partitions"]] == [0, 1]
    assert api.get("/api/topics/orders") == topic
    assert api.get("/api/topics") == {"topics": [topic]}
    with running.wire() as client:
        (seen,) = client.ask(MetadataRequest(topics=None), 12).topics
        assert (seen.name, len(seen.partitions)) == ("orders", 2)
        assert api.ask("DELETE", "/api/topics/orders").status == 204
        assert client.ask(MetadataRequest(topics=None), 12).topics == []
    assert api.get("/api/topics") == {"topics": []}


def test_offsets_and_bytes(running: Running) -> None:
    api = running.client
    with running.wire() as client:
        topic = new_topic(client)
        for _ in range(3):
            produce(client, topic, GOOD)
        delete_records(client, topic, 2)
        assert api.partition(topic) == {
            "partition": 0,
            "leader": 1,
            "leader_epoch": 0,
            "replicas": [1],
            "isr": [1],
            "elr": [],
            "log_start_offset": 2,
            "high_watermark": 6,
            "log_end_offset": 6,
            "bytes": 3 * len(GOOD),
        }


def test_defaults(start: Callable[..., Running]) -> None:
    api = start(config={"num.partitions": "3"}).client
    assert len(api.ask("POST", "/api/topics", {"name": "a"}).body["partitions"]) == 3
    more = {"name": "b", "partitions": -1, "configs": {}}
    assert len(api.ask("POST", "/api/topics", more).body["partitions"]) == 3


@pytest.mark.parametrize(
    ("body", "status", "kafka_error"),
    [
        ({"name": "there"}, 409, "TOPIC_ALREADY_EXISTS"),
        ({"name": "there_is", "partitions": 1}, 400, "INVALID_TOPIC_EXCEPTION"),
        ({"name": ""}, 400, "INVALID_TOPIC_EXCEPTION"),
        ({"name": ".."}, 400, "INVALID_TOPIC_EXCEPTION"),
        ({"name": "a b"}, 400, "INVALID_TOPIC_EXCEPTION"),
        ({"name": "a" * 250}, 400, "INVALID_TOPIC_EXCEPTION"),
        ({"name": "__cluster_metadata"}, 400, "INVALID_REQUEST"),
        ({"name": "a", "partitions": 0}, 400, "INVALID_PARTITIONS"),
        ({"name": "a", "partitions": -2}, 400, "INVALID_PARTITIONS"),
        ({"name": "a", "partitions": 10_001}, 400, "POLICY_VIOLATION"),
        ({"name": "a", "replication_factor": 2}, 400, "INVALID_REPLICATION_FACTOR"),
        ({"name": "a", "replication_factor": 0}, 400, "INVALID_REPLICATION_FACTOR"),
        ({"name": "a", "configs": {"retention.ms": "soon"}}, 400, "INVALID_CONFIG"),
        ({"name": "a", "configs": {"no.such": "1"}}, 400, "INVALID_CONFIG"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_create_topics_refuses(
    api: HttpClient, body: dict[str, object], status: int, kafka_error: str
) -> None:
    api.topic("there")
    api.topic("there.is")
    refused = api.refused("POST", "/api/topics", status, body)
    assert refused["kafka_error"] == kafka_error
    assert refused["error"]
    assert len(api.get("/api/topics")["topics"]) == 2


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({}, "name"),
        ({"name": None}, "name"),
        ({"name": 7}, "name"),
        ({"name": "a", "partitions": "2"}, "partitions"),
        ({"name": "a", "partitions": True}, "partitions"),
        ({"name": "a", "partitions": 1.5}, "partitions"),
        ({"name": "a", "partitions": 2**31}, "partitions"),
        ({"name": "a", "replication_factor": "1"}, "replication_factor"),
        ({"name": "a", "replication_factor": 2**15}, "replication_factor"),
        ({"name": "a", "configs": []}, "configs"),
        ({"name": "a", "configs": {"retention.ms": None}}, "configs"),
        ({"name": "a", "configs": {"retention.ms": [1]}}, "configs"),
        ({"name": "a", "replicas": 3}, "replicas"),
    ],
    ids=str,
)
def test_mistakes(api: HttpClient, body: dict[str, object], key: str) -> None:
    assert api.refused("POST", "/api/topics", 400, body)["key"] == key
    assert api.get("/api/topics") == {"topics": []}


@pytest.mark.parametrize("name", ["nowhere", "..%2Fetc", "a%20b", "%00", "%F0%9F%90%99", "a" * 300])
def test_no_such_topic(api: HttpClient, name: str) -> None:
    for method in ("GET", "DELETE"):
        assert api.refused(method, f"/api/topics/{name}", 404) == {
            "error": "This server does not host this topic-partition.",
            "kafka_error": "UNKNOWN_TOPIC_OR_PARTITION",
        }


def test_deletion_may_be_disabled(start: Callable[..., Running]) -> None:
    api = start(config={"delete.topic.enable": "false"}).client
    api.topic("orders")
    refused = api.refused("DELETE", f"/api/topics/{quote('orders')}", 400)
    assert refused["kafka_error"] == "TOPIC_DELETION_DISABLED"
    assert api.get("/api/topics/orders")["name"] == "orders"

"""Producers, decisions and the journal over HTTP."""

from __future__ import annotations

import json
import struct
import time
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from compat_tests.http_api.asking import HttpClient, Running
from compat_tests.server.asking import fetch, init_producer_id, new_topic, produce, produce_request
from compat_tests.server.batches import GOOD, NOW, of_payload, of_producer
from compat_tests.server.conftest import LogLines
from compat_tests.wire.values import messages_of
from kafka_codecs.frame import encode_request
from kafka_codecs.messages import messages, modules
from kafka_codecs.messages.api_00_produce import ProduceRequest
from kafka_codecs.record_batch import Header, Record, encode_batch
from kafkashim.http_api.openapi import description
from kafkashim.http_api.plain import MOST_OPENED, plain_struct
from kafkashim.http_api.routes import ROUTES
from kafkashim.journal import ENTRY_BYTES

A_DAY = 86_400_000


def walked(running: Running) -> str:
    """A producer with an append, a duplicate, a gap and a fenced epoch; gives the topic."""
    with running.wire("walker") as client:
        topic = new_topic(client, 2)
        produce(client, topic, of_producer(5, 1, 0, 2))
        produce(client, topic, of_producer(5, 1, 2, 3))
        produce(client, topic, of_producer(5, 1, 2, 3))
        produce(client, topic, of_producer(5, 1, 9))
        produce(client, topic, of_producer(5, 0, 5))
        produce(client, topic, of_producer(6, 0, 0), 1)
    return topic


# -- producers -----------------------------------------------------------------------------------------


def test_producers(running: Running) -> None:
    api, topic = running.client, walked(running)
    first, second = api.get("/api/producers")["producers"]
    assert first == {
        "topic": topic,
        "partition": 0,
        "producer_id": 5,
        "producer_epoch": 1,
        "last_sequence": 4,
        "last_timestamp": NOW,
        "expires_at_ms": NOW + A_DAY,
        "batches": [
            {
                "first_sequence": 0,
                "last_sequence": 1,
                "first_offset": 0,
                "last_offset": 1,
                "timestamp": NOW,
            },
            {
                "first_sequence": 2,
                "last_sequence": 4,
                "first_offset": 2,
                "last_offset": 4,
                "timestamp": NOW,
            },
        ],
    }
    assert (second["producer_id"], second["partition"]) == (6, 1)
    for query, wanted in (
        ({"topic": topic}, [5, 6]),
        ({"topic": "another"}, []),
        ({"partition": 1}, [6]),
        ({"topic": topic, "partition": 0}, [5]),
        ({"producer_id": 6}, [6]),
        ({"producer_id": 6, "partition": 0}, []),
    ):
        found = api.get("/api/producers", **query)["producers"]
        assert [producer["producer_id"] for producer in found] == wanted


# -- decisions -----------------------------------------------------------------------------------------


def test_decisions(running: Running) -> None:
    api, topic = running.client, walked(running)
    body = api.get("/api/decisions")
    decisions = body["decisions"]
    assert (body["more"], body["forgotten"]) == (False, 0)
    found = [
        (d["verdict"], d["rule"], d["expected"], d["got"], d["error"], d["offset"])
        for d in decisions
    ]
    assert found == [
        ("append", 2, None, None, None, 0),
        ("append", 7, None, None, None, 2),
        ("duplicate", 3, None, None, None, 2),
        ("reject", 9, 5, 9, "OUT_OF_ORDER_SEQUENCE_NUMBER", -1),
        ("reject", 4, 1, 0, "INVALID_PRODUCER_EPOCH", -1),
        ("append", 2, None, None, None, 0),
    ]
    gap = decisions[3]
    assert (gap["rule_name"], gap["client_id"]) == ("out of order", "walker")
    assert (gap["topic"], gap["partition"], gap["producer_id"]) == (topic, 0, 5)
    assert (gap["producer_epoch"], gap["first_sequence"], gap["last_sequence"]) == (1, 9, 9)
    assert api.get("/api/decisions", topic="another")["decisions"] == []
    after = api.get("/api/decisions", after=gap["entry"])["decisions"]
    assert after == decisions[4:]
    some = api.get("/api/decisions", topic=topic, limit=2)
    assert (some["decisions"], some["more"]) == (decisions[:2], True)
    assert api.get("/api/decisions", limit=6)["more"] is False


def test_those_of_one_request_stay_together(running: Running) -> None:
    with running.wire() as client:
        topic = new_topic(client, 3)
        batches = {(topic, index): of_producer(5, 0, 0) for index in range(3)}
        client.ask(produce_request(batches), 9)
        produce(client, topic, of_producer(5, 0, 1))
    body = running.client.get("/api/decisions", limit=1)
    assert ([d["partition"] for d in body["decisions"]], body["more"]) == ([0, 1, 2], True)
    rest = running.client.get("/api/decisions", limit=1, after=body["decisions"][-1]["entry"])
    assert (len(rest["decisions"]), rest["more"]) == (1, False)


# -- the journal ---------------------------------------------------------------------------------------


def is_record_set(value: Any) -> None:
    schema = {
        "$ref": "#/components/schemas/RecordSet",
        "components": description(ROUTES)["components"],
    }
    Draft202012Validator(schema).validate(value)


def test_an_entry_as_a_whole(running: Running) -> None:
    api = running.client
    records = [
        Record(0, NOW, b"k\xff", b"v", (Header("h", b"1"), Header("n", None))),
        Record(1, NOW + 5, None, None),
    ]
    batch = encode_batch(records, base_timestamp=NOW, codec=1)
    request = produce_request({("orders", 0): batch})
    with running.wire("me") as client:
        new_topic(client, name="orders")
        client.ask(request, 9)
    (entry,) = api.get("/api/journal", api="Produce")["entries"]
    whole = api.get(f"/api/journal/{entry['number']}")
    assert {key: whole[key] for key in entry} == entry
    assert (whole["api"], whole["api_key"], whole["version"]) == ("Produce", 0, 9)
    assert (whole["client_id"], whole["correlation_id"], whole["connection"]) == ("me", 2, 1)
    assert whole["broker"] == 1
    assert whole["answered_at_ms"] >= whole["at_ms"] >= NOW - 60_000
    frame = encode_request(request, 9, 2, "me")[4:]
    assert bytes.fromhex(whole["request_frame"]) == frame
    assert whole["request_bytes"] == len(frame)
    answer = bytes.fromhex(whole["answer_frame"])
    assert len(answer) == whole["answer_bytes"] == struct.unpack(">i", answer[:4])[0] + 4
    asked = whole["request"]
    assert (asked["acks"], asked["transactional_id"]) == (-1, None)
    assert "topic_id" not in asked["topic_data"][0]
    record_set = asked["topic_data"][0]["partition_data"][0]["records"]
    is_record_set(record_set)
    (opened,) = record_set["batches"]
    assert (opened["compression"], opened["records_count"], opened["size"]) == (
        "gzip",
        2,
        len(batch),
    )
    assert opened["records"] == [
        {
            "offset": 0,
            "timestamp": NOW,
            "key": b64encode(b"k\xff").decode(),
            "value": b64encode(b"v").decode(),
            "headers": [{"key": "h", "value": "MQ=="}, {"key": "n", "value": None}],
        },
        {"offset": 1, "timestamp": NOW + 5, "key": None, "value": None, "headers": []},
    ]
    answered = whole["response"]["responses"][0]["partition_responses"][0]
    assert (answered["base_offset"], answered["error_code"]) == (0, 0)


def test_every_request_of_a_client_can_be_shown(running: Running) -> None:
    with running.wire() as client:
        topic = new_topic(client, configs={"retention.ms": "60000"})
        produce(client, topic, GOOD)
        init_producer_id(client)
        got = fetch(client, topic, 0)
        assert bytes(got.records)
    entries = running.client.get("/api/journal")["entries"]
    assert [e["api"] for e in entries] == ["CreateTopics", "Produce", "InitProducerId", "Fetch"]
    for entry in entries:
        whole = running.client.get(f"/api/journal/{entry['number']}")
        assert whole["request"]
        assert whole["response"]
    fetched = whole["response"]["responses"][0]["partitions"][0]["records"]
    is_record_set(fetched)
    assert [r["value"] for r in fetched["batches"][0]["records"]] == ["dg==", "dw=="]


@pytest.mark.parametrize(
    ("records", "batches", "unreadable"),
    [
        (None, None, None),
        (b"", 0, None),
        (b"no batch", 0, None),
        (GOOD + GOOD[:70], 1, None),
        (GOOD[:16] + b"\x01" + GOOD[17:], 0, None),
        (of_payload(b"\xff\xff\xff\xff\xff\xff"), 1, "varint"),
        (of_payload(b"junk", attributes=1), 1, "gzip"),
        (of_payload(b"junk", attributes=7), 1, "7"),
        (encode_batch([(None, bytes(MOST_OPENED))], codec=4), 1, "bytes"),
    ],
    ids=["null", "empty", "short", "cut", "magic 1", "records", "gzip", "codec", "large"],
)
def test_record_sets_of_all_kinds(
    running: Running,
    log_lines: LogLines,
    records: bytes | None,
    batches: int | None,
    unreadable: str | None,
) -> None:
    with running.wire() as client:
        new_topic(client, name="orders")
        client.send_request(produce_request({("orders", 0): records}), 9)
        if records is not None:
            client.receive(ProduceRequest, 9)
        end = time.monotonic() + 10
        while not (entries := running.client.get("/api/journal", api="0")["entries"]):
            assert time.monotonic() < end
    whole = running.client.get(f"/api/journal/{entries[0]['number']}")
    shown = whole["request"]["topic_data"][0]["partition_data"][0]["records"]
    if batches is None or records is None:
        assert shown is None
        assert (whole["response"], whole["answer_frame"], whole["answered_at_ms"]) == (None,) * 3
        return
    is_record_set(shown)
    assert len(shown["batches"]) == batches
    kept = sum(batch["size"] for batch in shown["batches"])
    rest = b64encode(records[kept:]).decode() or None
    assert shown["rest"] == rest
    if unreadable is not None:
        assert unreadable.lower() in shown["batches"][0]["unreadable"].lower()
        assert "records" not in shown["batches"][0]


def test_what_cannot_be_read(running: Running, log_lines: LogLines) -> None:
    with running.wire() as client:
        client.send(struct.pack(">ihhi", 8, 999, 0, 5))
        assert client.closed_by_broker()
    (entry,) = running.client.get("/api/journal")["entries"]
    assert (entry["api"], entry["api_key"], entry["correlation_id"]) == ("api key 999", 999, 5)
    assert entry["ended"]
    whole = running.client.get(f"/api/journal/{entry['number']}")
    assert (whole["request"], whole["response"], whole["answer_frame"]) == (None, None, None)
    assert whole["request_frame"] == "03e7000000000005"
    assert running.client.get("/api/journal", client_id="*")["entries"] == []


def test_filters(running: Running) -> None:
    api = running.client
    with running.wire("one") as one, running.wire("two") as two:
        new_topic(one, 2, name="a")
        new_topic(two, name="b")
        produce(one, "a", of_producer(5, 0, 0, 3))
        produce(two, "b", GOOD, version=8)
        one.ask(produce_request({("a", 1): GOOD}), 11)
        init_producer_id(two, "tx")
    numbers = {e["number"] for e in api.get("/api/journal")["entries"]}
    assert numbers == {1, 2, 3, 4, 5, 6}
    for query, wanted in (
        ({"api": "Produce"}, [3, 4, 5]),
        ({"api": "produce"}, [3, 4, 5]),
        ({"api": "0"}, [3, 4, 5]),
        ({"api": "22"}, [6]),
        ({"api": "Produce", "version": "8-9"}, [3, 4]),
        ({"version": 11}, [5]),
        ({"client_id": "t*"}, [2, 4, 6]),
        ({"connection": 1}, [1, 3, 5]),
        ({"broker": 1}, [1, 2, 3, 4, 5, 6]),
        ({"broker": 2}, []),
        ({"topic": "a"}, [1, 3, 5]),
        ({"topic": "a", "partition": 1}, [5]),
        ({"producer_id": 5}, [3]),
        ({"sequence": "2-7"}, [3]),
        ({"sequence": 3}, []),
        ({"transactional_id": "tx"}, [6]),
        ({"group": "g"}, []),
        ({"after": 4}, [5, 6]),
        ({"api": "Produce", "after": 3}, [4, 5]),
        ({"api": "Produce", "limit": 3}, [3, 4, 5]),
    ):
        body = api.get("/api/journal", **query)
        assert ([e["number"] for e in body["entries"]], body["more"]) == (wanted, False), query
    body = api.get("/api/journal", api="Produce", limit=2)
    assert ([e["number"] for e in body["entries"]], body["more"]) == ([3, 4], True)


@pytest.mark.parametrize(
    ("target", "key"),
    [
        ("/api/journal?api=Prodoose", "api"),
        ("/api/journal?api=", "api"),
        ("/api/journal?api=999", "api"),
        ("/api/journal?version=x", "version"),
        ("/api/journal?version=", "version"),
        ("/api/journal?version=9-3", "version"),
        ("/api/journal?sequence=1-2-3", "sequence"),
        ("/api/journal?partition=x", "partition"),
        ("/api/journal?partition=-1", "partition"),
        ("/api/journal?limit=0", "limit"),
        ("/api/journal?limit=10001", "limit"),
        ("/api/journal?after=-1", "after"),
        ("/api/journal?topic=a&topic=b", "topic"),
        ("/api/journal?times=1", "times"),
        ("/api/journal?tpoic=a", "tpoic"),
        ("/api/decisions?api=Produce", "api"),
        ("/api/decisions?limit=many", "limit"),
        ("/api/producers?producer_id=x", "producer_id"),
        ("/api/producers?limit=1", "limit"),
        ("/api/topics?name=a", "name"),
        ("/healthz?deep=1", "deep"),
    ],
)
def test_queries_that_mean_nothing(api: HttpClient, target: str, key: str) -> None:
    assert api.refused("GET", target, 400)["key"] == key


def test_it_is_cleared(running: Running) -> None:
    api = running.client
    walked(running)
    assert api.ask("DELETE", "/api/journal").status == 204
    assert api.get("/api/journal")["entries"] == []
    assert api.get("/api/decisions")["decisions"] == []
    gone = {"error": "the journal has no entry 1, or no more"}
    assert api.refused("GET", "/api/journal/1", 404) == gone
    with running.wire() as client:
        init_producer_id(client)
    (entry,) = api.get("/api/journal")["entries"]
    assert entry["number"] == 8


def test_the_oldest_are_forgotten(start: Callable[..., Running]) -> None:
    running = start(most_bytes=10 * ENTRY_BYTES)
    with running.wire() as client:
        for _ in range(50):
            init_producer_id(client)
    body = running.client.get("/api/journal")
    assert len(body["entries"]) + body["forgotten"] == 50
    assert 0 < len(body["entries"]) < 10
    assert body["entries"][-1]["number"] == 50
    assert running.client.refused("GET", "/api/journal/1", 404)


@pytest.mark.parametrize("key", sorted(modules()), ids=lambda key: messages(key)[0].NAME)
@settings(max_examples=10, deadline=None, derandomize=True)
@given(data=st.data())
def test_any_message_is_json(key: int, data: st.DataObject) -> None:
    for message in messages(key):
        version = data.draw(st.sampled_from([*message.VERSIONS]))
        value = data.draw(messages_of(message, version, unknown_tags=False))
        shown = plain_struct(value, version)
        assert json.loads(json.dumps(shown, allow_nan=False)) == shown
        assert list(shown) == [f.name for f in message.FIELDS if f.versions.holds(version)]

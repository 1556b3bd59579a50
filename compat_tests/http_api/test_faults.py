"""Faults over HTTP: set, looked at, removed, and acting on a real producer."""

from __future__ import annotations

import pytest

from compat_tests.conftest import need
from compat_tests.http_api.asking import HttpClient, Running
from compat_tests.server.conftest import LogLines

DROP = {"action": "drop_answer", "api": "Produce", "topic": "orders", "times": 1}


def test_a_fault_acts_on_a_real_producer(running: Running, log_lines: LogLines) -> None:
    api = running.client
    api.topic("orders")
    answer = api.ask("POST", "/api/faults", DROP)
    assert answer.status == 201
    assert answer.body == {
        "number": 1,
        "words": {**DROP, "close": True},
        "told": "acted 0 of 1 times; no request came",
        "looked_at": 0,
        "matched": 0,
        "fired": 0,
        "missed": {},
    }
    producer = need("confluent_kafka").Producer(
        {"bootstrap.servers": running.bootstrap_servers, "enable.idempotence": True, "log_level": 0}
    )
    producer.produce("orders", b"hello")
    assert producer.flush(20) == 0
    fault = api.get("/api/faults/1")
    assert (fault["matched"], fault["fired"], fault["missed"]["times"]) == (2, 1, 1)
    assert fault["looked_at"] == 2 + fault["missed"]["api"]
    assert fault["told"].startswith("acted 1 of 1 times; looked at ")
    assert api.get("/api/faults") == {"faults": [fault]}
    first, second = api.get("/api/decisions", topic="orders")["decisions"]
    assert (first["verdict"], first["rule"], first["rule_name"]) == ("append", 2, "new producer")
    assert (second["verdict"], second["rule"], second["offset"]) == ("duplicate", 3, 0)
    lost, _ = api.get("/api/journal", api="Produce")["entries"]
    assert lost["fault"].startswith("drop_answer(")
    assert (lost["ended"], lost["answer_bytes"]) == ("the answer is lost", 0)


def test_many_at_once_or_none(api: HttpClient) -> None:
    wrong = {"action": "drop_answer", "tpoic": "orders"}
    body = api.refused("POST", "/api/faults", 400, [DROP, wrong, DROP])
    assert body["error"].startswith("unknown condition 'tpoic': api, ")
    assert body["key"] == "tpoic"
    assert api.get("/api/faults") == {"faults": []}
    answer = api.ask("POST", "/api/faults", [DROP, {"action": "half_open"}])
    assert answer.status == 201
    assert [fault["number"] for fault in answer.body["faults"]] == [1, 2]
    assert api.ask("POST", "/api/faults", []).body == {"faults": []}


def test_they_are_removed(api: HttpClient) -> None:
    api.ask("POST", "/api/faults", [DROP, DROP, DROP])
    assert api.ask("DELETE", "/api/faults/2").status == 204
    assert [fault["number"] for fault in api.get("/api/faults")["faults"]] == [1, 3]
    for method in ("GET", "DELETE"):
        assert api.refused(method, "/api/faults/2", 404) == {"error": "there is no fault 2"}
    assert api.ask("DELETE", "/api/faults").status == 204
    assert api.get("/api/faults") == {"faults": []}
    assert api.ask("DELETE", "/api/faults").status == 204


@pytest.mark.parametrize(
    ("number", "error"),
    [
        ("one", "number is a whole number, not 'one'"),
        ("0", f"number is 1 to {2**63 - 1}, not 0"),
        ("-1", f"number is 1 to {2**63 - 1}, not -1"),
        ("9" * 19, f"number is 1 to {2**63 - 1}, not {'9' * 19}"),
        ("9" * 20, f"number is a whole number, not '{'9' * 20}'"),
        ("%EF%BC%91", "number is a whole number, not '１'"),
    ],
)
def test_numbers_that_are_none(api: HttpClient, number: str, error: str) -> None:
    body = api.refused("GET", f"/api/faults/{number}", 400)
    assert body == {"error": error, "key": "number"}


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ({}, "action"),
        ({"action": "explode"}, "action"),
        ({"action": None}, "action"),
        ({"action": ["drop_answer"]}, "action"),
        ({"action": "fail_before_append"}, "action"),
        ({"action": "fail_before_append", "error": "NONE"}, "error"),
        ({"action": "fail_before_append", "error": True}, "error"),
        ({"action": "fail_before_append", "error": []}, "error"),
        ({"action": "delay_answer", "ms": -1}, "ms"),
        ({"action": "delay_answer", "ms": 10**400}, "ms"),
        ({"action": "throttle", "ms": 2**31}, "ms"),
        ({"action": "throttle", "ms": 0.5}, "ms"),
        ({"action": "slow_answer", "bytes_per_second": 0}, "bytes_per_second"),
        ({"action": "cut_answer", "length": 1.5}, "length"),
        ({"action": "drop_answer", "close": 1}, "close"),
        ({"action": "drop_answer", "ms": 1}, "ms"),
        ({"action": "drop_answer", "api": True}, "api"),
        ({"action": "drop_answer", "api": {}}, "api"),
        ({"action": "drop_answer", "version": [None, 1]}, "version"),
        ({"action": "drop_answer", "version": [1]}, "version"),
        ({"action": "drop_answer", "version": [{}, 1]}, "version"),
        ({"action": "drop_answer", "version": "9-3"}, "version"),
        ({"action": "drop_answer", "times": 0}, "times"),
        ({"action": "drop_answer", "probability": 2}, "probability"),
        ({"action": "drop_answer", "topic": 1}, "topic"),
    ],
    ids=str,
)
def test_mistakes_are_named(api: HttpClient, words: dict[str, object], key: str) -> None:
    body = api.refused("POST", "/api/faults", 400, words)
    assert body["key"] == key
    assert api.refused("POST", "/api/faults", 400, [words])["key"] == key


@pytest.mark.parametrize("body", ["1", "null", '"drop_answer"', "true", '["drop_answer"]', "[[]]"])
def test_a_fault_is_an_object(api: HttpClient, body: str) -> None:
    error = api.refused("POST", "/api/faults", 400, raw=body.encode())["error"]
    assert error == 'a fault is an object such as {"action": "drop_answer"}'

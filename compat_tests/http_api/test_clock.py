"""The broker's clock over HTTP."""

from __future__ import annotations

import time

import pytest

from compat_tests.http_api.asking import HttpClient, Running
from compat_tests.server.asking import produce
from compat_tests.server.batches import of_producer
from kafkashim.http_api.clock import MOST_DAYS


def test_it_moves_on(api: HttpClient) -> None:
    before = api.get("/api/clock")["now_ms"]
    assert abs(before - time.time() * 1000) < 5000
    step = {"days": 1, "hours": 2, "minutes": 3.5, "seconds": 4, "milliseconds": 5}
    after = api.ask("POST", "/api/clock", step).body["now_ms"]
    wanted = 1000 * (4 + 60 * (3.5 + 60 * (2 + 24))) + 5
    assert wanted <= after - before < wanted + 5000
    assert api.ask("POST", "/api/clock", {}).body["now_ms"] >= after


def test_what_falls_due_happens(running: Running) -> None:
    api = running.client
    api.topic("orders")
    with running.wire() as client:
        produce(client, "orders", of_producer(5, 0, 0))
    assert len(api.get("/api/producers")["producers"]) == 1
    assert api.ask("POST", "/api/clock", {"hours": 25}).status == 200
    assert api.get("/api/producers") == {"producers": []}


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"days": -1}, "days"),
        ({"days": 1, "seconds": -0.001}, "seconds"),
        ({"days": "1"}, "days"),
        ({"days": None}, "days"),
        ({"days": True}, "days"),
        ({"days": []}, "days"),
        ({"weeks": 1}, "weeks"),
        ({"days": MOST_DAYS + 1}, "days"),
        ({"milliseconds": 10**400}, "milliseconds"),
        ({"seconds": 1e308}, "seconds"),
        ({"hours": 1e308}, "hours"),
        ({"days": MOST_DAYS, "seconds": 1}, None),
    ],
    ids=lambda value: str(value)[:30],
)
def test_mistakes(api: HttpClient, body: dict[str, object], key: str | None) -> None:
    before = api.get("/api/clock")["now_ms"]
    assert api.refused("POST", "/api/clock", 400, body).get("key") == key
    assert api.get("/api/clock")["now_ms"] - before < 5000

"""Whatever is sent, it is answered as described: never with 500, and never with another schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compat_tests.http_api.asking import Running
from kafkashim.faults.actions import ACTIONS
from kafkashim.faults.conditions import Conditions
from kafkashim.http_api.clock import UNITS
from kafkashim.http_api.routes import ROUTES

TARGETS = (
    "/api/faults",
    "/api/clock",
    "/api/topics",
    "/api/brokers/2/stop",
    "/api/topics/a/partitions/0/leader",
)
WORDS = ("action", "error", "ms", "bytes_per_second", "length", "close")
KEYS = (
    *WORDS,
    *Conditions.__annotations__,
    *UNITS,
    *("name", "partitions", "replication_factor", "configs"),
    *("clean", "to", "unclean", "lose"),
)
TEXTS = (*ACTIONS, "Produce", "NOT_LEADER_OR_FOLLOWER", "3-9", "a", "retention.ms", "", "\x00", "é")
NUMBERS = (0, 1, -1, 2**31, 2**63, 10**30, 0.5, -0.0, 1e308)

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(NUMBERS),
    st.sampled_from(TEXTS),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=8,
)
faults = st.fixed_dictionaries(
    {"action": st.sampled_from([*ACTIONS, None])},
    optional=dict.fromkeys(KEYS[1:], values),
)
steps = st.dictionaries(st.sampled_from([*UNITS, "weeks"]), values)
topics = st.fixed_dictionaries(
    {"name": st.one_of(values, st.sampled_from(["a", "b", "c"]))},
    optional={"partitions": values, "replication_factor": values, "configs": values},
)
stops = st.fixed_dictionaries({}, optional={"clean": st.one_of(st.booleans(), values)})
moves = st.fixed_dictionaries(
    {"to": st.one_of(st.integers(1, 3), values)},
    optional={
        "unclean": st.one_of(st.booleans(), values),
        "lose": st.one_of(st.integers(0, 2), values),
    },
)
bodies = st.one_of(values, faults, st.lists(faults, max_size=3), steps, topics, stops, moves)
queries = st.dictionaries(
    st.sampled_from([*{p.name for route in ROUTES for p in route.in_query}, "x"]),
    st.one_of(st.integers(-2, 9), st.sampled_from(TEXTS), st.text(max_size=5)),
    max_size=3,
)


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with Running(brokers=3) as one:
        one.client.topic("a")
        yield one
        assert one.client.schemas is not None
        assert not [seen for seen in one.client.schemas.seen if seen[2] >= 500 and seen[2] != 503]


@settings(max_examples=400, deadline=None)
@given(target=st.sampled_from(TARGETS), body=bodies)
def test_bodies(running: Running, target: str, body: Any) -> None:
    raw = json.dumps(body).encode()
    assert running.client.ask("POST", target, raw=raw).status in (200, 201, 400, 409)
    running.client.ask("DELETE", "/api/faults")
    running.client.ask("POST", "/api/brokers/2/start")


@settings(max_examples=100, deadline=None)
@given(target=st.sampled_from(TARGETS), raw=st.binary(max_size=40))
def test_bytes(running: Running, target: str, raw: bytes) -> None:
    answer = running.client.ask("POST", target, raw=raw)
    assert answer.status == (200 if target.endswith("/stop") and not raw else 400)
    running.client.ask("POST", "/api/brokers/2/start")


@settings(max_examples=300, deadline=None)
@given(route=st.sampled_from(ROUTES), query=queries, name=st.text(min_size=1, max_size=8))
def test_paths_and_queries(
    running: Running, route: Any, query: dict[str, object], name: str
) -> None:
    text = quote(name, safe="")
    path = route.path.format(number=text, name=text, id=text, index=text)
    target = f"{path}?{urlencode(query)}" if query else path
    raw = b"[]" if route.body is not None else None
    answer = running.client.ask(route.method, target, raw=raw)
    assert answer.status in (200, 201, 204, 400, 404, 409)


brokers = st.integers(1, 3)
programs = st.lists(
    st.one_of(
        st.tuples(
            st.builds("/api/brokers/{}/{}".format, brokers, st.sampled_from(["start", "heal"])),
            st.just({}),
        ),
        st.tuples(
            st.builds("/api/brokers/{}/isolate".format, brokers),
            st.just({}),
        ),
        st.tuples(st.builds("/api/brokers/{}/stop".format, brokers), stops),
        st.tuples(st.just("/api/topics/a/partitions/0/leader"), moves),
        st.tuples(st.just("/api/clock"), st.just({"seconds": 10})),
        st.tuples(st.just("/api/topics"), st.just({"name": "b"})),
    ),
    max_size=12,
)


@settings(max_examples=100, deadline=None)
@given(program=programs)
def test_brokers_that_come_and_go(running: Running, program: list[tuple[str, object]]) -> None:
    """Whatever happens to brokers is answered, and what is shown fits together."""
    api = running.client
    for target, body in program:
        assert api.ask("POST", target, body).status in (200, 201, 400, 409)
        alive = [b["id"] for b in api.get("/api/brokers")["brokers"] if not b["fenced"]]
        for partition in api.get("/api/topics/a")["partitions"]:
            assert partition["leader"] in (-1, *alive)
            assert {*partition["isr"], *partition["elr"]} <= {*partition["replicas"]}
        assert api.ask("GET", "/metrics").status == 200
        assert api.ask("GET", "/healthz").status in (200, 503)
    for broker_id in (1, 2, 3):
        api.ask("POST", f"/api/brokers/{broker_id}/start")
        api.ask("POST", f"/api/brokers/{broker_id}/heal")
    assert sorted(api.partition("a")["isr"]) == [1, 2, 3]
    api.ask("DELETE", "/api/topics/b")


def test_and_the_broker_still_serves(running: Running) -> None:
    assert running.client.get("/healthz")["status"] == "ok"

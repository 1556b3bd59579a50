"""A broker whose time is moved ahead: what falls due happens at once, in its own order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from compat_tests.server.asking import (
    fetch_request,
    log_start,
    new_topic,
    produce,
    producers,
)
from compat_tests.server.batches import GOOD, of_producer
from compat_tests.wire_client import WireClient
from kafka_codecs.messages.api_01_fetch import FetchRequest
from kafka_codecs.messages.api_11_join_group import JoinGroupRequest, JoinGroupRequestProtocol
from kafka_codecs.messages.api_15_describe_groups import DescribeGroupsRequest
from kafkashim.clock import LoopClock
from kafkashim.testing import KafkaShim

Start = Callable[..., KafkaShim]


@pytest.fixture(autouse=True)
def _at_once() -> object:
    """Nothing here may take the time that it pretends to take."""
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < 5


def test_producers_are_forgotten(start: Start) -> None:
    with start() as shim, WireClient(shim.host, shim.port) as client:
        topic = new_topic(client)
        produce(client, topic, of_producer(5, 0, 0))
        shim.clock.advance(hours=23)
        assert producers(client, topic) == {5: (0, 0)}
        shim.clock.advance(hours=1, minutes=11)
        assert producers(client, topic) == {}


def test_retention_runs(start: Start) -> None:
    with start() as shim, WireClient(shim.host, shim.port) as client:
        topic = new_topic(client, configs={"retention.ms": "60000"})
        produce(client, topic, GOOD)
        assert log_start(client, topic) == 0
        shim.clock.advance(minutes=10)
        assert log_start(client, topic) == 2


def test_sessions_of_group_members_end(start: Start) -> None:
    with (
        start(config={"group.initial.rebalance.delay.ms": "0"}) as shim,
        WireClient(shim.host, shim.port) as client,
    ):
        join = JoinGroupRequest(
            group_id="g",
            session_timeout_ms=30_000,
            rebalance_timeout_ms=60_000,
            member_id="",
            protocol_type="consumer",
            protocols=[JoinGroupRequestProtocol(name="range", metadata=b"")],
        )
        assert client.ask(join, 3).error_code == 0
        describe = DescribeGroupsRequest(groups=["g"])
        shim.clock.advance(seconds=29)
        assert len(client.ask(describe, 4).groups[0].members) == 1
        shim.clock.advance(seconds=2)
        assert client.ask(describe, 4).groups[0].members == []


def test_a_fetch_that_waits_is_answered(start: Start) -> None:
    with start() as shim, WireClient(shim.host, shim.port) as client:
        topic = new_topic(client)
        sent = client.send_request(fetch_request({(topic, 0): 0}, max_wait_ms=600_000), 12)
        assert client.is_silent(0.05)
        shim.clock.advance(minutes=10)
        assert client.receive(FetchRequest, 12)[0] == sent


def test_the_brokers_time(start: Start) -> None:
    with start() as shim:
        before = shim.clock.now_ms()
        assert abs(before - time.time() * 1000) < 1000
        shim.clock.advance(days=2, hours=1, minutes=1, seconds=1, milliseconds=1)
        moved = shim.clock.now_ms() - before
        assert 0 <= moved - (((2 * 24 + 1) * 60 + 1) * 60_000 + 1001) < 1000
        with pytest.raises(ValueError, match="cannot go back"):
            shim.clock.advance(seconds=-1)


def test_calls_come_in_their_order_and_at_their_moments() -> None:
    async def move() -> list[tuple[str, int]]:
        clock = LoopClock(asyncio.get_running_loop())
        begun = clock.now_ms()
        called: list[tuple[str, int]] = []

        def call(name: str, again_ms: float = 0) -> Callable[[], None]:
            def callback() -> None:
                called.append((name, round((clock.now_ms() - begun) / 1000)))
                if again_ms:
                    clock.call_later(again_ms, call(f"{name}+"))

            return callback

        clock.call_later(20_000, call("second"))
        clock.call_later(10_000, call("first", again_ms=25_000))
        clock.call_later(50_000, call("late"))
        clock.call_later(15_000, call("never")).cancel()
        clock.advance(40_000)
        assert [name for name, _ in called] == ["first", "second", "first+"]
        # What is left comes sooner on the machine's own clock.
        clock.advance(9_980)
        await asyncio.sleep(0.1)
        return called

    assert asyncio.run(move()) == [("first", 10), ("second", 20), ("first+", 35), ("late", 50)]


def test_nothing_is_left_of_calls_that_were_made() -> None:
    async def make() -> int:
        clock = LoopClock(asyncio.get_running_loop())
        clock.call_later(0, lambda: None)
        clock.call_later(0, lambda: None).cancel()
        await asyncio.sleep(0.01)
        return len(clock.timers)

    assert asyncio.run(make()) == 0

"""A broker for the time of a block: it starts soon, and nothing of it is left."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from compat_tests.server.asking import fetch_request, new_topic, produce
from compat_tests.server.batches import GOOD, of_producer
from compat_tests.server.conftest import LogLines
from compat_tests.wire_client import WireClient
from kafka_codecs.frame import decode_response, encode_request
from kafka_codecs.messages.api_18_api_versions import ApiVersionsRequest, ApiVersionsResponse
from kafkashim.config import ConfigError
from kafkashim.testing import KafkaShim

FDS = Path("/proc/self/fd")
ROUNDS = 50
API_VERSIONS = ApiVersionsRequest(client_software_name="wire", client_software_version="1")

Start = Callable[..., KafkaShim]


@pytest.fixture(scope="module")
def what_python_keeps() -> None:
    """The first event loop of a process opens files for the process (libuv's signal pipe)."""
    with KafkaShim():
        pass
    asyncio.run(asyncio.sleep(0))


@pytest.fixture(autouse=True)
def nothing_left(what_python_keeps: None) -> Iterator[None]:
    """No thread and no open file more than before, and nothing that Python warns about."""
    gc.collect()
    threads, files = set(threading.enumerate()), open_files()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
        gc.collect()
    assert set(threading.enumerate()) == threads
    if files is not None:
        assert open_files() == files
    assert not [str(warning.message) for warning in caught]


def open_files() -> int | None:
    return len(os.listdir(FDS)) if FDS.exists() else None


def uvloop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    uvloop = pytest.importorskip("uvloop")
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[[Coroutine[Any, Any, None]], None]:
    """Runs a coroutine in a new loop of this kind, in debug mode, and looks at what it leaves."""
    factory = asyncio.new_event_loop if request.param == "asyncio" else uvloop_factory()

    async def and_look(main: Coroutine[Any, Any, None]) -> None:
        # Looking at what is left takes its time on a busy machine; that is no finding.
        asyncio.get_running_loop().slow_callback_duration = 30
        await main
        assert asyncio.all_tasks() == {asyncio.current_task()}

    def run_it(main: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(debug=True, loop_factory=factory) as runner:
            runner.run(and_look(main))

    return run_it


def use(shim: KafkaShim) -> None:
    """A client that works, one that waits for data, one that is in the middle of a frame."""
    clients = [WireClient(shim.host, shim.port) for _ in range(3)]
    topic = new_topic(clients[0], name="used")
    assert produce(clients[0], topic, GOOD).base_offset == 0
    clients[1].send_request(fetch_request({(topic, 0): 2}, max_wait_ms=60_000), 12)
    clients[2].send(b"\0\0\1\0half a frame")
    assert produce(clients[0], topic, GOOD).base_offset == 2
    for client in clients[:2]:
        client.close()
    # The last one is still there when the broker goes.
    shim._left_open = clients[2]  # type: ignore[attr-defined]


def test_nothing_is_left_of_a_with_block(start: Start, log_lines: LogLines) -> None:
    for _ in range(ROUNDS):
        with start() as shim:
            use(shim)
            address = (shim.host, shim.port)
        shim._left_open.close()  # type: ignore[attr-defined]
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address)
    assert not log_lines.take()


async def ask(shim: KafkaShim) -> None:
    """What ``use`` does, from within the broker's own loop."""
    reader, writer = await asyncio.open_connection(shim.host, shim.port)
    writer.write(encode_request(API_VERSIONS, 3, 7))
    size = int.from_bytes(await reader.readexactly(4), "big")
    frame = await reader.readexactly(size)
    assert decode_response(ApiVersionsResponse, 3, frame)[0] == 7
    writer.write(encode_request(fetch_request({("nowhere", 0): 0}, max_wait_ms=60_000), 12))
    await writer.drain()
    writer.close()
    await writer.wait_closed()


def test_nothing_is_left_of_an_async_with_block(
    run: Callable[[Coroutine[Any, Any, None]], None], start: Start, log_lines: LogLines
) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        servers: list[weakref.ref[object]] = []
        for _ in range(ROUNDS):
            async with start() as shim:
                await ask(shim)
                servers.append(weakref.ref(shim.broker))
        del shim
        # Timers that were cancelled may lie in the loop's heap; none of them is to come.
        scheduled = getattr(loop, "_scheduled", ())
        assert not [timer for timer in scheduled if not timer.cancelled()]
        gc.collect()
        assert sum(server() is not None for server in servers) <= 1

    run(main())
    assert not log_lines.take()


def test_timers_are_cancelled(start: Start) -> None:
    with start() as shim:
        broker = shim.broker
        with WireClient(shim.host, shim.port) as client:
            topic = new_topic(client)
            client.send_request(fetch_request({(topic, 0): 0}, max_wait_ms=60_000), 12)
            assert client.is_silent(0.01)
    assert not broker.cluster._timers


def test_an_exception_in_the_block_passes_through(start: Start) -> None:
    with pytest.raises(LookupError, match="mine"), start():
        raise LookupError("mine")


def test_a_shim_can_be_used_again(start: Start) -> None:
    shim = start()
    for _ in range(2):
        with shim, WireClient(shim.host, shim.port) as client:
            new_topic(client, name="again")


def test_two_brokers_at_once(start: Start) -> None:
    with (
        start() as one,
        start() as two,
        WireClient(one.host, one.port) as client_of_one,
        WireClient(two.host, two.port) as client_of_two,
    ):
        assert one.port != two.port
        for client in (client_of_one, client_of_two):
            topic = new_topic(client, name="same")
            assert produce(client, topic, GOOD).base_offset == 0
        assert one.call(lambda broker: broker.cluster.cluster_id) != two.call(
            lambda broker: broker.cluster.cluster_id
        )


def test_it_starts_soon(start: Start) -> None:
    """From the constructor to the first answer; the bound is loose, a broker takes milliseconds."""
    with start():
        pass  # imports
    took: list[float] = []
    for _ in range(5):
        begun = time.monotonic()
        with start() as shim, WireClient(shim.host, shim.port) as client:
            client.ask(API_VERSIONS, 3)
            took.append(time.monotonic() - begun)
    assert min(took) < 0.5


def test_a_client_that_never_closes_does_not_hold_up_the_end(start: Start) -> None:
    with start() as shim:
        clients = [WireClient(shim.host, shim.port) for _ in range(20)]
        for client in clients:
            client.ask(API_VERSIONS, 3)
        begun = time.monotonic()
    assert time.monotonic() - begun < 5
    for client in clients:
        assert client.closed_by_broker()
        client.close()


# -- what keeps it from starting -----------------------------------------------------------------------


def test_an_unknown_rule_book() -> None:
    with pytest.raises(ValueError, match=r"rules is one of explicit, .*, not 'no-book'"):
        KafkaShim(rules="no-book")


def test_an_unknown_decoder() -> None:
    shim = KafkaShim(decoder="no-decoder")
    with pytest.raises(ValueError, match="decoder is one of flat, construct, not 'no-decoder'"):
        shim.__enter__()


def test_a_bad_property() -> None:
    with pytest.raises(ConfigError, match=r"num\.partitions"):
        KafkaShim(config={"num.partitions": "three"})


def test_a_port_in_use(start: Start) -> None:
    with start() as first:
        second = start(port=first.port)
        with pytest.raises(OSError, match="in use"):
            second.__enter__()
        with pytest.raises(RuntimeError, match="only inside its with block"):
            _ = second.port
        with WireClient(first.host, first.port) as client:
            client.ask(API_VERSIONS, 3)


def test_a_port_in_use_with_async(
    run: Callable[[Coroutine[Any, Any, None]], None], start: Start
) -> None:
    async def main() -> None:
        async with start() as first:
            with pytest.raises(OSError, match="in use"):
                await start(port=first.port).__aenter__()

    run(main())


def test_the_second_of_two_listeners_in_use(start: Start) -> None:
    with start() as first:
        listeners = f"PLAINTEXT://127.0.0.1:0,OTHER://127.0.0.1:{first.port}"
        protocols = "PLAINTEXT:PLAINTEXT,OTHER:PLAINTEXT"
        config = {"listeners": listeners, "listener.security.protocol.map": protocols}
        with pytest.raises(OSError, match="in use"):
            start(config=config).__enter__()


def test_outside_its_block(start: Start) -> None:
    shim = start()
    for attribute in ("host", "port", "bootstrap_servers", "broker"):
        with pytest.raises(RuntimeError, match="only inside its with block"):
            getattr(shim, attribute)
    with shim:
        assert shim.bootstrap_servers == f"127.0.0.1:{shim.port}"
    with pytest.raises(RuntimeError, match="only inside its with block"):
        _ = shim.bootstrap_servers


def test_call_runs_in_the_brokers_thread(start: Start) -> None:
    with start() as shim:
        assert shim.call(lambda broker: threading.current_thread().name) == "kafkashim"
        with pytest.raises(ZeroDivisionError):
            shim.call(lambda broker: 1 / 0)


def test_seeded_ids_repeat(start: Start) -> None:
    seen: list[tuple[str, object]] = []
    for _ in range(2):
        with start(seed=7) as shim, WireClient(shim.host, shim.port) as client:
            new_topic(client, name="t")
            seen.append(
                shim.call(lambda broker: (broker.cluster.cluster_id, broker.topics["t"].topic_id))
            )
    assert seen[0] == seen[1]


def test_decisions_are_told(start: Start) -> None:
    told: list[tuple[str, int, int, int]] = []
    with (
        start(
            rules="kafka-4.3",
            on_decision=lambda d: told.append((d.topic, d.partition, d.offset, d.error)),
        ) as shim,
        WireClient(shim.host, shim.port) as client,
    ):
        topic = new_topic(client)
        for sequence in (0, 0, 5):
            produce(client, topic, of_producer(1, 0, sequence))
        produce(client, topic, GOOD)
    assert told == [(topic, 0, 0, 0), (topic, 0, 0, 0), (topic, 0, -1, 45)]

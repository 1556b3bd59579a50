"""Who is answered, what is refused, and that nothing is left when the broker stops."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import socket
import time
from collections.abc import Callable

import pytest

from compat_tests.http_api.asking import HttpClient, Running
from compat_tests.server.conftest import LogLines
from kafkashim import __version__
from kafkashim.config import Config
from kafkashim.http_api import HttpApi, Traffic
from kafkashim.http_api import topics as topics_module
from kafkashim.servers import Servers

MIB = 1024 * 1024


def test_health(running: Running) -> None:
    health = running.client.get("/healthz")
    assert (health["status"], health["version"]) == ("ok", __version__)
    assert health["uptime_ms"] >= 0
    head = running.client.ask("HEAD", "/healthz")
    assert (head.status, head.body) == (200, None)


def test_health_while_the_broker_restarts(running: Running) -> None:
    work = running.servers.restart(down_seconds=1)
    restarting = asyncio.run_coroutine_threadsafe(work, running.loop)
    end = time.monotonic() + 10
    while running.client.ask("GET", "/healthz").status == 200:
        assert time.monotonic() < end
    assert running.client.ask("GET", "/healthz").body["status"] == "down"
    assert running.client.get("/api/brokers")["brokers"][0]["uptime_ms"] == 0
    restarting.result(10)
    assert running.client.get("/healthz")["status"] == "ok"


def test_brokers(start: Callable[..., Running]) -> None:
    running = start(
        rules="kafka-4.3",
        config={
            "listeners": "A://127.0.0.1:0,B://127.0.0.2:0",
            "advertised.listeners": "A://broker.example:9092,B://127.0.0.2:9093",
            "listener.security.protocol.map": "A:PLAINTEXT,B:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "A",
            "node.id": "7",
        },
    )
    with running.wire() as one, running.wire():
        (broker,) = running.client.get("/api/brokers")["brokers"]
        assert (broker["id"], broker["rules"]) == (7, "kafka-4.3")
        assert (broker["host"], broker["port"]) == running.server.addresses[0]
        a, b = broker["listeners"]
        assert (a["name"], a["host"]) == ("A", "127.0.0.1")
        assert (a["advertised_host"], a["advertised_port"]) == ("broker.example", 9092)
        assert (b["name"], b["host"], b["port"]) == ("B", *running.server.addresses[1])
        assert [c["number"] for c in broker["connections"]] == [1, 2]
        first = broker["connections"][0]
        assert (first["host"], first["port"], first["listener"]) == (*one.address, "A")


def test_what_is_not_there(api: HttpClient) -> None:
    for target in ("/api", "/api/fault", "/healthz/", "/api/topics/a/b", "//", "/favicon.ico"):
        body = api.refused("GET", target, 404)
        assert body["error"].endswith("GET / lists what there is")
    assert api.refused("BREW", "/api/faults", 400)["error"].startswith("Invalid method")
    assert api.refused("OPTIONS", "/api/faults", 405)


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:80", "127.0.0.1", "127.0.0.1:1", "127.9.9.9", "[::1]", "[::1]:8080"],
)
def test_names_of_this_machine(api: HttpClient, host: str) -> None:
    assert api.ask("GET", "/healthz", headers={"Host": host}).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "192.0.2.1",
        "0.0.0.0",
        "[::2]",
        "[::1",
        "a@127.0.0.1@evil.example",
        "2130706433",
        "evil.example:127.0.0.1",
    ],
)
def test_names_of_others(api: HttpClient, host: str) -> None:
    assert api.refused("GET", "/healthz", 403, headers={"Host": host})
    assert api.refused("POST", "/api/clock", 403, {"days": 1}, headers={"Host": host})
    assert api.refused("GET", "/nowhere", 403, headers={"Host": host})


def test_any_name_where_an_address_was_given(start: Callable[..., Running]) -> None:
    api = start(host="127.0.0.1").client
    assert api.ask("GET", "/healthz", headers={"Host": "broker.example"}).status == 200
    refused = {"Host": "broker.example", "Origin": "http://evil.example"}
    assert api.ask("GET", "/healthz", headers=refused).status == 403
    own = {"Host": "broker.example:8080", "Origin": "http://broker.example:8080"}
    assert api.ask("GET", "/healthz", headers=own).status == 200


@pytest.mark.parametrize(
    "origin", ["null", "http://evil.example", "http://localhost:1", "http://["]
)
def test_pages_of_other_sites(api: HttpClient, origin: str) -> None:
    assert api.refused("POST", "/api/clock", 403, {"days": 1}, headers={"Origin": origin})
    assert api.ask("POST", "/api/clock", {}, headers={"Origin": api.url}).status == 200


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"nothing",
        b"\xff",
        b"\x00",
        b"[" * 100_000,
        b'{"days": NaN}',
        b'{"days": Infinity}',
        b'{"days": 1, "days": 2}',
        b'{"\\ud800": 1}',
        b'{"days": "\\udfff"}',
        b'{"days": ' + b"9" * 5000 + b"}",
        b"{} {}",
        '{"days": 1}'.encode("utf-16"),
    ],
    ids=lambda raw: repr(raw[:20]),
)
def test_bodies_that_are_no_json(api: HttpClient, raw: bytes) -> None:
    for target in ("/api/faults", "/api/clock", "/api/topics"):
        body = api.refused("POST", target, 400, raw=raw)
        assert body["error"].startswith("the body is no JSON: ")


@pytest.mark.parametrize("body", [[], 1, "text", None, True, [{}]])
def test_bodies_that_are_no_objects(api: HttpClient, body: object) -> None:
    raw = json.dumps(body).encode()
    for target in ("/api/clock", "/api/topics"):
        assert api.refused("POST", target, 400, raw=raw) == {"error": "the body is not an object"}


def test_a_body_that_is_too_large(api: HttpClient) -> None:
    body = {"error": f"the body is larger than {MIB} bytes"}
    assert api.refused("POST", "/api/clock", 413, raw=b" " * (MIB + 1)) == body
    assert api.ask("POST", "/api/clock", raw=b" " * (MIB - 2) + b"{}").status == 200


def conversation(running: Running, *parts: bytes) -> bytes:
    """What comes back for bytes that are sent as they are, until the connection is closed."""
    with socket.create_connection((running.http.host, running.http.port), timeout=10) as sock:
        for part in parts:
            sock.sendall(part)
        received = b""
        while chunk := sock.recv(65536):
            received += chunk
        return received


def test_a_chunked_body_that_is_too_large(running: Running) -> None:
    head = b"POST /api/clock HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    sent = [head + b"Transfer-Encoding: chunked\r\n\r\n", *([chunk] * 17), b"0\r\n\r\n"]
    assert conversation(running, *sent).startswith(b"HTTP/1.1 413 ")


def test_a_body_that_a_client_asks_about(running: Running) -> None:
    head = (
        b"POST /api/clock HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 2\r\n"
    )
    answer = conversation(running, head + b"Expect: 100-continue\r\n\r\n", b"{}")
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")


def test_a_compressed_body_is_no_json(running: Running) -> None:
    body = running.client.refused(
        "POST",
        "/api/clock",
        400,
        raw=gzip.compress(b"{}"),
        headers={"Content-Encoding": "gzip"},
    )
    assert body["error"].startswith("the body is no JSON")


@pytest.mark.parametrize(
    "sent",
    [
        b"\x00\x00\x00\x0b\x00\x12\x00\x00\x00\x00\x00\x01\x00\x00\x00\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nno header\r\n\r\n",
        b"POST /api/clock HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["kafka", "version", "header", "chunk"],
)
def test_bytes_that_are_no_http(running: Running, log_lines: LogLines, sent: bytes) -> None:
    answer = conversation(running, sent)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 "))
    assert list(json.loads(body)) == ["error"]
    assert all("\n" not in line for line in log_lines.take(logging.WARNING))
    assert running.client.get("/healthz")["status"] == "ok"


def test_a_client_that_goes_away_in_the_middle(running: Running, log_lines: LogLines) -> None:
    for cut in (
        b"GET",
        b"POST /api/clock HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{",
    ):
        with socket.create_connection((running.http.host, running.http.port)) as sock:
            sock.sendall(cut)
    assert running.client.get("/healthz")["status"] == "ok"
    assert log_lines.take(logging.WARNING) == []


def test_a_mistake_of_ours_is_an_answer(
    running: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*arguments: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(topics_module, "_shown", broken)
    with caplog.at_level(logging.ERROR, "kafkashim.http"):
        body = running.client.refused("POST", "/api/topics", 500, {"name": "orders"})
    assert body == {"error": "a mistake of the broker; its log has more"}
    assert "Unexpected error while handling POST /api/topics" in caplog.text
    monkeypatch.undo()
    assert running.client.get("/api/topics/orders")["name"] == "orders"


def test_nothing_is_left_behind() -> None:
    """Also with a connection that is kept open and a request that never ends."""

    async def main() -> None:
        journal = Traffic()
        config = Config.from_overrides({"listeners": "PLAINTEXT://127.0.0.1:0"})
        server = Servers([config], journal=journal)
        http = HttpApi(server, journal)
        await server.start()
        await http.start()
        address = (http.host, http.port)
        idle = await asyncio.open_connection(*address)
        half = await asyncio.open_connection(*address)
        idle[1].write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await idle[0].readline()).startswith(b"HTTP/1.1 200")
        half[1].write(b"POST /api/clock HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n")
        await asyncio.sleep(0.05)
        begun = time.monotonic()
        await http.stop()
        await server.stop()
        assert time.monotonic() - begun < 3
        for _, writer in (idle, half):
            writer.close()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*address)
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in left:
            await asyncio.wait_for(asyncio.shield(task), 5)
        await http.stop()

    asyncio.run(main())


def test_a_port_in_use_leaves_nothing_behind() -> None:
    async def main() -> None:
        journal = Traffic()
        server = Servers([Config.from_overrides({})], journal=journal)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            http = HttpApi(server, journal, port=taken.getsockname()[1])
            with pytest.raises(OSError, match="in use"):
                await http.start()
        await http.start()
        await http.stop()

    asyncio.run(main())

"""``kafkashim serve --http``: where it is told to listen, and what it says when it cannot."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from compat_tests.http_api.asking import HttpClient
from compat_tests.server.test_cli import Serving, decoder, environment, refusal
from compat_tests.server.test_cli import serve as serve

__all__ = ["decoder", "serve"]
Serve = Callable[..., Serving]


def url(broker: Serving) -> str:
    (found,) = (text for text in broker.texts() if text.startswith("HTTP API on "))
    return found.removeprefix("HTTP API on ")


def test_it_is_told_and_serves(serve: Serve) -> None:
    broker = serve("--http", "0")
    assert [text.split()[0] for text in broker.texts()] == ["Listening", "HTTP", "Kafka"]
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url(broker))
    api = HttpClient(url(broker))
    assert api.get("/healthz")["status"] == "ok"
    (listener,) = api.get("/api/brokers")["brokers"][0]["listeners"]
    assert (listener["host"], listener["port"]) == broker.address
    assert broker.end() == (0, "", ["shutting down", "shut down completed"])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(url(broker).rpartition(":")[2])))


def test_another_address(serve: Serve) -> None:
    broker = serve("--http", "0", "--http-host", "127.0.0.2")
    assert url(broker).startswith("http://127.0.0.2:")
    api = HttpClient(url(broker))
    assert api.ask("GET", "/healthz", headers={"Host": "broker.example"}).status == 200


def test_a_file_of_faults(serve: Serve, tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text("faults:\n  - {action: drop_answer, api: Produce, times: 1}\n")
    api = HttpClient(url(serve("--http", "0", "--faults", str(path))))
    (fault,) = api.get("/api/faults")["faults"]
    assert (fault["words"]["api"], fault["words"]["times"]) == ("Produce", 1)


def test_a_port_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert refusal("serve", "--port", "0", "--http", str(port)) == (
            f"127.0.0.1:{port} is in use: stop what listens there, or choose another with --http "
            "(0: any)"
        )


@pytest.mark.parametrize("host", ["192.0.2.1", "a..b"])
def test_an_address_that_is_not_this_machine(host: str) -> None:
    said = refusal("serve", "--port", "0", "--http", "0", "--http-host", host)
    assert said.startswith(f"cannot listen on {host}:0 (")
    assert said.endswith("): choose another --http-host")


def test_options_that_mean_nothing() -> None:
    assert refusal("serve", "--http=-1") == "--http -1 is no port: choose 0 to 65535"
    assert refusal("serve", "--http-host", "::") == (
        "--http-host is the address for --http: name a port with it"
    )


@pytest.fixture
def without_aiohttp(tmp_path: Path) -> dict[str, str]:
    """An environment in which aiohttp cannot be found."""
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(
        "import sys\n"
        "class Hide:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] == 'aiohttp':\n"
        "            raise ModuleNotFoundError(name)\n"
        "import importlib.util\n"
        "real = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, package=None: (\n"
        "    None if name == 'aiohttp' else real(name, package)\n"
        ")\n"
        "sys.meta_path.insert(0, Hide())\n"
    )
    path = environment()["PYTHONPATH"]
    return {"PYTHONPATH": f"{hidden}:{path}"}


def test_without_the_package(without_aiohttp: dict[str, str], serve: Serve) -> None:
    assert refusal("serve", "--http", "0", env=without_aiohttp) == (
        "--http needs aiohttp: install it with pip install 'kafkashim[http]'"
    )
    assert len(serve(env=without_aiohttp).texts()) == 2


def test_what_is_not_asked_for_is_not_imported() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "kafkashim", "serve", "--port", "0"]
    with subprocess.Popen(
        command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert any("Kafka Server started" in line for line in process.stdout)
        process.terminate()
        _, errors = process.communicate(timeout=30)
    imported = {line.rpartition("|")[2].strip() for line in errors.splitlines() if "|" in line}
    assert "kafkashim.server" in imported
    for heavy in ("aiohttp", "yaml", "kafkashim.http_api", "kafkashim.journal"):
        assert heavy not in imported

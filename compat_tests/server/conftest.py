"""Brokers for these tests, over sockets and without, and what they wrote into their logs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from compat_tests.server.asking import Asks, fetch
from compat_tests.server.in_process import InProcess, Peer
from compat_tests.wire_client import WireClient
from kafkashim.testing import KafkaShim

Connect = Callable[..., WireClient]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("kafkashim").addoption(
        "--random-frames",
        type=int,
        default=20_000,
        help="how many random frames are thrown at the broker (default: 20,000)",
    )


class LogLines(logging.Handler):
    """Keeps the lines of the broker's and the event loop's loggers."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[tuple[int, str]] = []
        self.errors: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = record.getMessage()
        self.lines.append((record.levelno, line))
        if record.levelno >= logging.ERROR:
            self.errors.append(line)

    def take(self, level: int = logging.WARNING) -> list[str]:
        """The lines of this level and above since the last call."""
        lines, self.lines = self.lines, []
        return [line for levelno, line in lines if levelno >= level]


@pytest.fixture
def log_lines() -> Iterator[LogLines]:
    """What is logged meanwhile. An error that is logged fails the test at its end."""
    handler = LogLines()
    loggers = [logging.getLogger("kafkashim"), logging.getLogger("asyncio")]
    before = [(logger.propagate, logger.level) for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.propagate = False
    loggers[0].setLevel(logging.INFO)
    yield handler
    for logger, (propagate, level) in zip(loggers, before, strict=True):
        logger.removeHandler(handler)
        logger.propagate = propagate
        logger.setLevel(level)
    assert not handler.errors


@pytest.fixture
def start(pytestconfig: pytest.Config) -> Callable[..., KafkaShim]:
    """Makes a KafkaShim with the decoder under test; to be entered."""

    def make(**options: Any) -> KafkaShim:
        return KafkaShim(**{"decoder": pytestconfig.getoption("--decoder"), **options})

    return make


@pytest.fixture(scope="module")
def shim(pytestconfig: pytest.Config) -> Iterator[KafkaShim]:
    """A broker with the rules of Apache Kafka 4.3, for the tests of a file."""
    decoder = pytestconfig.getoption("--decoder")
    with KafkaShim(
        rules="kafka-4.3", decoder=decoder, config={"metric.reporters": "a.Reporter"}
    ) as running:
        yield running


@pytest.fixture
def connect(shim: KafkaShim) -> Iterator[Connect]:
    """Opens connections to :func:`shim` and closes them in the end."""
    clients: list[WireClient] = []

    def open_one(**options: Any) -> WireClient:
        clients.append(WireClient(shim.host, shim.port, **options))
        return clients[-1]

    yield open_one
    for client in clients:
        client.close()


@pytest.fixture
def client(connect: Connect) -> WireClient:
    """A connection to :func:`shim`."""
    return connect()


@pytest.fixture
def in_process(pytestconfig: pytest.Config) -> Callable[..., InProcess]:
    """Makes brokers without sockets, whose time stands still."""

    def make(**options: Any) -> InProcess:
        return InProcess(**{"decoder": pytestconfig.getoption("--decoder"), **options})

    return make


@pytest.fixture
def broker(in_process: Callable[..., InProcess]) -> InProcess:
    """A broker without sockets, as it comes."""
    return in_process()


@pytest.fixture
def peer(broker: InProcess) -> Peer:
    """A client of that broker."""
    return broker.connect()


@pytest.fixture
def fetch_all() -> Callable[[Asks, str], bytes]:
    """Gives all that partition 0 of a topic holds."""

    def read(client: Asks, topic: str) -> bytes:
        return bytes(fetch(client, topic, 0, partition_max_bytes=1 << 26).records)

    return read

"""Brokers with an HTTP API."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from compat_tests.conftest import need
from compat_tests.server.conftest import log_lines

need("aiohttp")
need("jsonschema")

from compat_tests.http_api.asking import HttpClient, Running  # noqa: E402

__all__ = ["api", "log_lines", "running", "start"]


@pytest.fixture
def start(pytestconfig: pytest.Config) -> Iterator[Callable[..., Running]]:
    """Starts brokers with the decoder under test, and stops them in the end."""
    started: list[Running] = []

    def make(**options: object) -> Running:
        running = Running(decoder=pytestconfig.getoption("--decoder"), **options)  # type: ignore[arg-type]
        running.__enter__()
        started.append(running)
        return running

    yield make
    for running in started:
        running.__exit__(None, None, None)


@pytest.fixture
def running(start: Callable[..., Running]) -> Running:
    """A broker as it comes."""
    return start()


@pytest.fixture
def api(running: Running) -> HttpClient:
    """Its HTTP API."""
    return running.client

"""The libraries as a fixture, and names that no other test uses."""

from __future__ import annotations

import copy
import importlib
import importlib.metadata
import itertools
import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from compat_tests import toolchains
from compat_tests.clients import table
from compat_tests.clients.client_under_test import ClientUnderTest
from compat_tests.clients.driven import DrivenClient
from compat_tests.clients.kcat import kcat
from compat_tests.conftest import need
from compat_tests.real_broker.apache_kafka import VERSION

# folder under compat_tests/clients -> (package to import, adapter class)
PYTHON_CLIENTS = {
    "confluent_kafka": ("confluent_kafka", "ConfluentKafka"),
    "kafka_python": ("kafka", "KafkaPython"),
    "aiokafka": ("aiokafka", "AioKafka"),
}

# Programs in other languages: folders that have a CLIENT in <folder>/<folder>_client.py.
DRIVEN_CLIENTS: dict[str, DrivenClient] = {
    folder.name: importlib.import_module(
        f"compat_tests.clients.{folder.name}.{folder.name}_client"
    ).CLIENT
    for folder in sorted(Path(__file__).parent.iterdir())
    if folder.name not in PYTHON_CLIENTS and (folder / f"{folder.name}_client.py").exists()
}

# Folders with tests of their own, of programs that nobody drives, and how their versions are told.
PROGRAMS: dict[str, Callable[[], str]] = {"kafka_tools": lambda: VERSION, "kcat": kcat.version}
_table = table.Table((*PYTHON_CLIENTS, *DRIVEN_CLIENTS, *PROGRAMS))

_RUN = uuid.uuid4().hex[:8]
_NUMBERS = itertools.count(1)


def driven_with(ability: str) -> list[str]:
    """The clients in other languages that have an ability."""
    return [name for name, found in DRIVEN_CLIENTS.items() if ability in found.abilities]


def driven_client(name: str) -> DrivenClient:
    """A client in another language, built; a missing toolchain skips, under CI=true it fails."""
    client = DRIVEN_CLIENTS[name]
    toolchains.need(*client.needs)
    client.built()
    return client


def load_client(name: str) -> Any:
    if name in DRIVEN_CLIENTS:
        return driven_client(name)
    package, adapter = PYTHON_CLIENTS[name]
    need(package)
    module = importlib.import_module(f"compat_tests.clients.{name}.{name}_client")
    client: ClientUnderTest = getattr(module, adapter)()
    return client


@pytest.fixture(params=[*PYTHON_CLIENTS, *driven_with("producer")])
def client(request: pytest.FixtureRequest) -> ClientUnderTest:
    """A client that has an idempotent producer."""
    return load_client(request.param)


@pytest.fixture(
    params=[*PYTHON_CLIENTS, "confluent_kafka-consumer"]
    + [
        f"{name}-{protocol}"
        for protocol in ("classic", "consumer")
        for name in driven_with(protocol)
    ]
)
def group_client(request: pytest.FixtureRequest) -> ClientUnderTest:
    """A client whose members join with one of the two protocols that it speaks."""
    name, _, protocol = request.param.partition("-")
    found = load_client(name)
    if protocol:
        found = copy.copy(found)
        found.group_protocol = protocol
    return found


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome: Any = yield
    report: pytest.TestReport = outcome.get_result()
    if report.when == "call" or report.failed:
        faults = report.wasxfail if hasattr(report, "wasxfail") else ""
        happened = "xfailed" if faults else report.outcome
        if happened != "skipped" and "test_table.py" not in item.nodeid:
            # A tour is one test of many steps.
            count = int(dict(report.user_properties).get("steps", 1))
            _table.add(item.nodeid, happened, faults.removeprefix("reason: "), count)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The clients that need more than Python run when they are asked for: ``-m toolchain``."""
    for item in items:
        if _needs_toolchain(item.nodeid):
            item.add_marker("toolchain")


def _needs_toolchain(node_id: str) -> bool:
    if "test_table.py" in node_id:
        return False
    words = re.split(r"[-\[\]]", node_id)
    return any(name in words or f"/{name}/" in node_id for name in (*DRIVEN_CLIENTS, *PROGRAMS))


def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.config.getoption("--client-table"):
        table.write(_table.text(version_of))


def version_of(name: str) -> str:
    if name in DRIVEN_CLIENTS:
        return driven_client(name).version()
    if name in PYTHON_CLIENTS:
        return importlib.metadata.version(name.replace("_", "-"))
    return PROGRAMS[name]()


@pytest.fixture
def unique() -> Callable[[str], str]:
    """Makes names that were never used before, also on a broker that outlives the run."""
    return lambda name: f"{name}-{_RUN}-{next(_NUMBERS)}"

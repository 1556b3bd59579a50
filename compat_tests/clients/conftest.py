"""The libraries as a fixture, and names that no other test uses."""

from __future__ import annotations

import importlib
import itertools
import uuid
from collections.abc import Callable

import pytest

from compat_tests.clients.client_under_test import ClientUnderTest
from compat_tests.conftest import need

# folder under compat_tests/clients -> (package to import, adapter class)
PYTHON_CLIENTS = {
    "confluent_kafka": ("confluent_kafka", "ConfluentKafka"),
    "kafka_python": ("kafka", "KafkaPython"),
    "aiokafka": ("aiokafka", "AioKafka"),
}

_RUN = uuid.uuid4().hex[:8]
_NUMBERS = itertools.count(1)


def load_client(name: str) -> ClientUnderTest:
    package, adapter = PYTHON_CLIENTS[name]
    need(package)
    module = importlib.import_module(f"compat_tests.clients.{name}.{name}_client")
    client: ClientUnderTest = getattr(module, adapter)()
    return client


@pytest.fixture(params=PYTHON_CLIENTS)
def client(request: pytest.FixtureRequest) -> ClientUnderTest:
    return load_client(request.param)


@pytest.fixture
def unique() -> Callable[[str], str]:
    """Makes names that were never used before, also on a broker that outlives the run."""
    return lambda name: f"{name}-{_RUN}-{next(_NUMBERS)}"

"""Connections to the broker under test, which may be Apache Kafka (``--bootstrap``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import pytest

from compat_tests.conftest import BrokerUnderTest
from compat_tests.wire_client import WireClient
from kafkashim.testing import KafkaShim

Start = Callable[..., WireClient]


@pytest.fixture
def client(broker: BrokerUnderTest) -> Iterator[WireClient]:
    """A connection to the broker under test."""
    with WireClient(*broker.address) as connection:
        yield connection


@pytest.fixture
def name() -> str:
    """A topic name nobody has."""
    return f"admin-{uuid4().hex}"


@pytest.fixture
def start(pytestconfig: pytest.Config) -> Iterator[Start]:
    """Starts kafkashim with properties of its own and gives a connection to it."""
    with ExitStack() as stack:

        def begin(config: dict[str, str], **options: Any) -> WireClient:
            decoder = pytestconfig.getoption("--decoder")
            shim = stack.enter_context(KafkaShim(decoder=decoder, config=config))
            return stack.enter_context(WireClient(shim.host, shim.port, **options))

        yield begin

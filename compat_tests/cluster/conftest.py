"""Three brokers, as people have them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from compat_tests.server.conftest import log_lines
from compat_tests.wire_client import WireClient
from kafkashim.testing import KafkaShim

__all__ = ["log_lines"]

Three = Callable[..., KafkaShim]
Ask = Callable[[int], WireClient]


@pytest.fixture
def three(pytestconfig: pytest.Config) -> Iterator[Three]:
    """Starts three brokers, with options; they stop at the end."""
    with ExitStack() as stack:

        def start(**options: Any) -> KafkaShim:
            options = {"brokers": 3, "decoder": pytestconfig.getoption("--decoder"), **options}
            return stack.enter_context(KafkaShim(**options))

        yield start


@pytest.fixture
def shim(three: Three) -> KafkaShim:
    """Three brokers."""
    return three(rules="kafka-4.3")


@pytest.fixture
def at(shim: KafkaShim) -> Iterator[Ask]:
    """A connection to the broker of an id, a new one when the last was lost."""
    with ExitStack() as stack:

        def connect(broker_id: int) -> WireClient:
            return stack.enter_context(WireClient(*shim.brokers[broker_id]))

        yield connect

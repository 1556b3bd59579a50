"""The clients that play scenarios: those of the package, and programs in other languages."""

from __future__ import annotations

import gc
import re
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from compat_tests.clients.client_under_test import Delivery, Message, ProducerSettings
from compat_tests.clients.conftest import driven_client
from compat_tests.clients.driven import DrivenClient
from compat_tests.conftest import need
from kafka_codecs.errors import ErrorCode
from kafkashim.scenarios.clients import (
    BATCH_BYTES,
    MODULES,
    Client,
    Produced,
    Report,
    load,
    name_of,
)
from kafkashim.scenarios.scenario import Patience

PYTHON = tuple(MODULES)
# Those of compat_tests/clients that know how long to wait.
DRIVEN = ("java", "franz_go")
_CLASS = re.compile(r"[\w.]*?(\w+(?:Exception|Error))\b")


def player(name: str) -> Client:
    """A client by its name; one that cannot run here skips the test, and fails it under CI=true."""
    if name in DRIVEN:
        return Driven(driven_client(name))
    need(MODULES[name])
    return load(name)


@contextmanager
def sockets_may_be_left() -> Generator[None]:
    """A client may leave sockets behind, which are closed at the end.

    kafka-python 3.0.12 does when its connection is refused.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        gc.collect()


@dataclass
class Driven:
    """A program in another language, whose whole work is one call."""

    client: DrivenClient

    @property
    def name(self) -> str:
        return self.client.name

    def version(self) -> str:
        return self.client.version()

    def produce(
        self, bootstrap: str, topic: str, values: Sequence[bytes], patience: Patience
    ) -> Produced:
        settings = ProducerSettings(
            batch_bytes=BATCH_BYTES,
            linger_ms=0,
            backoff_ms=patience.backoff_ms,
            request_timeout_ms=patience.request_ms,
            delivery_timeout_ms=patience.delivery_ms,
        )
        messages = [Message(value, partition=0) for value in values]
        deliveries = self.client.produce(bootstrap, topic, messages, settings)
        return Produced([_report(delivery) for delivery in deliveries])


def _report(delivery: Delivery) -> Report:
    if not delivery.error:
        offset = delivery.offset
        return Report(offset if offset is not None and offset >= 0 else None)
    # Java gives its own timeouts the code of an answer.
    code = 0 if delivery.error == ErrorCode.REQUEST_TIMED_OUT else delivery.error
    found = _CLASS.match(delivery.reason)
    return Report(error=name_of(code, found[1] if found else delivery.reason))

"""The clients that play: one file for each, which only translates.

A client keeps its library's defaults, but waits as :class:`~kafkashim.scenarios.scenario.Patience`
says, and makes a batch of every message: so all of them send the same batches.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import NamedTuple, Protocol

from kafka_codecs.errors import ErrorCode
from kafkashim.scenarios.scenario import AIOKAFKA, CONFLUENT_KAFKA, KAFKA_PYTHON, Patience

# The client's name, which is that of its package, and what is imported.
MODULES = {CONFLUENT_KAFKA: "confluent_kafka", KAFKA_PYTHON: "kafka", AIOKAFKA: "aiokafka"}
# A message is of one size, and two of them are more than a batch may have.
MESSAGE_BYTES, BATCH_BYTES = 500, 600
PADDING = b"."
NEVER = "never reported"
# How much longer than a message may take a client is waited for, in seconds.
GRACE_SECONDS = 10


class Report(NamedTuple):
    """What a client reported for one message: an offset, unless it knows none, or the error's name."""

    offset: int | None = None
    error: str = ""


@dataclass
class Produced:
    """What a client reported for all messages, and what it said besides."""

    reports: list[Report]
    notes: list[str] = field(default_factory=list[str])


class Client(Protocol):
    """A library with an idempotent producer."""

    name: str

    def version(self) -> str:
        """As it tells it."""
        ...

    def produce(
        self, bootstrap: str, topic: str, values: Sequence[bytes], patience: Patience
    ) -> Produced:
        """Send all values to partition 0 with one idempotent producer, and wait for what comes of it."""
        ...


def is_there(name: str) -> bool:
    """Whether a client is installed."""
    return find_spec(MODULES[name]) is not None


def load(name: str) -> Client:
    """A client by its name.

    Raises:
        ImportError: it is not installed.
    """
    module = importlib.import_module(f"{__name__}.{name.replace('-', '_')}_client")
    client: Client = module.CLIENT
    return client


def value_of(label: str) -> bytes:
    """The value that stands for a message."""
    return label.encode().ljust(MESSAGE_BYTES, PADDING)


def label_of(value: bytes | None) -> str:
    """The message a value stands for."""
    return (value or b"").rstrip(PADDING).decode(errors="replace")


def name_of(code: int, otherwise: str) -> str:
    """Kafka's name for an error; ``otherwise`` for one of the library's own."""
    return ErrorCode.name_of(code) if code > 0 else otherwise

"""kafka-python 3."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError

from kafkashim.scenarios.clients import (
    BATCH_BYTES,
    GRACE_SECONDS,
    NEVER,
    Produced,
    Report,
    name_of,
)
from kafkashim.scenarios.scenario import KAFKA_PYTHON, Patience


class KafkaPython:
    """It has one batch of a partition under way at a time."""

    name = KAFKA_PYTHON

    def version(self) -> str:
        """That of the package."""
        return version("kafka-python")

    def produce(
        self, bootstrap: str, topic: str, values: Sequence[bytes], patience: Patience
    ) -> Produced:
        """Send all values with one producer."""
        producer: Any = KafkaProducer(
            bootstrap_servers=bootstrap,
            enable_idempotence=True,
            acks="all",
            batch_size=BATCH_BYTES,
            linger_ms=0,
            request_timeout_ms=patience.request_ms,
            delivery_timeout_ms=patience.delivery_ms,
            retry_backoff_ms=patience.backoff_ms,
            reconnect_backoff_ms=patience.backoff_ms,
            reconnect_backoff_max_ms=4 * patience.backoff_ms,
        )
        try:
            sent = [producer.send(topic, value=value, partition=0) for value in values]
            seconds = patience.delivery_ms / 1000 + GRACE_SECONDS
            return Produced([_report(future, seconds) for future in sent])
        finally:
            producer.close(timeout=1)


def _report(future: Any, seconds: float) -> Report:
    try:
        metadata = future.get(timeout=seconds)
    except KafkaError as error:
        if not future.is_done:
            return Report(error=NEVER)
        return Report(error=name_of(getattr(error, "errno", 0), type(error).__name__))
    return Report(metadata.offset if metadata.offset >= 0 else None)


CLIENT = KafkaPython()

"""confluent-kafka, that is librdkafka."""

from __future__ import annotations

import contextlib
import logging
import re
import time
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer, libversion

from kafkashim.scenarios.clients import GRACE_SECONDS, NEVER, Produced, Report
from kafkashim.scenarios.scenario import CONFLUENT_KAFKA, Patience

# Which of its fatal errors: "… failed due to sequence desynchronization with broker 1 …".
FATAL = re.compile(r"Fatal error: .* failed (?:with|due to) (.+? (?:number|desynchronization))")


class ConfluentKafka:
    """librdkafka sends five requests ahead, and looks each answer up by its number."""

    name = CONFLUENT_KAFKA

    def version(self) -> str:
        """That of the package, and of librdkafka in it."""
        return f"{version('confluent-kafka')} (librdkafka {libversion()[0]})"

    def produce(
        self, bootstrap: str, topic: str, values: Sequence[bytes], patience: Patience
    ) -> Produced:
        """Send all values with one producer."""
        produced = Produced([Report(error=NEVER)] * len(values))
        producer = Producer(_config(bootstrap, patience), logger=_logger(produced.notes))
        # A first look at the topic spares the fixed 500 ms that librdkafka waits before it asks for a
        # producer id again when its first connection was not up in time.
        with contextlib.suppress(KafkaException):
            producer.list_topics(topic, timeout=5)
        for index, value in enumerate(values):

            def delivered(error: KafkaError | None, sent: Message, index: int = index) -> None:
                produced.reports[index] = _report(error, sent)

            producer.produce(topic, value, partition=0, on_delivery=delivered)
        end = time.monotonic() + patience.delivery_ms / 1000 + GRACE_SECONDS
        # Not flush(): that one throws what it serves next away when it tells of a fatal error.
        while len(producer) and time.monotonic() < end:
            with contextlib.suppress(KafkaException):
                producer.poll(0.05)
        return produced


def _logger(notes: list[str]) -> logging.Logger:
    """What librdkafka logs; of that only fatal errors are for a person."""

    def note(record: logging.LogRecord) -> bool:
        found = FATAL.search(record.getMessage())
        if found is not None and f"fatal: {found[1]}" not in notes:
            notes.append(f"fatal: {found[1]}")
        return False

    logger = logging.Logger("librdkafka")
    logger.addFilter(note)
    return logger


def _config(bootstrap: str, patience: Patience) -> dict[str, Any]:
    return {
        "bootstrap.servers": bootstrap,
        "enable.idempotence": True,
        "max.in.flight.requests.per.connection": 5,
        "batch.num.messages": 1,
        "linger.ms": 0,
        # An answer is waited for as long as the socket, unless the message has less time left.
        "socket.timeout.ms": patience.request_ms,
        "request.timeout.ms": patience.request_ms,
        "message.timeout.ms": patience.delivery_ms,
        "retry.backoff.ms": patience.backoff_ms,
        "retry.backoff.max.ms": 4 * patience.backoff_ms,
        "reconnect.backoff.ms": patience.backoff_ms,
        "reconnect.backoff.max.ms": 4 * patience.backoff_ms,
        "topic.metadata.refresh.fast.interval.ms": patience.backoff_ms,
    }


def _report(error: KafkaError | None, sent: Message) -> Report:
    if error is not None:
        return Report(error=error.name())
    offset = sent.offset()
    return Report(offset if offset is not None and offset >= 0 else None)


CLIENT = ConfluentKafka()

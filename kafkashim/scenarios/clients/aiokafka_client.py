"""aiokafka."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from kafkashim.scenarios.clients import (
    BATCH_BYTES,
    GRACE_SECONDS,
    NEVER,
    Produced,
    Report,
    name_of,
)
from kafkashim.scenarios.scenario import AIOKAFKA, Patience

# For how long it may take its leave, in seconds.
STOP_SECONDS = 2


class AioKafka:
    """It waits for a broker's answer before it sends to that broker again.

    A message has as long as a request: there is no other time for its delivery.
    """

    name = AIOKAFKA

    def version(self) -> str:
        """That of the package."""
        return version("aiokafka")

    def produce(
        self, bootstrap: str, topic: str, values: Sequence[bytes], patience: Patience
    ) -> Produced:
        """Send all values with one producer, in an event loop of its own."""
        return asyncio.run(_produce(bootstrap, topic, values, patience))


async def _produce(
    bootstrap: str, topic: str, values: Sequence[bytes], patience: Patience
) -> Produced:
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    producer: Any = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        enable_idempotence=True,
        acks="all",
        max_batch_size=BATCH_BYTES,
        linger_ms=0,
        request_timeout_ms=patience.request_ms,
        retry_backoff_ms=patience.backoff_ms,
    )
    await producer.start()
    try:
        return Produced([await _sent(producer, topic, value, patience) for value in values])
    finally:
        # It would wait for ever for a message it sends again for ever.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(producer.stop(), STOP_SECONDS)


async def _sent(producer: Any, topic: str, value: bytes, patience: Patience) -> Report:
    # One after the other: send() itself waits until the batch before is taken, and no longer than for a
    # request, so that it is left to chance which of both times is over first.
    seconds = patience.delivery_ms / 1000 + GRACE_SECONDS
    try:
        future: asyncio.Future[Any] = await producer.send(topic, value=value, partition=0)
        metadata = await asyncio.wait_for(asyncio.shield(future), seconds)
    except KafkaError as error:
        return _failed(error)
    except TimeoutError:
        return Report(error=NEVER)
    offset = metadata.offset
    return Report(offset if offset is not None and offset >= 0 else None)


def _failed(error: BaseException) -> Report:
    return Report(error=name_of(getattr(error, "errno", 0), type(error).__name__))


CLIENT = AioKafka()

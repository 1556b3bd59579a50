"""Sends orders to Kafka."""

from __future__ import annotations

from collections.abc import Iterable

from confluent_kafka import KafkaError, KafkaException, Message, Producer

TOPIC = "orders"
SECONDS = 30


def send(servers: str, orders: Iterable[str], *, idempotence: bool = True) -> None:
    """Send orders one after the other; each is acknowledged before the next one is sent.

    Raises:
        KafkaException: an order could not be sent.
        TimeoutError: an order was not acknowledged in time.
    """
    producer = Producer(
        {"bootstrap.servers": servers, "acks": "all", "enable.idempotence": idempotence}
    )
    for order in orders:
        producer.produce(TOPIC, order.encode(), on_delivery=_check)
        # Runs _check, which raises here.
        if producer.flush(SECONDS):
            raise TimeoutError(f"{order!r} was not acknowledged in {SECONDS} s")


def _check(error: KafkaError | None, message: Message) -> None:
    if error is not None:
        raise KafkaException(error)

"""A broker for a few lines: produce with an unmodified client, read back, nothing left behind.

python examples/produce_and_consume.py
"""

from __future__ import annotations

from confluent_kafka import Consumer, Producer, TopicPartition

from kafkashim.state import Decision
from kafkashim.testing import KafkaShim


def show(decision: Decision) -> None:
    """Called by the broker with everything it decides about an idempotent producer."""
    batch = decision.batch
    print(
        f"producer {batch.producer_id}, sequence {batch.base_sequence}:"
        f" offset {decision.offset}, because of {decision.verdict.reason}"
    )


def main() -> None:
    with KafkaShim(on_decision=show) as broker:
        producer = Producer(
            {"bootstrap.servers": broker.bootstrap_servers, "enable.idempotence": True}
        )
        for number in range(3):
            producer.produce("greetings", f"hello {number}".encode())
            producer.flush()

        consumer = Consumer({"bootstrap.servers": broker.bootstrap_servers, "group.id": "example"})
        consumer.assign([TopicPartition("greetings", 0, 0)])
        for message in consumer.consume(3, timeout=10):
            print(f"offset {message.offset()}: {(message.value() or b'').decode()}")
        consumer.close()


if __name__ == "__main__":
    main()

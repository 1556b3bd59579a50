"""Lesson 11: the five batches.

How many batches must a broker remember of a producer to recognise every one that comes again? As many
as the producer may have under way. Apache Kafka remembers five on each partition
(ProducerStateEntry.NUM_BATCHES_TO_RETAIN), and its idempotent producer refuses to be configured with
more than five requests in flight (max.in.flight.requests.per.connection).

The same batches are judged here by two rule books: explicit, the default of this broker, and kafka-4.3,
which is exactly what Apache Kafka 4.3 says.
"""

from __future__ import annotations

import socket

from wire import connect, create_topic, reason, send_batch, told, write_batch

from kafkashim.testing import KafkaShim

TOPIC = "orders"
PRODUCER_ID, EPOCH = 1, 0
BATCHES = 8


def send(connection: socket.socket, sequence: int) -> str:
    """A batch of one record."""
    batch = write_batch([f"record {sequence}".encode()], PRODUCER_ID, EPOCH, sequence)
    return told(send_batch(connection, TOPIC, batch))


def send_all_again(broker: KafkaShim, connection: socket.socket) -> None:
    """From the newest to the oldest."""
    for sequence in range(BATCHES - 1, -1, -1):
        answer = send(connection, sequence)
        rule, _, _ = reason(broker).partition(":")
        print(f"    sequence {sequence}: {answer} ({rule})")


def main() -> None:
    for rules in ("explicit", "kafka-4.3"):
        print(f"Rule book {rules}")
        with KafkaShim(rules=rules) as broker, connect(broker) as connection:
            create_topic(connection, TOPIC)
            answers = [send(connection, sequence) for sequence in range(BATCHES)]
            print(f"  {BATCHES} batches, sequences 0 to {BATCHES - 1}, last answer: {answers[-1]}")
            print("  each of them sent again:")
            send_all_again(broker, connection)
            print(f"  records in the log: {len(broker.journal.records(TOPIC))}")

    print()
    print(
        "Question: what does a producer have to fear that keeps six requests in flight, and why not"
    )
    print("one that keeps five?")


if __name__ == "__main__":
    main()

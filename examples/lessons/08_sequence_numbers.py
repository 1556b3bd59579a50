"""Lesson 08: sequence numbers.

A producer numbers its records, from 0, on each partition by itself. A batch carries the number of its
first record; those of the others follow from it. The broker remembers the last number of each producer
on each partition, and takes only the batch that goes on from there.

The broker's journal says by which rule it decided. The rules are in docs/rules.md.
"""

from __future__ import annotations

import socket

from wire import ask, connect, create_topic, reason, send_batch, told, write_batch

from kafka_codecs.messages.api_22_init_producer_id import InitProducerIdRequest
from kafka_codecs.record_batch import RecordBatch
from kafkashim.testing import KafkaShim

TOPIC = "orders"


class Producer:
    """The next sequence on each partition is all that a producer has to remember."""

    def __init__(self, broker: KafkaShim, connection: socket.socket) -> None:
        self.broker = broker
        self.connection = connection
        request = InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=60_000)
        answer = ask(connection, request, 4)
        self.producer_id, self.epoch = answer.producer_id, answer.producer_epoch
        self.next_sequence = {0: 0, 1: 0}

    def send(self, partition: int, *values: bytes) -> None:
        first = self.next_sequence[partition]
        batch = write_batch(list(values), self.producer_id, self.epoch, first)
        answer = send_batch(self.connection, TOPIC, batch, partition)
        last = first + len(values) - 1
        print(
            f"  producer {self.producer_id}, partition {partition}, sequence {first} to {last}:"
            f" {told(answer)} ({reason(self.broker)})"
        )
        # Records are counted, not batches.
        self.next_sequence[partition] = last + 1


def show_numbers(batch: bytes) -> None:
    """The numbers stand in the header of the batch, once, and not in the records."""
    header = RecordBatch(batch)
    print(f"  producer id {header.producer_id}, epoch {header.producer_epoch}")
    print(f"  base sequence {header.base_sequence}, last offset delta {header.last_offset_delta}")
    print(f"  so the last record has sequence {header.last_sequence}")


def main() -> None:
    print("1. A batch of three records whose first has sequence 10")
    show_numbers(write_batch([b"a", b"b", b"c"], producer_id=7, epoch=0, sequence=10))

    with KafkaShim() as broker, connect(broker) as connection:
        create_topic(connection, TOPIC, partitions=2)

        print("2. A producer writes to a partition")
        one = Producer(broker, connection)
        one.send(0, b"a")
        one.send(0, b"b", b"c", b"d")
        one.send(0, b"e", b"f")

        print("3. It writes to another one, and begins at 0 there")
        one.send(1, b"g")
        one.send(0, b"h")

        print("4. Another producer is counted by itself; offsets are not")
        two = Producer(broker, connection)
        two.send(0, b"i")
        one.send(0, b"j")

    print()
    print("Question: a producer has sent batches of 4, 1 and 3 records to a partition. With which")
    print(
        "sequence does its next batch begin, and can the broker tell who wrote the record at offset 6?"
    )


if __name__ == "__main__":
    main()

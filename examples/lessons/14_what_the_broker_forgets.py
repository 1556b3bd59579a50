"""Lesson 14: what the broker forgets.

A broker recognises a batch only while it remembers the producer. It does not do so for ever:

- a producer that has not written for a day is forgotten (producer.id.expiration.ms);
- after a restart only the newest batch of each producer is known, because that is what the snapshot of
  the producers holds (ProducerStateManager.writeSnapshot);
- but deleting the records does not make it forget their producer, since KIP-360 (2.4).

Each part has a broker of its own, with the rule book of Apache Kafka 4.3.
"""

from __future__ import annotations

import socket

from wire import ask, connect, create_topic, reason, send_batch, told, write_batch

from kafka_codecs.messages.api_21_delete_records import (
    DeleteRecordsPartition,
    DeleteRecordsRequest,
    DeleteRecordsTopic,
)
from kafkashim.testing import KafkaShim

TOPIC = "orders"
PRODUCER_ID, EPOCH = 1, 0


def send(broker: KafkaShim, connection: socket.socket, sequence: int, again: str = "") -> None:
    batch = write_batch([f"record {sequence}".encode()], PRODUCER_ID, EPOCH, sequence)
    answer = send_batch(connection, TOPIC, batch)
    rule, _, _ = reason(broker).partition(":")
    print(f"  sequence {sequence}{again}: {told(answer)} ({rule})")


def send_three(broker: KafkaShim, connection: socket.socket) -> None:
    create_topic(connection, TOPIC)
    for sequence in range(3):
        send(broker, connection, sequence)


def a_day_passes() -> None:
    with KafkaShim(rules="kafka-4.3") as broker, connect(broker) as connection:
        send_three(broker, connection)
        # Time is moved, not waited for. The broker looks every ten minutes who has expired.
        broker.clock.advance(hours=25)
        print("  25 hours later:")
        send(broker, connection, 2, again=", again")
        values = [(record.value or b"").decode() for record in broker.journal.records(TOPIC)]
        print(f"  in the log: {', '.join(values)}")


def the_broker_restarts() -> None:
    with KafkaShim(rules="kafka-4.3") as broker:
        with connect(broker) as connection:
            send_three(broker, connection)
        broker.restart()
        print("  after a restart:")
        with connect(broker) as connection:
            send(broker, connection, 2, again=", again")
            send(broker, connection, 1, again=", again")
            send(broker, connection, 3)


def records_are_deleted() -> None:
    with KafkaShim(rules="kafka-4.3") as broker, connect(broker) as connection:
        send_three(broker, connection)
        # -1 is the high watermark: everything.
        everything = DeleteRecordsPartition(partition_index=0, offset=-1)
        topic = DeleteRecordsTopic(name=TOPIC, partitions=[everything])
        ask(connection, DeleteRecordsRequest(topics=[topic], timeout_ms=5000), 2)
        print(f"  all records are deleted, {len(broker.journal.records(TOPIC))} are left:")
        send(broker, connection, 2, again=", again")
        send(broker, connection, 3)


def main() -> None:
    print("1. A day passes")
    a_day_passes()
    print("2. The broker restarts")
    the_broker_restarts()
    print("3. The records are deleted")
    records_are_deleted()

    print()
    print(
        "Question: in part 1 the producer goes on with sequence 3 instead of sending 2 again. What"
    )
    print("does Apache Kafka 4.3 answer, and what did releases before 2.5?")


if __name__ == "__main__":
    main()

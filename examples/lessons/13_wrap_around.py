"""Lesson 13: wrap-around.

A sequence is a number of 32 bits with a sign, and the highest is 2147483647. What comes after it is 0:
the sequences form a ring. A busy producer gets there, at 100,000 records a second in six hours. Brokers
and clients have had mistakes at just this place (KAFKA-7692, KAFKA-7693).

Nobody has to send two billion records to see it: the state of this broker can be set.
"""

from __future__ import annotations

import socket
import struct

from wire import connect, create_topic, reason, send_batch, told, write_batch

from kafka_codecs.record_batch import RecordBatch
from kafkashim.testing import KafkaShim

TOPIC = "clicks"
PRODUCER_ID, EPOCH = 7, 0
LAST = 2**31 - 1


def send(broker: KafkaShim, connection: socket.socket, sequence: int, count: int) -> None:
    batch = write_batch([b"click"] * count, PRODUCER_ID, EPOCH, sequence)
    answer = send_batch(connection, TOPIC, batch)
    print(f"  {count} from {sequence} to {RecordBatch(batch).last_sequence}: {told(answer)}")
    print(f"    {reason(broker)}")


def send_without_regard_to_the_ring(connection: socket.socket) -> None:
    """What a client does that only adds up: after the highest int of 32 bits comes the lowest."""
    (too_far,) = struct.unpack(">i", struct.pack(">I", LAST + 1))
    batch = write_batch([b"click"], PRODUCER_ID, EPOCH, too_far)
    # It is refused before any rule about sequences is asked: below 0 there are none.
    print(f"  1 from {too_far}: {told(send_batch(connection, TOPIC, batch))}")


def main() -> None:
    with KafkaShim() as broker, connect(broker) as connection:
        create_topic(connection, TOPIC)

        print(f"1. A producer that has used up nearly all: next is {LAST}")
        broker.set_producer_state(
            TOPIC, 0, producer_id=PRODUCER_ID, epoch=EPOCH, next_sequence=LAST
        )

        print("2. A batch that lies across the end")
        send(broker, connection, LAST, 2)

        print("3. The same again: remembered like any other")
        send(broker, connection, LAST, 2)

        print("4. A gap after the end, and then the batch that is due")
        send(broker, connection, 2, 1)
        send(broker, connection, 1, 1)

        print("5. And a client that counts on over the end")
        send_without_regard_to_the_ring(connection)

    print()
    print(
        "Question: a batch of five records begins at 2147483646. Which sequences do its records have,"
    )
    print("and with which does the next batch begin?")


if __name__ == "__main__":
    main()

"""Lesson 10: the gap.

A producer may have several batches under way. When one of them is lost, those behind it arrive first.
If the broker took them, the records would be out of order for ever: a log only grows at its end. So it
refuses what does not go on from the last sequence, with OUT_OF_ORDER_SEQUENCE_NUMBER, until the batch
that is missing has come (ProducerAppendInfo.checkSequence).
"""

from __future__ import annotations

import socket

from wire import (
    connect,
    create_topic,
    produce_request,
    reason,
    send,
    send_batch,
    told,
    write_batch,
)

from kafkashim.testing import KafkaShim

TOPIC = "orders"
PRODUCER_ID, EPOCH = 1, 0


def batch_of(first: int, last: int) -> bytes:
    """A record for each sequence from first to last, whose value tells it."""
    values = [f"record {sequence}".encode() for sequence in range(first, last + 1)]
    return write_batch(values, PRODUCER_ID, EPOCH, first)


def send_and_show(broker: KafkaShim, connection: socket.socket, first: int, last: int) -> None:
    answer = send_batch(connection, TOPIC, batch_of(first, last))
    print(f"  sequence {first} to {last}: {told(answer)}")
    print(f"    {reason(broker)}")


def send_into_the_void(connection: socket.socket, first: int, last: int) -> None:
    """A fault loses the request, so nobody waits for an answer.

    TCP loses no request and delivers the next. But a broker may refuse one batch and take the next, as
    when a leader moves, or what was under way on a connection that broke is sent again on another.
    """
    send(connection, produce_request(TOPIC, batch_of(first, last)), 9)
    print(f"  sequence {first} to {last}: lost on the way")


def main() -> None:
    with KafkaShim() as broker, connect(broker) as connection:
        create_topic(connection, TOPIC)

        print("1. The first batch arrives, the second does not, the third does")
        send_and_show(broker, connection, 0, 1)
        broker.faults.drop_request(api="Produce", sequence=2, times=1)
        send_into_the_void(connection, 2, 3)
        send_and_show(broker, connection, 4, 5)

        print("2. Both are sent again, in their order")
        send_and_show(broker, connection, 2, 3)
        send_and_show(broker, connection, 4, 5)

        print("3. A batch that overlaps what is there")
        send_and_show(broker, connection, 5, 6)

        print("4. What is in the log")
        for record in broker.journal.records(TOPIC):
            print(f"  offset {record.offset}: {(record.value or b'').decode()}")

    print()
    print("Question: in step 3 record 5 is known and record 6 is exactly what is due. Why does the")
    print("broker not take the one and leave the other?")


if __name__ == "__main__":
    main()

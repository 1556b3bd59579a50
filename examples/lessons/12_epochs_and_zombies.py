"""Lesson 12: epochs and zombies.

A producer hangs, another instance is started in its place, and then the first one wakes up and goes on
writing: a zombie. Both have the same producer id. What keeps them apart is the epoch: the newer instance
has a higher one, and a partition that has seen it takes nothing with a lower one any more
(ProducerAppendInfo.checkProducerEpoch).

The batches here belong to no transaction; the transactional id only serves to get the same producer id.
"""

from __future__ import annotations

import socket

from wire import ask, connect, create_topic, reason, send_batch, told, write_batch

from kafka_codecs.messages.api_22_init_producer_id import InitProducerIdRequest
from kafkashim.testing import KafkaShim

TOPIC = "invoices"


class Instance:
    """A producer that is called billing, as many times as it is started."""

    def __init__(self, who: str, broker: KafkaShim, connection: socket.socket) -> None:
        self.who = who
        self.broker = broker
        self.connection = connection
        request = InitProducerIdRequest(transactional_id="billing", transaction_timeout_ms=60_000)
        answer = ask(connection, request, 4)
        self.producer_id, self.epoch = answer.producer_id, answer.producer_epoch
        print(f"  {who} starts: producer id {self.producer_id}, epoch {self.epoch}")

    def send(self, sequence: int, partition: int = 0) -> None:
        batch = write_batch([self.who.encode()], self.producer_id, self.epoch, sequence)
        answer = send_batch(self.connection, TOPIC, batch, partition)
        print(f"  {self.who}, partition {partition}, epoch {self.epoch}, sequence {sequence}:")
        print(f"    {told(answer)} ({reason(self.broker)})")


def main() -> None:
    with (
        KafkaShim() as broker,
        connect(broker) as connection,
        connect(broker) as other_connection,
    ):
        create_topic(connection, TOPIC, partitions=2)

        print("1. One instance")
        old = Instance("old", broker, connection)
        old.send(0)
        old.send(1)

        print("2. Another is started, and has not written yet")
        new = Instance("new", broker, other_connection)
        # A partition learns of epochs from batches only: it knows nothing of the new one.
        old.send(2)

        print("3. The new instance writes: an epoch begins at sequence 0, and nowhere else")
        new.send(3)
        new.send(0)

        print("4. The old one is a zombie now, whatever it sends")
        old.send(3)
        old.send(2)

        print("5. But not on a partition that the new one has not written to")
        old.send(0, partition=1)

    print()
    print("Question: steps 2 and 5 let a zombie write. What do transactions do against that?")


if __name__ == "__main__":
    main()

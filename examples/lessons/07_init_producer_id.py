"""Lesson 07: InitProducerId.

To know a batch again, the broker has to know who sent it. A client id will not do: anybody may write
anything there. So an idempotent producer first asks for a number of its own, the producer id, and
writes it into every batch, together with an epoch (KIP-98).

Most producers have no name: each gets an id that nobody had before. A producer with a transactional id
has one, and gets its id back, with an epoch one higher.
"""

from __future__ import annotations

import socket

from wire import ask, connect

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_22_init_producer_id import InitProducerIdRequest
from kafkashim.testing import KafkaShim

VERSION = 4


def init_producer_id(
    connection: socket.socket, name: str | None, producer_id: int = -1, epoch: int = -1
) -> str:
    """Ask for an id. From version 3 on a producer may say which id and epoch it has (KIP-360)."""
    request = InitProducerIdRequest(
        transactional_id=name,
        transaction_timeout_ms=60_000,
        producer_id=producer_id,
        producer_epoch=epoch,
    )
    answer = ask(connection, request, VERSION)
    if answer.error_code != ErrorCode.NONE:
        return ErrorCode.name_of(answer.error_code)
    return f"producer id {answer.producer_id}, epoch {answer.producer_epoch}"


def main() -> None:
    with KafkaShim() as broker:
        with connect(broker) as connection:
            print("1. Three producers without a name")
            for _ in range(3):
                print(f"  {init_producer_id(connection, None)}")

            print("2. A producer with a name starts, and is started again")
            for _ in range(2):
                print(f"  {init_producer_id(connection, 'billing')}")

            print("3. It asks for a new epoch itself, and says what it has")
            print(f"  has 3 and 1: {init_producer_id(connection, 'billing', 3, 1)}")
            # Its answer may have been lost. Whoever asks the same again gets the same again.
            print(f"  asks again:  {init_producer_id(connection, 'billing', 3, 1)}")

            print("4. The instance of before wakes up, and wants to go on")
            print(f"  has 3 and 0: {init_producer_id(connection, 'billing', 3, 0)}")

            print("5. Not everything is a name")
            print(f"  an empty one: {init_producer_id(connection, '')}")

        print("6. The broker restarts, and a fourth producer without a name comes")
        broker.restart()
        with connect(broker) as connection:
            print(f"  {init_producer_id(connection, None)}")

    print()
    print("Question: ids 0 to 3 are given out. Why does the producer after the restart not get 4?")


if __name__ == "__main__":
    main()

"""Lesson 06: produce without idempotence, and how a duplicate is born.

A producer sends a batch and waits for the answer. If the answer does not come, two things can have
happened: the request was lost and nothing is written, or the answer was lost and everything is. The
producer cannot tell them apart. If it gives up, a record may be missing; if it sends again, one may be
there twice.

The broker loses the answer here on purpose.
"""

from __future__ import annotations

import socket
import time

from wire import ask, connect, create_topic

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_00_produce import (
    PartitionProduceData,
    ProduceRequest,
    TopicProduceData,
)
from kafka_codecs.record_batch import encode_batch
from kafkashim.testing import KafkaShim

TOPIC = "payments"
VERSION = 9


def produce_request(value: bytes) -> ProduceRequest:
    """Topics with partitions with one batch each. From now on wire.py does this."""
    # Without a producer id nothing in the batch says who sent it, or which of its batches it is.
    batch = encode_batch([(None, value)], base_timestamp=int(time.time() * 1000))
    partition = PartitionProduceData(index=0, records=batch)
    topic = TopicProduceData(name=TOPIC, partition_data=[partition])
    # acks -1: answer when all replicas in sync have it. 1: when the leader has it. 0: never answer.
    return ProduceRequest(transactional_id=None, acks=-1, timeout_ms=5000, topic_data=[topic])


def send(connection: socket.socket, value: bytes) -> str:
    answer = ask(connection, produce_request(value), VERSION)
    # The answer has the shape of the request: an error code and an offset for each partition.
    partition = answer.responses[0].partition_responses[0]
    return f"{ErrorCode.name_of(partition.error_code)}, offset {partition.base_offset}"


def send_until_answered(broker: KafkaShim, value: bytes) -> None:
    """What every producer with retries does, in a few lines."""
    for attempt in (1, 2):
        try:
            with connect(broker) as connection:
                print(f"  attempt {attempt}: {send(connection, value)}")
                return
        except ConnectionError:
            print(f"  attempt {attempt}: no answer, the connection is closed")


def show_log(broker: KafkaShim) -> None:
    for record in broker.journal.records(TOPIC):
        print(f"  offset {record.offset}: {(record.value or b'').decode()}")


def main() -> None:
    with KafkaShim() as broker:
        with connect(broker) as connection:
            create_topic(connection, TOPIC)
            print("1. All is well")
            print(f"  {send(connection, b'pay 10 to Ann')}")

        print("2. The next answer will be lost")
        fault = broker.faults.drop_answer(api="Produce", topic=TOPIC, times=1)
        send_until_answered(broker, b"pay 20 to Bob")
        print(f"  answers lost: {fault.fired}")

        print("3. What is in the log")
        show_log(broker)

        print("4. And if it is the request that is lost?")
        broker.faults.close_connection(api="Produce", topic=TOPIC, times=1)
        send_until_answered(broker, b"pay 30 to Cem")
        print("  for the producer it looks the same; in the log is now")
        show_log(broker)

    print()
    print(
        "Question: would acks 1 instead of -1, or a longer timeout of the client, prevent the second"
    )
    print("payment to Bob?")


if __name__ == "__main__":
    main()

"""Lesson 15: fetch, watermarks and long polling.

A consumer asks for everything from an offset on, and gets batches as they are stored. How far it may
read says the high watermark: the first offset that not all replicas in sync have yet. And when there is
nothing to read, it need not ask again and again: the broker keeps the question until there is enough,
or the time the consumer gave is over. That is long polling.
"""

from __future__ import annotations

import socket
import time
from typing import Any

from wire import ask, connect, create_topic, receive, send, send_batch, write_batch

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_01_fetch import FetchPartition, FetchRequest, FetchTopic
from kafka_codecs.record_batch import read_batches
from kafkashim.testing import KafkaShim

TOPIC = "news"
VERSION = 11
TEN_MINUTES = 600_000


def fetch_request(offset: int, max_wait_ms: int = 0, min_bytes: int = 1) -> FetchRequest:
    partition = FetchPartition(partition=0, fetch_offset=offset, partition_max_bytes=1_000_000)
    return FetchRequest(
        max_wait_ms=max_wait_ms,
        min_bytes=min_bytes,
        topics=[FetchTopic(topic=TOPIC, partitions=[partition])],
    )


def show(response: Any) -> None:
    partition = response.responses[0].partitions[0]
    if partition.error_code != ErrorCode.NONE:
        print(f"    {ErrorCode.name_of(partition.error_code)}")
        return
    print(f"    high watermark {partition.high_watermark}, log start {partition.log_start_offset}")
    batches = read_batches(partition.records)
    for batch in batches:
        values = [(record.value or b"").decode() for record in batch.records()]
        print(f"    a batch, offsets {batch.base_offset} to {batch.last_offset}: {values}")
    if not batches:
        print("    nothing")


def poll_for_long(broker: KafkaShim, connection: socket.socket, offset: int) -> None:
    """Ask, but do not read the answer yet."""
    send(connection, fetch_request(offset, max_wait_ms=TEN_MINUTES), VERSION)
    # The broker's journal has the request as soon as it has come.
    while all(entry.answer is not None for entry in broker.journal.requests(api="Fetch")):
        time.sleep(0.005)
    print(f"  from offset {offset}, ten minutes at most: the broker has it, and does not answer")


def main() -> None:
    with KafkaShim() as broker, connect(broker) as producer, connect(broker) as consumer:
        create_topic(producer, TOPIC)
        send_batch(producer, TOPIC, write_batch([b"a", b"b", b"c"]))
        send_batch(producer, TOPIC, write_batch([b"d"]))

        print("1. Fetch from several offsets")
        for offset in (0, 1, 4, 5):
            print(f"  from offset {offset}")
            show(ask(consumer, fetch_request(offset), VERSION))

        print("2. The followers are behind: they have three records, the leader has four")
        broker.set_high_watermark(TOPIC, 0, 3)
        print("  from offset 0")
        show(ask(consumer, fetch_request(0), VERSION))
        broker.set_high_watermark(TOPIC, 0, None)

        print("3. Long polling: a record comes")
        poll_for_long(broker, consumer, 4)
        send_batch(producer, TOPIC, write_batch([b"e"]))
        show(receive(consumer, FetchRequest, VERSION))

        print("4. Long polling: nothing comes, and ten minutes pass")
        poll_for_long(broker, consumer, 5)
        broker.clock.advance(minutes=10)
        show(receive(consumer, FetchRequest, VERSION))

    print()
    print(
        "Question: in step 1 the consumer asked for offset 1 and got offset 0 as well. Why, and what"
    )
    print("does it do with it?")


if __name__ == "__main__":
    main()

"""A member of a group in a process of its own, which may be killed at any time.

Reads the topic with confluent-kafka, writes a line ``partition offset`` for every record, and commits
after that, so that what it has told of is all that it may commit.
"""

from __future__ import annotations

import contextlib
import sys

from confluent_kafka import Consumer, KafkaException


def main() -> None:
    bootstrap, group, topic, protocol = sys.argv[1:]
    settings = {
        "bootstrap.servers": bootstrap,
        "group.id": group,
        "group.protocol": protocol,
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "fetch.wait.max.ms": 50,
    }
    if protocol == "classic":
        settings |= {"session.timeout.ms": 6000, "heartbeat.interval.ms": 300}
    consumer = Consumer(settings)
    consumer.subscribe([topic])
    while True:
        messages = consumer.consume(100, 0.2)
        records = [message for message in messages if message.error() is None]
        if not records:
            continue
        lines = "".join(f"{record.partition()} {record.offset()}\n" for record in records)
        sys.stdout.write(lines)
        sys.stdout.flush()
        # The partitions may be another's by now: whoever has them reads these again.
        with contextlib.suppress(KafkaException):
            consumer.commit(asynchronous=False)


if __name__ == "__main__":
    main()

"""Lesson 17: the same in librdkafka's own debug log, side by side.

What the lessons did by hand, every client does inside. librdkafka, the C library under many clients,
writes it down when it is asked to (debug=msg,eos). This lesson runs a real producer, loses the answer
of its second batch, and puts the lines of its log beside the entries of the broker's journal.

Needs the package confluent_kafka.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

from kafkashim.journal import Entry
from kafkashim.testing import KafkaShim

try:
    from confluent_kafka import Producer
except ImportError:
    Producer = None

TOPIC = "orders"

# What is told here of the lines of the log; the rest are addresses, sizes and times.
ACQUIRED = re.compile(r"Acquired (PID\{.*?\})")
PRODUCE = re.compile(r"Produce MessageSet .*(BaseSeq \d+), (PID\{.*?\})")
FAILED = re.compile(r"MessageSet .*(BaseSeq \d+)\) encountered error: .*(MsgPossiblyPersisted)")
DELIVERED = re.compile(r"MessageSet .*(BaseSeq \d+)\) delivered")


class Lines(logging.Handler):
    """Keeps what librdkafka logs."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def produce_three(broker: KafkaShim) -> list[str]:
    """Three batches of one record, the answer to the second is lost; gives the client's log."""
    kept = Lines()
    logger = logging.Logger("librdkafka", logging.DEBUG)
    logger.addHandler(kept)
    settings: dict[str, Any] = {
        "bootstrap.servers": broker.bootstrap_servers,
        "enable.idempotence": True,
        "debug": "msg,eos",
        # It need not wait long here before it tries again.
        "reconnect.backoff.ms": 10,
        "retry.backoff.ms": 10,
    }
    broker.faults.drop_answer(api="Produce", nth=2, times=1)
    producer = Producer(settings, logger=logger)
    for value in (b"one", b"two", b"three"):
        producer.produce(TOPIC, value, partition=0)
        producer.flush(10)
    # The log comes with the events, so ask for those that are left.
    producer.poll(0.1)
    return kept.lines


def told_by_broker(entry: Entry) -> str:
    """An entry of the journal, in as many words as there is room for."""
    if not entry.decisions:
        answer: Any = entry.response
        return f"producer id {answer.producer_id}, epoch {answer.producer_epoch}"
    (decision,) = entry.decisions
    what = type(decision.verdict).__name__.lower()
    lost = "; answer lost" if entry.ended else ""
    return f"{what} at {decision.offset}, rule {decision.verdict.reason.rule.number}{lost}"


def side_by_side(lines: list[str], entries: Iterator[Entry]) -> None:
    """Each request of the client is an entry in the journal; the other lines stand alone."""
    for line in lines:
        if found := ACQUIRED.search(line):
            print(f"  {'acquired ' + found[1]:<48}{told_by_broker(next(entries))}")
        elif found := PRODUCE.search(line):
            request = f"produce {found[1]}, {found[2]}"
            print(f"  {request:<48}{told_by_broker(next(entries))}")
        elif found := FAILED.search(line):
            print(f"  {found[1]} encountered error, {found[2]}")
        elif found := DELIVERED.search(line):
            print(f"  {found[1]} delivered")


def main() -> None:
    if Producer is None:
        print("This lesson needs the package confluent_kafka (pip install confluent-kafka).")
        return
    with KafkaShim() as broker:
        lines = produce_three(broker)
        # Metadata and ApiVersions are left out: how often it asks for them varies.
        entries = [entry for entry in broker.journal if entry.api in ("InitProducerId", "Produce")]
        print(f"  {'librdkafka says':<48}the broker says")
        side_by_side(lines, iter(entries))
        print(f"  records in the log: {len(broker.journal.records(TOPIC))}")

    print()
    print(
        "Question: librdkafka says MsgPossiblyPersisted of the batch whose answer is lost. What does"
    )
    print("it mean by that, and why may it send the batch again all the same?")


if __name__ == "__main__":
    main()

"""State of the broker that a test sets, so that what takes two billion messages takes none."""

from __future__ import annotations

from kafkashim.producer_ids import TransactionalProducer
from kafkashim.rules.producer_state import (
    MAX_SEQUENCE,
    NUM_BATCHES_TO_RETAIN,
    BatchMetadata,
    ProducerStateEntry,
    decrement_sequence,
)
from kafkashim.state import Broker
from kafkashim.topics import Partition

MAX_EPOCH = 32767
MAX_LONG = 2**63 - 1


def partition_of(broker: Broker, topic: str, index: int) -> Partition:
    """A partition; a topic that is missing is created as clients have it created.

    Raises:
        ValueError: the topic has no such partition.
    """
    broker.cluster.create_missing_topic(topic)
    topics = broker.cluster.topics
    found = topics[topic].partition(index) if topic in topics else None
    if found is None:
        raise ValueError(f"there is no partition {index} of {topic}")
    return found


def _within(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise ValueError(f"{name} is {low} to {high}, not {value}")


def set_producer_state(
    broker: Broker, topic: str, index: int, producer_id: int, epoch: int, next_sequence: int
) -> None:
    """Have a partition know a producer, as if a batch of one record had come before ``next_sequence``.

    Raises:
        ValueError: the numbers are none that a producer can have, or there is no such partition.
    """
    _within("producer_id", producer_id, 0, MAX_LONG)
    _within("epoch", epoch, 0, MAX_EPOCH)
    _within("next_sequence", next_sequence, 0, MAX_SEQUENCE)
    partition = partition_of(broker, topic, index)
    remembered = min(partition.producers.book.remembered, NUM_BATCHES_TO_RETAIN)
    entry = ProducerStateEntry(producer_id, remembered)
    entry.producer_epoch = epoch
    entry.last_sequence = decrement_sequence(next_sequence, 1)
    entry.last_timestamp = broker.clock.now_ms()
    last_offset = max(partition.log.log_end_offset - 1, 0)
    entry.batches.append(BatchMetadata(entry.last_sequence, last_offset, 0, entry.last_timestamp))
    entry.accepted = 1
    partition.producers.put(entry)


def set_next_producer_id(broker: Broker, producer_id: int, epoch: int) -> None:
    """Let the next producer without a transactional id get this id and epoch.

    Raises:
        ValueError: the numbers are none that a producer can have.
    """
    _within("producer_id", producer_id, 0, MAX_LONG - 1)
    _within("epoch", epoch, 0, MAX_EPOCH)
    broker.cluster.producer_id_blocks.begin_at(producer_id, epoch)


def set_transactional_id(
    broker: Broker, transactional_id: str, producer_id: int, epoch: int
) -> None:
    """Have a transactional id known with a producer id and epoch; its next producer gets what follows.

    Raises:
        ValueError: the numbers are none that a producer can have, or the id is empty.
    """
    _within("producer_id", producer_id, 0, MAX_LONG)
    _within("epoch", epoch, 0, MAX_EPOCH)
    if not transactional_id:
        raise ValueError("a transactional id is not empty")
    known = TransactionalProducer(producer_id, epoch)
    broker.cluster.transactional[transactional_id] = known


def set_log_start_offset(broker: Broker, topic: str, index: int, offset: int) -> None:
    """Let the log begin at an offset: what lies before is deleted, and beyond its end it goes on there.

    Raises:
        ValueError: the offset is negative, or there is no such partition.
    """
    _within("offset", offset, 0, MAX_LONG - 1)
    partition = partition_of(broker, topic, index)
    if offset > partition.log.log_end_offset:
        partition.begin_at(offset)
    else:
        partition.delete_records(offset)


def set_high_watermark(broker: Broker, topic: str, index: int, offset: int | None) -> None:
    """Let consumers read up to an offset only, as while followers are behind; ``None`` ends it.

    Producers with acks -1 wait as long, at most their request's timeout.

    Raises:
        ValueError: the offset does not lie in the log, or there is no such partition.
    """
    partition = partition_of(broker, topic, index)
    if offset is not None:
        _within("offset", offset, partition.log_start_offset, partition.log.log_end_offset)
    partition.hold(offset)

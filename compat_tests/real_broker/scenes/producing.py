"""Produce requests of any shape, for the scenes that send them."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from compat_tests.real_broker.conversation import TIME, Conversation
from kafka_codecs.messages.api_00_produce import (
    PartitionProduceData,
    ProduceRequest,
    TopicProduceData,
)
from kafka_codecs.record_batch import encode_batch
from kafka_codecs.schema import Buffer

BY_ID = 13
# An id no topic has.
NOBODY = UUID("00000000-0000-4000-8000-00000000abcd")


def batch(
    producer_id: int = -1,
    epoch: int = -1,
    sequence: int = -1,
    records: int = 1,
    *,
    value: bytes = b"v",
    codec: int = 0,
    attributes: int = 0,
    timestamp: int = TIME,
) -> bytes:
    """A sound batch, of an idempotent producer when it is given one."""
    return encode_batch(
        [(b"k", value)] * records,
        base_timestamp=timestamp,
        producer_id=producer_id,
        producer_epoch=epoch,
        base_sequence=sequence,
        codec=codec,
        attributes=attributes,
    )


def produce(
    c: Conversation,
    version: int,
    batches: Mapping[tuple[str, int], Buffer | None],
    *,
    acks: int = -1,
    transactional_id: str | None = None,
    timeout_ms: int = 10_000,
) -> ProduceRequest:
    """A request with a record set for each (topic, partition), in the order given."""
    topics: dict[str, list[PartitionProduceData]] = {}
    for (topic, index), records in batches.items():
        topics.setdefault(topic, []).append(PartitionProduceData(index=index, records=records))
    return ProduceRequest(
        transactional_id=transactional_id,
        acks=acks,
        timeout_ms=timeout_ms,
        topic_data=[
            TopicProduceData(name=topic, partition_data=data)
            if version < BY_ID
            else TopicProduceData(topic_id=c.topic_ids.get(topic, NOBODY), partition_data=data)
            for topic, data in topics.items()
        ],
    )

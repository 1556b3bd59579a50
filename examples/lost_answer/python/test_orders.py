"""What becomes of an order when the answer of the broker is lost."""

from __future__ import annotations

import orders
from confluent_kafka import Consumer, TopicPartition

from kafkashim.rules.producer_state import Append, Duplicate

# The broker appends the first batch, and closes the connection instead of answering.
LOST_ANSWER = {"action": "drop_answer", "api": "Produce", "topic": "orders", "times": 1}


def test_with_idempotence_each_order_is_there_once(kafka_broker, kafka_faults):
    fault = kafka_faults.add(LOST_ANSWER)

    orders.send(kafka_broker.bootstrap_servers, ["tea", "milk", "bread"])

    assert fault.fired == 1
    first, again, *others = kafka_broker.journal.decisions("orders")
    # The first batch came twice, with the same sequence: the second time it was only answered.
    assert isinstance(first.verdict, Append)
    assert isinstance(again.verdict, Duplicate)
    assert again.batch.producer_id == first.batch.producer_id
    assert again.batch.base_sequence == first.batch.base_sequence
    assert again.offset == first.offset
    assert [type(other.verdict) for other in others] == [Append, Append]
    assert read_back(kafka_broker.bootstrap_servers) == ["tea", "milk", "bread"]


def test_without_idempotence_the_first_order_is_there_twice(kafka_broker, kafka_faults):
    fault = kafka_faults.add(LOST_ANSWER)

    orders.send(kafka_broker.bootstrap_servers, ["tea", "milk", "bread"], idempotence=False)

    assert fault.fired == 1
    # Nothing tells the broker that a batch came before, so that it decides nothing.
    assert kafka_broker.journal.decisions("orders") == []
    assert read_back(kafka_broker.bootstrap_servers) == ["tea", "tea", "milk", "bread"]


def read_back(servers: str) -> list[str]:
    """Everything that the topic has, read by the client."""
    consumer = Consumer({"bootstrap.servers": servers, "group.id": "test"})
    try:
        partition = TopicPartition("orders", 0, 0)
        _, end = consumer.get_watermark_offsets(partition, timeout=10)
        consumer.assign([partition])
        return [message.value().decode() for message in consumer.consume(end, timeout=10)]
    finally:
        consumer.close()

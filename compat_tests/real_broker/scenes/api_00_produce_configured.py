"""Produce: what a topic's configuration makes of a batch that is sound."""

from __future__ import annotations

from compat_tests.real_broker.conversation import TIME, Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.altering import TOPIC, altered
from compat_tests.real_broker.scenes.producing import batch, produce
from kafka_codecs.messages.api_00_produce import ProduceRequest
from kafka_codecs.record_batch import encode_batch


@scene(ProduceRequest)
def too_large_when_written_anew(c: Conversation, version: int) -> None:
    limited = {"compression_type": "uncompressed", "max_message_bytes": "1000"}
    topic, smaller = (
        c.topic(**limited),
        c.topic("s", compression_type="gzip", max_message_bytes="1000"),
    )
    large = batch(value=b"v" * 2000, codec=1)
    c.ask("small, then large", produce(c, version, {(topic, 0): large}), version)
    producer = c.producer_id()
    first = batch(producer, 0, 0)
    c.ask("fits", produce(c, version, {(topic, 0): first}), version)
    c.ask("again", produce(c, version, {(topic, 0): first}), version)
    again = batch(producer, 0, 0, value=b"v" * 2000, codec=1)
    c.ask("again, and large", produce(c, version, {(topic, 0): again}), version)
    later = batch(producer, 0, 7, value=b"v" * 2000, codec=1)
    c.ask("a gap, and large", produce(c, version, {(topic, 0): later}), version)
    plain = batch(value=b"v" * 2000)
    c.ask("large, then small", produce(c, version, {(smaller, 0): plain}), version)


@scene(ProduceRequest)
def fewer_in_sync_replicas(c: Conversation, version: int) -> None:
    """With one replica there is no topic that has fewer in sync than it needs."""
    topic = c.topic(min_insync_replicas="3")
    for acks in (-1, 1):
        request = produce(c, version, {(topic, 0): batch()}, acks=acks)
        c.ask(f"acks {acks}", request, version)


@scene(ProduceRequest)
def altered_while_it_is_written(c: Conversation, version: int) -> None:
    """What is altered counts for the next batch."""
    topic = c.topic()
    for label, configs in (
        ("smaller batches", {"max.message.bytes": "70"}),
        ("keys", {"cleanup.policy": "compact"}),
        ("no old records", {"message.timestamp.before.max.ms": "1000"}),
        ("as before", {}),
    ):
        altered(c, (TOPIC, topic, configs))
        keyless = encode_batch([(None, b"v")], base_timestamp=TIME)
        request = produce(c, version, {(topic, 0): keyless})
        c.ask(f"{label}: without a key", request, version)
        keyed = produce(c, version, {(topic, 0): batch()})
        c.ask(f"{label}: with a key", keyed, version)

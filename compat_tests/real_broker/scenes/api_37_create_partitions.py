"""CreatePartitions: how many, on which brokers, what is refused, and the new partitions in use."""

from __future__ import annotations

from collections.abc import Sequence

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.producing import batch, produce
from kafka_codecs.messages.api_03_metadata import MetadataRequest, MetadataRequestTopic
from kafka_codecs.messages.api_37_create_partitions import (
    CreatePartitionsAssignment,
    CreatePartitionsRequest,
    CreatePartitionsTopic,
)

MOST = 10_000


def grow(
    name: str, count: int, assignments: Sequence[list[int]] | None = None
) -> CreatePartitionsTopic:
    return CreatePartitionsTopic(
        name=name,
        count=count,
        assignments=(
            None
            if assignments is None
            else [CreatePartitionsAssignment(broker_ids=ids) for ids in assignments]
        ),
    )


def create(
    *topics: CreatePartitionsTopic, validate_only: bool = False, timeout_ms: int = 10_000
) -> CreatePartitionsRequest:
    return CreatePartitionsRequest(
        topics=list(topics), timeout_ms=timeout_ms, validate_only=validate_only
    )


def describe(*topics: str) -> MetadataRequest:
    asked = [MetadataRequestTopic(name=name) for name in topics]
    return MetadataRequest(topics=asked, allow_auto_topic_creation=False)


@scene(CreatePartitionsRequest)
def counts(c: Conversation, version: int) -> None:
    topic = c.topic("t", 2)
    for label, count in (
        ("as many", 2),
        ("fewer", 1),
        ("none", 0),
        ("-1", -1),
        ("the least", -(2**31)),
        ("one more", 3),
        ("as many again", 3),
        ("three more", 6),
    ):
        c.ask(label, create(grow(topic, count)), version)
    c.wait_for(topic, 6)
    c.ask("six partitions", describe(topic), 12)


@scene(CreatePartitionsRequest)
def topics(c: Conversation, version: int) -> None:
    topic, other, third = c.topic("t"), c.topic("o"), c.topic("h")
    missing = c.name("missing")
    for label, asked in (
        ("unknown topic", [grow(missing, 2)]),
        ("unknown topic with assignments", [grow(missing, 2, [[7]])]),
        ("illegal name", [grow("a b", 2)]),
        ("empty name", [grow("", 2)]),
        ("a topic twice", [grow(topic, 2), grow(topic, 3)]),
        ("a topic three times", [grow(topic, 2), grow(topic, 2), grow(topic, 2)]),
        ("an unknown topic twice", [grow(missing, 2), grow(missing, 2)]),
        ("one good, one twice", [grow(topic, 2), grow(third, 2), grow(topic, 3)]),
        ("good, unknown, too few", [grow(topic, 2), grow(missing, 2), grow(other, 1)]),
        ("no topics", []),
    ):
        c.ask(label, create(*asked), version)
    c.wait_for(topic, 2)
    c.wait_for(third, 2)
    c.ask("what is there", describe(topic, other, third), 12)


@scene(CreatePartitionsRequest)
def assignments(c: Conversation, version: int) -> None:
    topic = c.topic("t")
    for label, count, given in (
        ("no assignments", 2, ()),
        ("one too many", 2, [[1], [1]]),
        ("one too few", 3, [[1]]),
        ("an unknown broker", 2, [[7]]),
        ("a negative broker", 2, [[-1]]),
        ("no brokers", 2, [[]]),
        ("the broker twice", 2, [[1, 1]]),
        ("the broker and an unknown one", 2, [[1, 2]]),
        ("good and an unknown broker", 3, [[1], [9]]),
        ("as many, with assignments", 1, [[1]]),
        ("fewer, with assignments", 0, [[1]]),
        ("good", 3, [[1], [1]]),
    ):
        c.ask(label, create(grow(topic, count, given)), version)
    c.wait_for(topic, 3)
    c.ask("what is there", describe(topic), 12)


@scene(CreatePartitionsRequest)
def validation_only(c: Conversation, version: int) -> None:
    topic, other = c.topic("t", 2), c.topic("o")
    for label, asked in (
        ("good", [grow(topic, 3)]),
        ("good again", [grow(topic, 3)]),
        ("with assignments", [grow(topic, 3, [[1]])]),
        ("an unknown broker", [grow(topic, 3, [[7]])]),
        ("fewer", [grow(topic, 1)]),
        ("all that may be made", [grow(topic, MOST + 2)]),
        ("one too many", [grow(topic, MOST + 3)]),
        ("unknown topic", [grow(c.name("missing"), 3)]),
        ("a topic twice", [grow(other, 3), grow(other, 3)]),
    ):
        c.ask(label, create(*asked, validate_only=True), version)
    c.ask("what is there", describe(topic, other), 12)


@scene(CreatePartitionsRequest)
def time_to_do_it(c: Conversation, version: int) -> None:
    topic = c.topic("t")
    for timeout_ms in (0, -1):
        for validate_only in (False, True):
            asked = create(grow(topic, 2), grow("a b", 2), timeout_ms=timeout_ms)
            asked.validate_only = validate_only
            c.ask(f"{timeout_ms} ms, only validated: {validate_only}", asked, version)
    c.ask("0 ms, nothing asked", create(timeout_ms=0), version)
    c.ask("0 ms, a topic twice", create(grow(topic, 2), grow(topic, 3), timeout_ms=0), version)
    c.ask("what is there", describe(topic), 12)


@scene(CreatePartitionsRequest)
def the_new_partition_takes_records(c: Conversation, version: int) -> None:
    topic = c.topic("t")
    c.ask("before", produce(c, 9, {(topic, 1): batch()}), 9)
    c.ask("one more", create(grow(topic, 2)), version)
    c.wait_for(topic, 2)
    c.ask("after", produce(c, 9, {(topic, 1): batch()}), 9)
    c.ask("the old one", produce(c, 9, {(topic, 0): batch()}), 9)

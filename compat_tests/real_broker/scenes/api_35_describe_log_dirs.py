"""DescribeLogDirs: which partitions lie where, and how large they are."""

from __future__ import annotations

from collections.abc import Iterable

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.producing import batch, produce
from kafka_codecs.messages.api_35_describe_log_dirs import (
    DescribableLogDirTopic,
    DescribeLogDirsRequest,
)
from kafka_codecs.messages.api_37_create_partitions import (
    CreatePartitionsRequest,
    CreatePartitionsTopic,
)


def of(topics: Iterable[tuple[str, list[int]]] | None) -> DescribeLogDirsRequest:
    return DescribeLogDirsRequest(
        topics=(
            None
            if topics is None
            else [
                DescribableLogDirTopic(topic=name, partitions=indexes) for name, indexes in topics
            ]
        )
    )


@scene(DescribeLogDirsRequest)
def partitions(c: Conversation, version: int) -> None:
    topic, other, missing = c.topic("t", 3), c.topic("o"), c.name("missing")
    for label, asked in (
        ("one", [(topic, [1])]),
        ("three, not in order", [(topic, [2, 0, 1])]),
        ("two topics", [(topic, [0]), (other, [0])]),
        ("unknown partition", [(topic, [3])]),
        ("negative partition", [(topic, [-1])]),
        ("unknown topic", [(missing, [0])]),
        ("good and unknown", [(topic, [0, 9]), (missing, [0]), (other, [0])]),
        ("illegal name", [("a b", [0])]),
        ("empty name", [("", [0])]),
        ("a partition twice", [(topic, [0, 0])]),
        ("a topic twice", [(topic, [0]), (topic, [1, 0])]),
        ("no partitions", [(topic, [])]),
        ("no topics", []),
    ):
        c.ask(label, of(asked), version)


@scene(DescribeLogDirsRequest)
def sizes(c: Conversation, version: int) -> None:
    topic = c.topic("t", 2)
    for number, data in enumerate((batch(), batch(records=5), batch(records=100)), 1):
        c.quietly(produce(c, 9, {(topic, 0): data}), 9)
        c.ask(f"{number} batches", of([(topic, [0, 1])]), version)
    c.quietly(produce(c, 9, {(topic, 1): batch()}), 9)
    c.ask("one batch of the other", of([(topic, [0, 1])]), version)


@scene(DescribeLogDirsRequest)
def all_partitions(c: Conversation, version: int) -> None:
    """Of all topics, those of the scene are compared."""
    topics = [c.topic("a", 2), c.topic("b")]
    c.quietly(produce(c, 9, {(topics[0], 1): batch()}), 9)
    answer = c.quietly(of(None), version)
    for found in answer.results:
        found.topics = [topic for topic in found.topics if topic.name in topics]
    outcome = c.normalizer.answer(answer, version)
    c.steps.append(["null", f"DescribeLogDirs v{version}", outcome])


@scene(DescribeLogDirsRequest)
def topics_come_and_go(c: Conversation, version: int) -> None:
    topic, gone = c.topic("t"), c.topic("g")
    grown = CreatePartitionsTopic(name=topic, count=3, assignments=None)
    request = CreatePartitionsRequest(topics=[grown], timeout_ms=10_000, validate_only=False)
    c.quietly(request, 3)
    c.wait_for(topic, 3)
    c.ask("it has grown", of([(topic, [0, 1, 2, 3])]), version)
    c.delete(gone)
    # The broker answers the deletion when the controller knows of it; the log goes a moment later.
    c.until(lambda: not c.quietly(of([(gone, [0])]), version).results[0].topics)
    c.ask("it is gone", of([(gone, [0])]), version)

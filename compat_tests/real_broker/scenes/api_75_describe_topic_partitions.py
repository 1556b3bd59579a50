"""DescribeTopicPartitions: which topics, how many partitions at a time, and where it goes on."""

from __future__ import annotations

from collections.abc import Iterable

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from kafka_codecs.messages.api_75_describe_topic_partitions import (
    Cursor,
    DescribeTopicPartitionsRequest,
    TopicRequest,
)


def of(
    topics: Iterable[str], limit: int = 2000, cursor: tuple[str, int] | None = None
) -> DescribeTopicPartitionsRequest:
    return DescribeTopicPartitionsRequest(
        topics=[TopicRequest(name=name) for name in topics],
        response_partition_limit=limit,
        cursor=(
            None if cursor is None else Cursor(topic_name=cursor[0], partition_index=cursor[1])
        ),
    )


@scene(DescribeTopicPartitionsRequest)
def topics(c: Conversation, version: int) -> None:
    topic, other, missing = c.topic("t", 3), c.topic("o"), c.name("missing")
    for label, asked in (
        ("one", [topic]),
        ("two, not in order", [topic, other]),
        ("one twice", [topic, other, topic]),
        ("a missing one", [missing]),
        ("good and missing", [topic, missing, other]),
        ("a missing one twice", [missing, missing]),
        ("a name of other case", [topic.upper()]),
        ("illegal name", ["a b"]),
        ("empty name", [""]),
        ("a dot", ["."]),
        ("too long", ["x" * 250]),
        ("not of ASCII", ["ä", "\U0001f600", "\uffee", "z"]),
        ("a topic of the brokers that is not there", ["__share_group_statex"]),
    ):
        c.ask(label, of(asked), version)
    c.ask("without client id", of([other]), version, client_id=None)


@scene(DescribeTopicPartitionsRequest)
def limits(c: Conversation, version: int) -> None:
    a, b, d, missing = c.topic("a", 3), c.topic("b", 2), c.topic("d"), c.name("c")
    for limit in (1, 2, 3, 4, 5, 6, 7, 2**31 - 1, 0, -1, -(2**31)):
        c.ask(f"at most {limit}", of([a, b, missing, d], limit), version)
    c.ask("at most 3 of three", of([a], 3), version)
    c.ask("at most 3, then a missing one", of([a, missing], 3), version)
    c.ask("at most 1 of missing ones", of([missing, missing + "1", d], 1), version)


@scene(DescribeTopicPartitionsRequest)
def cursors(c: Conversation, version: int) -> None:
    a, b, missing = c.topic("a", 3), c.topic("b", 2), c.name("aa")
    for label, asked, limit, cursor in (
        ("the first", [a, b], 10, (a, 0)),
        ("in the first", [a, b], 10, (a, 1)),
        ("in the first, at most one", [a, b], 1, (a, 1)),
        ("at the end of the first", [a, b], 10, (a, 3)),
        ("at the end of the first, at most one", [a, b], 1, (a, 3)),
        ("beyond the end of the first", [a, b], 10, (a, 9)),
        ("the second", [a, b], 10, (b, 0)),
        ("in the second", [b, a], 1, (b, 0)),
        ("a topic not asked for", [a], 10, (b, 0)),
        ("a topic not asked for, before the others", [b], 10, (a, 0)),
        ("a missing topic", [a, b], 10, (missing, 0)),
        ("a missing topic that is asked for", [a, missing, b], 10, (missing, 0)),
        ("in a missing topic that is asked for", [a, missing, b], 1, (missing, 4)),
        ("a negative partition", [a, b], 10, (a, -1)),
        ("a negative partition of a topic not asked for", [a], 10, (b, -1)),
        ("an empty name", [a], 10, ("", 0)),
        ("a negative partition of all", [], 10, (a, -1)),
        ("the last partition there can be", [a], 10, (a, 2**31 - 1)),
        ("the last partition there can be, at most 1", [a, b], 1, (a, 2**31 - 1)),
    ):
        c.ask(label, of(asked, limit, cursor), version)


@scene(DescribeTopicPartitionsRequest)
def all_topics(c: Conversation, version: int) -> None:
    """Of all topics, those of the scene are compared; the cursor starts with them.

    Without one the scene's topics may lie behind a page of those of others.
    """
    a, b = c.topic("a", 3), c.topic("b", 2)
    for label, limit, cursor in (
        ("from the first on", 2000, (a, 0)),
        ("from a partition on", 2000, (a, 2)),
        ("from a partition on, at most 1", 1, (a, 1)),
        ("at most 3", 3, (a, 0)),
        ("from between the two, at most 1", 1, (f"{a}a", 7)),
        ("the rest of one and all of the other", 3, (a, 2)),
    ):
        answer = c.quietly(of([], limit, cursor), version)
        answer.topics = [topic for topic in answer.topics if topic.name in (a, b)]
        if answer.next_cursor is not None and answer.next_cursor.topic_name not in (a, b):
            answer.next_cursor = None
        outcome = c.normalizer.answer(answer, version)
        c.steps.append([label, f"DescribeTopicPartitions v{version}", outcome])


@scene(DescribeTopicPartitionsRequest)
def a_walk(c: Conversation, version: int) -> None:
    """As an admin client does it: on and on from the cursor of the last answer."""
    wanted = [c.topic("a", 5), c.topic("b"), c.topic("c", 4)]
    cursor = None
    for number in range(1, 10):
        answer = c.ask(f"page {number}", of(wanted, 3, cursor), version)
        if answer.next_cursor is None:
            break
        cursor = (answer.next_cursor.topic_name, answer.next_cursor.partition_index)

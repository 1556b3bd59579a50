"""DeleteTopics: by name and by id, each of them once."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.producing import NOBODY
from kafka_codecs.messages.api_20_delete_topics import DeleteTopicsRequest, DeleteTopicState
from kafka_codecs.schema import ZERO_UUID

BY_STATE = 6


def delete(version: int, *names: str, timeout_ms: int = 10_000) -> DeleteTopicsRequest:
    if version < BY_STATE:
        return DeleteTopicsRequest(topic_names=list(names), timeout_ms=timeout_ms)
    return states([(name, ZERO_UUID) for name in names], timeout_ms)


def states(
    topics: Sequence[tuple[str | None, UUID]], timeout_ms: int = 10_000
) -> DeleteTopicsRequest:
    asked = [DeleteTopicState(name=name, topic_id=topic_id) for name, topic_id in topics]
    return DeleteTopicsRequest(topics=asked, timeout_ms=timeout_ms)


@scene(DeleteTopicsRequest)
def by_name(c: Conversation, version: int) -> None:
    topic, other, kept = c.topic("t"), c.topic("o"), c.topic("k")
    missing = c.name("missing")
    c.ask("unknown", delete(version, missing), version)
    c.ask("one", delete(version, topic), version)
    c.ask("again", delete(version, topic), version)
    c.ask("one and an unknown one", delete(version, other, missing), version)
    c.ask("twice", delete(version, kept, kept), version)
    c.ask("unknown, twice", delete(version, missing, missing), version)
    c.ask("it is still there", delete(version, kept), version)
    for label, name in (("empty", ""), ("illegal", "a b"), ("long", "x" * 300)):
        c.ask(label, delete(version, name), version)
    c.ask("none", delete(version), version)


@scene(DeleteTopicsRequest)
def time_is_over(c: Conversation, version: int) -> None:
    topic, missing = c.topic("t"), c.name("missing")
    for timeout_ms in (0, -1):
        for label, names in (
            ("one", [topic]),
            ("one and an unknown one", [topic, missing]),
            ("one, another twice", [topic, missing, missing]),
            ("one twice", [topic, topic]),
            ("none", []),
        ):
            asked = delete(version, *names, timeout_ms=timeout_ms)
            c.ask(f"{timeout_ms} ms, {label}", asked, version)
    c.ask("it is still there", delete(version, topic), version)


@scene(DeleteTopicsRequest, "6+")
def by_id(c: Conversation, version: int) -> None:
    topic, other = c.topic("t"), c.topic("o")
    known = c.topic_ids[topic]
    for label, asked in (
        ("unknown", [(None, NOBODY)]),
        ("name and id", [(topic, known)]),
        ("name and another id", [(topic, NOBODY)]),
        ("neither", [(None, ZERO_UUID)]),
        ("by name and by id", [(topic, ZERO_UUID), (None, known)]),
        ("an id twice", [(None, known), (None, known)]),
        ("an id, its name twice", [(topic, ZERO_UUID), (topic, ZERO_UUID), (None, NOBODY)]),
        ("a name, its id twice", [(topic, ZERO_UUID), (None, known), (None, known)]),
        ("name and id, neither", [(topic, known), (None, ZERO_UUID)]),
        ("neither, twice", [(None, ZERO_UUID), (None, ZERO_UUID)]),
        ("an unknown id twice", [(None, NOBODY), (None, NOBODY)]),
        (
            "one of each",
            [(None, c.topic_ids[other]), (None, NOBODY), (c.name("missing"), ZERO_UUID)],
        ),
        ("good", [(None, known)]),
        ("again", [(None, known)]),
    ):
        c.ask(label, states(asked), version)
        if label.startswith(("unknown", "name", "neither")):
            c.ask(f"{label}, 0 ms", states(asked, 0), version)

"""Fetch: sessions, in which a consumer says only what changed and is told only what is new (KIP-227)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.fetching import (
    BY_ID,
    TOO_LONG_MS,
    Wanted,
    delete_before,
    fetch,
    part,
    send_to_wait,
    store,
)
from compat_tests.real_broker.scenes.producing import NOBODY, batch
from kafka_codecs.messages.api_01_fetch import FetchRequest, FetchTopic
from kafka_codecs.messages.api_20_delete_topics import DeleteTopicsRequest, DeleteTopicState

LAST = 2**31 - 1


class Session:
    """What a consumer keeps of its session: the id, and the epoch it is to say next."""

    def __init__(self, c: Conversation, version: int) -> None:
        self.c, self.version = c, version
        self.id = self.epoch = 0

    def request(
        self,
        wanted: Wanted | None = None,
        forget: Mapping[str, list[int]] | None = None,
        **more: Any,
    ) -> FetchRequest:
        fields = {"session_id": self.id, "session_epoch": self.epoch, **more}
        version = fields.pop("version", self.version)
        return fetch(self.c, version, wanted or {}, forgotten=forget, **fields)

    def next(
        self,
        label: str,
        wanted: Wanted | None = None,
        forget: Mapping[str, list[int]] | None = None,
        **more: Any,
    ) -> None:
        """The next fetch of the session; the first one makes it."""
        answer = self.c.ask(label, self.request(wanted, forget, **more), self.version)
        self.went_on(answer.session_id)

    def went_on(self, session_id: int) -> None:
        self.id, self.epoch = session_id, self.epoch + 1

    def aside(self, label: str, wanted: Wanted | None = None, **more: Any) -> None:
        """A fetch after which the session is where it was."""
        version = more.get("version", self.version)
        self.c.ask(label, self.request(wanted, **more), version)


@scene(FetchRequest, "7+")
def only_news(c: Conversation, version: int) -> None:
    topic, other = c.topic(partitions=3), c.topic("o")
    session, sound = Session(c, version), batch(records=3)
    store(c, topic, sound, sound)
    everything = {topic: [part(6), part(0, 1), part(0, 2)], other: [part()]}
    session.next("the first", everything)
    session.next("nothing new")
    store(c, topic, sound, partition=1)
    store(c, other, sound)
    session.next("two have grown")
    session.next("that again")
    session.next("one went on", {topic: [part(3, 1)]})
    session.next("the other too", {other: [part(3)]})
    session.next("nothing new again")
    delete_before(c, topic, 2)
    session.next("the log start moved")
    session.next("that is no news any more")
    session.next("back to what is there", {topic: [part(3)]})
    session.next("it stays there")
    session.next("at the end", {topic: [part(6)]})


@scene(FetchRequest, "7+")
def errors_are_told_each_time(c: Conversation, version: int) -> None:
    topic, missing = c.topic(partitions=2), c.name("missing")
    store(c, topic, batch())
    session = Session(c, version)
    session.next("the first", {topic: [part(1), part(9, 1)]})
    session.next("again")
    session.next("put right", {topic: [part(0, 1)]})
    session.next("is right")
    session.next("no such partition", {topic: [part(0, 7)]})
    session.next("no such partition, again")
    session.next("without it", forget={topic: [7]})
    if version < BY_ID:
        session.next("no such topic", {missing: [part()]})
        session.next("no such topic, again")
        session.next("an illegal name", {"a b": [part()]})
        session.next("both forgotten", forget={missing: [0], "a b": [0]})
    else:
        c.normalizer.name("topic id", NOBODY)
        session.next("no such id", {missing: [part()]})
        session.next("no such id, again")
        session.next("no such id, forgotten", forget={missing: [0]})
        request = session.request()
        request.topics = [FetchTopic(partitions=[part()])]
        answer = c.ask("the zero id", request, version)
        session.went_on(answer.session_id)
    session.next("nothing new")
    session.next("a wrong epoch of the leader", {topic: [part(1, current_leader_epoch=3)]})
    session.next("a wrong epoch of the leader, again")
    if version >= 12:
        session.next("a log that parts", {topic: [part(9, last_fetched_epoch=0)]})
        session.next("a log that parts, again")
    session.next("a negative limit", {topic: [part(0, limit=-1)]})
    session.next("all in order", {topic: [part(1)]})


@scene(FetchRequest, "7+")
def added_and_forgotten(c: Conversation, version: int) -> None:
    topic, other = c.topic(partitions=4), c.topic("o")
    for index in range(4):
        store(c, topic, batch(), partition=index)
    session = Session(c, version)
    session.next("one", {topic: [part()]})
    session.next("two more", {topic: [part(0, 1)], other: [part()]})
    session.next("one forgotten", forget={topic: [1]})
    session.next("forgotten that was not there", forget={topic: [3, 9]})
    session.next("forgotten of a topic that is not there", forget={c.name("missing"): [0]})
    session.next("added and forgotten", {topic: [part(0, 2)]}, {topic: [2]})
    session.next("not added")
    session.next("forgotten and added", {topic: [part(0, 3)]}, {topic: [0]})
    session.next("added twice", {topic: [part(1, 2), part(0, 2)]})
    session.next("forgotten twice", forget={topic: [2, 2, 3]})
    session.next("what is left")
    session.next("new limits", {other: [part(0, 0, 1)]}, max_bytes=10)
    session.next("nothing is left", forget={other: [0]})
    session.aside("it is over")


@scene(FetchRequest, "7+")
def taking_turns(c: Conversation, version: int) -> None:
    """A partition that gave something goes behind the others."""
    topic = c.topic(partitions=3)
    for index in range(3):
        store(c, topic, batch(), batch(), partition=index)
    session = Session(c, version)
    session.next("all three", {topic: [part(), part(0, 1), part(0, 2)]})
    for turn in range(5):
        session.next(f"turn {turn}", max_bytes=1)
    session.next("the last goes on", {topic: [part(2, 2)]}, max_bytes=1)
    for turn in range(5, 8):
        session.next(f"turn {turn}", max_bytes=1)
    session.next("all at once")


@scene(FetchRequest, "7+")
def ids_and_epochs(c: Conversation, version: int) -> None:
    topic = c.topic()
    store(c, topic, batch())
    end, wanted = {topic: [part(1)]}, {topic: [part()]}
    session = Session(c, version)
    for label, session_id, epoch in (
        ("no id, epoch 5", 0, 5),
        ("no id, the highest epoch", 0, LAST),
        ("a wrong id", 12345, 1),
        ("a negative id", -1, 1),
        ("an epoch below all", 0, -2),
        ("a wrong id and an epoch below all", 12345, -2),
        ("a wrong id, closing", 12345, -1),
        ("a wrong id, beginning", 12345, 0),
        ("a negative id, closing", -7, -1),
    ):
        session.aside(label, wanted, session_id=session_id, session_epoch=epoch)
    session.next("the first", end)
    for label, epoch in (("too far", 2), ("far too far", 99), ("below all", -2)):
        session.aside(label, session_epoch=epoch)
    session.aside("too far, with changes", wanted, session_epoch=7)
    session.next("the next")
    session.aside("that epoch again", session_epoch=1)
    session.aside("too late", wanted, session_epoch=1)
    session.aside("the next of another", session_id=session.id ^ 1)
    session.next("goes on", wanted)
    other = 12 if version >= BY_ID else 13
    session.aside("by id and by name", version=other)
    session.aside("by id and by name, with changes", wanted, version=other)
    session.next("still there")
    session.aside("bad isolation", isolation_level=7)
    session.epoch += 1
    session.aside("bad isolation, with changes", wanted, isolation_level=7)
    session.epoch += 1
    session.next("after bad isolation")
    closed = session.id
    session.aside("closed", wanted, session_epoch=-1)
    session.aside("after the end")
    session.aside("closed again", wanted, session_id=closed, session_epoch=-1)
    session.aside("closed by nobody", session_epoch=-1)


@scene(FetchRequest, "7+")
def begun_anew(c: Conversation, version: int) -> None:
    topic = c.topic(partitions=2)
    store(c, topic, batch())
    session = Session(c, version)
    session.next("the first", {topic: [part(1)]})
    old = session.id
    session.epoch = 0
    session.next("anew", {topic: [part(0, 1)]})
    session.aside("the former one", session_id=old, session_epoch=1)
    session.next("goes on")
    for label, wanted in (
        ("nothing asked for", {}),
        ("no partitions", {topic: []}),
        ("only what is not there", {c.name("missing"): [part()]}),
        ("a partition twice", {topic: [part(1), part()]}),
        ("forgotten from the start", {topic: [part()]}),
    ):
        fresh = Session(c, version)
        forget = {topic: [0]} if label.startswith("forgotten") else None
        fresh.next(label, wanted, forget)
        fresh.aside(f"{label}: the next")
    fresh = Session(c, version)
    fresh.aside("a bad isolation level", {topic: [part()]}, isolation_level=4)
    fresh.aside("of a replica", {topic: [part()]}, replica=2)
    without = Session(c, version)
    without.epoch = -1
    without.next("without a session", {topic: [part()]}, {topic: [0]})
    two = [Session(c, version), Session(c, version)]
    for number, one in enumerate(two):
        one.next(f"number {number}", {topic: [part(0, number)]})
    for number, one in enumerate(two):
        one.next(f"number {number} goes on")


@scene(FetchRequest, "7+")
def a_session_waits(c: Conversation, version: int) -> None:
    topic = c.topic(partitions=2)
    session = Session(c, version)
    session.next("the first", {topic: [part(), part(0, 1)]})
    request = session.request(max_wait_ms=TOO_LONG_MS)
    send_to_wait(c, request, version, "main")
    store(c, topic, batch(), partition=1)
    answer = c.receive("woken", request, version)
    session.went_on(answer.session_id)
    session.next("in 1 ms", {topic: [part(1, 1)]}, max_wait_ms=1)
    session.next("out of range", {topic: [part(9)]}, max_wait_ms=TOO_LONG_MS)
    session.aside("a wrong epoch", session_epoch=55, max_wait_ms=TOO_LONG_MS)
    session.aside("a wrong id", session_id=session.id ^ 1, max_wait_ms=TOO_LONG_MS)
    forget = {topic: [0, 1]}
    session.next("nothing is left", forget=forget, max_wait_ms=TOO_LONG_MS)


@scene(FetchRequest, "7+")
def a_session_and_a_deleted_topic(c: Conversation, version: int) -> None:
    topic, other = c.topic(), c.topic("o")
    store(c, topic, batch())
    session = Session(c, version)
    session.next("the first", {topic: [part(1)], other: [part()]})
    request = session.request(max_wait_ms=TOO_LONG_MS)
    send_to_wait(c, request, version, "main")
    delete = DeleteTopicsRequest(topics=[DeleteTopicState(name=topic)], timeout_ms=10_000)
    assert not c.quietly(delete, 6).responses[0].error_code
    answer = c.receive("deleted while it waits", request, version)
    session.went_on(answer.session_id)
    session.next("deleted")
    session.next("deleted, again")
    old = c.topic_ids[topic]
    store(c, c.topic(), batch())
    session.next("made again")
    session.next("made again, again")
    c.topic_ids[topic] = old
    session.next("deleted and forgotten", forget={topic: [0]})
    session.next("what is left")

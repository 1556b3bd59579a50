"""Metadata: topics by name and by id, those that are not there, and those that are made by asking."""

from __future__ import annotations

import time
from collections.abc import Iterable
from uuid import UUID

from compat_tests.real_broker.conversation import SECONDS, Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.producing import NOBODY
from kafka_codecs.messages.api_03_metadata import MetadataRequest, MetadataRequestTopic
from kafka_codecs.messages.api_10_find_coordinator import FindCoordinatorRequest
from kafka_codecs.messages.api_19_create_topics import CreatableTopic, CreateTopicsRequest
from kafka_codecs.messages.api_20_delete_topics import DeleteTopicsRequest, DeleteTopicState
from kafka_codecs.schema import ZERO_UUID

NOBODY_EITHER = UUID("00000000-0000-4000-8000-00000000dcba")
ILLEGAL = ("a b", "", ".", "..", "x" * 250, "thème", "a/b", "a:b", "a\nb", "-,")
# By name, by id, or by both.
Asked = str | UUID | None | tuple[str | None, UUID]


def of(asked: Iterable[Asked] | None, create: bool = False, **more: bool) -> MetadataRequest:
    return MetadataRequest(
        topics=None if asked is None else [one(each) for each in asked],
        allow_auto_topic_creation=create,
        **more,
    )


def one(asked: Asked) -> MetadataRequestTopic:
    if isinstance(asked, tuple):
        return MetadataRequestTopic(name=asked[0], topic_id=asked[1])
    if isinstance(asked, UUID):
        return MetadataRequestTopic(name=None, topic_id=asked)
    return MetadataRequestTopic(name=asked)


def wait_until_there(c: Conversation, *topics: str) -> None:
    """Wait for topics to be made; their ids get names in this order."""
    end = time.monotonic() + SECONDS
    for topic in topics:
        while True:
            found = c.quietly(of([topic]), 12).topics[0]
            if not found.error_code:
                break
            assert time.monotonic() < end, f"nobody makes {topic}"
            time.sleep(0.01)
        c.normalizer.name("topic id", found.topic_id)
        c.wait_for(topic)


@scene(MetadataRequest)
def by_name(c: Conversation, version: int) -> None:
    topic, other = c.topic("t", 5), c.topic("o")
    c.ask("one", of([topic]), version)
    c.ask("two", of([topic, other]), version)
    c.ask("one twice", of([topic, other, topic]), version)
    if version >= 1:
        c.ask("an empty list", of([]), version)
    if version >= 4:
        c.ask("creation is allowed", of([topic], create=True), version)
        c.ask("a name of other case", of([other.upper()]), version)
    c.ask("without client id", of([other]), version, client_id=None)


@scene(MetadataRequest)
def all_topics(c: Conversation, version: int) -> None:
    """Null, and before it was known the empty list; of all topics, those of the scene are compared."""
    c.topic("a", 2)
    c.topic("b")
    asked = [("null", None)] if version else [("an empty list", ())]
    if version >= 4:
        c.ask("a missing one first", of([c.name("missing")]), version)
    for label, topics in asked:
        for create in (False, True):
            answer = c.quietly(of(topics, create), version)
            own = [topic for topic in answer.topics if topic.name.startswith(c.name(""))]
            assert len(own) < len(answer.topics) or len(own) == 2
            answer.topics = own
            outcome = c.normalizer.answer(answer, version)
            c.steps.append([f"{label}, create {create}", f"Metadata v{version}", outcome])


@scene(MetadataRequest, "4+")
def missing(c: Conversation, version: int) -> None:
    topic, nowhere = c.topic(), c.name("missing")
    c.ask("missing", of([nowhere]), version)
    c.ask("missing twice", of([nowhere, nowhere]), version)
    c.ask("missing and there", of([nowhere, topic]), version)
    for name in ILLEGAL:
        c.ask(f"illegal {name[:5]!r}", of([name]), version)
    c.ask("a name just not too long", of(["y" * 249]), version)
    c.ask("the log of the cluster", of(["__cluster_metadata"]), version)
    c.ask("all sorts", of(["a b", nowhere, topic, "", "a b"]), version)
    c.ask("is still missing", of([nowhere]), version)


@scene(MetadataRequest)
def made_by_asking(c: Conversation, version: int) -> None:
    """Before version 4 a client cannot choose."""
    new, other = c.name("new"), c.name("other")
    c.ask("new", of([new], create=True), version)
    wait_until_there(c, new)
    c.ask("made", of([new], create=True), version)
    c.ask("new, there, illegal", of([other, new, "a b", ""], create=True), version)
    wait_until_there(c, other)
    c.ask("both made", of([new, other], create=True), version)
    for name in ILLEGAL:
        c.ask(f"illegal {name[:5]!r}", of([name], create=True), version)
    c.ask("illegal, twice", of(["a b", "a b", "c d"], create=True), version)
    if version >= 4:
        c.ask("not made", of([c.name("third")], create=False), version)
        c.ask("still not made", of([c.name("third")], create=False), version)


@scene(MetadataRequest)
def names_that_collide(c: Conversation, version: int) -> None:
    """Dots and underscores are one in the names of metrics: topics that differ in them alone do not
    go together, and are not made by asking either."""
    c.topic("a.b")
    name = c.name("a_b")
    c.ask("an underscore for a dot", of([name], create=True), version)
    time.sleep(0.05)
    c.ask("is not made", of([name], create=version < 4), version)


@scene(MetadataRequest, "10+")
def by_id(c: Conversation, version: int) -> None:
    """Versions 10 and 11 have ids in the request and refuse them (KAFKA-14186)."""
    topic, other = c.topic("t", 2), c.topic("o")
    c.normalizer.name("topic id", NOBODY)
    c.normalizer.name("topic id", NOBODY_EITHER)
    known, known_too = c.topic_ids[topic], c.topic_ids[other]
    cases: dict[str, list[Asked]] = {
        "an id": [known],
        "two ids": [known, known_too],
        "an id twice": [known, known],
        "an unknown id": [NOBODY],
        "two unknown ids": [NOBODY, NOBODY_EITHER],
        "known and unknown": [NOBODY, known],
        "an unknown id twice": [NOBODY, NOBODY],
        "neither name nor id": [None],
        "neither, empty name": [("", ZERO_UUID)],
        "a name and its id": [(topic, known)],
        "a name and another's id": [(topic, known_too)],
        "a name and an unknown id": [(topic, NOBODY)],
        "a missing name and an id": [(c.name("missing"), known)],
        "an illegal name and an id": [("a b", known)],
        "a name, then an id": [topic, known_too],
        "an id, then a name": [known_too, topic],
        "a missing name, then an id": [c.name("missing"), known],
        "a name, then nothing": [topic, None],
        "an id, then nothing": [known, None],
        "an unknown id, then nothing": [NOBODY, None],
    }
    for label, asked in cases.items():
        c.ask(label, of(asked), version)
    c.ask("creation is allowed", of([NOBODY, c.name("missing")], create=True), version)
    c.ask("nothing, creation is allowed", of([None], create=True), version)
    c.ask("was not made", of([c.name("missing")]), version)


@scene(MetadataRequest, "8+")
def authorized_operations(c: Conversation, version: int) -> None:
    topic, nowhere = c.topic(), c.name("missing")
    c.normalizer.name("topic id", NOBODY)
    topics = {"include_topic_authorized_operations": True}
    c.ask("of a topic", of([topic], **topics), version)
    c.ask("of a missing one", of([nowhere, topic], **topics), version)
    c.ask("of an illegal one", of(["a b"], **topics), version)
    c.ask("of none", of([], **topics), version)
    cluster = {"include_cluster_authorized_operations": True}
    if version <= 10:
        c.ask("of the cluster", of([], **cluster), version)
        c.ask("of both", of([topic], **cluster, **topics), version)
    if version == 10:
        refused = of([(topic, NOBODY)], **cluster, **topics)
        c.ask("of both, refused", refused, version)
    if version >= 12:
        known = c.topic_ids[topic]
        c.ask("of an id", of([known], **topics), version)
        c.ask("of an unknown id", of([NOBODY], **topics), version)
        c.ask("of a known and an unknown id", of([NOBODY, known], **topics), version)
    new = c.name("new")
    c.ask("of a new one", of([new], create=True, **topics), version)
    wait_until_there(c, new)


@scene(MetadataRequest)
def deleted(c: Conversation, version: int) -> None:
    """A name that comes back does so with another id."""
    topic = c.topic()
    first = c.topic_ids[topic]
    delete = DeleteTopicsRequest(topics=[DeleteTopicState(name=topic)], timeout_ms=10_000)
    c.quietly(delete, 6)
    end = time.monotonic() + SECONDS
    while not c.quietly(of([topic]), 12).topics[0].error_code:
        assert time.monotonic() < end, f"{topic} stays"
        time.sleep(0.01)
    if version >= 4:
        c.ask("deleted", of([topic]), version)
    if version >= 12:
        c.ask("its id", of([first]), version)
    again = CreatableTopic(
        name=topic, num_partitions=2, replication_factor=1, assignments=[], configs=[]
    )
    c.quietly(CreateTopicsRequest(topics=[again], timeout_ms=10_000), 7)
    wait_until_there(c, topic)
    c.ask("made again", of([topic]), version)
    if version >= 12:
        c.ask("its former id", of([first]), version)


@scene(MetadataRequest, "4+")
def the_brokers_own_topics(c: Conversation, version: int) -> None:
    """Topics that Apache Kafka keeps offsets and transactions in; they come with their coordinators."""
    for key_type, name in ((0, "__consumer_offsets"), (1, "__transaction_state")):
        c.quietly(FindCoordinatorRequest(key_type=key_type, coordinator_keys=[c.name("k")]), 4)
        c.ask(name, of([name], create=False), version)

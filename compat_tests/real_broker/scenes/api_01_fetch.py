"""Fetch: from where, by whom, under which epoch, and what is answered when nothing is there."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.fetching import (
    BY_ID,
    MEGABYTE,
    TOO_LONG_MS,
    Wanted,
    delete_before,
    fetch,
    part,
    send_to_wait,
    store,
)
from compat_tests.real_broker.scenes.producing import NOBODY, batch, produce
from kafka_codecs.messages.api_01_fetch import (
    FetchPartition,
    FetchRequest,
    FetchTopic,
    ReplicaState,
)
from kafka_codecs.messages.api_20_delete_topics import DeleteTopicsRequest, DeleteTopicState

LAST = 2**31 - 1


@scene(FetchRequest)
def offsets(c: Conversation, version: int) -> None:
    topic = c.topic(partitions=2)
    store(c, topic, batch(records=3), batch(), batch(records=2))
    for offset in (0, 1, 2, 3, 5, 6, 7, -1, -5, 2**63 - 1, -(2**63)):
        c.ask(f"offset {offset}", fetch(c, version, {topic: [part(offset)]}), version)
    for offset in (0, 1, -1):
        request = fetch(c, version, {topic: [part(offset, 1)]})
        c.ask(f"offset {offset}, empty", request, version)
    both = {topic: [part(7), part(0, 1), part(4)]}
    c.ask("out of range and empty", fetch(c, version, {topic: both[topic][:2]}), version)


@scene(FetchRequest)
def places(c: Conversation, version: int) -> None:
    topic, other, missing = c.topic(partitions=3), c.topic("o"), c.name("missing")
    for place, partition in ((topic, 0), (topic, 2), (other, 0)):
        store(c, place, batch(), partition=partition)
    cases: dict[str, list[tuple[str, list[FetchPartition]]]] = {
        "two topics": [(topic, [part()]), (other, [part()])],
        "the other way round": [(other, [part()]), (topic, [part()])],
        "partitions": [(topic, [part(0, 2), part(0, 1), part()])],
        "no such partition": [(topic, [part(0, 7)])],
        "a negative partition": [(topic, [part(0, -1)])],
        "no such topic": [(missing, [part()])],
        "no such topic, two partitions": [(missing, [part(0, 1), part()])],
        "one good, one unknown partition": [(topic, [part(0, 7), part()])],
        "one good, one unknown topic": [(missing, [part()]), (other, [part()])],
        "good on both sides": [(topic, [part()]), (missing, [part()]), (other, [part()])],
        "no topics": [],
        "no partitions": [(topic, [])],
        "one without partitions": [(topic, []), (other, [part()])],
        "two parts of a topic": [(topic, [part()]), (topic, [part(0, 2)])],
        "a topic between parts": [(topic, [part()]), (other, [part()]), (topic, [part(0, 2)])],
        "a partition twice": [(topic, [part(1), part()])],
        "and another": [(topic, [part(), part(0, 2), part(1)])],
        "twice in two parts": [(topic, [part()]), (topic, [part(1)])],
    }
    for label, wanted in cases.items():
        c.ask(label, fetch(c, version, wanted), version)
    if version < BY_ID:
        for label, name in (
            ("an illegal name", "a b"),
            ("an empty name", ""),
            ("a name too long", "x" * 250),
        ):
            c.ask(label, fetch(c, version, {name: [part()]}), version)
        return
    c.normalizer.name("topic id", NOBODY)
    for label, topic_id in (("the zero id", UUID(int=0)), ("the metadata topic's", UUID(int=1))):
        request = fetch(c, version, {})
        request.topics = [FetchTopic(topic_id=topic_id, partitions=[part()])]
        c.ask(label, request, version)


@scene(FetchRequest)
def isolation_levels(c: Conversation, version: int) -> None:
    topic = c.topic(partitions=2)
    store(c, topic, batch())
    for level in (0, 1, 2, -1):
        for label, wanted in (
            ("a record", {topic: [part()]}),
            ("the end", {topic: [part(1)]}),
            ("out of range", {topic: [part(9)]}),
            ("no such topic", {c.name("missing"): [part()]}),
            ("two partitions", {topic: [part(), part(0, 1)]}),
            ("no topics", {}),
            ("no partitions", {topic: []}),
            ("a partition twice", {topic: [part(), part(1)]}),
        ):
            request = fetch(c, version, wanted, isolation_level=level)
            c.ask(f"level {level}, {label}", request, version)


@scene(FetchRequest, "9+")
def leader_epochs(c: Conversation, version: int) -> None:
    topic = c.topic()
    store(c, topic, batch())
    for epoch in (0, 1, LAST, -1, -2, -(2**31)):
        wanted = {topic: [part(current_leader_epoch=epoch)]}
        c.ask(f"epoch {epoch}", fetch(c, version, wanted), version)
    wanted = {topic: [part(9, current_leader_epoch=1)]}
    c.ask("epoch 1, out of range", fetch(c, version, wanted), version)
    wanted = {topic: [part(index=4, current_leader_epoch=1)]}
    c.ask("epoch 1, no such partition", fetch(c, version, wanted), version)
    wanted = {c.name("missing"): [part(current_leader_epoch=1)]}
    c.ask("epoch 1, no such topic", fetch(c, version, wanted), version)
    wanted = {topic: [part(current_leader_epoch=1, limit=-1)]}
    c.ask("epoch 1, a negative limit", fetch(c, version, wanted), version)


@scene(FetchRequest, "12+")
def last_fetched_epochs(c: Conversation, version: int) -> None:
    """A consumer whose log is not the leader's is told where they part (KIP-595)."""
    topic = c.topic()
    store(c, topic, batch(records=2), batch(records=2))
    for epoch in (0, 1, LAST, -1, -2, -(2**31)):
        for offset in (0, 2, 4, 9, -1):
            wanted = {topic: [part(offset, last_fetched_epoch=epoch)]}
            c.ask(f"epoch {epoch} up to {offset}", fetch(c, version, wanted), version)
    delete_before(c, topic, 2)
    for epoch in (0, 1, -2):
        for offset in (0, 1, 2):
            wanted = {topic: [part(offset, last_fetched_epoch=epoch)]}
            label = f"epoch {epoch} up to {offset}, two deleted"
            c.ask(label, fetch(c, version, wanted), version)
    both = {topic: [part(2, last_fetched_epoch=0, current_leader_epoch=1)]}
    c.ask("neither epoch is right", fetch(c, version, both), version)


@scene(FetchRequest)
def replicas(c: Conversation, version: int) -> None:
    """Who says to be a replica is served only when it is one of this partition (not the leader)."""
    topic, missing = c.topic(partitions=2), c.name("missing")
    store(c, topic, batch())
    for replica in (-2, -3, 0, 1, 2):
        for label, wanted in (
            ("a record", {topic: [part()]}),
            ("the end", {topic: [part(1)]}),
            ("out of range", {topic: [part(9)]}),
            ("no such topic", {missing: [part()]}),
            ("an epoch", {topic: [part(current_leader_epoch=4)]}),
            ("two partitions", {topic: [part(0, 1), part()]}),
        ):
            request = fetch(c, version, wanted, replica=replica)
            c.ask(f"replica {replica}, {label}", request, version)
        level = fetch(c, version, {topic: [part()]}, replica=replica, isolation_level=1)
        c.ask(f"replica {replica}, level 1", level, version)
        level = fetch(c, version, {topic: [part()]}, replica=replica, isolation_level=7)
        c.ask(f"replica {replica}, level 7", level, version)
    if version >= 15:
        request = fetch(c, version, {topic: [part()]})
        for state in (ReplicaState(replica_id=-1, replica_epoch=4), ReplicaState(replica_id=2)):
            request.replica_state = state
            label = f"replica {state.replica_id}, epoch {state.replica_epoch}"
            c.ask(label, request, version)


@scene(FetchRequest)
def what_only_replicas_say(c: Conversation, version: int) -> None:
    """Fields that count for nothing when a consumer sets them."""
    topic = c.topic()
    store(c, topic, batch())
    if version >= 5:
        for offset in (0, 1, 9, -5):
            wanted = {topic: [part(log_start_offset=offset)]}
            c.ask(f"log start {offset}", fetch(c, version, wanted), version)
    if version >= 11:
        for rack in ("", "there", "r" * 300):
            request = fetch(c, version, {topic: [part()]}, rack_id=rack)
            c.ask(f"rack {rack[:9]!r}", request, version)
    if version >= 12:
        for cluster in ("", "another", None):
            request = fetch(c, version, {topic: [part()]}, cluster_id=cluster)
            c.ask(f"cluster {cluster!r}", request, version)
    if version >= 17:
        wanted = {topic: [part(replica_directory_id=NOBODY)]}
        c.ask("a directory", fetch(c, version, wanted), version)
    if version >= 18:
        for mark in (0, 1, 9, -1):
            wanted = {topic: [part(high_watermark=mark)]}
            c.ask(f"high watermark {mark}", fetch(c, version, wanted), version)
    c.ask("none of it", fetch(c, version, {topic: [part()]}), version)


@scene(FetchRequest)
def waiting(c: Conversation, version: int) -> None:
    """Answered when there is enough, or something is wrong: the time given is more than anybody has."""
    topic, other = c.topic(partitions=3), c.topic("o")
    size = len(batch())
    store(c, topic, batch())
    store(c, other, batch())
    several = {topic: [part()], other: [part()]}
    long: dict[str, Any] = {"max_wait_ms": TOO_LONG_MS}
    cases: tuple[tuple[str, Wanted, dict[str, Any]], ...] = (
        ("there is something", {topic: [part()]}, {}),
        ("as much as wanted", {topic: [part()]}, {"min_bytes": size}),
        ("no bytes are wanted", {topic: [part(1)]}, {"min_bytes": 0}),
        ("less than none are wanted", {topic: [part(1)]}, {"min_bytes": -1}),
        ("more than may come", {topic: [part()]}, {"min_bytes": MEGABYTE, "max_bytes": 10}),
        ("out of range", {topic: [part(9), part(0, 1)]}, {"min_bytes": MEGABYTE}),
        ("no such topic", {c.name("missing"): [part()]}, {}),
        ("no topics", {}, {}),
        ("level 9", {topic: [part(1)]}, {"isolation_level": 9}),
        ("there, but not for this answer", several, {"min_bytes": size + 9, "max_bytes": size + 9}),
        ("a replica", {topic: [part(1)]}, {"replica": 0, "min_bytes": MEGABYTE}),
        ("a negative limit", {topic: [part(limit=-1)]}, {"min_bytes": MEGABYTE}),
    )
    for label, wanted, more in cases:
        c.ask(label, fetch(c, version, wanted, **{**long, **more}), version)
    for label, milliseconds in (("0 ms", 0), ("less than 0 ms", -5), ("1 ms", 1)):
        request = fetch(c, version, {topic: [part(1)]}, max_wait_ms=milliseconds)
        c.ask(f"nothing new in {label}", request, version)
    nothing = {topic: [part(0, 1)], c.name("missing"): [part()]}
    request = fetch(c, version, nothing, **long)
    c.ask("unknown, and nothing new", request, version, silent_after=0.05, connection="u")
    more_than_one = fetch(c, version, {topic: [part()]}, min_bytes=size + 1, **long)
    c.ask("a byte is missing", more_than_one, version, silent_after=0.05, connection="b")

    request = fetch(c, version, {topic: [part(1)], other: [part(1)]}, **long)
    c.send(request, version, "woken")
    store(c, topic, batch(), partition=2)
    store(c, other, batch(records=2))
    c.receive("woken", request, version, "woken")
    request = fetch(c, version, {topic: [part(1), part(0, 1)]}, min_bytes=2 * size, **long)
    c.send(request, version, "woken")
    store(c, topic, batch())
    c.quietly(produce(c, 9, {(topic, 1): batch()[:-1]}), 9)
    store(c, topic, batch(), partition=1)
    c.receive("woken by the second of two", request, version, "woken")
    # What a limit leaves out does not count, though the batch would come as a whole.
    request = fetch(c, version, {topic: [part(2, limit=1)]}, min_bytes=2, **long)
    send_to_wait(c, request, version, "limited")
    store(c, topic, batch())
    c.receive("a limit below the least", request, version, "limited", silent_after=0.05)


@scene(FetchRequest)
def deleted_topics(c: Conversation, version: int) -> None:
    topic, other = c.topic(), c.topic("o")
    store(c, topic, batch())
    store(c, other, batch())
    delete = DeleteTopicsRequest(topics=[DeleteTopicState(name=topic)], timeout_ms=10_000)
    request = fetch(c, version, {topic: [part(1)]}, max_wait_ms=TOO_LONG_MS)
    send_to_wait(c, request, version, "waits")
    assert not c.quietly(delete, 6).responses[0].error_code
    c.receive("deleted while it waits", request, version, "waits")
    c.ask("deleted", fetch(c, version, {topic: [part()]}), version)
    both = {topic: [part()], other: [part()]}
    c.ask("deleted, and one that is there", fetch(c, version, both), version)

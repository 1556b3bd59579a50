"""OffsetForLeaderEpoch: where epochs ended, those there were and those there were not."""

from __future__ import annotations

from collections.abc import Iterable

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.fetching import delete_before, store
from compat_tests.real_broker.scenes.producing import batch
from kafka_codecs.messages.api_23_offset_for_leader_epoch import (
    OffsetForLeaderEpochRequest,
    OffsetForLeaderPartition,
    OffsetForLeaderTopic,
)

LAST = 2**31 - 1
EPOCHS = (0, 1, LAST, -1, -2, -(2**31))


def end(epoch: int = 0, index: int = 0, current: int = -1) -> OffsetForLeaderPartition:
    return OffsetForLeaderPartition(
        partition=index, current_leader_epoch=current, leader_epoch=epoch
    )


def of(
    topics: Iterable[tuple[str, list[OffsetForLeaderPartition]]], replica: int = -1
) -> OffsetForLeaderEpochRequest:
    return OffsetForLeaderEpochRequest(
        replica_id=replica,
        topics=[OffsetForLeaderTopic(topic=name, partitions=found) for name, found in topics],
    )


@scene(OffsetForLeaderEpochRequest)
def epochs(c: Conversation, version: int) -> None:
    topic = c.topic(partitions=2)
    store(c, topic, batch(records=3), batch(records=2))
    for epoch in EPOCHS:
        c.ask(f"epoch {epoch}", of([(topic, [end(epoch)])]), version)
        c.ask(f"epoch {epoch}, empty", of([(topic, [end(epoch, 1)])]), version)
    store(c, topic, batch())
    c.ask("a record later", of([(topic, [end()])]), version)


@scene(OffsetForLeaderEpochRequest)
def current_epochs(c: Conversation, version: int) -> None:
    topic = c.topic()
    store(c, topic, batch(records=3))
    for current in EPOCHS:
        for epoch in (0, 1, -1, -2):
            asked = of([(topic, [end(epoch, current=current)])])
            c.ask(f"epoch {epoch} in {current}", asked, version)


@scene(OffsetForLeaderEpochRequest)
def places(c: Conversation, version: int) -> None:
    topic, missing = c.topic(partitions=2), c.name("missing")
    store(c, topic, batch())
    for label, name, wanted in (
        ("no such topic", missing, end()),
        ("no such topic, a current epoch", missing, end(current=3)),
        ("no such partition", topic, end(0, 2)),
        ("a negative partition", topic, end(0, -1)),
        ("an illegal name", "a b", end()),
        ("an empty name", "", end()),
        ("a name too long", "x" * 250, end()),
    ):
        c.ask(label, of([(name, [wanted])]), version)
    c.ask("two partitions", of([(topic, [end(0, 1), end()])]), version)
    c.ask("one good, one unknown partition", of([(topic, [end(0, 9), end()])]), version)
    c.ask("one good, one unknown topic", of([(missing, [end()]), (topic, [end()])]), version)
    c.ask("a partition twice", of([(topic, [end(), end(-1)])]), version)
    c.ask("in two parts of a topic", of([(topic, [end()]), (topic, [end(1)])]), version)
    c.ask("two parts of a topic", of([(topic, [end()]), (topic, [end(0, 1)])]), version)
    c.ask("no topics", of([]), version)
    c.ask("no partitions", of([(topic, [])]), version)


@scene(OffsetForLeaderEpochRequest)
def deleted_records(c: Conversation, version: int) -> None:
    topic = c.topic()
    store(c, topic, batch(records=3), batch(records=2))
    for before in (2, 4, -1):
        delete_before(c, topic, before)
        for epoch in (0, 1, -1, -2):
            c.ask(f"before {before}, epoch {epoch}", of([(topic, [end(epoch)])]), version)


@scene(OffsetForLeaderEpochRequest, "3+")
def replicas(c: Conversation, version: int) -> None:
    topic = c.topic()
    store(c, topic, batch(records=3))
    for replica in (-2, -3, 0, 1, 7, LAST):
        for epoch in (0, 1):
            asked = of([(topic, [end(epoch)])], replica)
            c.ask(f"replica {replica}, epoch {epoch}", asked, version)

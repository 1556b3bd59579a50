"""OffsetDelete: offsets that are there and are not, of topics a group reads and does not."""

from __future__ import annotations

from collections.abc import Sequence

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.api_09_offset_fetch_consumers import fetch
from compat_tests.real_broker.scenes.consuming import NEWEST, Consumer
from compat_tests.real_broker.scenes.joining import commit, join, sync
from kafka_codecs.messages.api_47_offset_delete import (
    OffsetDeleteRequest,
    OffsetDeleteRequestPartition,
    OffsetDeleteRequestTopic,
)

JOIN, SYNC, COMMIT, FETCH = 5, 3, 9, 9


def delete(group: str, *topics: tuple[str, Sequence[int]]) -> OffsetDeleteRequest:
    return OffsetDeleteRequest(
        group_id=group,
        topics=[
            OffsetDeleteRequestTopic(
                name=name,
                partitions=[OffsetDeleteRequestPartition(partition_index=p) for p in partitions],
            )
            for name, partitions in topics
        ],
    )


@scene(OffsetDeleteRequest)
def of_nobody(c: Conversation, version: int) -> None:
    group, topic, other = c.name("g"), c.topic("t", 2), c.topic("o")
    c.ask("unknown group", delete(group, (topic, [0])), version)
    c.ask("empty group", delete("", (topic, [0])), version)
    c.ask("commit", commit(group, [(topic, [(0, 1), (1, 2)]), (other, [(0, 3)])]), COMMIT)
    c.ask("nothing", delete(group), version)
    c.ask("no partitions", delete(group, (topic, [])), version)
    c.ask("unknown topic", delete(group, (c.name("x"), [0])), version)
    c.ask("unknown partition", delete(group, (topic, [2, -1])), version)
    c.ask("one and an unknown one", delete(group, (topic, [0, 7]), (c.name("x"), [0])), version)
    c.ask("one is gone", fetch(FETCH, c, group, topic), FETCH)
    c.ask("again", delete(group, (topic, [0])), version)
    c.ask("twice", delete(group, (topic, [1, 1]), (other, [0]), (other, [0])), version)
    c.ask("all are gone", fetch(FETCH, c, group, topic), FETCH)


@scene(OffsetDeleteRequest)
def of_consumers(c: Conversation, version: int) -> None:
    group, topic, other = c.name("g"), c.topic("t"), c.topic("o")
    one = Consumer(c, NEWEST, group, "one")
    one.join("joins", topic)
    offsets = [(topic, [(0, 1)]), (other, [(0, 3)])]
    c.ask("commit", commit(group, offsets, one.epoch, "one"), COMMIT)
    c.ask("what it reads and what not", delete(group, (topic, [0]), (other, [0])), version)
    c.ask("what it does not read", delete(group, (other, [0])), version)
    one.leave("leaves")
    c.ask("what nobody reads", delete(group, (topic, [0])), version)


@scene(OffsetDeleteRequest)
def of_classic_members(c: Conversation, version: int) -> None:
    topic, other = c.topic("t"), c.topic("o")
    for kind, protocols in (("consumer", ("range",)), ("connect", ("x",))):
        group = c.name(kind)
        asked = join(group, protocol_type=kind, protocols=protocols, instance="i")
        one = c.ask(f"{kind} joins", asked, JOIN, connection=kind)
        c.ask(f"{kind} is completing", delete(group, (topic, [0])), version)
        request = sync(
            group,
            one.generation_id,
            one.member_id,
            [(one.member_id, b"")],
            instance="i",
            protocol_type=kind,
            protocol=protocols[0],
        )
        c.ask(f"{kind} syncs", request, SYNC, connection=kind)
        c.ask(f"{kind} is stable", delete(group, (topic, [0]), (other, [0])), version)

"""OffsetFetch by members of groups of the consumer protocol."""

from __future__ import annotations

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.consuming import NEWEST, Consumer
from compat_tests.real_broker.scenes.joining import commit
from kafka_codecs.messages.api_09_offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopic,
    OffsetFetchRequestTopics,
)

COMMIT = 9
GROUPS, MEMBERS, BY_ID = 8, 9, 10


def fetch(
    version: int,
    c: Conversation,
    group: str,
    topic: str,
    member: str | None = None,
    epoch: int = -1,
) -> OffsetFetchRequest:
    if version < GROUPS:
        topics = [OffsetFetchRequestTopic(name=topic, partition_indexes=[0, 1])]
        return OffsetFetchRequest(group_id=group, topics=topics)
    wanted = OffsetFetchRequestTopics(partition_indexes=[0, 1])
    if version >= BY_ID:
        wanted.topic_id = c.topic_ids[topic]
    else:
        wanted.name = topic
    asked = OffsetFetchRequestGroup(group_id=group, topics=[wanted])
    if version >= MEMBERS:
        asked.member_id, asked.member_epoch = member, epoch
    return OffsetFetchRequest(groups=[asked])


@scene(OffsetFetchRequest)
def members_of_the_consumer_protocol(c: Conversation, version: int) -> None:
    group, topic = c.name("g"), c.topic("t", 2)
    one = Consumer(c, NEWEST, group, "one")
    one.join("joins", topic)
    c.ask("commit", commit(group, [(topic, [(0, 7)])], one.epoch, "one"), COMMIT)
    c.ask("nobody", fetch(version, c, group, topic), version)
    if version >= MEMBERS:
        c.ask("at its epoch", fetch(version, c, group, topic, "one", one.epoch), version)
        c.ask("later", fetch(version, c, group, topic, "one", one.epoch + 1), version)
        c.ask("earlier", fetch(version, c, group, topic, "one", one.epoch - 1), version)
        c.ask("no epoch", fetch(version, c, group, topic, "one"), version)
        c.ask("no member", fetch(version, c, group, topic, None, one.epoch), version)
        c.ask("another", fetch(version, c, group, topic, "x", one.epoch), version)
        c.ask("an empty member", fetch(version, c, group, topic, ""), version)

"""OffsetCommit by members of groups of the consumer protocol: who may, at which epoch."""

from __future__ import annotations

from uuid import UUID

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.consuming import NEWEST, Consumer, settle
from compat_tests.real_broker.scenes.joining import commit
from kafka_codecs.messages.api_08_offset_commit import OffsetCommitRequest

BY_ID = 10


@scene(OffsetCommitRequest)
def members_of_the_consumer_protocol(c: Conversation, version: int) -> None:
    group, topic = c.name("g"), c.topic("t", 4)
    asked: str | UUID = c.topic_ids[topic] if version >= BY_ID else topic
    one, two = (Consumer(c, NEWEST, group, name) for name in ("one", "two"))
    one.join("joins", topic)
    c.ask("at its epoch", commit(group, [(asked, [(0, 1)])], one.epoch, "one"), version)
    c.ask("nobody", commit(group, [(asked, [(0, 1)])]), version)
    c.ask("nobody at its epoch", commit(group, [(asked, [(0, 1)])], one.epoch), version)
    c.ask("another", commit(group, [(asked, [(0, 1)])], one.epoch, "x"), version)
    c.ask("too late an epoch", commit(group, [(asked, [(0, 1)])], one.epoch + 1, "one"), version)
    c.ask("too early an epoch", commit(group, [(asked, [(0, 1)])], 1, "one"), version)
    c.ask("epoch -1", commit(group, [(asked, [(0, 1)])], -1, "one"), version)
    before = one.epoch
    two.join("joins", topic)
    settle("both", one, two)
    (kept,) = one.owned.values()
    (moved,) = two.owned.values()
    for label, partitions in (
        ("what it kept", kept),
        ("what it gave up", moved),
        ("both", [kept[0], moved[0]]),
    ):
        offsets = [(partition, 5) for partition in partitions]
        c.ask(
            f"the epoch before, {label}", commit(group, [(asked, offsets)], before, "one"), version
        )
    c.ask("what it has not", commit(group, [(asked, [(moved[0], 6)])], one.epoch, "one"), version)
    long = commit(group, [(asked, [(kept[0], 6)])], 1, "one", metadata="m" * 5000)
    c.ask("too long a note at another epoch", long, version)
    one.leave("leaves")
    two.leave("leaves")
    c.ask("nobody, empty", commit(group, [(asked, [(0, 9)])]), version)
    c.ask("gone", commit(group, [(asked, [(0, 9)])], one.epoch, "one"), version)

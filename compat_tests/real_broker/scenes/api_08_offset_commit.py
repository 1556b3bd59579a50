"""OffsetCommit: from groups, and from those that only keep offsets."""

from __future__ import annotations

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.joining import STATIC_COMMIT, commit, join, member_of
from compat_tests.real_broker.scenes.producing import NOBODY
from kafka_codecs.messages.api_08_offset_commit import OffsetCommitRequest

BY_ID = 10


def named(c: Conversation, version: int, topic: str) -> object:
    return topic if version < BY_ID else c.topic_ids.get(topic, NOBODY)


@scene(OffsetCommitRequest)
def without_members(c: Conversation, version: int) -> None:
    topic, other, group = c.topic("t", 2), c.topic("o"), c.name("g")
    t, o, missing = (named(c, version, name) for name in (topic, other, c.name("missing")))
    for label, topics in (
        ("one", [(t, [(0, 5)])]),
        ("two partitions, two topics", [(t, [(0, 6), (1, 7)]), (o, [(0, 8)])]),
        ("back", [(t, [(0, 1)])]),
        ("a negative offset", [(t, [(0, -5)])]),
        ("unknown partition", [(t, [(9, 1)])]),
        ("negative partition", [(t, [(-1, 1)])]),
        ("unknown topic", [(missing, [(0, 1)])]),
        ("good and unknown", [(t, [(0, 2), (9, 1)]), (missing, [(0, 1)])]),
        ("a partition twice", [(t, [(0, 1), (0, 2)])]),
        ("a topic twice", [(t, [(0, 1)]), (t, [(1, 2)])]),
        ("no partitions", [(t, [])]),
        ("no topics", []),
    ):
        c.ask(label, commit(group, topics), version)
    c.ask("no group", commit("", [(t, [(0, 1)])]), version)
    c.ask("a member of nothing", commit(c.name("h"), [(t, [(0, 1)])], -1, "m"), version)
    c.ask("a generation of nothing", commit(c.name("i"), [(t, [(0, 1)])], 0, ""), version)
    c.ask("a member in a generation", commit(c.name("j"), [(t, [(0, 1)])], 3, "m"), version)
    c.ask("a negative generation", commit(c.name("k"), [(t, [(0, 1)])], -7, ""), version)


@scene(OffsetCommitRequest)
def metadata(c: Conversation, version: int) -> None:
    t, group = named(c, version, c.topic()), c.name("g")
    for label, text in (
        ("4096 characters", "y" * 4096),
        ("4097 characters", "y" * 4097),
        ("4096 umlauts", "ä" * 4096),
        ("4096 halves of surrogates", "😀" * 2048),
        ("more of them", "😀" * 2049),
        ("none", None),
        ("empty", ""),
    ):
        c.ask(label, commit(group, [(t, [(0, 1)])], metadata=text), version)
    request = commit(group, [(t, [(0, 1)])])
    if version <= 4:
        request.retention_time_ms = 1000
        c.ask("a retention of its own", request, version)
    if version >= 6:
        request.topics[0].partitions[0].committed_leader_epoch = 3
        c.ask("a leader epoch", request, version)


@scene(OffsetCommitRequest)
def from_members(c: Conversation, version: int) -> None:
    t, group = named(c, version, c.topic()), c.name("g")
    me = member_of(c, group).member_id
    topics = [(t, [(0, 4)])]
    c.ask("in order", commit(group, topics, 1, me), version)
    c.ask("another generation", commit(group, topics, 2, me), version)
    c.ask("no generation", commit(group, topics, -1, me), version)
    c.ask("a stranger", commit(group, topics, 1, "stranger"), version)
    c.ask("nobody", commit(group, topics, 1, ""), version)
    c.ask("from outside the group", commit(group, topics), version)
    pending = c.quietly(join(group), 5, "second").member_id
    c.ask("one that has not joined", commit(group, topics, 1, pending), version)
    if version >= STATIC_COMMIT:
        static = c.name("s")
        me = member_of(c, static, instance="i").member_id
        for label, member, instance in (
            ("static", me, "i"),
            ("another instance", me, "j"),
            ("another member of the instance", "other", "i"),
        ):
            c.ask(label, commit(static, topics, 1, member, instance=instance), version)

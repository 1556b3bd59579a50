"""SyncGroup: the leader's assignment, and who gets what of it."""

from __future__ import annotations

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.joining import (
    MEMBER_ID_REQUIRED,
    REBALANCE_IN_PROGRESS,
    STATIC_SYNC,
    commit,
    join,
    sync,
)
from kafka_codecs.messages.api_14_sync_group import SyncGroupRequest


@scene(SyncGroupRequest)
def alone(c: Conversation, version: int) -> None:
    group = c.name("g")
    c.ask("no such group", sync(group, 1, "m"), version)
    c.ask("no group at all", sync("", 1, "m"), version)
    me = c.quietly(join(group), 3).member_id
    c.normalizer.name("member id", me)
    c.ask("another generation", sync(group, 7, me), version)
    c.ask("a stranger", sync(group, 1, "stranger"), version)
    c.ask("nobody", sync(group, 1, ""), version)
    if version >= 5:
        c.ask("another type", sync(group, 1, me, protocol_type="connect"), version)
        c.ask("another protocol", sync(group, 1, me, protocol="roundrobin"), version)
        c.ask("no type", sync(group, 1, me, protocol_type=None), version)
        c.ask("no protocol", sync(group, 1, me, protocol=None), version)
    given = [(me, b"mine"), ("stranger", b"not mine")]
    c.ask("the leader assigns", sync(group, 1, me, given), version)
    c.ask("again, something else", sync(group, 1, me, [(me, b"other")]), version)
    c.ask("again, nothing", sync(group, 1, me), version)
    topic, simple = c.topic(), c.name("simple")
    c.quietly(commit(simple, [(topic, [(0, 1)])]), 9)
    c.ask("a group without members", sync(simple, 0, "m"), version)


@scene(SyncGroupRequest)
def leader_and_follower(c: Conversation, version: int) -> None:
    group = c.name("g")
    first = c.quietly(join(group), 3).member_id
    c.normalizer.name("member id", first)
    c.quietly(sync(group, 1, first), 3)
    pending = c.quietly(join(group), 5, "follower")
    assert pending.error_code == MEMBER_ID_REQUIRED
    second = pending.member_id
    c.normalizer.name("member id", second)
    c.send(join(group, second), 5, "follower")
    c.until_error(REBALANCE_IN_PROGRESS, sync(group, 1, first), 3)
    c.ask("while the group rebalances", sync(group, 1, first), version)
    c.quietly(join(group, first), 5)
    c.lose(1, "follower")
    request = sync(group, 2, second, [(first, b"nobody asked")])
    c.send(request, version, "follower")
    given = [(second, b"yours")]
    c.ask("the leader assigns", sync(group, 2, first, given), version)
    c.receive("the follower waited", request, version, "follower")
    c.ask("the follower again", sync(group, 2, second), version, connection="follower")


@scene(SyncGroupRequest, "3+")
def static_members(c: Conversation, version: int) -> None:
    assert version >= STATIC_SYNC
    group = c.name("g")
    me = c.quietly(join(group, instance="i"), 5).member_id
    c.normalizer.name("member id", me)
    for label, member, instance in (
        ("another instance", me, "j"),
        ("another member of the instance", "other", "i"),
        ("in order", me, "i"),
        ("without saying so", me, None),
    ):
        c.ask(label, sync(group, 1, member, [(me, b"a")], instance=instance), version)

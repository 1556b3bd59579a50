"""Heartbeat: whether a member is still one."""

from __future__ import annotations

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.joining import (
    REBALANCE_IN_PROGRESS,
    STATIC_HEARTBEAT,
    commit,
    heartbeat,
    join,
    leave,
    member_of,
)
from kafka_codecs.messages.api_12_heartbeat import HeartbeatRequest


@scene(HeartbeatRequest)
def members(c: Conversation, version: int) -> None:
    group = c.name("g")
    c.ask("no such group", heartbeat(group, 1, "m"), version)
    c.ask("no group at all", heartbeat("", 1, "m"), version)
    joined = member_of(c, group)
    me = joined.member_id
    c.ask("in order", heartbeat(group, 1, me), version)
    c.ask("another generation", heartbeat(group, 2, me), version)
    c.ask("an older generation", heartbeat(group, 0, me), version)
    c.ask("a negative generation", heartbeat(group, -1, me), version)
    c.ask("a stranger", heartbeat(group, 1, "stranger"), version)
    c.ask("nobody", heartbeat(group, 1, ""), version)
    waiting = c.quietly(join(group), 5, "second")
    c.ask("somebody has an id and has not joined", heartbeat(group, 1, me), version)
    c.send(join(group, waiting.member_id), 5, "second")
    c.until_error(REBALANCE_IN_PROGRESS, heartbeat(group, 1, me), 4)
    c.ask("while the group waits for it", heartbeat(group, 1, me), version)
    c.quietly(leave(5, group, (me, None)), 5)
    c.ask("it left", heartbeat(group, 1, me), version)


@scene(HeartbeatRequest)
def static_and_simple(c: Conversation, version: int) -> None:
    topic, simple = c.topic(), c.name("simple")
    c.quietly(commit(simple, [(topic, [(0, 1)])]), 9)
    c.ask("a group without members", heartbeat(simple, 0, "m"), version)
    c.ask("a group without members, nobody", heartbeat(simple, -1, ""), version)
    if version < STATIC_HEARTBEAT:
        return
    group = c.name("g")
    me = member_of(c, group, instance="i").member_id
    c.ask("static", heartbeat(group, 1, me, "i"), version)
    c.ask("static, without saying so", heartbeat(group, 1, me), version)
    c.ask("another instance", heartbeat(group, 1, me, "j"), version)
    c.ask("another member of the instance", heartbeat(group, 1, "other", "i"), version)

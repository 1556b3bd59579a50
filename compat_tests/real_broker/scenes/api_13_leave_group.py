"""LeaveGroup: one member, or several at once."""

from __future__ import annotations

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.joining import MANY_LEAVE, commit, join, leave, member_of
from kafka_codecs.messages.api_13_leave_group import LeaveGroupRequest


@scene(LeaveGroupRequest)
def leaving(c: Conversation, version: int) -> None:
    group = c.name("g")
    c.ask("no such group", leave(version, group, ("m", None)), version)
    c.ask("no group at all", leave(version, "", ("m", None)), version)
    c.ask("no group, nobody", leave(version, ""), version)
    me = member_of(c, group).member_id
    c.ask("a stranger", leave(version, group, ("stranger", None)), version)
    c.ask("nobody", leave(version, group), version)
    pending = c.quietly(join(group), 5, "second").member_id
    c.normalizer.name("member id", pending)
    c.ask("one that has an id and has not joined", leave(version, group, (pending, None)), version)
    c.ask("it again", leave(version, group, (pending, None)), version)
    c.ask("the member", leave(version, group, (me, None)), version)
    c.ask("again", leave(version, group, (me, None)), version)
    topic, simple = c.topic(), c.name("simple")
    c.quietly(commit(simple, [(topic, [(0, 1)])]), 9)
    c.ask("a group without members", leave(version, simple, ("m", None)), version)


@scene(LeaveGroupRequest, "3+")
def static_members(c: Conversation, version: int) -> None:
    assert version >= MANY_LEAVE
    group = c.name("g")
    me = member_of(c, group, instance="i").member_id
    for label, members in (
        ("unknown instance", [("", "j")]),
        ("another member of the instance", [("other", "i")]),
        ("its id without the instance", [(me, None)]),
        ("gone now", [(me, "i")]),
    ):
        c.ask(label, leave(version, group, *members), version)
    other = c.name("o")
    member_of(c, other, instance="i")
    several = [("", "j"), ("", "i"), ("x", None), ("", "i")]
    c.ask("several, one twice", leave(version, other, *several), version)
    c.ask("none", leave(version, other), version)

"""JoinGroup: who may come in, what must fit, and who leads."""

from __future__ import annotations

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.joining import (
    MEMBER_ID_REQUIRED,
    REBALANCE_IN_PROGRESS,
    STATIC_JOIN,
    commit,
    heartbeat,
    join,
    leave,
    member_of,
)
from kafka_codecs.messages.api_11_join_group import JoinGroupRequest


@scene(JoinGroupRequest)
def newcomers(c: Conversation, version: int) -> None:
    group = c.name("g")
    c.ask("no group at all", join(""), version)
    c.ask("a stranger in no group", join(group, "stranger"), version)
    first = c.ask("a new member", join(group), version)
    if first.error_code == MEMBER_ID_REQUIRED:
        first = c.ask("with its id", join(group, first.member_id), version)
    c.ask("a stranger", join(group, "stranger"), version)
    c.ask("the leader again", join(group, first.member_id), version)
    c.ask("with a reason", join(group, first.member_id, reason="because"), version)
    fewer = join(group, first.member_id, protocols=["roundrobin"])
    c.ask("with other protocols", fewer, version)
    c.ask("without a client id", join(c.name("h")), version, client_id=None, connection="h")
    c.ask("with an empty client id", join(c.name("i")), version, client_id="", connection="i")


@scene(JoinGroupRequest)
def what_does_not_fit(c: Conversation, version: int) -> None:
    group = c.name("g")
    c.ask("no type", join(group, protocol_type=""), version)
    c.ask("no protocols", join(group, protocols=[]), version)
    me = member_of(c, group).member_id
    for label, request in (
        ("another type", join(group, protocol_type="connect")),
        ("no protocol in common", join(group, protocols=["sticky"])),
        ("a member with another type", join(group, me, protocol_type="connect")),
        ("a member with no protocols", join(group, me, protocols=[])),
    ):
        c.ask(label, request, version, connection="other")
    for milliseconds in (5_999, 6_000, 1_800_000, 1_800_001, 0, -1):
        request = join(c.name(f"s{milliseconds}"), session_ms=milliseconds)
        c.ask(f"a session of {milliseconds} ms", request, version, connection=str(milliseconds))
    twice = join(c.name("twice"), protocols=["a", "a", "b"])
    c.ask("a protocol twice", twice, version, connection="twice")
    topic, simple = c.topic(), c.name("simple")
    c.quietly(commit(simple, [(topic, [(0, 1)])]), 9)
    c.ask("a group that only committed", join(simple), version, connection="simple")
    c.ask("a stranger in it", join(simple, "stranger"), version, connection="stranger")


@scene(JoinGroupRequest)
def subscriptions_that_cannot_be_read(c: Conversation, version: int) -> None:
    """The coordinator reads what consumers subscribe to, and trips over counts that are not true."""
    topic = b"\0\1t"
    cases = (
        ("empty", b""),
        ("a version alone", b"\0\0"),
        ("no topics", b"\0\0\0\0\0\0"),
        ("a topic", b"\0\0\0\0\0\1" + topic + b"\xff\xff\xff\xff"),
        ("no user data", b"\0\0\0\0\0\1" + topic),
        ("too many topics", b"\0\0\0\0\0\x63" + topic),
        ("one topic less than said", b"\0\0\0\0\0\2" + topic),
        ("minus one topics", b"\0\0\xff\xff\xff\xff"),
        ("a name that is too long", b"\0\0\0\0\0\1\0\x63t"),
        ("a null name", b"\0\0\0\0\0\1\xff\xff"),
        ("user data that is too long", b"\0\0\0\0\0\1" + topic + b"\0\0\0\x63"),
        ("another version", b"\0\x63\0\0\0\1" + topic),
    )
    for number, (label, metadata) in enumerate(cases):
        group = c.name(str(number))
        request = join(group)
        for protocol in request.protocols:
            protocol.metadata = metadata
        if version >= 4:
            request.member_id = c.quietly(join(group), 4).member_id
            c.normalizer.name("member id", request.member_id)
        c.ask(label, request, version, connection=label, silent_after=0.15)


@scene(JoinGroupRequest)
def two_members(c: Conversation, version: int) -> None:
    group = c.name("g")
    first = member_of(c, group).member_id
    pending = c.quietly(join(group), 5, "second").member_id
    c.normalizer.name("member id", pending)
    request = join(group, pending, protocols=["roundrobin", "range"])
    c.send(request, version, "second")
    c.until_error(REBALANCE_IN_PROGRESS, heartbeat(group, 1, first), 4)
    c.ask("the leader comes again", join(group, first), version)
    c.receive("the follower waited", request, version, "second")
    c.ask("the follower comes again", request, version, connection="second")
    c.quietly(leave(5, group, (pending, None)), 5, "third")
    c.ask("the leader, alone again", join(group, first), version)


@scene(JoinGroupRequest, "5+")
def static_members(c: Conversation, version: int) -> None:
    assert version >= STATIC_JOIN
    group = c.name("g")
    first = c.ask("a static member", join(group, instance="i"), version)
    c.ask("again with its id", join(group, first.member_id, instance="i"), version)
    c.ask("with another's id", join(group, "other", instance="i"), version)
    c.ask("another instance with its id", join(group, first.member_id, instance="j"), version)
    c.ask("a new process of the instance", join(group, instance="i"), version)
    c.ask("the old one", join(group, first.member_id, instance="i"), version)
    for label, name in (("empty", ""), ("long", "x" * 260), ("illegal", "a b/ä"), ("a dot", ".")):
        c.ask(
            f"an instance id that is {label}", join(c.name(f"n{len(name)}"), instance=name), version
        )

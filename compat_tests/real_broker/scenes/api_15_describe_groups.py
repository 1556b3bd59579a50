"""DescribeGroups: groups in every state, of every kind, and none."""

from __future__ import annotations

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.consuming import NEWEST, Consumer
from compat_tests.real_broker.scenes.joining import commit, join, leave, sync
from kafka_codecs.messages.api_15_describe_groups import DescribeGroupsRequest

JOIN, SYNC, LEAVE, COMMIT = 5, 3, 3, 9
OPERATIONS = 3


def describe(version: int, *groups: str, operations: bool = False) -> DescribeGroupsRequest:
    request = DescribeGroupsRequest(groups=list(groups))
    if version >= OPERATIONS:
        request.include_authorized_operations = operations
    return request


@scene(DescribeGroupsRequest)
def what_is_not_there(c: Conversation, version: int) -> None:
    group, topic = c.name("g"), c.topic("t")
    c.ask("nothing", describe(version), version)
    c.ask("unknown", describe(version, group), version)
    c.ask("unknown, operations", describe(version, group, operations=True), version)
    c.ask("several", describe(version, group, c.name("h"), group), version)
    one = Consumer(c, NEWEST, c.name("consumers"), "one")
    one.join("joins", topic)
    c.ask("of the consumer protocol", describe(version, c.name("consumers")), version)


@scene(DescribeGroupsRequest)
def offsets_only(c: Conversation, version: int) -> None:
    group, topic = c.name("g"), c.topic("t")
    c.ask("commit", commit(group, [(topic, [(0, 1)])]), COMMIT)
    c.ask("offsets only", describe(version, group), version)
    c.ask("operations", describe(version, group, operations=True), version)


@scene(DescribeGroupsRequest)
def from_state_to_state(c: Conversation, version: int) -> None:
    group = c.name("g")
    first = c.ask("first joins", join(group, instance="first"), JOIN, connection="first")
    c.ask("completing", describe(version, group), version)
    request = sync(
        group, first.generation_id, first.member_id, [(first.member_id, b"abc")], instance="first"
    )
    c.ask("first syncs", request, SYNC, connection="first")
    c.ask("stable", describe(version, group, operations=True), version)
    c.send(join(group, instance="second"), JOIN, "second", client_id="another")
    c.until(lambda: c.quietly(describe(6, group), 6).groups[0].group_state == "PreparingRebalance")
    c.ask("preparing", describe(version, group), version)
    again = join(group, first.member_id, instance="first")
    c.ask("first joins again", again, JOIN, connection="first")
    c.receive("second is in", again, JOIN, "second")
    c.ask("completing with two", describe(version, group), version)
    c.ask("both leave", leave(LEAVE, group, ("", "first"), ("", "second")), LEAVE)
    c.ask("empty", describe(version, group), version)


@scene(DescribeGroupsRequest)
def members_that_are_no_consumers(c: Conversation, version: int) -> None:
    group = c.name("g")
    asked = join(group, protocol_type="connect", protocols=("default",), instance="i")
    one = c.ask("joins", asked, JOIN)
    request = sync(
        group, one.generation_id, one.member_id, [(one.member_id, b"x" * 40)], instance="i"
    )
    c.ask("syncs", request, SYNC)
    c.ask("stable", describe(version, group), version)

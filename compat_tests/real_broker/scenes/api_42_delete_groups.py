"""DeleteGroups: groups that can go, and others."""

from __future__ import annotations

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.api_09_offset_fetch_consumers import fetch
from compat_tests.real_broker.scenes.consuming import LEAVE, NEWEST, Consumer
from compat_tests.real_broker.scenes.joining import commit, join
from compat_tests.real_broker.scenes.joining import leave as leave_group
from kafka_codecs.messages.api_42_delete_groups import DeleteGroupsRequest

JOIN, COMMIT, FETCH, LEAVE_GROUP = 5, 9, 9, 3


def delete(*groups: str) -> DeleteGroupsRequest:
    return DeleteGroupsRequest(groups_names=list(groups))


@scene(DeleteGroupsRequest)
def groups(c: Conversation, version: int) -> None:
    group, topic = c.name("g"), c.topic("t")
    c.ask("nothing", delete(), version)
    c.ask("unknown", delete(group), version)
    c.ask("commit", commit(group, [(topic, [(0, 1)])]), COMMIT)
    c.ask("offsets only", delete(group), version)
    c.ask("its offsets", fetch(FETCH, c, group, topic), FETCH)
    c.ask("again", delete(group), version)
    joined = c.ask("joins", join(group, instance="i"), JOIN)
    c.ask("somebody is in", delete(group), version)
    c.ask("leaves", leave_group(LEAVE_GROUP, group, (joined.member_id, "i")), LEAVE_GROUP)
    c.ask("nobody is in", delete(group), version)


@scene(DeleteGroupsRequest)
def of_the_consumer_protocol(c: Conversation, version: int) -> None:
    group, topic = c.name("g"), c.topic("t")
    one = Consumer(c, NEWEST, group, "one")
    one.join("joins", topic)
    c.ask("somebody is in", delete(group), version)
    one.leave("leaves", LEAVE)
    c.ask("nobody is in", delete(group), version)
    c.ask("again", delete(group), version)


@scene(DeleteGroupsRequest)
def several(c: Conversation, version: int) -> None:
    topic = c.topic("t")
    names = [c.name(name) for name in ("a", "b")]
    for name in names:
        c.ask(f"commit {name[-1]}", commit(name, [(topic, [(0, 1)])]), COMMIT)
    c.ask("some, twice, and none", delete(names[0], c.name("x"), names[1], names[0]), version)

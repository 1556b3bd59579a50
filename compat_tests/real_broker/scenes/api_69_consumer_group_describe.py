"""ConsumerGroupDescribe: what is not there or of another kind, and members in every state."""

from __future__ import annotations

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.consuming import NEWEST, Consumer, describe, settle, settled
from compat_tests.real_broker.scenes.joining import commit
from kafka_codecs.messages.api_69_consumer_group_describe import ConsumerGroupDescribeRequest

COMMIT = 9


@scene(ConsumerGroupDescribeRequest)
def what_is_not_there(c: Conversation, version: int) -> None:
    group, topic = c.name("g"), c.topic("t")
    c.ask("nothing", describe(), version)
    c.ask("unknown", describe(group), version)
    c.ask("empty", describe(""), version)
    c.ask("several", describe(group, "", c.name("h"), group), version)
    c.ask("commit", commit(group, [(topic, [(0, 1)])]), COMMIT)
    c.ask("a classic group", describe(group), version)
    c.ask("a classic group, operations", describe(group, operations=True), version)


@scene(ConsumerGroupDescribeRequest)
def members(c: Conversation, version: int) -> None:
    group, topic, other = c.name("g"), c.topic("t", 3), c.topic("o", 2)
    one = Consumer(c, NEWEST, group, "one")
    two = Consumer(c, NEWEST, group, "two", "instance")
    one.join("joins", topic, other, c.name("missing"), assignor="range")
    c.ask("one", describe(group, operations=True), version)
    two.join("joins", topic)
    c.ask("two, moving", describe(group), version)
    settle("settles", one, two)
    c.ask("two", describe(group), version)
    c.delete(topic)
    settled()
    c.ask("a topic is gone", describe(group), version)
    one.leave("leaves")
    c.ask("one left", describe(group), version)
    two.leave("leaves")
    c.ask("empty", describe(group), version)

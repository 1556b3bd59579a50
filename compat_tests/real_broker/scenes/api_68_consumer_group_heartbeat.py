"""ConsumerGroupHeartbeat: joining, moving partitions, epochs, leaving, and what is refused."""

from __future__ import annotations

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.altering import GROUP, altered
from compat_tests.real_broker.scenes.consuming import (
    LEAVE,
    LEAVE_FOR_A_WHILE,
    Consumer,
    beat,
    describe,
    first,
    grow,
    settle,
    settled,
)
from compat_tests.real_broker.scenes.joining import commit
from kafka_codecs.messages.api_68_consumer_group_heartbeat import ConsumerGroupHeartbeatRequest

DESCRIBE = 1


@scene(ConsumerGroupHeartbeatRequest)
def what_is_refused(c: Conversation, version: int) -> None:
    group, topic = c.name("g"), c.topic("t")
    for label, request in (
        ("no group", first("", "m", topic)),
        ("a blank group", first("  ", "m", topic)),
        ("an empty instance", first(group, "m", topic, instance="")),
        ("a blank member", first(group, " ", topic)),
        ("an empty rack", beat(group, "m", 0, topics=[topic], owned={}, timeout_ms=1, rack="")),
        ("no timeout", beat(group, "m", 0, topics=[topic], owned={})),
        ("nothing owned", beat(group, "m", 0, topics=[topic], timeout_ms=1000)),
        (
            "something owned",
            beat(group, "m", 0, topics=[topic], timeout_ms=1, owned={c.topic_ids[topic]: [0]}),
        ),
        ("no topics", beat(group, "m", 0, owned={}, timeout_ms=1000)),
        ("an unknown assignor", first(group, "m", topic, assignor="sticky")),
        ("an unknown group", beat(group, "m", 1)),
        ("leaving an unknown group", beat(group, "m", LEAVE)),
        ("leaving for a while, not static", beat(group, "m", LEAVE_FOR_A_WHILE)),
        ("epoch -3", beat(group, "m", -3)),
        ("no member, leaving", beat(group, "", LEAVE)),
        ("no member, epoch 1", beat(group, "", 1)),
    ):
        c.ask(label, request, version)
    c.ask("no group came of it", describe(group), DESCRIBE)


@scene(ConsumerGroupHeartbeatRequest)
def one_member(c: Conversation, version: int) -> None:
    group, topic = c.name("g"), c.topic("t", 3)
    one = Consumer(c, version, group, "one")
    one.join("joins", topic)
    c.ask("as it is", describe(group), DESCRIBE)
    one.beat("has it")
    c.ask("stable", describe(group), DESCRIBE)
    c.ask("short", beat(group, "one", one.epoch), version)
    c.ask(
        "full",
        beat(group, "one", one.epoch, topics=[topic], timeout_ms=9, owned=one.owned),
        version,
    )
    c.ask("joins again", first(group, "one", topic), version)
    c.ask("a rack", beat(group, "one", one.epoch, rack="r"), version)
    c.ask("greater epoch", beat(group, "one", one.epoch + 1), version)
    c.ask("smaller epoch", beat(group, "one", one.epoch - 1, owned=one.owned), version)
    c.ask("smaller epoch, nothing told", beat(group, "one", one.epoch - 1), version)
    c.ask("much smaller epoch", beat(group, "one", 1, owned={}), version)
    c.ask("unknown member", beat(group, "two", one.epoch), version)
    c.ask("unknown member leaves", beat(group, "two", LEAVE), version)
    c.ask("unknown instance leaves", beat(group, "two", LEAVE, instance="i"), version)
    one.leave("leaves")
    c.ask("empty", describe(group), DESCRIBE)
    one.leave("leaves again")
    one.join("is back", topic)


@scene(ConsumerGroupHeartbeatRequest, "0")
def the_broker_names_the_member(c: Conversation, version: int) -> None:
    topic = c.topic("t")
    c.ask("no member id", first(c.name("g"), "", topic), version)
    c.ask("described", describe(c.name("g")), DESCRIBE)


@scene(ConsumerGroupHeartbeatRequest)
def members_come_and_go(c: Conversation, version: int) -> None:
    # Which of several topics comes first is up to the hashes of their ids: so there is one.
    group, topic = c.name("g"), c.topic("t", 7)
    members = [Consumer(c, version, group, name) for name in ("one", "two", "three", "four")]
    for number, member in enumerate(members):
        member.join("joins", topic)
        settle(f"with {number + 1}", *members[: number + 1])
        c.ask(f"described with {number + 1}", describe(group), DESCRIBE)
    members[1].leave("leaves")
    c.ask("after one left", describe(group), DESCRIBE)
    rest = [members[0], *members[2:]]
    settle("without two", *rest)
    members[0].leave("leaves")
    members[3].leave("leaves")
    settle("alone", members[2])
    c.ask("described at the end", describe(group), DESCRIBE)


@scene(ConsumerGroupHeartbeatRequest)
def giving_up_partitions(c: Conversation, version: int) -> None:
    group, topic = c.name("g"), c.topic("t", 4)
    one, two = (Consumer(c, version, group, name) for name in ("one", "two"))
    one.join("joins", topic)
    had = dict(one.owned)
    two.join("joins", topic)
    two.beat("waits")
    one.beat("is told to give up", owned=None)
    kept = dict(one.owned)
    c.ask("both, in between", describe(group), DESCRIBE)
    one.beat("still has them", owned=had)
    one.beat("does not say", owned=None)
    two.beat("still waits")
    one.beat("gave them up", owned=kept)
    two.beat("gets them")
    c.ask("one, before the answer came", beat(group, "one", one.epoch - 1, owned=kept), version)
    c.ask("the same with too much", beat(group, "one", one.epoch - 1, owned=had), version)
    one.beat("goes on")
    c.ask("both, in the end", describe(group), DESCRIBE)


@scene(ConsumerGroupHeartbeatRequest)
def subscriptions_change(c: Conversation, version: int) -> None:
    group, topic, other = c.name("g"), c.topic("t", 2), c.topic("o", 2)
    missing = c.name("later")
    one, two = (Consumer(c, version, group, name) for name in ("one", "two"))
    one.join("joins", topic)
    two.join("joins", topic, other, missing)
    settle("different topics", one, two)
    c.ask("different topics", describe(group), DESCRIBE)
    one.beat("reads the other", topics=[other])
    settle("one changed", one, two)
    two.beat("reads nothing", topics=[])
    settle("two reads nothing", one, two)
    one.beat("reads what is not there", topics=[missing])
    settle("nothing there", one, two)
    c.create(missing, 2)
    settled()
    settle("it is there", one, two)
    grow(c, missing, 4)
    settle("it grew", one, two)
    c.delete(missing)
    settled()
    settle("it is gone", one, two)
    c.ask("in the end", describe(group), DESCRIBE)


@scene(ConsumerGroupHeartbeatRequest)
def static_members(c: Conversation, version: int) -> None:
    group, topic = c.name("g"), c.topic("t", 4)
    one = Consumer(c, version, group, "one", "first")
    two = Consumer(c, version, group, "two", "second")
    one.join("joins", topic)
    two.join("joins", topic)
    settle("both", one, two)
    again = Consumer(c, version, group, "again", "first")
    again.join("comes too early", topic)
    c.ask("another with the instance", beat(group, "x", 1, instance="first"), version)
    c.ask("an unknown instance", beat(group, "x", 1, instance="third"), version)
    c.ask("one without its instance", beat(group, "one", one.epoch), version)
    c.ask("another leaves for it", beat(group, "x", LEAVE, instance="first"), version)
    one.leave("goes for a while", LEAVE_FOR_A_WHILE)
    c.ask("away", describe(group), DESCRIBE)
    settle("away", two)
    again.join("comes back", topic)
    again.beat("goes on")
    one.beat("is fenced")
    c.ask("back", describe(group), DESCRIBE)
    again.leave("leaves for good")
    settle("alone", two)
    c.ask("in the end", describe(group), DESCRIBE)


@scene(ConsumerGroupHeartbeatRequest)
def range_assignor(c: Conversation, version: int) -> None:
    group, topic, other = c.name("g"), c.topic("t", 5), c.topic("o", 3)
    members = [Consumer(c, version, group, name) for name in ("c", "a", "b")]
    for member in members:
        member.join("joins", topic, other, assignor="range")
    settle("range", *members)
    static = Consumer(c, version, group, "z", "instance")
    static.join("joins", topic, assignor="range")
    settle("a static one first", *members, static)
    c.ask("range", describe(group), DESCRIBE)
    members[0].beat("wants uniform", assignor="uniform")
    members[1].beat("wants uniform", assignor="uniform")
    static.leave("leaves")
    settle("two against one", *members)
    c.ask("uniform", describe(group), DESCRIBE)


@scene(ConsumerGroupHeartbeatRequest)
def uniform_where_topics_differ(c: Conversation, version: int) -> None:
    group = c.name("g")
    topics = [c.topic(name, count) for name, count in (("t", 4), ("u", 3), ("v", 7))]
    wanted = {"a": topics[:1], "b": topics[:2], "c": topics, "d": topics[2:]}
    members = [Consumer(c, version, group, name) for name in wanted]
    for member, names in zip(members, wanted.values(), strict=True):
        member.join("joins", *names)
    settle("settles", *members)
    c.ask("balanced", describe(group), DESCRIBE)
    members[3].leave("leaves")
    settle("without d", *members[:3])
    c.ask("balanced again", describe(group), DESCRIBE)


@scene(ConsumerGroupHeartbeatRequest)
def many_members(c: Conversation, version: int) -> None:
    group, topic = c.name("g"), c.topic("t", 20)
    members = [Consumer(c, version, group, f"member-{number}") for number in range(14)]
    for member in members:
        member.join("joins", topic)
    settle("settles", *members, rounds=2)
    for member in members[3:9]:
        member.leave("leaves")
    left = members[:3] + members[9:]
    settle("with fewer", *left, rounds=2)
    c.ask("in the end", describe(group), DESCRIBE)


@scene(ConsumerGroupHeartbeatRequest, "1+")
def regular_expressions(c: Conversation, version: int) -> None:
    group = c.name("g")
    one = Consumer(c, version, group, "one")
    topics = [c.topic(name, 2) for name in ("x-a", "b", "y")]
    prefix = topics[0].removesuffix("x-a")
    expression = prefix.replace(".", "\\.") + "x-.*"
    one.join("joins", regex=expression)
    c.until(lambda: _assigned(c, one, version))
    settle("matched", one)
    c.ask("described", describe(group), DESCRIBE)
    two = Consumer(c, version, group, "two")
    two.join("joins with the same", regex=expression)
    settle("two", one, two)
    three = Consumer(c, version, group, "three")
    three.join("joins by name", topics[2])
    settle("three", one, two, three)
    one.beat("gives it up", regex="", topics=[topics[2]])
    settle("two by name", one, two, three)
    two.leave("leaves")
    settle("without the expression", one, three)
    c.ask("in the end", describe(group), DESCRIBE)


def _assigned(c: Conversation, member: Consumer, version: int) -> bool:
    answer = c.quietly(beat(member.group, member.member, member.epoch, owned={}), version, "main")
    if answer.member_epoch == member.epoch:
        return False
    member.epoch = answer.member_epoch
    member.owned = {t.topic_id: t.partitions for t in answer.assignment.topic_partitions}
    return True


@scene(ConsumerGroupHeartbeatRequest, "1+")
def expressions_that_are_none(c: Conversation, version: int) -> None:
    for number, expression in enumerate(
        (
            *(
                "[",
                "(",
                "a)",
                "*",
                "a**",
                "a++",
                "\\",
                "a\\1",
                "\\Z",
                "\\C",
                "\\x{",
                "[b-a]",
                "\\p{Foo}",
            ),
            *(
                "(?=a)",
                "(?<=a)",
                "(?#c)",
                "(?P=n)",
                "(?u)a",
                "(?<1>x",
                "(?<n>a)(?P<n>b)",
                "[[:foo:]]",
            ),
            *("a{2,1}", "a{1001}", "a{0,70000}", "a{99999999999}", "a{1,99999999999}"),
        )
    ):
        request = first(c.name(f"g{number}"), "m", regex=expression)
        c.ask(f"expression {expression}", request, version)
    for number, expression in enumerate(
        (
            "(?<n>x)",
            "\\pL+",
            "[[:alpha:]]*",
            "\\Qa{99999999999}\\E",
            "[a{99999999999}]",
            "a{1000}",
            "a{,3}",
        )
    ):
        request = first(c.name(f"r{number}"), "m", regex=expression)
        c.ask(f"one that is one, {expression}", request, version)
    c.ask("an empty one", first(c.name("g"), "m", regex=""), version)
    c.ask("described", describe(c.name("g")), DESCRIBE)


@scene(ConsumerGroupHeartbeatRequest)
def a_group_that_only_holds_offsets(c: Conversation, version: int) -> None:
    group, topic = c.name("g"), c.topic("t")
    c.ask("commit", commit(group, [(topic, [(0, 7)])]), 9)
    c.ask("not of the consumer protocol", describe(group), DESCRIBE)
    c.ask("not yet", beat(group, "one", 1), version)
    one = Consumer(c, version, group, "one")
    one.join("joins", topic)
    c.ask("described", describe(group), DESCRIBE)
    c.ask("commit by nobody", commit(group, [(topic, [(0, 8)])]), 9)


@scene(ConsumerGroupHeartbeatRequest)
def configurations_of_the_group(c: Conversation, version: int) -> None:
    group, topic = c.name("g"), c.topic("t")
    heartbeat = "consumer.heartbeat.interval.ms"
    altered(c, (GROUP, group, {heartbeat: "5001"}))
    one = Consumer(c, version, group, "one")
    one.join("joins a group that has its own", topic)
    altered(c, (GROUP, group, {heartbeat: "5002"}))
    c.ask("another one", beat(group, "one", one.epoch), version)
    altered(c, (GROUP, group, {}))
    c.ask("the broker's", beat(group, "one", one.epoch), version)
    one.leave("leaves")

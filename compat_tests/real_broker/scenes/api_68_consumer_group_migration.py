"""ConsumerGroupHeartbeat beside members of the classic protocol: from one to the other and back."""

from __future__ import annotations

import struct
from typing import Any

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.consuming import Consumer, beat, describe, first, settle
from compat_tests.real_broker.scenes.joining import heartbeat, leave, sync
from kafka_codecs.consumer_protocol import (
    ConsumerProtocolAssignment,
    ConsumerProtocolSubscription,
    TopicPartition,
    encode_assignment,
)
from kafka_codecs.messages.api_11_join_group import JoinGroupRequest, JoinGroupRequestProtocol
from kafka_codecs.messages.api_68_consumer_group_heartbeat import ConsumerGroupHeartbeatRequest

JOIN, SYNC, HEARTBEAT, LEAVE, DESCRIBE = 9, 5, 4, 5, 1
SUBSCRIPTION = 3


class ClassicMember:
    """A consumer of the classic protocol: it joins, syncs, and leads when it is told to."""

    def __init__(
        self, c: Conversation, group: str, name: str, topics: list[str], instance: str | None = None
    ) -> None:
        self._c = c
        self._group = group
        self._name = name
        self._topics = topics
        self._instance = instance
        self.member = ""
        self.generation = -1

    def _join(
        self, owned: dict[str, list[int]], protocols: tuple[str, ...] = ("range",)
    ) -> JoinGroupRequest:
        subscription = ConsumerProtocolSubscription(
            topics=self._topics,
            owned_partitions=[TopicPartition(topic=t, partitions=p) for t, p in owned.items()],
            generation_id=self.generation,
        )
        metadata = struct.pack(">h", SUBSCRIPTION) + subscription.encode(SUBSCRIPTION)
        return JoinGroupRequest(
            group_id=self._group,
            session_timeout_ms=30_000,
            rebalance_timeout_ms=60_000,
            member_id=self.member,
            group_instance_id=self._instance,
            protocol_type="consumer",
            protocols=[JoinGroupRequestProtocol(name=n, metadata=metadata) for n in protocols],
        )

    def join(self, label: str, owned: dict[str, list[int]] | None = None) -> Any:
        """Join, with the member id it is given first if it has none."""
        request = self._join(owned or {})
        answer = self._c.ask(f"{self._name} {label}", request, JOIN, connection=self._name)
        if answer.error_code == 79:
            self.member = answer.member_id
            again = self._join(owned or {})
            answer = self._c.ask(
                f"{self._name} {label}, with its id", again, JOIN, connection=self._name
            )
        if not answer.error_code:
            self.member, self.generation = answer.member_id, answer.generation_id
        return answer

    def refused(self, label: str, *protocols: str) -> None:
        """Join with other protocols."""
        self._c.ask(f"{self._name} {label}", self._join({}, protocols), JOIN)

    def sync(self, label: str, partitions: dict[str, list[int]] | None = None, **more: Any) -> None:
        """Ask for the assignment; a leader makes its own."""
        given = []
        if partitions is not None:
            assignment = ConsumerProtocolAssignment(
                assigned_partitions=[
                    TopicPartition(topic=topic, partitions=found)
                    for topic, found in partitions.items()
                ]
            )
            given = [(self.member, encode_assignment(assignment, SUBSCRIPTION))]
        more.setdefault("instance", self._instance)
        request = sync(self._group, self.generation, self.member, given, **more)
        self._c.ask(f"{self._name} {label}", request, SYNC, connection=self._name)

    def beat(self, label: str, generation: int | None = None) -> None:
        """Send a heartbeat."""
        number = self.generation if generation is None else generation
        request = heartbeat(self._group, number, self.member, self._instance)
        self._c.ask(f"{self._name} {label}", request, HEARTBEAT, connection=self._name)

    def leave(self, label: str) -> None:
        """Leave the group."""
        request = leave(LEAVE, self._group, (self.member, self._instance))
        self._c.ask(f"{self._name} {label}", request, LEAVE, connection=self._name)


@scene(ConsumerGroupHeartbeatRequest)
def from_classic_and_back(c: Conversation, version: int) -> None:
    group, topic = c.name("g"), c.topic("t", 4)
    old = ClassicMember(c, group, "old", [topic])
    old.join("joins")
    old.sync("has all", {topic: [0, 1, 2, 3]})
    new = Consumer(c, version, group, "new")
    new.join("joins", topic)
    c.ask("mixed", describe(group), DESCRIBE)
    old.beat("is to join again")
    old.beat("has another generation", 77)
    old.sync("asks again")
    old.join("joins again", {topic: [0, 1, 2, 3]})
    old.sync("has less")
    old.beat("still has to give up")
    old.join("gave up", {topic: [0, 1]})
    old.sync("has half")
    old.beat("is well")
    settle("gets the rest", new)
    c.ask("both have what they are to have", describe(group), DESCRIBE)
    c.ask("old, as if it were new", beat(group, old.member, old.generation), version)
    old.refused("with another protocol", "roundrobin")
    new.leave("leaves")
    c.ask("not of the consumer protocol any more", describe(group), DESCRIBE)
    old.beat("is to join a last time")
    old.join("joins a last time")
    old.sync("leads again", {topic: [0, 1, 2, 3]})
    old.leave("leaves")


@scene(ConsumerGroupHeartbeatRequest)
def a_classic_member_comes_later(c: Conversation, version: int) -> None:
    group, topic = c.name("g"), c.topic("t", 4)
    new = Consumer(c, version, group, "new")
    new.join("joins", topic)
    old = ClassicMember(c, group, "old", [topic])
    old.join("joins")
    old.sync("has nothing yet")
    old.beat("waits")
    settle("gives up", new)
    old.beat("may have more")
    old.join("joins again")
    old.sync("has half")
    old.sync("with another protocol", protocol="roundrobin")
    old.sync("with another type", protocol_type="connect")
    old.beat("is well")
    c.ask("mixed", describe(group), DESCRIBE)
    other = ClassicMember(c, group, "other", [topic])
    other.refused("has nothing in common", "roundrobin", "sticky")
    old.leave("leaves")
    settle("has all again", new)
    c.ask("new as if it were old", heartbeat(group, new.epoch, "new"), HEARTBEAT)
    c.ask("new leaves the old way", leave(LEAVE, group, ("new", None)), LEAVE)
    old.member = ""
    old.join("joins the empty group")
    c.ask("of the classic protocol", describe(group), DESCRIBE)
    old.sync("has all", {topic: [0, 1, 2, 3]})
    old.leave("leaves again")


@scene(ConsumerGroupHeartbeatRequest)
def static_members_change_their_protocol(c: Conversation, version: int) -> None:
    group, topic = c.name("g"), c.topic("t", 4)
    old = ClassicMember(c, group, "old", [topic], "instance")
    old.join("joins")
    old.sync("has all", {topic: [0, 1, 2, 3]})
    new = Consumer(c, version, group, "new", "instance")
    new.join("takes its place", topic)
    new.beat("goes on")
    old.beat("is fenced")
    c.ask("described", describe(group), DESCRIBE)
    old.member, old.generation = "", -1
    old.join("takes it back")
    c.ask("classic again", describe(group), DESCRIBE)
    old.sync("has all again", {topic: [0, 1, 2, 3]})
    new.beat("is fenced")


@scene(ConsumerGroupHeartbeatRequest)
def groups_that_cannot_change(c: Conversation, version: int) -> None:
    topic = c.topic("t")
    request = JoinGroupRequest(
        group_id=c.name("connect"),
        session_timeout_ms=30_000,
        rebalance_timeout_ms=60_000,
        member_id="",
        protocol_type="connect",
        protocols=[JoinGroupRequestProtocol(name="x", metadata=b"")],
    )
    c.ask("a worker", request, 3)
    c.ask("not of consumers", first(c.name("connect"), "m", topic), version)
    request.group_id, request.protocol_type = c.name("malformed"), "consumer"
    c.ask("a member that cannot be read", request, 3)
    c.ask("malformed", first(c.name("malformed"), "m", topic), version)

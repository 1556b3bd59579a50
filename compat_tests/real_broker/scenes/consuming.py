"""Members of groups of the consumer protocol, for the scenes of their APIs (KIP-848)."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from compat_tests.real_broker.conversation import Conversation
from kafka_codecs.messages.api_37_create_partitions import (
    CreatePartitionsRequest,
    CreatePartitionsTopic,
)
from kafka_codecs.messages.api_68_consumer_group_heartbeat import (
    ConsumerGroupHeartbeatRequest,
    OwnedTopicPartitions,
)
from kafka_codecs.messages.api_69_consumer_group_describe import ConsumerGroupDescribeRequest

NEWEST = 1
LEAVE, LEAVE_FOR_A_WHILE = -1, -2
REGEX = 1  # the first version with regular expressions

Owned = Mapping[UUID, Sequence[int]]


def beat(
    group: str,
    member: str,
    epoch: int,
    *,
    topics: Sequence[str] | None = None,
    regex: str | None = None,
    owned: Owned | None = None,
    instance: str | None = None,
    rack: str | None = None,
    timeout_ms: int = -1,
    assignor: str | None = None,
) -> ConsumerGroupHeartbeatRequest:
    """A heartbeat; what is left out is what did not change."""
    return ConsumerGroupHeartbeatRequest(
        group_id=group,
        member_id=member,
        member_epoch=epoch,
        instance_id=instance,
        rack_id=rack,
        rebalance_timeout_ms=timeout_ms,
        subscribed_topic_names=None if topics is None else list(topics),
        subscribed_topic_regex=regex,
        server_assignor=assignor,
        topic_partitions=None
        if owned is None
        else [
            OwnedTopicPartitions(topic_id=topic_id, partitions=list(partitions))
            for topic_id, partitions in owned.items()
        ],
    )


def first(
    group: str,
    member: str,
    *topics: str,
    regex: str | None = None,
    instance: str | None = None,
    assignor: str | None = None,
    timeout_ms: int = 60_000,
) -> ConsumerGroupHeartbeatRequest:
    """The heartbeat that joins."""
    return beat(
        group,
        member,
        0,
        topics=None if regex is not None and not topics else topics,
        regex=regex,
        owned={},
        instance=instance,
        timeout_ms=timeout_ms,
        assignor=assignor,
    )


class Consumer:
    """A member that keeps what it is told, and gives up what it is to give up."""

    def __init__(
        self, c: Conversation, version: int, group: str, member: str, instance: str | None = None
    ) -> None:
        self._c = c
        self._version = version
        self.group = group
        self.member = member
        self._instance = instance
        self.epoch = 0
        self.owned: dict[UUID, list[int]] = {}

    def join(self, label: str, *topics: str, **more: Any) -> None:
        """Join the group."""
        request = first(self.group, self.member, *topics, instance=self._instance, **more)
        self._take(self._c.ask(f"{self.member} {label}", request, self._version))

    def beat(self, label: str, **more: Any) -> None:
        """Say what the member has, as it does after it was told anything."""
        more.setdefault("owned", self.owned)
        request = beat(self.group, self.member, self.epoch, instance=self._instance, **more)
        self._take(self._c.ask(f"{self.member} {label}", request, self._version))

    def leave(self, label: str, epoch: int = LEAVE) -> None:
        """Leave the group."""
        request = beat(self.group, self.member, epoch, instance=self._instance)
        self._c.ask(f"{self.member} {label}", request, self._version)

    def _take(self, answer: Any) -> None:
        if answer.error_code:
            return
        self.epoch = answer.member_epoch
        if answer.assignment is not None:
            self.owned = {t.topic_id: t.partitions for t in answer.assignment.topic_partitions}


def settle(label: str, *members: Consumer, rounds: int = 3) -> None:
    """Let members send heartbeats in turn until they have what they are to have."""
    for number in range(rounds):
        for member in members:
            member.beat(f"{label}, round {number + 1}")


def describe(*groups: str, operations: bool = False) -> ConsumerGroupDescribeRequest:
    return ConsumerGroupDescribeRequest(
        group_ids=list(groups), include_authorized_operations=operations
    )


def grow(c: Conversation, topic: str, partitions: int) -> None:
    """Give a topic more partitions, and wait until the group coordinator can know."""
    asked = CreatePartitionsTopic(name=topic, count=partitions, assignments=None)
    request = CreatePartitionsRequest(topics=[asked], timeout_ms=10_000, validate_only=False)
    c.quietly(request, 3)
    c.wait_for(topic, partitions)
    settled()


def settled() -> None:
    """Give the real group coordinator a moment to hear of topics: it cannot be asked whether it did."""
    time.sleep(0.1)

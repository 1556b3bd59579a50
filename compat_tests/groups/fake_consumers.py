"""Members of groups of the consumer protocol that own partitions as real consumers do (KIP-848)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from compat_tests.groups.fake_clients import REBALANCE_MS, FakeBroker
from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_68_consumer_group_heartbeat import (
    ConsumerGroupHeartbeatRequest,
    OwnedTopicPartitions,
)
from kafka_codecs.messages.api_69_consumer_group_describe import ConsumerGroupDescribeRequest

VERSION = 1
DEFAULTS = {"group.consumer.assignment.interval.ms": "0"}
LEAVE, LEAVE_FOR_A_WHILE = -1, -2


class FakeConsumer:
    """A member; `owned` are the partitions it would read now."""

    def __init__(
        self,
        broker: FakeBroker,
        member_id: str,
        *topics: str,
        group: str = "group",
        regex: str | None = None,
        instance: str | None = None,
    ) -> None:
        self.broker = broker
        self.member_id = member_id
        self._topics = list(topics) or None
        self._group = group
        self._regex = regex
        self._instance = instance
        self.epoch = 0
        self.owned: set[tuple[UUID, int]] = set()
        self._told: set[tuple[UUID, int]] | None = None

    def join(self) -> Any:
        """Send the first heartbeat, with nothing owned."""
        self.epoch, self.owned, self._told = 0, set(), None
        return self.beat(full=True)

    def beat(self, *, full: bool = False, give_up: bool = True) -> Any:
        """Send a heartbeat and do what it says; without ``give_up`` go on reading what is revoked."""
        if self._told is not None and give_up:
            self.owned = set(self._told)
        request = ConsumerGroupHeartbeatRequest(
            group_id=self._group,
            member_id=self.member_id,
            member_epoch=self.epoch,
            instance_id=self._instance,
            rebalance_timeout_ms=REBALANCE_MS if full else -1,
            subscribed_topic_names=self._topics if full else None,
            subscribed_topic_regex=self._regex if full else None,
            topic_partitions=[
                OwnedTopicPartitions(
                    topic_id=topic_id,
                    partitions=sorted(p for owner, p in self.owned if owner == topic_id),
                )
                for topic_id in {topic_id for topic_id, _ in self.owned}
            ],
        )
        answer = self.broker.ask(request, VERSION)
        if answer.error_code in (ErrorCode.FENCED_MEMBER_EPOCH, ErrorCode.UNKNOWN_MEMBER_ID):
            self.owned = set()
        if not answer.error_code:
            self.epoch = answer.member_epoch
            if answer.assignment is not None:
                self._told = {
                    (topic.topic_id, partition)
                    for topic in answer.assignment.topic_partitions
                    for partition in topic.partitions
                }
                if give_up:
                    # A consumer stops reading what was revoked before it reads what is new.
                    self.owned = set(self._told)
        return answer

    def leave(self, epoch: int = LEAVE) -> int:
        """Leave; gives the error code."""
        request = ConsumerGroupHeartbeatRequest(
            group_id=self._group,
            member_id=self.member_id,
            member_epoch=epoch,
            instance_id=self._instance,
        )
        self.owned = set()
        error: int = self.broker.ask(request, VERSION).error_code
        return error

    @property
    def partitions(self) -> list[int]:
        """The partitions it owns, of whatever topic."""
        return sorted(partition for _, partition in self.owned)


def described(broker: FakeBroker, group: str = "group") -> Any:
    """What ConsumerGroupDescribe says."""
    request = ConsumerGroupDescribeRequest(group_ids=[group], include_authorized_operations=False)
    return broker.ask(request, VERSION).groups[0]


def settle(*members: FakeConsumer, rounds: int = 4) -> None:
    """Let all send heartbeats until they have what they are to have; who was fenced joins again."""
    for _ in range(rounds):
        for member in members:
            if member.beat().error_code:
                member.join()

"""Groups of the consumer protocol over time: sessions, rebalance timeouts, the pace of assignments."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from compat_tests.groups.fake_clients import REBALANCE_MS, FakeBroker
from compat_tests.groups.fake_consumers import (
    DEFAULTS,
    LEAVE_FOR_A_WHILE,
    FakeConsumer,
    described,
    settle,
)
from kafka_codecs.errors import ErrorCode

SESSION_MS = 45_000


@pytest.fixture
def broker() -> Iterator[FakeBroker]:
    fake = FakeBroker(DEFAULTS)
    fake.broker.cluster.create_topic_with_defaults("topic")
    fake.broker.cluster.add_partitions(fake.broker.topics["topic"], [[1], [1], [1]])
    yield fake
    fake.broker.cluster.close()


def test_heartbeats_keep_a_session(broker: FakeBroker) -> None:
    one = FakeConsumer(broker, "one", "topic")
    one.join()
    for _ in range(3):
        broker.clock.advance(SESSION_MS - 1)
        assert one.beat().error_code == ErrorCode.NONE
    broker.clock.advance(SESSION_MS)
    assert one.beat().error_code == ErrorCode.UNKNOWN_MEMBER_ID
    assert described(broker).group_state == "Empty"


def test_who_is_gone_leaves_its_partitions_to_the_others(broker: FakeBroker) -> None:
    one, two = FakeConsumer(broker, "one", "topic"), FakeConsumer(broker, "two", "topic")
    one.join()
    two.join()
    settle(one, two)
    assert (len(one.owned), len(two.owned)) == (2, 2)
    broker.clock.advance(SESSION_MS / 2)
    settle(one)
    broker.clock.advance(SESSION_MS / 2)
    settle(one)
    assert one.partitions == [0, 1, 2, 3]
    assert two.beat().error_code == ErrorCode.UNKNOWN_MEMBER_ID


def test_who_does_not_give_up_in_time_is_fenced(broker: FakeBroker) -> None:
    one, two = FakeConsumer(broker, "one", "topic"), FakeConsumer(broker, "two", "topic")
    one.join()
    two.join()
    for _ in range(int(REBALANCE_MS / 10_000) - 1):
        broker.clock.advance(10_000)
        assert one.beat(give_up=False).error_code == ErrorCode.NONE
        two.beat()
        assert not two.owned
    broker.clock.advance(10_001)
    two.beat()
    # Not yet: the time began with the heartbeat that told it to.
    assert one.beat(give_up=False).error_code == ErrorCode.NONE
    broker.clock.advance(10_000)
    assert one.beat(give_up=False).error_code == ErrorCode.UNKNOWN_MEMBER_ID
    settle(two)
    assert two.partitions == [0, 1, 2, 3]


def test_a_static_member_that_is_back_in_time_keeps_its_place(broker: FakeBroker) -> None:
    one = FakeConsumer(broker, "one", "topic", instance="first")
    two = FakeConsumer(broker, "two", "topic", instance="second")
    one.join()
    two.join()
    settle(one, two)
    had, epoch = one.partitions, described(broker).group_epoch
    assert one.leave(LEAVE_FOR_A_WHILE) == ErrorCode.NONE
    broker.clock.advance(SESSION_MS - 1000)
    settle(two)
    again = FakeConsumer(broker, "again", "topic", instance="first")
    assert again.join().error_code == ErrorCode.NONE
    assert (again.partitions, described(broker).group_epoch) == (had, epoch)

    again.leave(LEAVE_FOR_A_WHILE)
    broker.clock.advance(SESSION_MS / 2)
    settle(two)
    broker.clock.advance(SESSION_MS / 2)
    settle(two)
    assert two.partitions == [0, 1, 2, 3]


def test_assignments_keep_their_distance() -> None:
    """By default there is a second between two assignments of a group (KIP-1263)."""
    broker = FakeBroker()
    broker.broker.cluster.create_topic_with_defaults("topic")
    broker.broker.cluster.add_partitions(broker.broker.topics["topic"], [[1], [1], [1]])
    one, two = FakeConsumer(broker, "one", "topic"), FakeConsumer(broker, "two", "topic")
    one.join()
    two.join()
    assert described(broker).group_state == "Assigning"
    settle(one, two)
    assert one.partitions == [0, 1, 2, 3]
    broker.clock.advance(999)
    settle(one, two)
    assert one.partitions == [0, 1, 2, 3]
    broker.clock.advance(1)
    settle(one, two)
    assert (len(one.owned), len(two.owned)) == (2, 2)
    broker.broker.cluster.close()


def test_a_full_group_takes_nobody_more() -> None:
    broker = FakeBroker({**DEFAULTS, "group.consumer.max.size": "2"})
    for name in ("one", "two"):
        assert FakeConsumer(broker, name, "topic").join().error_code == ErrorCode.NONE
    refused = FakeConsumer(broker, "three", "topic").join()
    assert refused.error_code == ErrorCode.GROUP_MAX_SIZE_REACHED
    assert refused.error_message == (
        "The consumer group has reached its maximum capacity of 2 members."
    )
    assert FakeConsumer(broker, "two", "topic").join().error_code == ErrorCode.NONE
    broker.broker.cluster.close()


def test_new_topics_are_matched_after_a_while(broker: FakeBroker) -> None:
    """Expressions are matched again when there are new topics, but not more often than every 10 s."""
    one = FakeConsumer(broker, "one", regex="top.*")
    one.join()
    settle(one)
    assert len(one.owned) == 4
    broker.broker.cluster.create_topic_with_defaults("topaz")
    settle(one)
    assert len(one.owned) == 4
    broker.clock.advance(10_001)
    settle(one)
    assert len(one.owned) == 5


def test_a_broker_without_the_protocol_says_so() -> None:
    broker = FakeBroker({"group.coordinator.rebalance.protocols": "classic"})
    answer = FakeConsumer(broker, "one", "topic").join()
    assert answer.error_code == ErrorCode.UNSUPPORTED_VERSION
    assert described(broker).error_code == ErrorCode.UNSUPPORTED_VERSION
    broker.broker.cluster.close()


def test_an_empty_group_is_forgotten_when_it_has_no_offsets(broker: FakeBroker) -> None:
    members = [FakeConsumer(broker, name, "topic") for name in ("one", "two", "three")]
    for member in members:
        member.join()
    settle(*members)
    broker.broker.groups.expire()
    assert described(broker).group_state == "Stable"
    for member in members:
        assert member.leave() == ErrorCode.NONE
    assert described(broker).group_state == "Empty"
    broker.broker.groups.expire()
    assert described(broker).error_code == ErrorCode.GROUP_ID_NOT_FOUND


@pytest.mark.timeout(10)
def test_no_expression_holds_up_the_broker() -> None:
    """One that makes others try every way to divide a name."""
    broker = FakeBroker(DEFAULTS)
    broker.broker.cluster.create_topic_with_defaults("a" * 249)
    FakeConsumer(broker, "one", regex="(a+)+b").join()
    found = FakeConsumer(broker, "two", regex="(a+)+", group="other")
    found.join()
    found.beat()
    assert found.partitions == [0]

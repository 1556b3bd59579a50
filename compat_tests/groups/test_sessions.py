"""Heartbeats, sessions that are over, connections that die, and a broker that closes."""

from __future__ import annotations

import pytest

from compat_tests.groups.fake_clients import SESSION_MS, FakeBroker, FakeMember, stable_group
from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_12_heartbeat import HeartbeatRequest
from kafkashim.groups.rebalance import NEW_MEMBER_JOIN_TIMEOUT_MS


def test_heartbeats_keep_a_session(broker: FakeBroker) -> None:
    (member,) = stable_group(broker, 1)
    for _ in range(5):
        broker.clock.advance(SESSION_MS - 1)
        assert member.heartbeat() == ErrorCode.NONE
    broker.clock.advance(SESSION_MS)
    assert member.heartbeat() == ErrorCode.UNKNOWN_MEMBER_ID


def test_commits_keep_a_session(broker: FakeBroker) -> None:
    broker.broker.cluster.create_topic_with_defaults("topic")
    (member,) = stable_group(broker, 1)
    for _ in range(3):
        broker.clock.advance(SESSION_MS - 1)
        assert member.commit("topic", 1) == ErrorCode.NONE


def test_a_session_that_is_over_starts_a_rebalance(broker: FakeBroker) -> None:
    first, second = stable_group(broker, 2)
    broker.clock.advance(SESSION_MS / 2)
    assert first.heartbeat() == ErrorCode.NONE
    broker.clock.advance(SESSION_MS / 2)
    assert first.heartbeat() == ErrorCode.REBALANCE_IN_PROGRESS
    assert first.join().generation_id == 3
    assert second.heartbeat() == ErrorCode.UNKNOWN_MEMBER_ID


@pytest.mark.parametrize("version", range(5))
def test_heartbeats_that_are_refused(broker: FakeBroker, version: int) -> None:
    (member,) = stable_group(broker, 1)

    def error(group: str, generation: int, member_id: str) -> int:
        request = HeartbeatRequest(group_id=group, generation_id=generation, member_id=member_id)
        found: int = broker.ask(request, version).error_code
        return found

    assert error("", 1, member.member_id) == ErrorCode.INVALID_GROUP_ID
    assert error("other", 1, member.member_id) == ErrorCode.UNKNOWN_MEMBER_ID
    assert error("group", 1, "nobody") == ErrorCode.UNKNOWN_MEMBER_ID
    assert error("group", 2, member.member_id) == ErrorCode.ILLEGAL_GENERATION
    assert error("group", 1, member.member_id) == ErrorCode.NONE


def test_a_joining_member_whose_connection_died_is_in_the_group_until_its_session_is_over(
    broker: FakeBroker,
) -> None:
    """Apache Kafka does not read a connection while it waits, and so does not see it die."""
    (first,) = stable_group(broker, 1)
    second = FakeMember(broker)
    joining = second.begin_join()
    assert joining.parked is not None
    joining.parked.cancel()
    assert len(first.join().members) == 2
    assert joining.waits
    first.sync()
    broker.clock.advance(SESSION_MS / 2)
    assert first.heartbeat() == ErrorCode.NONE
    broker.clock.advance(SESSION_MS / 2)
    assert first.heartbeat() == ErrorCode.REBALANCE_IN_PROGRESS
    assert len(first.join().members) == 1


def test_a_new_member_does_not_wait_for_ever(broker: FakeBroker) -> None:
    (first,) = stable_group(broker, 1, rebalance_ms=2 * NEW_MEMBER_JOIN_TIMEOUT_MS)
    joining = FakeMember(broker).begin_join()
    for _ in range(NEW_MEMBER_JOIN_TIMEOUT_MS // 10_000):
        assert joining.waits
        broker.clock.advance(10_000)
        assert first.heartbeat() == ErrorCode.REBALANCE_IN_PROGRESS
    assert joining.response.error_code == ErrorCode.UNKNOWN_MEMBER_ID


def test_a_syncing_member_whose_connection_died_does_not_hold_up_the_others(
    broker: FakeBroker,
) -> None:
    first, second = stable_group(broker, 2)
    first.begin_join()
    second.join()
    first.joined()
    syncing = second.sync()
    assert syncing.parked is not None
    syncing.parked.cancel()
    assert first.sync({first.member_id: b"1"}).response.assignment == b"1"
    assert syncing.waits


def test_the_later_of_two_joins_of_a_member_is_answered(broker: FakeBroker) -> None:
    first, second = stable_group(broker, 2)
    FakeMember(broker).begin_join()
    earlier = second.begin_join()
    later = second.begin_join()
    first.begin_join()
    assert earlier.waits
    assert later.response.generation_id == 3


def test_closing_the_broker_leaves_no_timer(broker: FakeBroker) -> None:
    first, _ = stable_group(broker, 2)
    joining = FakeMember(broker).begin_join()
    FakeMember(broker).request_join()
    broker.broker.cluster.close()
    broker.clock.advance(10 * NEW_MEMBER_JOIN_TIMEOUT_MS)
    assert joining.waits
    assert first.member_id in broker.broker.groups.groups["group"].members

"""Members with an instance id, which come back as who they were (KIP-345, KIP-814)."""

from __future__ import annotations

import pytest

from compat_tests.groups.fake_clients import SESSION_MS, FakeBroker, FakeMember
from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_13_leave_group import LeaveGroupRequest, MemberIdentity


def static_pair(broker: FakeBroker, version: int = 9) -> tuple[FakeMember, FakeMember]:
    first = FakeMember(broker, instance="one", version=version)
    second = FakeMember(broker, instance="two", version=version)
    first.join()
    second.begin_join()
    first.join()
    second.joined()
    first.sync({first.member_id: b"1", second.member_id: b"2"})
    second.sync()
    return first, second


def restarted(member: FakeMember) -> FakeMember:
    return FakeMember(member.broker, instance=member.instance, version=member.version)


@pytest.mark.parametrize("version", range(5, 10))
def test_a_static_member_joins_at_once_under_its_instance_id(
    broker: FakeBroker, version: int
) -> None:
    member = FakeMember(broker, instance="one", version=version)
    response = member.request_join().response
    assert response.error_code == ErrorCode.NONE
    assert response.member_id.startswith("one-")
    assert [m.group_instance_id for m in response.members] == ["one"]


@pytest.mark.parametrize("version", [5, 8, 9])
def test_a_follower_that_restarts_keeps_its_assignment(broker: FakeBroker, version: int) -> None:
    first, second = static_pair(broker, version)
    again = restarted(second)
    response = again.join()
    assert (response.generation_id, response.leader) == (2, first.member_id)
    assert response.member_id != second.member_id
    assert (response.skip_assignment, response.members) == (False, [])
    assert again.sync().response.assignment == b"2"
    assert first.heartbeat() == ErrorCode.NONE


def test_a_leader_that_restarts_is_told_to_skip_the_assignment(broker: FakeBroker) -> None:
    first, second = static_pair(broker, 9)
    again = restarted(first)
    response = again.join()
    assert response.generation_id == 2
    assert response.leader == response.member_id
    assert response.skip_assignment
    assert {m.member_id for m in response.members} == {again.member_id, second.member_id}
    assert again.sync().response.assignment == b"1"


def test_before_version_9_a_leader_that_restarts_is_told_that_it_follows(
    broker: FakeBroker,
) -> None:
    first, _ = static_pair(broker, 8)
    response = restarted(first).join()
    assert response.leader == first.member_id != response.member_id
    assert response.members == []


def test_the_old_member_id_is_fenced(broker: FakeBroker) -> None:
    broker.broker.cluster.create_topic_with_defaults("topic")
    _, second = static_pair(broker)
    again = restarted(second)
    again.join()
    assert second.heartbeat() == ErrorCode.FENCED_INSTANCE_ID
    assert second.sync().response.error_code == ErrorCode.FENCED_INSTANCE_ID
    assert second.request_join().response.error_code == ErrorCode.FENCED_INSTANCE_ID
    assert second.commit("topic", 1) == ErrorCode.FENCED_INSTANCE_ID
    request = LeaveGroupRequest(
        group_id="group",
        members=[MemberIdentity(member_id=second.member_id, group_instance_id="two")],
    )
    left = broker.ask(request, 4).members[0]
    assert (left.group_instance_id, left.error_code) == ("two", ErrorCode.FENCED_INSTANCE_ID)
    assert again.heartbeat() == ErrorCode.NONE
    # The old id without the instance id is just unknown.
    second.instance = None
    assert second.heartbeat() == ErrorCode.UNKNOWN_MEMBER_ID


def test_the_join_that_waits_under_the_old_member_id_is_fenced(broker: FakeBroker) -> None:
    first, second = static_pair(broker)
    first.begin_join()
    second.joining = second.request_join()
    third = FakeMember(broker, instance="three")
    waiting = third.begin_join()
    first.joining = first.request_join()
    taking_over = restarted(third)
    taking_over.begin_join()
    assert waiting.response.error_code == ErrorCode.FENCED_INSTANCE_ID


def test_a_restart_during_the_assignment_starts_a_rebalance(broker: FakeBroker) -> None:
    first, second = static_pair(broker)
    first.begin_join()
    second.join()
    first.joined()
    syncing = second.sync()
    assert syncing.waits
    again = restarted(second)
    assert again.begin_join().waits
    assert syncing.response.error_code == ErrorCode.FENCED_INSTANCE_ID
    assert first.heartbeat() == ErrorCode.REBALANCE_IN_PROGRESS
    assert first.join().generation_id == again.joined().generation_id == 4


def test_a_restart_with_another_choice_of_protocol_starts_a_rebalance(broker: FakeBroker) -> None:
    both = ("range", "roundrobin")
    first = FakeMember(broker, instance="one", protocols=both)
    first.join()
    first.sync()
    again = FakeMember(broker, instance="one", protocols=("roundrobin",))
    response = again.join()
    assert (response.generation_id, response.protocol_name) == (2, "roundrobin")


def test_static_members_may_miss_a_rebalance(broker: FakeBroker) -> None:
    first, second = static_pair(broker)
    third = FakeMember(broker, instance="three", rebalance_ms=1_000)
    first.rebalance_ms = second.rebalance_ms = 1_000
    third.begin_join()
    first.begin_join()
    broker.clock.advance(SESSION_MS - 1)
    assert third.joining is not None
    assert third.joining.waits, "the second member's rebalance timeout is the longest"
    broker.clock.advance(1)
    assert first.joined().generation_id == third.joined().generation_id == 3
    assert second.heartbeat() == ErrorCode.UNKNOWN_MEMBER_ID


def test_static_members_are_removed_by_their_instance_ids(broker: FakeBroker) -> None:
    first, second = static_pair(broker)
    request = LeaveGroupRequest(
        group_id="group",
        members=[
            MemberIdentity(member_id="", group_instance_id="two"),
            MemberIdentity(member_id="", group_instance_id="nobody"),
            MemberIdentity(member_id="", group_instance_id=None),
        ],
    )
    errors = [m.error_code for m in broker.ask(request, 5).members]
    assert errors == [ErrorCode.NONE, ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.UNKNOWN_MEMBER_ID]
    assert second.heartbeat() == ErrorCode.UNKNOWN_MEMBER_ID
    assert first.heartbeat() == ErrorCode.REBALANCE_IN_PROGRESS

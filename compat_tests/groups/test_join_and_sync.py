"""Joining, generations, assignments; the cases of ``GroupMetadataManagerTest`` by other names."""

from __future__ import annotations

import pytest

from compat_tests.groups.fake_clients import (
    REBALANCE_MS,
    SESSION_MS,
    FakeBroker,
    FakeMember,
    stable_group,
)
from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_11_join_group import JoinGroupRequest
from kafka_codecs.messages.api_13_leave_group import LeaveGroupRequest, MemberIdentity
from kafka_codecs.messages.api_14_sync_group import SyncGroupRequest


@pytest.mark.parametrize("version", range(10))
def test_a_new_member_leads_generation_one(broker: FakeBroker, version: int) -> None:
    member = FakeMember(broker, version=version)
    response = member.join()
    assert response.generation_id == 1
    assert response.leader == response.member_id == member.member_id
    assert member.member_id.startswith("client-")
    assert response.protocol_name == "range"
    assert response.protocol_type == ("consumer" if version >= 7 else None)
    assert [(m.member_id, m.metadata) for m in response.members] == [(member.member_id, b"m")]


@pytest.mark.parametrize("version", range(4, 10))
def test_a_dynamic_member_first_gets_its_id(broker: FakeBroker, version: int) -> None:
    response = FakeMember(broker, version=version).request_join().response
    assert response.error_code == ErrorCode.MEMBER_ID_REQUIRED
    assert response.member_id.startswith("client-")
    assert response.generation_id == -1
    assert response.protocol_name == (None if version >= 7 else "")


def test_a_client_without_an_id_gets_a_member_id_that_begins_with_a_dash(
    broker: FakeBroker,
) -> None:
    assert FakeMember(broker, client_id=None).join().member_id.startswith("-")


def test_an_id_that_is_not_used_is_forgotten_after_the_session_timeout(broker: FakeBroker) -> None:
    member = FakeMember(broker)
    member.member_id = member.request_join().response.member_id
    broker.clock.advance(SESSION_MS)
    assert member.request_join().response.error_code == ErrorCode.UNKNOWN_MEMBER_ID


@pytest.mark.parametrize("version", range(10))
@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"group": ""}, ErrorCode.INVALID_GROUP_ID),
        ({"session_ms": 5_999}, ErrorCode.INVALID_SESSION_TIMEOUT),
        ({"session_ms": 1_800_001}, ErrorCode.INVALID_SESSION_TIMEOUT),
        ({"protocols": ()}, ErrorCode.INCONSISTENT_GROUP_PROTOCOL),
        ({"protocol_type": ""}, ErrorCode.INCONSISTENT_GROUP_PROTOCOL),
    ],
)
def test_a_join_that_is_refused(
    broker: FakeBroker, version: int, change: dict[str, object], error: ErrorCode
) -> None:
    member = FakeMember(broker, version=version, **change)  # type: ignore[arg-type]
    response = member.request_join().response
    assert response.error_code == error
    assert (response.generation_id, response.leader, response.members) == (-1, "", [])


@pytest.mark.parametrize("change", [{"protocols": ("other",)}, {"protocol_type": "connect"}])
def test_what_a_member_does_not_share_with_the_group(
    broker: FakeBroker, change: dict[str, object]
) -> None:
    stable_group(broker, 1)
    other = FakeMember(broker, **change)  # type: ignore[arg-type]
    assert other.request_join().response.error_code == ErrorCode.INCONSISTENT_GROUP_PROTOCOL


def test_a_member_id_nobody_gave(broker: FakeBroker) -> None:
    member = FakeMember(broker)
    member.member_id = "nobody"
    assert member.request_join().response.error_code == ErrorCode.UNKNOWN_MEMBER_ID
    stable_group(broker, 1)
    assert member.request_join().response.error_code == ErrorCode.UNKNOWN_MEMBER_ID


def test_a_second_member_waits_until_the_first_joins_again(broker: FakeBroker) -> None:
    (first,) = stable_group(broker, 1)
    second = FakeMember(broker)
    joining = second.begin_join()
    assert joining.waits
    assert first.heartbeat() == ErrorCode.REBALANCE_IN_PROGRESS
    assert first.sync().response.error_code == ErrorCode.REBALANCE_IN_PROGRESS
    response = first.join()
    assert response.generation_id == 2
    assert {m.member_id for m in response.members} == {first.member_id, joining.response.member_id}
    assert second.joined().leader == first.member_id
    assert joining.response.members == []
    follower = second.sync()
    assert follower.waits
    assert first.sync({second.member_id: b"2"}).response.assignment == b""
    assert follower.response.assignment == b"2"
    assert first.heartbeat() == second.heartbeat() == ErrorCode.NONE


def test_who_does_not_join_again_within_the_rebalance_timeout_is_out(broker: FakeBroker) -> None:
    first, second = stable_group(broker, 2)
    third = FakeMember(broker)
    joining = third.begin_join()
    first.begin_join()
    for _ in range(5):
        broker.clock.advance(REBALANCE_MS / 5 - 1)
        second.heartbeat()
    assert joining.waits
    broker.clock.advance(5)
    assert third.joined().generation_id == first.joined().generation_id == 3
    assert second.heartbeat() == ErrorCode.UNKNOWN_MEMBER_ID


def test_the_leader_is_replaced_when_it_does_not_join_again(broker: FakeBroker) -> None:
    first, second = stable_group(broker, 2)
    third = FakeMember(broker)
    third.begin_join()
    second.begin_join()
    broker.clock.advance(SESSION_MS)
    assert first.heartbeat() == ErrorCode.UNKNOWN_MEMBER_ID
    leader = second.joined().leader
    assert leader in (second.member_id, third.joined().member_id)


def test_the_leader_that_joins_again_starts_a_rebalance_and_a_follower_does_not(
    broker: FakeBroker,
) -> None:
    first, second = stable_group(broker, 2)
    assert second.join().generation_id == 2
    assert first.begin_join().waits
    assert second.join().generation_id == 3
    assert first.joined().generation_id == 3


def test_a_follower_with_other_protocols_starts_a_rebalance(broker: FakeBroker) -> None:
    first, second = stable_group(broker, 2, protocols=("range", "roundrobin"))
    second.protocols.reverse()
    assert second.begin_join().waits
    assert first.heartbeat() == ErrorCode.REBALANCE_IN_PROGRESS


def test_an_answer_that_was_lost_is_said_again(broker: FakeBroker) -> None:
    member = FakeMember(broker)
    assert member.join().generation_id == 1
    again = member.join()
    assert again.generation_id == 1
    assert [m.member_id for m in again.members] == [member.member_id]
    assert member.sync({member.member_id: b"1"}).response.assignment == b"1"
    assert member.sync({member.member_id: b"not taken"}).response.assignment == b"1"


def test_a_join_ends_the_wait_for_assignments(broker: FakeBroker) -> None:
    first, second = stable_group(broker, 2)
    first.begin_join()
    second.join()
    first.joined()
    syncing = second.sync()
    assert syncing.waits
    FakeMember(broker).begin_join()
    assert syncing.response.error_code == ErrorCode.REBALANCE_IN_PROGRESS


def test_who_does_not_ask_for_its_assignment_is_out(broker: FakeBroker) -> None:
    member = FakeMember(broker)
    member.join()
    for _ in range(4):
        broker.clock.advance(REBALANCE_MS / 4)
        error = member.heartbeat()
    assert error == ErrorCode.UNKNOWN_MEMBER_ID


@pytest.mark.parametrize("version", range(6))
def test_sync_names_the_protocol_only_where_the_version_has_it(
    broker: FakeBroker, version: int
) -> None:
    member = FakeMember(broker)
    member.join()
    request = SyncGroupRequest(
        group_id="group",
        generation_id=1,
        member_id=member.member_id,
        protocol_type="consumer",
        protocol_name="range",
        assignments=[],
    )
    response = broker.ask(request, version)
    assert response.error_code == ErrorCode.NONE
    named = ("consumer", "range") if version >= 5 else (None, None)
    assert (response.protocol_type, response.protocol_name) == named


def test_sync_that_is_refused(broker: FakeBroker) -> None:
    (member,) = stable_group(broker, 1)

    def error(version: int = 5, **change: object) -> int:
        values: dict[str, object] = {
            "group_id": "group",
            "generation_id": 1,
            "member_id": member.member_id,
            "protocol_type": "consumer",
            "protocol_name": "range",
            "assignments": [],
        }
        found: int = broker.ask(SyncGroupRequest(**(values | change)), version).error_code
        return found

    assert error() == ErrorCode.NONE
    assert error(group_id="") == ErrorCode.INVALID_GROUP_ID
    assert error(group_id="other") == ErrorCode.UNKNOWN_MEMBER_ID
    assert error(member_id="nobody") == ErrorCode.UNKNOWN_MEMBER_ID
    assert error(generation_id=2) == ErrorCode.ILLEGAL_GENERATION
    assert error(protocol_name="other") == ErrorCode.INCONSISTENT_GROUP_PROTOCOL
    assert error(protocol_type="other") == ErrorCode.INCONSISTENT_GROUP_PROTOCOL
    # From version 5 on a protocol must be named; that is looked at first.
    assert error(protocol_type=None, generation_id=2) == ErrorCode.INCONSISTENT_GROUP_PROTOCOL
    assert error(4, protocol_type=None, generation_id=2) == ErrorCode.ILLEGAL_GENERATION


@pytest.mark.parametrize(
    ("first", "second", "selected"),
    [
        (("range", "roundrobin"), ("roundrobin", "range"), "range"),
        (("sticky", "range"), ("range", "sticky"), "sticky"),
        (("cooperative-sticky", "range"), ("range", "cooperative-sticky"), "range"),
        (("b", "a"), ("a", "b"), "a"),
        (("roundrobin", "range"), ("roundrobin",), "roundrobin"),
        (("a", "b", "c"), ("c", "b"), "b"),
    ],
)
def test_the_protocol_most_members_prefer(
    broker: FakeBroker, first: tuple[str, ...], second: tuple[str, ...], selected: str
) -> None:
    one, two = FakeMember(broker, protocols=first), FakeMember(broker, protocols=second)
    one.join()
    two.begin_join()
    assert one.join().protocol_name == selected


def test_a_new_group_waits_for_more_members() -> None:
    broker = FakeBroker({"group.initial.rebalance.delay.ms": "3000"})
    one, two = FakeMember(broker), FakeMember(broker)
    joining = one.begin_join()
    broker.clock.advance(2_999)
    assert joining.waits
    two.begin_join()
    broker.clock.advance(1)
    assert joining.waits, "somebody joined, so the delay begins anew"
    broker.clock.advance(2_999)
    assert joining.waits
    broker.clock.advance(1)
    assert one.joined().generation_id == two.joined().generation_id == 1


def test_the_delays_of_a_new_group_end_with_the_rebalance_timeout() -> None:
    broker = FakeBroker({"group.initial.rebalance.delay.ms": "3000"})
    first = FakeMember(broker, rebalance_ms=7_000)
    joining = first.begin_join()
    for _ in range(3):
        broker.clock.advance(2_000)
        FakeMember(broker, rebalance_ms=7_000).begin_join()
    assert joining.waits
    broker.clock.advance(1_000)
    assert len(first.joined().members) == 4


def test_a_group_that_is_full() -> None:
    broker = FakeBroker({"group.max.size": "2"})
    first, second = stable_group(broker, 2)
    assert FakeMember(broker).request_join().response.error_code == (
        ErrorCode.GROUP_MAX_SIZE_REACHED
    )
    assert second.leave() == ErrorCode.NONE
    third = FakeMember(broker)
    third.begin_join()
    first.join()
    assert third.joined().generation_id == 3


def test_a_member_that_leaves_starts_a_rebalance(broker: FakeBroker) -> None:
    first, second = stable_group(broker, 2)
    assert second.leave() == ErrorCode.NONE
    assert first.heartbeat() == ErrorCode.REBALANCE_IN_PROGRESS
    assert second.heartbeat() == ErrorCode.UNKNOWN_MEMBER_ID
    assert first.join().generation_id == 3
    assert first.leave() == ErrorCode.NONE
    assert first.leave() == ErrorCode.UNKNOWN_MEMBER_ID
    assert first.request_join().response.error_code == ErrorCode.UNKNOWN_MEMBER_ID


def test_a_member_that_leaves_while_it_waits_for_its_join(broker: FakeBroker) -> None:
    stable_group(broker, 1)
    second = FakeMember(broker)
    joining = second.begin_join()
    assert second.leave() == ErrorCode.NONE
    assert joining.response.error_code == ErrorCode.UNKNOWN_MEMBER_ID
    assert joining.response.member_id == ""


@pytest.mark.parametrize("version", range(6))
def test_leaving_at_each_version(broker: FakeBroker, version: int) -> None:
    (member,) = stable_group(broker, 1)

    def leave(group: str, member_id: str) -> tuple[int, list[tuple[str, int]]]:
        request = LeaveGroupRequest(
            group_id=group, member_id=member_id, members=[MemberIdentity(member_id=member_id)]
        )
        response = broker.ask(request, version)
        return response.error_code, [(m.member_id, m.error_code) for m in response.members]

    if version < 3:
        assert leave("group", "nobody") == (ErrorCode.UNKNOWN_MEMBER_ID, [])
        assert leave("other", "nobody") == (ErrorCode.UNKNOWN_MEMBER_ID, [])
        assert leave("group", member.member_id) == (ErrorCode.NONE, [])
    else:
        unknown = [("nobody", ErrorCode.UNKNOWN_MEMBER_ID)]
        assert leave("group", "nobody") == (ErrorCode.NONE, unknown)
        assert leave("other", "nobody") == (ErrorCode.NONE, unknown)
        assert leave("", "nobody") == (ErrorCode.INVALID_GROUP_ID, [])
        assert leave("group", member.member_id) == (ErrorCode.NONE, [(member.member_id, 0)])
    assert member.heartbeat() == ErrorCode.UNKNOWN_MEMBER_ID


def test_version_0_has_the_session_timeout_for_a_rebalance_timeout(broker: FakeBroker) -> None:
    first, _ = stable_group(broker, 2, version=0)
    FakeMember(broker, version=0).begin_join()
    first.begin_join()
    broker.clock.advance(SESSION_MS)
    assert first.joined().generation_id == 3


def test_a_member_that_names_a_protocol_twice_gets_an_error(broker: FakeBroker) -> None:
    (member,) = stable_group(broker, 1)
    member.protocols = [*member.protocols, *member.protocols]
    assert member.request_join().response.error_code == ErrorCode.UNKNOWN_SERVER_ERROR


def test_an_id_given_to_a_dynamic_member_is_not_for_a_static_one(broker: FakeBroker) -> None:
    member = FakeMember(broker)
    member.member_id = member.request_join().response.member_id
    member.instance = "instance"
    assert member.request_join().response.error_code == ErrorCode.UNKNOWN_SERVER_ERROR


def test_a_join_request_without_a_group(broker: FakeBroker) -> None:
    request = JoinGroupRequest(
        group_id="", session_timeout_ms=1, member_id="m", protocol_type="", protocols=[]
    )
    response = broker.ask(request, 9)
    assert (response.error_code, response.member_id) == (ErrorCode.INVALID_GROUP_ID, "m")

"""Groups whose coordinator is another from one moment to the next (measured on Apache Kafka 4.3.1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from compat_tests.cluster.test_coordinators import (
    NONE,
    NOT_COORDINATOR,
    OFFSETS,
    Three,
    offset_commit,
    offset_fetch,
)
from compat_tests.groups.fake_clients import FakeMember, commit, stable_group
from compat_tests.groups.fake_consumers import FakeConsumer
from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_15_describe_groups import DescribeGroupsRequest
from kafka_codecs.messages.api_47_offset_delete import (
    OffsetDeleteRequest,
    OffsetDeleteRequestPartition,
    OffsetDeleteRequestTopic,
)
from kafka_codecs.messages.api_69_consumer_group_describe import ConsumerGroupDescribeRequest

SESSION_MS = 6_000


@pytest.fixture
def three() -> Iterator[Three]:
    brokers = Three()
    yield brokers
    brokers.cluster.close()


def described(three: Three, group: str = "g") -> Any:
    request = DescribeGroupsRequest(groups=[group])
    return three.coordinator(group).ask(request, 6).groups[0]


def state(three: Three, group: str = "g") -> tuple[str, str, int]:
    found = described(three, group)
    return found.group_state, found.protocol_type, len(found.members)


def stable(three: Three, size: int = 2, group: str = "g", **options: Any) -> list[FakeMember]:
    return stable_group(three.coordinator(group), size, group=group, **options)


def move(three: Three, *members: FakeMember | FakeConsumer, group: str = "g") -> None:
    """Have another broker coordinate a group, which its members find."""
    to = three.move(group)
    for member in members:
        member.broker = to


def test_a_stable_group_goes_on(three: Three) -> None:
    leader, other = stable(three)
    assert leader.commit("t", 7) == NONE
    move(three, leader, other)
    assert [member.heartbeat() for member in (leader, other)] == [NONE] * 2
    assert other.sync().response.assignment == other.member_id.encode()
    (found,) = three.coordinator("g").ask(offset_fetch("g"), 9).groups
    assert found.topics[0].partitions[0].committed_offset == 7
    assert leader.commit("t", 8) == NONE
    # The generation and its leader are known.
    joining = leader.request_join()
    assert leader.heartbeat() == ErrorCode.REBALANCE_IN_PROGRESS
    other.begin_join()
    assert joining.response.generation_id == leader.generation + 1
    assert joining.response.leader == leader.member_id


def test_who_waits_to_join_is_sent_away(three: Three) -> None:
    members = stable(three)
    late = FakeMember(three.coordinator("g"), "g")
    waiting = late.begin_join()
    assert waiting.waits
    move(three, *members, late)
    answer = waiting.response
    assert (answer.error_code, answer.member_id) == (NOT_COORDINATOR, late.member_id)
    assert (answer.generation_id, answer.protocol_name, answer.members) == (-1, None, [])
    # The group is in the generation it was in before.
    assert state(three) == ("Stable", "consumer", 2)
    assert members[0].heartbeat() == NONE
    assert late.request_join().response.error_code == ErrorCode.UNKNOWN_MEMBER_ID


def test_who_waits_for_an_assignment_is_sent_away(three: Three) -> None:
    first, second = stable(three)
    for member in (first, second):
        member.begin_join()
    for member in (first, second):
        member.joined()
    waiting = second.sync()
    assert waiting.waits
    move(three, first, second)
    assert waiting.response.error_code == NOT_COORDINATOR
    assert state(three) == ("Stable", "consumer", 2)
    assert second.sync().response.error_code == ErrorCode.ILLEGAL_GENERATION
    assert second.heartbeat(second.generation - 1) == NONE


def test_the_same_leader_in_another_epoch_is_none_the_wiser(three: Three) -> None:
    stable(three)
    waiting = FakeMember(three.coordinator("g"), "g").begin_join()
    partition = three.cluster.topics[OFFSETS].partitions[three.index("g")]
    epoch = partition.leader_epoch
    three.cluster.controller.reassign(partition, partition.replicas[:2])
    assert partition.leader_epoch == epoch + 1
    assert waiting.waits
    assert state(three)[0] == "PreparingRebalance"


@pytest.mark.parametrize("joined", [False, True])
def test_a_group_without_a_generation_is_there_and_empty(three: Three, joined: bool) -> None:
    member = FakeMember(three.coordinator("g"), "g")
    pending = member.request_join()
    assert pending.response.error_code == ErrorCode.MEMBER_ID_REQUIRED
    member.member_id = pending.response.member_id
    if joined:
        assert member.join().generation_id == 1
    move(three, member)
    assert state(three) == ("Empty", "", 0)
    assert member.request_join().response.error_code == ErrorCode.UNKNOWN_MEMBER_ID
    member.member_id = ""
    assert member.join().generation_id == 1


def test_a_group_that_all_left_keeps_its_generation(three: Three) -> None:
    members = stable(three)
    for member in members:
        member.leave()
    move(three)
    assert state(three) == ("Empty", "consumer", 0)
    again = FakeMember(three.coordinator("g"), "g")
    assert again.join().generation_id == members[0].generation + 2


def test_groups_that_only_commit(three: Three) -> None:
    node = three.coordinator("g")
    kept, refused, emptied = (name for name, _ in zip(three.keys(node), range(3), strict=False))
    for group in (kept, emptied):
        assert commit(node, group, "t", 5) == NONE
    request = offset_commit(refused, 0, metadata="x" * 5000)
    told = node.ask(request, 9).topics[0].partitions[0].error_code
    assert told == ErrorCode.OFFSET_METADATA_TOO_LARGE
    deleted = [OffsetDeleteRequestPartition(partition_index=0)]
    node.ask(
        OffsetDeleteRequest(
            group_id=emptied, topics=[OffsetDeleteRequestTopic(name="t", partitions=deleted)]
        ),
        0,
    )
    for group in {three.index(group): group for group in (kept, refused, emptied)}.values():
        three.move(group)
    assert [state(three, group)[0] for group in (kept, refused, emptied)] == [
        "Empty",
        "Dead",
        "Empty",
    ]


def test_of_the_protocols_the_chosen_one_is_known(three: Three) -> None:
    first, second = stable(three, protocols=("range", "roundrobin"))
    # Saying the same again changes nothing, where it is known that it is the same.
    assert second.request_join().response.generation_id == second.generation
    move(three, first, second)
    assert second.request_join().waits
    assert state(three)[0] == "PreparingRebalance"
    newcomer = FakeMember(three.coordinator("g"), "g", protocols=("roundrobin",), version=3)
    assert newcomer.request_join().response.error_code == ErrorCode.INCONSISTENT_GROUP_PROTOCOL


def test_a_static_member_that_came_back_is_known_by_its_new_id(three: Three) -> None:
    (member,) = stable(three, 1, instance="i")
    old = member.member_id
    member.member_id = ""
    member.join()
    assert member.member_id != old
    move(three, member)
    assert member.heartbeat() == NONE
    member.member_id = old
    assert member.heartbeat() == ErrorCode.FENCED_INSTANCE_ID


# Time


def test_sessions_begin_anew(three: Three) -> None:
    (member,) = stable(three, 1, session_ms=SESSION_MS)
    three.clock.advance(SESSION_MS - 1)
    move(three, member)
    three.clock.advance(SESSION_MS - 1)
    assert state(three)[2] == 1
    three.clock.advance(1)
    assert state(three) == ("Empty", "consumer", 0)


@pytest.mark.parametrize("cut_off", [False, True])
def test_no_time_passes_while_the_coordinator_is_gone(three: Three, cut_off: bool) -> None:
    (member,) = stable(three, 1, session_ms=SESSION_MS)
    assert member.commit("t", 7) == NONE
    node = three.coordinator("g")
    if cut_off:
        node.cut_off()
    else:
        three.cluster.controller.silent(node.broker.node_id)
    three.clock.advance(9_000)
    member.broker = three.coordinator("g")
    assert member.broker is not node
    assert member.heartbeat() == NONE
    three.clock.advance(SESSION_MS - 1)
    assert member.heartbeat() == NONE
    three.clock.advance(SESSION_MS)
    assert state(three) == ("Empty", "consumer", 0)
    (found,) = member.broker.ask(offset_fetch("g"), 9).groups
    assert found.topics[0].partitions[0].committed_offset == 7


def test_time_goes_on_when_the_coordinator_is_back(three: Three) -> None:
    (member,) = stable(three, 1, session_ms=SESSION_MS)
    node = three.coordinator("g")
    node.cut_off()
    three.clock.advance(SESSION_MS + 1)
    node.heal()
    assert member.heartbeat() == NONE
    three.clock.advance(SESSION_MS)
    assert state(three) == ("Empty", "consumer", 0)


def test_a_delay_of_nothing_does_not_spin(three: Three) -> None:
    waiting = FakeMember(three.coordinator("g"), "g", version=3)
    node = three.coordinator("g")
    three.cluster.controller.silent(node.broker.node_id)
    pending = waiting.request_join()
    three.clock.advance(9_000)
    assert pending.response.error_code == NOT_COORDINATOR


def test_offsets_of_an_empty_group_expire_when_they_would_have() -> None:
    three = Three(offsets_retention_minutes="1", offsets_retention_check_interval_ms="1000")
    (member,) = stable(three, 1)
    assert member.commit("t", 7) == NONE
    member.leave()
    for _ in range(3):
        three.clock.advance(15_000)
        move(three)
    assert three.cluster.groups.committed("g")
    three.clock.advance(15_000)
    assert not three.cluster.groups.committed("g")
    three.cluster.close()


def test_nobody_coordinates_and_then_the_same_one(three: Three) -> None:
    (member,) = stable(three, 1, session_ms=SESSION_MS)
    three.clock.advance(SESSION_MS - 1)
    controller = three.cluster.controller
    partition = three.cluster.topics[OFFSETS].partitions[three.index("g")]
    leader = partition.leader
    controller.reassign(partition, [leader])
    controller.fence(leader)
    assert partition.leader == -1
    three.clock.advance(10 * SESSION_MS)
    controller.restarted(leader, clean=True)
    assert partition.leader == leader
    assert member.heartbeat() == NONE
    three.clock.advance(SESSION_MS)
    assert state(three) == ("Empty", "consumer", 0)


# The consumer protocol


def consumers(three: Three, *names: str) -> list[FakeConsumer]:
    found = [FakeConsumer(three.coordinator("g"), name, "t", group="g") for name in names]
    for consumer in found:
        assert consumer.join().error_code == NONE
    return found


def consumer_group(three: Three) -> Any:
    request = ConsumerGroupDescribeRequest(group_ids=["g"])
    return three.coordinator("g").ask(request, 1).groups[0]


def test_a_consumer_group_is_known_in_the_middle(three: Three) -> None:
    one, two = consumers(three, "one", "two")
    # The first has not given up yet what is the second's.
    before = consumer_group(three)
    assert before.group_state == "Reconciling"
    move(three, one, two)
    assert consumer_group(three) == before
    owned: list[set[tuple[UUID, int]]] = []
    for _ in range(3):
        for consumer in (one, two):
            assert consumer.beat().error_code == NONE
    owned = [one.owned, two.owned]
    assert sorted(p for some in owned for _, p in some) == [0, 1, 2]
    assert consumer_group(three).group_epoch == before.group_epoch
    assert consumer_group(three).group_state == "Stable"


def test_who_has_something_to_give_up_has_its_time_anew(three: Three) -> None:
    one, two = consumers(three, "one", "two")
    # It goes on reading what it should give up, and has 60 s for that.
    one.beat(give_up=False)
    for _ in range(2):
        three.clock.advance(29_999)
        for consumer in (one, two):
            assert consumer.beat(give_up=False).error_code == NONE
    move(three, one, two)
    for _ in range(2):
        three.clock.advance(29_999)
        for consumer in (one, two):
            assert consumer.beat(give_up=False).error_code == NONE
    three.clock.advance(2)
    assert one.beat(give_up=False).error_code == ErrorCode.UNKNOWN_MEMBER_ID


def classic_beside(consumer: FakeConsumer, session_ms: int) -> FakeMember:
    """A member of the classic protocol that joins a group of the other one."""
    member = FakeMember(consumer.broker, "g", session_ms=session_ms)
    # What a consumer subscribes to, in version 0: topic t, and no data of its own.
    member.protocols[0].metadata = b"\0\0\0\0\0\1\0\1t\xff\xff\xff\xff"
    member.join()
    consumer.beat()
    return member


def test_a_classic_member_has_the_session_of_the_others(three: Three) -> None:
    (consumer,) = consumers(three, "one")
    member = classic_beside(consumer, SESSION_MS)
    move(three, consumer, member)
    three.clock.advance(44_999)
    assert {m.member_id for m in consumer_group(three).members} == {"one", member.member_id}
    assert consumer.beat().error_code == NONE
    three.clock.advance(1)
    assert [m.member_id for m in consumer_group(three).members] == ["one"]


def test_a_group_that_is_classic_again_is_written_down(three: Three) -> None:
    (consumer,) = consumers(three, "one")
    member = classic_beside(consumer, 60_000)
    consumer.epoch = -1
    consumer.beat()
    assert described(three).group_state == "PreparingRebalance"
    move(three, member)
    assert state(three) == ("Stable", "consumer", 1)
    assert described(three).members[0].member_id == member.member_id


# Topics


def test_topics_reach_whoever_coordinates(three: Three) -> None:
    assert commit(three.coordinator("g"), "g", "t", 5) == NONE
    three.cluster.delete_topic(three.cluster.topics["t"])
    move(three)
    (found,) = three.coordinator("g").ask(offset_fetch("g"), 9).groups
    assert found.topics[0].partitions[0].committed_offset == -1
    three.create("t", 1)
    one = consumers(three, "one")[0]
    assert one.partitions == [0]
    move(three, one)
    three.cluster.add_partitions(three.cluster.topics["t"], three.cluster.place(1, 3))
    for _ in range(2):
        one.beat()
    assert one.partitions == [0, 1]

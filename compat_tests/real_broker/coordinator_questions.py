"""What three brokers are asked about groups and transactional ids, whoever coordinates them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import count
from typing import Any

from compat_tests.real_broker.cluster_questions import Told, elect, led, reassign
from compat_tests.real_broker.nodes import BROKERS, Nodes
from compat_tests.wire_client import WireClient
from kafka_codecs.messages.api_08_offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from kafka_codecs.messages.api_09_offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopic,
    OffsetFetchRequestTopics,
)
from kafka_codecs.messages.api_10_find_coordinator import FindCoordinatorRequest
from kafka_codecs.messages.api_11_join_group import JoinGroupRequest, JoinGroupRequestProtocol
from kafka_codecs.messages.api_12_heartbeat import HeartbeatRequest
from kafka_codecs.messages.api_13_leave_group import LeaveGroupRequest, MemberIdentity
from kafka_codecs.messages.api_14_sync_group import SyncGroupRequest, SyncGroupRequestAssignment
from kafka_codecs.messages.api_15_describe_groups import DescribeGroupsRequest
from kafka_codecs.messages.api_16_list_groups import ListGroupsRequest
from kafka_codecs.messages.api_22_init_producer_id import InitProducerIdRequest
from kafka_codecs.messages.api_42_delete_groups import DeleteGroupsRequest
from kafka_codecs.messages.api_47_offset_delete import (
    OffsetDeleteRequest,
    OffsetDeleteRequestPartition,
    OffsetDeleteRequestTopic,
)
from kafka_codecs.messages.api_65_describe_transactions import DescribeTransactionsRequest
from kafka_codecs.messages.api_66_list_transactions import ListTransactionsRequest
from kafka_codecs.messages.api_68_consumer_group_heartbeat import ConsumerGroupHeartbeatRequest
from kafka_codecs.messages.api_69_consumer_group_describe import ConsumerGroupDescribeRequest
from kafka_codecs.schema import Request
from kafkashim.java_hash import string_hash

OFFSETS, TRANSACTIONS = "__consumer_offsets", "__transaction_state"
PARTITIONS = 3
TOPIC = "read"
GROUP, TRANSACTION = 0, 1
SESSION_MS = 30_000


def partition_of(key: str) -> int:
    """The partition of the coordinators' topic that a key belongs to (``Utils.abs``)."""
    code = string_hash(key)
    return abs(code - (code >> 31 << 32)) % PARTITIONS


def names(prefix: str, partition: int) -> Iterator[str]:
    """Keys of a partition."""
    return (name for at in count() if partition_of(name := f"{prefix}-{at}") == partition)


def lead(nodes: Nodes, topic: str, partition: int, leader: int) -> None:
    """Have a broker lead a partition of a coordinators' topic."""
    others = [broker for broker in BROKERS if broker != leader]
    reassign(nodes, topic, [leader, *others], partition)
    elect(nodes, topic, partition=partition)
    for broker in BROKERS:
        nodes.until(
            lambda b=broker: (  # type: ignore[misc]
                f"leader {leader} " in nodes.told(b, topic)[partition]
            )
        )


def coordinators(nodes: Nodes) -> None:
    """Broker 1 leads the first partition of each topic, 2 the second, 3 the third."""
    for key_type, topic in ((GROUP, OFFSETS), (TRANSACTION, TRANSACTIONS)):
        nodes.until(
            lambda k=key_type: (  # type: ignore[misc]
                not nodes.raw(1, FindCoordinatorRequest(key_type=k, coordinator_keys=["any"]), 6)
                .coordinators[0]
                .error_code
            )
        )
        for partition in range(PARTITIONS):
            lead(nodes, topic, partition, partition + 1)


def join(group: str, member: str = "", *, session_ms: int = SESSION_MS) -> JoinGroupRequest:
    return JoinGroupRequest(
        group_id=group,
        session_timeout_ms=session_ms,
        rebalance_timeout_ms=60_000,
        member_id=member,
        protocol_type="consumer",
        protocols=[JoinGroupRequestProtocol(name="range", metadata=b"\0\0\0\0\0\0\0\0\0\0")],
    )


def commit(
    group: str, member: str = "", generation: int = -1, offset: int = 5
) -> OffsetCommitRequest:
    partitions = [
        OffsetCommitRequestPartition(
            partition_index=index, committed_offset=offset, committed_metadata="m"
        )
        for index in (0, 9)
    ]
    return OffsetCommitRequest(
        group_id=group,
        member_id=member,
        generation_id_or_member_epoch=generation,
        topics=[OffsetCommitRequestTopic(name=TOPIC, partitions=partitions)],
    )


def fetch_offsets(*groups: str) -> OffsetFetchRequest:
    topics = [OffsetFetchRequestTopics(name=TOPIC, partition_indexes=[0])]
    return OffsetFetchRequest(
        groups=[OffsetFetchRequestGroup(group_id=group, topics=topics) for group in groups]
    )


def heartbeat(group: str, member: str, generation: int) -> HeartbeatRequest:
    return HeartbeatRequest(group_id=group, generation_id=generation, member_id=member)


def of_group(group: str, other: str) -> Iterator[tuple[str, Request, int]]:
    """Requests about a group; where one takes several, about another as well."""
    for version in (0, 3, 9):
        yield f"JoinGroup v{version}", join(group), version
        yield f"JoinGroup v{version} of a member", join(group, "somebody"), version
    yield "JoinGroup, no group", join(""), 9
    yield "JoinGroup, too short a session", join(group, session_ms=1), 9
    for version in (0, 5):
        yield (
            f"SyncGroup v{version}",
            SyncGroupRequest(
                group_id=group,
                generation_id=1,
                member_id="somebody",
                protocol_type="consumer",
                protocol_name="range",
                assignments=[],
            ),
            version,
        )
    for version in (0, 4):
        yield f"Heartbeat v{version}", heartbeat(group, "somebody", 1), version
    yield "Heartbeat, no group", heartbeat("", "somebody", 1), 4
    yield "LeaveGroup v0", LeaveGroupRequest(group_id=group, member_id="somebody"), 0
    for version in (3, 5):
        members = [MemberIdentity(member_id="somebody"), MemberIdentity(member_id="else")]
        yield f"LeaveGroup v{version}", LeaveGroupRequest(group_id=group, members=members), version
    for version in (2, 9):
        yield f"OffsetCommit v{version}", commit(group), version
    for version in (1, 7):
        topics = [OffsetFetchRequestTopic(name=TOPIC, partition_indexes=[0])]
        request = OffsetFetchRequest(group_id=group, topics=topics)
        yield f"OffsetFetch v{version}", request, version
    for version in (8, 9):
        yield f"OffsetFetch v{version}", fetch_offsets(group, other), version
    for version in (0, 5, 6):
        yield f"DescribeGroups v{version}", DescribeGroupsRequest(groups=[group, other]), version
    yield "DeleteGroups", DeleteGroupsRequest(groups_names=[group, other, ""]), 2
    deleted = [OffsetDeleteRequestPartition(partition_index=index) for index in (0, 9)]
    yield (
        "OffsetDelete",
        OffsetDeleteRequest(
            group_id=group, topics=[OffsetDeleteRequestTopic(name=TOPIC, partitions=deleted)]
        ),
        0,
    )
    for member_epoch in (0, 1, -7):
        yield (
            f"ConsumerGroupHeartbeat, epoch {member_epoch}",
            ConsumerGroupHeartbeatRequest(
                group_id=group,
                member_id="AAAAAAAAAAAAAAAAAAAAAA",
                member_epoch=member_epoch,
                rebalance_timeout_ms=60_000,
                subscribed_topic_names=[TOPIC],
                topic_partitions=[],
            ),
            1,
        )
    yield (
        "ConsumerGroupDescribe",
        ConsumerGroupDescribeRequest(
            group_ids=[group, other, ""], include_authorized_operations=False
        ),
        1,
    )


def who_coordinates(nodes: Nodes) -> Told:
    """Every request about groups at who does not coordinate them."""
    told: Told = {}
    nodes.create(TOPIC, [1, 2, 3])
    coordinators(nodes)
    group, other = next(names("group", 0)), next(names("other", 1))
    # The other group is there, at the broker that is asked.
    assert nodes.ask(2, commit(other), 9)["topics"][0]["partitions"][0]["error_code"] in (0, 3)
    for broker in BROKERS:
        for version in (0, 3):
            request = FindCoordinatorRequest(key=group, key_type=GROUP)
            told[f"FindCoordinator v{version} at {broker}"] = nodes.ask(broker, request, version)
        for key_type in (GROUP, TRANSACTION):
            request = FindCoordinatorRequest(key_type=key_type, coordinator_keys=[group, other])
            told[f"FindCoordinator v6 of {key_type} at {broker}"] = nodes.ask(broker, request, 6)
    for label, request, version in of_group(group, other):
        told[label] = nodes.ask(2, request, version)
    for broker in BROKERS:
        request = ListGroupsRequest(states_filter=[], types_filter=[])
        listed = nodes.raw(broker, request, 5).groups
        told[f"ListGroups at {broker}"] = [
            g.group_id for g in listed if g.group_id in (group, other)
        ]
    mine, theirs = next(names("id", 0)), next(names("id", 1))
    for at, key in ((1, mine), (2, theirs)):
        request = InitProducerIdRequest(transactional_id=key, transaction_timeout_ms=1000)
        nodes.until(lambda a=at, r=request: not nodes.raw(a, r, 4).error_code)  # type: ignore[misc]
    for version in (0, 5):
        request = InitProducerIdRequest(transactional_id=mine, transaction_timeout_ms=1000)
        told[f"InitProducerId v{version}"] = nodes.ask(2, request, version)
    request = InitProducerIdRequest(transactional_id=mine, transaction_timeout_ms=-1)
    told["InitProducerId, no time"] = nodes.ask(2, request, 5)
    answer = nodes.ask(2, DescribeTransactionsRequest(transactional_ids=[mine, theirs, ""]), 0)
    for state in answer["transaction_states"]:
        state.pop("producer_id")
        state.pop("producer_epoch")
    told["DescribeTransactions"] = answer
    request = ListTransactionsRequest(state_filters=[], producer_id_filters=[])
    listed = nodes.raw(2, request, 0).transaction_states
    told["ListTransactions"] = [
        s.transactional_id for s in listed if s.transactional_id in (mine, theirs)
    ]
    return told


class Member:
    """A member of a classic group, on a connection of its own."""

    def __init__(self, nodes: Nodes, broker: int, group: str) -> None:
        self.client: WireClient = nodes.client(broker)
        self.group = group
        self.id = self.client.ask(join(group), 9).member_id
        self.generation = -1

    def send_join(self) -> None:
        self.client.send_request(join(self.group, self.id), 9)

    def joined(self) -> Any:
        _, answer = self.client.receive(JoinGroupRequest, 9)
        self.generation = answer.generation_id
        return answer

    def sync(self, assignments: dict[str, bytes]) -> SyncGroupRequest:
        return SyncGroupRequest(
            group_id=self.group,
            generation_id=self.generation,
            member_id=self.id,
            protocol_type="consumer",
            protocol_name="range",
            assignments=[
                SyncGroupRequestAssignment(member_id=member, assignment=assignment)
                for member, assignment in assignments.items()
            ],
        )


def coordinator_moves(nodes: Nodes) -> Told:
    """Groups whose coordinator is another in the middle: stable ones, and one that rebalances."""
    told: Told = {}
    nodes.create(f"{TOPIC}-2", [1, 2, 3])
    coordinators(nodes)
    stable, rebalancing = (next(names(prefix, 0)) for prefix in ("stable", "rebalancing"))
    members: dict[str, Member] = {}
    for group in (stable, rebalancing):
        member = members[group] = Member(nodes, 1, group)
        member.send_join()
        assert member.joined().error_code == 0
        assert member.client.ask(member.sync({member.id: b"mine"}), 5).error_code == 0
        assert member.client.ask(commit(group, member.id, member.generation, 7), 9)
    # Somebody else wants to join, who is told to wait for the first one.
    late = Member(nodes, 1, rebalancing)
    late.send_join()
    assert late.client.is_silent(0.3)
    beat = heartbeat(rebalancing, members[rebalancing].id, 1)
    told["while it rebalances"] = nodes.ask(1, beat, 4)["error_code"]
    lead(nodes, OFFSETS, 0, 2)
    begun = time.monotonic()
    told["the join that waited"] = nodes.plain(late.joined(), 9)
    assert time.monotonic() - begun < 10
    nodes.until(lambda: nodes.raw(2, fetch_offsets(stable), 8).groups[0].error_code == 0)
    for group in (stable, rebalancing):
        member = members[group]
        beat = heartbeat(group, member.id, member.generation)
        which = "stable" if group == stable else "rebalancing"
        told[f"{which}: heartbeat at the old one"] = nodes.ask(1, beat, 4)
        told[f"{which}: heartbeat at the new one"] = nodes.ask(2, beat, 4)
        told[f"{which}: its offsets"] = nodes.ask(2, fetch_offsets(group), 8)
        described = nodes.raw(2, DescribeGroupsRequest(groups=[group]), 5).groups[0]
        told[f"{which}: what it is"] = [
            *(described.group_state, described.protocol_data, len(described.members)),
            [bytes(m.member_assignment).decode() for m in described.members],
        ]
        again = nodes.raw(2, commit(group, member.id, member.generation, 8), 9)
        told[f"{which}: commits"] = [p.error_code for p in again.topics[0].partitions]
    # Who had only joined is nobody there.
    told["who had joined: joins again"] = nodes.raw(2, join(rebalancing, late.id), 9).error_code
    told["who had joined: sync"] = nodes.raw(2, late.sync({}), 5).error_code
    for member in (*members.values(), late):
        member.client.close()
    nodes.until_told(OFFSETS, *nodes.told(1, OFFSETS))
    lead(nodes, OFFSETS, 0, 1)
    return told


def no_coordinator(nodes: Nodes) -> Told:
    """A group, and a transactional id, whose partition nobody leads."""
    told: Told = {}
    coordinators(nodes)
    group, key = next(names("nobody", 0)), next(names("nobody", 0))
    for topic in (OFFSETS, TRANSACTIONS):
        reassign(nodes, topic, [1])
        for broker in BROKERS:
            nodes.until(
                lambda b=broker, t=topic: "replicas [1] " in nodes.told(b, t)[0]  # type: ignore[misc]
            )
    nodes.stop(1)
    for topic in (OFFSETS, TRANSACTIONS):
        for broker in (2, 3):
            nodes.until(
                lambda b=broker, t=topic: "leader -1 " in nodes.told(b, t)[0]  # type: ignore[misc]
            )
    for key_type in (GROUP, TRANSACTION):
        for version in (0, 3) if key_type == GROUP else (3,):
            request = FindCoordinatorRequest(key=key, key_type=key_type)
            told[f"FindCoordinator v{version} of {key_type}"] = nodes.ask(2, request, version)
        request = FindCoordinatorRequest(key_type=key_type, coordinator_keys=[key])
        told[f"FindCoordinator v6 of {key_type}"] = nodes.ask(2, request, 6)
    told["Heartbeat"] = nodes.ask(2, heartbeat(group, "somebody", 1), 4)
    nodes.start(1)
    for topic in (OFFSETS, TRANSACTIONS):
        nodes.until(lambda t=topic: "leader 1 " in nodes.told(2, t)[0])  # type: ignore[misc]
        reassign(nodes, topic, [1, 2, 3])
        nodes.until(lambda t=topic: "isr [1, 2, 3] " in nodes.told(2, t)[0])  # type: ignore[misc]
    assert led(1, 0, [1], [1], [])
    return told


QUESTIONS = (who_coordinates, coordinator_moves, no_coordinator)

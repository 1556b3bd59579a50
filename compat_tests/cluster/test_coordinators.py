"""Which of three brokers answers for a group or a transactional id, and what the others say."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from compat_tests.groups.fake_clients import FakeBroker, FakeMember, commit, stable_group
from kafka_codecs.errors import ErrorCode
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
from kafka_codecs.messages.api_13_leave_group import LeaveGroupRequest
from kafka_codecs.messages.api_14_sync_group import SyncGroupRequest
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
from kafkashim.clock import ManualClock
from kafkashim.cluster import Cluster
from kafkashim.config import Config, TopicConfig
from kafkashim.dispatch import Dispatcher
from kafkashim.groups.coordinator import partition_of
from kafkashim.groups.offsets_topic import in_map_order_of_partitions
from kafkashim.ids import IdSource
from kafkashim.rules.producer_state import BOOKS
from kafkashim.state import Broker

NONE, NOT_COORDINATOR = ErrorCode.NONE, ErrorCode.NOT_COORDINATOR
OFFSETS, TRANSACTIONS, SHARE_STATE = (
    "__consumer_offsets",
    "__transaction_state",
    "__share_group_state",
)
TOPIC_ID = "9cZhWplzRHetpfSmVqnJwg"


class OneOfThree(FakeBroker):
    """A broker of a cluster, without sockets."""

    def __init__(self, config: Config, clock: ManualClock, cluster: Cluster) -> None:
        self.clock = clock
        self.broker = Broker(config, clock, book=cluster.book, cluster=cluster)
        self.broker.endpoints["PLAINTEXT"] = ("localhost", 9091 + self.broker.node_id)
        self._dispatcher = Dispatcher(self.broker)

    def cut_off(self) -> None:
        self.broker.cut_off()
        self.broker.cluster.controller.silent(self.broker.node_id)

    def heal(self) -> None:
        self.broker.rejoin()
        self.broker.cluster.controller.unfence(self.broker.node_id)


class Three:
    """Three brokers on a clock that is moved by hand; topic ``t`` has three partitions."""

    def __init__(self, **settings: str) -> None:
        self.clock = ManualClock()
        properties = {
            "group.initial.rebalance.delay.ms": "0",
            "group.consumer.assignment.interval.ms": "0",
            "group.min.session.timeout.ms": "100",
            **{name.replace("_", "."): value for name, value in settings.items()},
        }
        configs = Config.from_overrides(properties).of_brokers(3)
        self.cluster = Cluster(configs[0], self.clock, book=BOOKS["kafka-4.3"], ids=IdSource(1))
        self.nodes = {c.node_id: OneOfThree(c, self.clock, self.cluster) for c in configs}
        for name in (OFFSETS, TRANSACTIONS, SHARE_STATE):
            self.cluster.create_missing_topic(name)
        self.create("t", 3)

    def create(self, name: str, partitions: int) -> None:
        config = TopicConfig(self.cluster.config, {})
        self.cluster.create_topic(name, config, self.cluster.place(partitions, 3))

    def index(self, key: str, topic: str = OFFSETS) -> int:
        return partition_of(key, len(self.cluster.topics[topic].partitions))

    def leader(self, key: str, topic: str = OFFSETS) -> int:
        return self.cluster.topics[topic].partitions[self.index(key, topic)].leader

    def coordinator(self, key: str, topic: str = OFFSETS) -> OneOfThree:
        return self.nodes[self.leader(key, topic)]

    def other(self, key: str, topic: str = OFFSETS) -> OneOfThree:
        return self.nodes[self.leader(key, topic) % 3 + 1]

    def move(self, key: str, topic: str = OFFSETS) -> OneOfThree:
        """Have another broker coordinate what is of a key's partition; gives it."""
        to = self.other(key, topic)
        partition = self.cluster.topics[topic].partitions[self.index(key, topic)]
        self.cluster.controller.move_leader(partition, to.broker.node_id)
        return to

    def keys(self, of: OneOfThree, topic: str = OFFSETS) -> Iterator[str]:
        """Names that a broker coordinates."""
        found = (f"k-{n}" for n in count())
        return (key for key in found if self.leader(key, topic) == of.broker.node_id)


@pytest.fixture
def three() -> Iterator[Three]:
    brokers = Three()
    yield brokers
    brokers.cluster.close()


def offset_commit(group: str, *indexes: int, metadata: str = "") -> OffsetCommitRequest:
    partitions = [
        OffsetCommitRequestPartition(
            partition_index=index, committed_offset=5, committed_metadata=metadata
        )
        for index in indexes
    ]
    topics = [OffsetCommitRequestTopic(name="t", partitions=partitions)]
    return OffsetCommitRequest(group_id=group, member_id="", topics=topics)


def offset_fetch(*groups: str) -> OffsetFetchRequest:
    topics = [OffsetFetchRequestTopics(name="t", partition_indexes=[0])]
    return OffsetFetchRequest(
        groups=[OffsetFetchRequestGroup(group_id=group, topics=topics) for group in groups]
    )


def join(group: str, session_ms: int = 30_000) -> JoinGroupRequest:
    return JoinGroupRequest(
        group_id=group,
        session_timeout_ms=session_ms,
        member_id="m",
        protocol_type="consumer",
        protocols=[JoinGroupRequestProtocol(name="range", metadata=b"m")],
    )


def sync(group: str, name: str | None = "range") -> SyncGroupRequest:
    return SyncGroupRequest(
        group_id=group,
        generation_id=1,
        member_id="m",
        protocol_type="consumer",
        protocol_name=name,
        assignments=[],
    )


def consumer_heartbeat(group: str, **changes: Any) -> ConsumerGroupHeartbeatRequest:
    said: dict[str, Any] = {
        "group_id": group,
        "member_id": "m",
        "member_epoch": 0,
        "rebalance_timeout_ms": 1000,
        "subscribed_topic_names": ["t"],
        "topic_partitions": [],
        **changes,
    }
    return ConsumerGroupHeartbeatRequest(**said)


def offset_delete(group: str) -> OffsetDeleteRequest:
    partitions = [OffsetDeleteRequestPartition(partition_index=0)]
    return OffsetDeleteRequest(
        group_id=group, topics=[OffsetDeleteRequestTopic(name="t", partitions=partitions)]
    )


# Who is asked


@pytest.mark.parametrize("version", range(7))
@pytest.mark.parametrize("key_type", [0, 1])
def test_each_names_the_same_one(three: Three, version: int, key_type: int) -> None:
    topic = (OFFSETS, TRANSACTIONS)[key_type if version else 0]
    keys = ["a", "", "h", "polygenelubricants", "é"]
    for node in three.nodes.values():
        for key in keys:
            request = FindCoordinatorRequest(
                key=key, key_type=key_type if version else 0, coordinator_keys=[key]
            )
            answer = node.ask(request, version)
            found = answer if version < 4 else answer.coordinators[0]
            assert found.node_id == three.leader(key, topic)
            assert (found.host, found.error_code) == ("localhost", NONE)
            asked = found.node_id == node.broker.node_id
            assert found.port == (9092 if asked else 9091 + found.node_id)


@pytest.mark.parametrize("version", range(7))
def test_nobody_is_named_while_nobody_leads(three: Three, version: int) -> None:
    for broker_id in three.nodes:
        three.cluster.controller.fence(broker_id)
    answer = three.nodes[1].ask(FindCoordinatorRequest(key="a", coordinator_keys=["a"]), version)
    found = answer if version < 4 else answer.coordinators[0]
    assert (found.node_id, found.host, found.port) == (-1, "", -1)
    assert found.error_code == ErrorCode.COORDINATOR_NOT_AVAILABLE
    told = "The coordinator is not available." if 1 <= version <= 3 else ""
    assert found.error_message == told
    # A group's coordinator is looked for, and not waited for.
    assert three.nodes[1].ask(heartbeat("a"), 4).error_code == NOT_COORDINATOR


def heartbeat(group: str) -> HeartbeatRequest:
    return HeartbeatRequest(group_id=group, generation_id=1, member_id="m")


def test_a_share_partition_is_named_anew(three: Three) -> None:
    for number in range(6):
        plain = f"g:{TOPIC_ID}:{number}"
        for key in (plain, f"g:{TOPIC_ID}==:+{number}"):
            request = FindCoordinatorRequest(key_type=2, coordinator_keys=[key])
            (found,) = three.nodes[1].ask(request, 6).coordinators
            assert (found.key, found.node_id) == (key, three.leader(plain, SHARE_STATE))


@pytest.mark.parametrize(
    ("request_of", "versions"),
    [
        (join, range(10)),
        (sync, range(6)),
        (heartbeat, range(5)),
        (lambda g: LeaveGroupRequest(group_id=g, member_id="m", members=[]), range(6)),
        (offset_delete, range(1)),
        (consumer_heartbeat, range(2)),
        (lambda g: InitProducerIdRequest(transactional_id=g, transaction_timeout_ms=9), range(6)),
    ],
    ids=["join", "sync", "heartbeat", "leave", "offset_delete", "consumer_heartbeat", "init"],
)
def test_the_others_send_to_the_coordinator(three: Three, request_of: Any, versions: range) -> None:
    topic = TRANSACTIONS if versions == range(6) and request_of("g").API_KEY == 22 else OFFSETS
    for version in versions:
        answer = three.other("g", topic).ask(request_of("g"), version)
        assert answer.error_code == NOT_COORDINATOR
        for said in ("member_id", "error_message"):
            assert not getattr(answer, said, "")


@pytest.mark.parametrize("version", range(2, 11))
def test_offsets_are_not_committed_elsewhere(three: Three, version: int) -> None:
    request = offset_commit("g", 0, 9)
    request.topics[0].topic_id = three.cluster.topics["t"].topic_id
    for metadata in ("", "x" * 5000):
        request.topics[0].partitions[0].committed_metadata = metadata
        (topic,) = three.other("g").ask(request, version).topics
        assert [(p.partition_index, p.error_code) for p in topic.partitions] == [
            (9, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
            (0, NOT_COORDINATOR),
        ]
    assert not three.cluster.groups.committed("g")


@pytest.mark.parametrize("version", range(1, 11))
def test_offsets_are_not_fetched_elsewhere(three: Three, version: int) -> None:
    if version >= 8:
        own = next(three.keys(three.other("g")))
        found = three.other("g").ask(offset_fetch(own, "g"), version).groups
        assert [(g.group_id, g.error_code) for g in found] == [(own, NONE), ("g", NOT_COORDINATOR)]
        return
    topics = [OffsetFetchRequestTopic(name="t", partition_indexes=[0, 9])]
    answer = three.other("g").ask(OffsetFetchRequest(group_id="g", topics=topics), version)
    if version >= 2:
        assert (answer.topics, answer.error_code) == ([], NOT_COORDINATOR)
    else:
        told = [(p.committed_offset, p.error_code) for p in answer.topics[0].partitions]
        assert told == [(-1, NOT_COORDINATOR)] * 2


def test_what_is_wrong_anyway_is_said_by_anybody(three: Three) -> None:
    node = three.other("g")
    invalid = ErrorCode.INVALID_GROUP_ID
    empty_at = next(n for n in three.nodes.values() if n.broker.node_id != three.leader(""))
    for request, version in (
        (join(""), 9),
        (sync(""), 5),
        (heartbeat(""), 4),
        (LeaveGroupRequest(group_id="", members=[]), 5),
        (offset_delete(""), 0),
    ):
        assert empty_at.ask(request, version).error_code == invalid
    short = node.ask(join("g", session_ms=1), 9)
    assert short.error_code == ErrorCode.INVALID_SESSION_TIMEOUT
    assert node.ask(sync("g", None), 5).error_code == ErrorCode.INCONSISTENT_GROUP_PROTOCOL
    for changes, error in (
        ({"member_id": ""}, ErrorCode.INVALID_REQUEST),
        ({"server_assignor": "no"}, ErrorCode.UNSUPPORTED_ASSIGNOR),
        # What can be told only by looking is told by who may look.
        ({"subscribed_topic_regex": "("}, NOT_COORDINATOR),
    ):
        assert node.ask(consumer_heartbeat("g", **changes), 1).error_code == error
    # A group without a name is one as any other to these.
    assert commit(empty_at, "", "t", 1) == NOT_COORDINATOR
    assert empty_at.ask(offset_fetch(""), 9).groups[0].error_code == NOT_COORDINATOR
    deleted = empty_at.ask(DeleteGroupsRequest(groups_names=[""]), 2).results
    assert deleted[0].error_code == NOT_COORDINATOR


def test_transactional_ids(three: Three) -> None:
    node, asked = three.other("x", TRANSACTIONS), three.coordinator("x", TRANSACTIONS)
    mine = next(three.keys(node, TRANSACTIONS))
    for changes, error in (
        ({"transaction_timeout_ms": 0}, ErrorCode.INVALID_TRANSACTION_TIMEOUT),
        ({"producer_id": 5}, ErrorCode.INVALID_REQUEST),
        ({"transactional_id": ""}, ErrorCode.INVALID_REQUEST),
        ({"producer_id": 5, "producer_epoch": 1}, NOT_COORDINATOR),
    ):
        said = {"transactional_id": "x", "transaction_timeout_ms": 9, **changes}
        assert node.ask(InitProducerIdRequest(**said), 5).error_code == error
    for where, name in ((asked, "x"), (node, mine)):
        request = InitProducerIdRequest(transactional_id=name, transaction_timeout_ms=9)
        assert where.ask(request, 5).error_code == NONE
    states = node.ask(DescribeTransactionsRequest(transactional_ids=["x", mine, ""]), 0)
    assert [(s.error_code, s.transaction_state) for s in states.transaction_states] == [
        (NOT_COORDINATOR, ""),
        (NONE, "Empty"),
        (ErrorCode.INVALID_REQUEST, ""),
    ]
    request = ListTransactionsRequest(state_filters=[], producer_id_filters=[])
    assert [s.transactional_id for s in node.ask(request, 1).transaction_states] == [mine]


def test_each_lists_its_own(three: Three) -> None:
    groups = [f"g-{n}" for n in range(20)]
    for group in groups:
        assert commit(three.coordinator(group), group, "t", 1) == NONE
    listed = {
        broker_id: [
            g.group_id
            for g in node.ask(ListGroupsRequest(states_filter=[], types_filter=[]), 5).groups
        ]
        for broker_id, node in three.nodes.items()
    }
    assert listed == {
        broker_id: [g for g in groups if three.leader(g) == broker_id] for broker_id in listed
    }


def test_several_are_described_by_partition(three: Three) -> None:
    """As Apache Kafka 4.3.1 answered, whose topic has 50 partitions too."""
    numbers = [36077, 156232, 997019, 128451, 142225, 283956, 237249, 423713, 152388]
    asked = [f"q{number}" for number in (*numbers, 829239, 865359, 576795, 989444)]
    numbers = [989444, 865359, 156232, 128451, 36077, 283956, 142225, 237249, 997019]
    told = [f"q{number}" for number in (*numbers, 576795, 829239, 152388, 423713)]
    node = three.nodes[1]
    described = node.ask(DescribeGroupsRequest(groups=asked), 6).groups
    assert [group.group_id for group in described] == told
    for group in described:
        mine = three.leader(group.group_id) == 1
        assert group.error_code == (ErrorCode.GROUP_ID_NOT_FOUND if mine else NOT_COORDINATOR)
        assert group.group_state == ("Dead" if mine else "")
    described = node.ask(ConsumerGroupDescribeRequest(group_ids=[*asked, ""]), 1).groups
    assert [group.group_id for group in described] == ["", *told]
    assert described[0].error_code == ErrorCode.INVALID_GROUP_ID
    # Those of one partition in the order of a map of theirs.
    told[4], told[5] = told[5], told[4]
    deleted = node.ask(DeleteGroupsRequest(groups_names=[*asked, asked[0]]), 2).results
    assert [group.group_id for group in deleted] == told


def test_partitions_that_share_a_bucket() -> None:
    """As Apache Kafka 4.3.1 answered for groups of these partitions, in this order."""
    asked = [5, 4, 34, 28, 14, 12, 47, 33, 26, 18, 15, 43, 21, 23, 16, 9, 48, 44, 46, 10, 49]
    told = [15, 47, 48, 16, 46, 14, 43, 44, 12, 9, 10, 23, 21, 49, 18, 28, 26, 5, 4, 33, 34]
    assert in_map_order_of_partitions(asked) == told


def test_a_broker_that_is_cut_off_answers_for_nobody(three: Three) -> None:
    (member,) = stable_group(three.coordinator("g"), 1, group="g", session_ms=60_000)
    node = three.coordinator("g")
    assert member.commit("t", 3) == NONE
    node.cut_off()
    unavailable = ErrorCode.COORDINATOR_NOT_AVAILABLE
    assert member.commit("t", 4) == unavailable
    assert member.heartbeat() == unavailable
    assert FakeMember(node, "g").request_join().response.error_code == unavailable
    # Whom it names is what it knew.
    request = FindCoordinatorRequest(coordinator_keys=["g"])
    assert node.ask(request, 6).coordinators[0].node_id == node.broker.node_id
    three.clock.advance(9_000)
    member.broker = three.coordinator("g")
    assert member.broker is not node
    assert member.commit("t", 5) == NONE
    node.heal()
    member.broker = node
    assert member.heartbeat() == NOT_COORDINATOR

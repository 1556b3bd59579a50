"""Offsets: who may commit them, what is read back, when they are forgotten."""

from __future__ import annotations

from typing import Any
from uuid import UUID

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
from kafka_codecs.messages.api_11_join_group import JoinGroupRequestProtocol

DAY_MS = 24 * 60 * 60 * 1000
RETENTION_MS = 7 * DAY_MS
NOBODY = UUID("00000000-0000-4000-8000-00000000abcd")
OTHER_NOBODY = UUID(int=0)


@pytest.fixture(autouse=True)
def topics(broker: FakeBroker) -> None:
    for name in ("topic", "other"):
        broker.broker.cluster.create_topic_with_defaults(name)


def fetch(broker: FakeBroker, version: int, group: str, topics: list[str] | None) -> Any:
    """Partition 0 and 1 of each topic: (topic, partition, offset, metadata, error)."""
    ids = {name: topic.topic_id for name, topic in broker.broker.topics.items()}
    names = {topic_id: name for name, topic_id in ids.items()}
    if version < 8:
        wanted = topics and [
            OffsetFetchRequestTopic(name=name, partition_indexes=[0, 1]) for name in topics
        ]
        response = broker.ask(OffsetFetchRequest(group_id=group, topics=wanted), version)
    else:
        some = topics and [
            OffsetFetchRequestTopics(
                name=name, topic_id=ids.get(name, NOBODY), partition_indexes=[0, 1]
            )
            for name in topics
        ]
        request = OffsetFetchRequest(groups=[OffsetFetchRequestGroup(group_id=group, topics=some)])
        (response,) = broker.ask(request, version).groups
    assert response.error_code == ErrorCode.NONE
    return [
        (
            names.get(topic.topic_id, "?") if version >= 10 else topic.name,
            p.partition_index,
            p.committed_offset,
            p.metadata,
            p.error_code,
        )
        for topic in response.topics
        for p in topic.partitions
    ]


@pytest.mark.parametrize("version", range(1, 11))
def test_what_was_committed_is_read_back(broker: FakeBroker, version: int) -> None:
    assert commit(broker, "group", "topic", 42, metadata="note") == ErrorCode.NONE
    assert commit(broker, "group", "other", 7, metadata=None) == ErrorCode.NONE
    assert fetch(broker, version, "group", ["topic", "other"]) == [
        ("topic", 0, 42, "note", 0),
        ("topic", 1, -1, "", 0),
        ("other", 0, 7, "", 0),
        ("other", 1, -1, "", 0),
    ]
    assert fetch(broker, version, "unknown", ["topic"]) == [
        ("topic", 0, -1, "", 0),
        ("topic", 1, -1, "", 0),
    ]


@pytest.mark.parametrize("version", range(2, 11))
def test_null_topics_mean_all(broker: FakeBroker, version: int) -> None:
    commit(broker, "group", "topic", 42)
    commit(broker, "group", "other", 7)
    every = [("other", 0, 7, "", 0), ("topic", 0, 42, "", 0)]
    assert sorted(fetch(broker, version, "group", None)) == every
    assert fetch(broker, version, "unknown", None) == []


def test_a_topic_nobody_knows_is_an_error_only_by_its_id(broker: FakeBroker) -> None:
    for version in (1, 7, 8, 9):
        nothing = [("absent", 0, -1, "", 0), ("absent", 1, -1, "", 0)]
        assert fetch(broker, version, "group", ["absent"]) == nothing
    unknown = ErrorCode.UNKNOWN_TOPIC_ID
    # Those that are unknown come last.
    assert fetch(broker, 10, "group", ["absent", "topic"]) == [
        ("topic", 0, -1, "", 0),
        ("topic", 1, -1, "", 0),
        ("?", 0, -1, "", unknown),
        ("?", 1, -1, "", unknown),
    ]


def test_several_groups_at_once(broker: FakeBroker) -> None:
    commit(broker, "a", "topic", 1)
    request = OffsetFetchRequest(
        groups=[
            OffsetFetchRequestGroup(group_id="a", member_id="nobody", member_epoch=9, topics=None),
            OffsetFetchRequestGroup(group_id="", topics=None),
            OffsetFetchRequestGroup(group_id="a", topics=[]),
        ]
    )
    groups = broker.ask(request, 9).groups
    assert [(g.group_id, len(g.topics), g.error_code) for g in groups] == [
        ("a", 1, 0),
        ("", 0, 0),
        ("a", 0, 0),
    ]


def commit_all(broker: FakeBroker, version: int, *wanted: tuple[Any, list[int]]) -> Any:
    """Commit partitions of topics by name or id: [(topic, [(partition, error)])]."""
    topics = [
        OffsetCommitRequestTopic(
            **({"topic_id": topic} if isinstance(topic, UUID) else {"name": topic}),
            partitions=[
                OffsetCommitRequestPartition(
                    partition_index=index, committed_offset=1, committed_metadata=""
                )
                for index in indexes
            ],
        )
        for topic, indexes in wanted
    ]
    response = broker.ask(OffsetCommitRequest(group_id="g", member_id="", topics=topics), version)
    return [
        (
            topic.topic_id if version >= 10 else topic.name,
            [(p.partition_index, p.error_code) for p in topic.partitions],
        )
        for topic in response.topics
    ]


@pytest.mark.parametrize("version", range(2, 10))
def test_partitions_that_are_not_there_come_first(broker: FakeBroker, version: int) -> None:
    wanted = [("other", [0]), ("topic", [0, 9]), ("absent", [0]), ("topic", [0])]
    missing = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert commit_all(broker, version, *wanted) == [
        ("topic", [(9, missing), (0, 0), (0, 0)]),
        ("absent", [(0, missing)]),
        ("other", [(0, 0)]),
    ]


def test_a_topic_named_twice_is_answered_twice_when_nothing_is_wrong(broker: FakeBroker) -> None:
    wanted = [("topic", [0, 0]), ("topic", [0])]
    assert commit_all(broker, 9, *wanted) == [("topic", [(0, 0), (0, 0)]), ("topic", [(0, 0)])]


def test_topics_by_id(broker: FakeBroker) -> None:
    topic_id = broker.broker.topics["topic"].topic_id
    unknown = ErrorCode.UNKNOWN_TOPIC_ID
    assert commit_all(broker, 10, (topic_id, [0]), (NOBODY, [0]), (OTHER_NOBODY, [1])) == [
        (NOBODY, [(0, unknown)]),
        (OTHER_NOBODY, [(1, unknown)]),
        (topic_id, [(0, 0)]),
    ]


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        (None, ErrorCode.NONE),
        ("x" * 4096, ErrorCode.NONE),
        ("x" * 4097, ErrorCode.OFFSET_METADATA_TOO_LARGE),
        ("ä" * 4096, ErrorCode.NONE),
        ("😀" * 2048, ErrorCode.NONE),
        ("😀" * 2049, ErrorCode.OFFSET_METADATA_TOO_LARGE),
    ],
)
def test_metadata_is_measured_as_a_java_string(
    broker: FakeBroker, metadata: str | None, error: ErrorCode
) -> None:
    assert commit(broker, "group", "topic", 1, metadata=metadata) == error
    committed = -1 if error else 1
    assert fetch(broker, 7, "group", ["topic"])[0][2] == committed


def test_commits_of_a_group_that_is_not_there(broker: FakeBroker) -> None:
    for version, error in ((8, ErrorCode.ILLEGAL_GENERATION), (9, ErrorCode.GROUP_ID_NOT_FOUND)):
        found = commit(broker, "new", "topic", 1, generation=0, member_id="m", version=version)
        assert found == error
    # Without a generation it is made, whoever says he is a member.
    assert commit(broker, "new", "topic", 1, member_id="m") == ErrorCode.NONE
    assert commit(broker, "new", "topic", 1, generation=0, member_id="m") == (
        ErrorCode.UNKNOWN_MEMBER_ID
    )


def test_commits_in_each_state_of_a_group(broker: FakeBroker) -> None:
    member = FakeMember(broker)
    member.join()
    assert member.commit("topic", 1) == ErrorCode.REBALANCE_IN_PROGRESS
    assert commit(broker, "group", "topic", 1) == ErrorCode.UNKNOWN_MEMBER_ID
    member.sync()
    assert member.commit("topic", 1) == ErrorCode.NONE
    assert commit(broker, "group", "topic", 1) == ErrorCode.UNKNOWN_MEMBER_ID
    for generation in (-1, 0, 2):
        error = commit(
            broker, "group", "topic", 1, generation=generation, member_id=member.member_id
        )
        assert error == ErrorCode.ILLEGAL_GENERATION
    assert commit(broker, "group", "topic", 1, generation=1, member_id="x") == (
        ErrorCode.UNKNOWN_MEMBER_ID
    )
    FakeMember(broker).begin_join()
    assert member.commit("topic", 2) == ErrorCode.NONE, "a rebalance is the time to commit"
    member.leave()


def test_a_group_without_members_takes_commits_of_anybody(broker: FakeBroker) -> None:
    (member,) = stable_group(broker, 1)
    member.leave()
    assert commit(broker, "group", "topic", 5) == ErrorCode.NONE
    assert member.commit("topic", 6) == ErrorCode.UNKNOWN_MEMBER_ID


def test_the_offsets_of_a_deleted_topic_are_forgotten(broker: FakeBroker) -> None:
    commit(broker, "group", "topic", 5)
    commit(broker, "group", "other", 6)
    broker.broker.cluster.delete_topic(broker.broker.topics["topic"])
    assert fetch(broker, 7, "group", None) == [("other", 0, 6, "", 0)]


def test_offsets_of_a_group_without_members_are_kept_for_their_retention(
    broker: FakeBroker,
) -> None:
    (member,) = stable_group(broker, 1)
    member.commit("topic", 5)
    for _ in range(8 * DAY_MS // 20_000):
        broker.clock.advance(20_000)
        member.heartbeat()
    assert fetch(broker, 7, "group", ["topic"])[0][2] == 5, "somebody is there"
    member.leave()
    broker.clock.advance(RETENTION_MS - DAY_MS)
    assert fetch(broker, 7, "group", ["topic"])[0][2] == 5
    broker.clock.advance(DAY_MS + 600_000)
    assert fetch(broker, 7, "group", ["topic"])[0][2] == -1
    assert broker.broker.groups.groups == {}


def test_offsets_without_a_group_are_kept_from_their_commit_on(broker: FakeBroker) -> None:
    commit(broker, "simple", "topic", 5)
    broker.clock.advance(RETENTION_MS - DAY_MS)
    commit(broker, "simple", "other", 6)
    broker.clock.advance(DAY_MS + 600_000)
    assert fetch(broker, 7, "simple", None) == [("other", 0, 6, "", 0)]


def test_old_clients_may_ask_for_their_own_retention(broker: FakeBroker) -> None:
    commit(broker, "simple", "topic", 5, retention_ms=1_000, version=4)
    broker.clock.advance(600_000)
    assert fetch(broker, 7, "simple", None) == []


def test_a_topic_nobody_subscribes_to_any_more(broker: FakeBroker) -> None:
    member = FakeMember(broker)
    metadata = bytes.fromhex("0001 00000001 0005") + b"other" + bytes.fromhex("ffffffff 00000000")
    member.protocols = [JoinGroupRequestProtocol(name="range", metadata=metadata)]
    member.join()
    member.sync()
    member.commit("topic", 5)
    member.commit("other", 6)
    groups = broker.broker.groups
    for _ in range(RETENTION_MS // 20_000 + 1):
        broker.clock.advance(20_000)
        member.heartbeat()
    groups.expire()
    assert fetch(broker, 7, "group", None) == [("other", 0, 6, "", 0)]


@pytest.mark.timeout(10)
@pytest.mark.parametrize("cut", ["", "00", "0001", "0001 0000", "0001 00000001 00"])
def test_a_subscription_that_is_cut_short_keeps_the_offsets(broker: FakeBroker, cut: str) -> None:
    """Those with counts that are not true never get this far: ``real_broker`` has them."""
    member = FakeMember(broker)
    metadata = bytes.fromhex(cut)
    member.protocols = [JoinGroupRequestProtocol(name="range", metadata=metadata)]
    member.join()
    member.sync()
    member.commit("topic", 5)
    for _ in range(RETENTION_MS // 20_000 + 1):
        broker.clock.advance(20_000)
        member.heartbeat()
    broker.broker.groups.expire()
    assert fetch(broker, 7, "group", ["topic"])[0][2] == 5

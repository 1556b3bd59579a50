"""AlterPartitionReassignments: a single broker, to which everything is assigned already."""

from __future__ import annotations

from collections.abc import Sequence

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from kafka_codecs.messages.api_03_metadata import MetadataRequest, MetadataRequestTopic
from kafka_codecs.messages.api_45_alter_partition_reassignments import (
    AlterPartitionReassignmentsRequest,
    ReassignablePartition,
    ReassignableTopic,
)

Replicas = Sequence[tuple[int, list[int] | None]]


def alter(
    *topics: tuple[str, Replicas], timeout_ms: int = 10_000, may_change: bool = True
) -> AlterPartitionReassignmentsRequest:
    return AlterPartitionReassignmentsRequest(
        timeout_ms=timeout_ms,
        allow_replication_factor_change=may_change,
        topics=[
            ReassignableTopic(
                name=name,
                partitions=[
                    ReassignablePartition(partition_index=index, replicas=replicas)
                    for index, replicas in partitions
                ],
            )
            for name, partitions in topics
        ],
    )


@scene(AlterPartitionReassignmentsRequest)
def replicas(c: Conversation, version: int) -> None:
    topic = c.topic("t", 2)
    for may_change in (True, False) if version >= 1 else (True,):
        for label, given in (
            ("as it is", [1]),
            ("cancel", None),
            ("none", []),
            ("an unknown broker", [2]),
            ("the broker and an unknown one", [1, 2]),
            ("two unknown ones", [9, 8]),
            ("a negative one", [-1]),
            ("the broker twice", [1, 1]),
        ):
            asked = alter((topic, [(0, given)]), may_change=may_change)
            c.ask(f"{label}, factor may change: {may_change}", asked, version)
    described = MetadataRequest(topics=[MetadataRequestTopic(name=topic)])
    c.ask("what is there", described, 12)


@scene(AlterPartitionReassignmentsRequest)
def places(c: Conversation, version: int) -> None:
    topic, other, missing = c.topic("t", 3), c.topic("o"), c.name("missing")
    for label, asked in (
        ("unknown topic", [(missing, [(0, [1])])]),
        ("unknown topic, cancel", [(missing, [(0, None)])]),
        ("unknown topic and broker", [(missing, [(0, [7])])]),
        ("unknown partition", [(topic, [(3, [1])])]),
        ("unknown partition, cancel", [(topic, [(3, None)])]),
        ("negative partition", [(topic, [(-1, [1])])]),
        ("illegal name", [("a b", [(0, [1])])]),
        ("empty name", [("", [(0, [1])])]),
        ("several", [(topic, [(2, [1]), (0, None), (1, [7]), (9, [1])]), (other, [(0, [1])])]),
        ("a partition twice", [(topic, [(0, [1]), (0, None)])]),
        ("a topic twice", [(topic, [(0, [1])]), (topic, [(0, [7])])]),
        ("no partitions", [(topic, [])]),
        ("no partitions of an unknown topic", [(missing, [])]),
        ("no topics", []),
    ):
        c.ask(label, alter(*asked), version)


@scene(AlterPartitionReassignmentsRequest)
def time_to_do_it(c: Conversation, version: int) -> None:
    topic, missing = c.topic("t"), c.name("missing")
    for timeout_ms in (0, -1):
        asked: list[tuple[str, Replicas]] = [(topic, [(0, [1]), (5, None)]), (missing, [(0, [1])])]
        c.ask(f"{timeout_ms} ms", alter(*asked, timeout_ms=timeout_ms), version)
        c.ask(f"{timeout_ms} ms, no topics", alter(timeout_ms=timeout_ms), version)
        if version >= 1:
            fixed = alter(*asked, timeout_ms=timeout_ms, may_change=False)
            c.ask(f"{timeout_ms} ms, the factor may not change", fixed, version)

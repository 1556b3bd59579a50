"""DescribeQuorum: the partition of the cluster's metadata, and others."""

from __future__ import annotations

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from kafka_codecs.messages.api_55_describe_quorum import (
    DescribeQuorumRequest,
    WantedPartition,
    WantedTopic,
)

METADATA = "__cluster_metadata"


def of(*topics: tuple[str, list[int]]) -> DescribeQuorumRequest:
    return DescribeQuorumRequest(
        topics=[
            WantedTopic(
                topic_name=name, partitions=[WantedPartition(partition_index=i) for i in indexes]
            )
            for name, indexes in topics
        ]
    )


@scene(DescribeQuorumRequest)
def the_quorum(c: Conversation, version: int) -> None:
    c.ask("it", of((METADATA, [0])), version)


@scene(DescribeQuorumRequest)
def nothing_else(c: Conversation, version: int) -> None:
    for label, topics in (
        ("nothing", []),
        ("no partition", [(METADATA, [])]),
        ("another partition", [(METADATA, [1])]),
        ("two partitions", [(METADATA, [0, 1])]),
        ("the partition twice", [(METADATA, [0, 0])]),
        ("another topic", [(c.topic(), [0])]),
        ("another topic besides", [(METADATA, [0]), ("x", [0, 1])]),
        ("the topic twice", [(METADATA, [0]), (METADATA, [0])]),
        ("a topic without a name", [("", [-1])]),
    ):
        c.ask(label, of(*topics), version)

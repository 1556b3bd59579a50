"""ListPartitionReassignments: nothing is ever moved where there is one broker."""

from __future__ import annotations

from collections.abc import Iterable

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from kafka_codecs.messages.api_45_alter_partition_reassignments import (
    AlterPartitionReassignmentsRequest,
    ReassignablePartition,
    ReassignableTopic,
)
from kafka_codecs.messages.api_46_list_partition_reassignments import (
    ListPartitionReassignmentsRequest,
    ListPartitionReassignmentsTopics,
)


def of(
    topics: Iterable[tuple[str, list[int]]] | None, timeout_ms: int = 10_000
) -> ListPartitionReassignmentsRequest:
    return ListPartitionReassignmentsRequest(
        timeout_ms=timeout_ms,
        topics=(
            None
            if topics is None
            else [
                ListPartitionReassignmentsTopics(name=name, partition_indexes=indexes)
                for name, indexes in topics
            ]
        ),
    )


@scene(ListPartitionReassignmentsRequest)
def reassignments(c: Conversation, version: int) -> None:
    topic, missing = c.topic("t", 3), c.name("missing")
    for label, asked in (
        ("null", None),
        ("no topics", []),
        ("one", [(topic, [0])]),
        ("three", [(topic, [2, 1, 0])]),
        ("unknown partition", [(topic, [7])]),
        ("negative partition", [(topic, [-1])]),
        ("unknown topic", [(missing, [0])]),
        ("illegal name", [("a b", [0])]),
        ("empty name", [("", [0])]),
        ("no partitions", [(topic, [])]),
        ("a topic twice", [(topic, [0]), (topic, [0, 0])]),
    ):
        c.ask(label, of(asked), version)
    for timeout_ms in (0, -1):
        c.ask(f"{timeout_ms} ms", of([(topic, [0])], timeout_ms), version)
        c.ask(f"{timeout_ms} ms, null", of(None, timeout_ms), version)


@scene(ListPartitionReassignmentsRequest)
def after_a_reassignment(c: Conversation, version: int) -> None:
    topic = c.topic("t")
    given = ReassignablePartition(partition_index=0, replicas=[1])
    asked = AlterPartitionReassignmentsRequest(
        timeout_ms=10_000, topics=[ReassignableTopic(name=topic, partitions=[given])]
    )
    c.ask("to where it is", asked, 0)
    c.ask("it is done", of([(topic, [0])]), version)
    c.ask("nothing else is being done", of(None), version)

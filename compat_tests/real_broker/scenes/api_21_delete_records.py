"""DeleteRecords: how far a log may be cut, and what is answered of the others."""

from __future__ import annotations

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.producing import batch, produce
from kafka_codecs.messages.api_10_find_coordinator import FindCoordinatorRequest
from kafka_codecs.messages.api_21_delete_records import (
    DeleteRecordsPartition,
    DeleteRecordsRequest,
    DeleteRecordsTopic,
)


def delete(
    *topics: tuple[str, list[tuple[int, int]]], timeout_ms: int = 10_000
) -> DeleteRecordsRequest:
    return DeleteRecordsRequest(
        topics=[
            DeleteRecordsTopic(
                name=name,
                partitions=[
                    DeleteRecordsPartition(partition_index=index, offset=offset)
                    for index, offset in parts
                ],
            )
            for name, parts in topics
        ],
        timeout_ms=timeout_ms,
    )


@scene(DeleteRecordsRequest)
def offsets(c: Conversation, version: int) -> None:
    topic = c.topic()
    for _ in range(3):
        c.quietly(produce(c, 9, {(topic, 0): batch(records=2)}), 9)
    for label, offset in (
        ("nothing", 0),
        ("in the first batch", 1),
        ("the first batch", 2),
        ("back", 1),
        ("one beyond the end", 7),
        ("far beyond the end", 10**12),
        ("below -1", -2),
        ("the least", -(2**63)),
        ("the end", 6),
        ("the end again", 6),
        ("all there is", -1),
    ):
        c.ask(label, delete((topic, [(0, offset)])), version)
    c.quietly(produce(c, 9, {(topic, 0): batch(records=2)}), 9)
    c.ask("all there is, with more in it", delete((topic, [(0, -1)])), version)
    c.quietly(produce(c, 9, {(topic, 0): batch(records=2)}), 9)
    for timeout_ms in (0, -1):
        asked = delete((topic, [(0, 9 + abs(timeout_ms))]), timeout_ms=timeout_ms)
        c.ask(f"{timeout_ms} ms", asked, version)


@scene(DeleteRecordsRequest)
def places(c: Conversation, version: int) -> None:
    topic, other, missing = c.topic("t", 3), c.topic("o"), c.name("missing")
    compacted = c.topic("c", cleanup_policy="compact")
    both = c.topic("b", cleanup_policy="compact,delete")
    for label, asked in (
        ("unknown topic", [(missing, [(0, 0)])]),
        ("unknown partition", [(topic, [(7, 0)])]),
        ("negative partition", [(topic, [(-1, 0)])]),
        ("three partitions", [(topic, [(0, 0), (1, 0), (2, -1)])]),
        ("a partition twice", [(topic, [(0, 0), (0, -1)])]),
        ("a partition twice, the first too far", [(topic, [(0, 9), (0, 0)])]),
        ("a topic twice", [(topic, [(0, 0)]), (topic, [(1, 0)])]),
        ("good and unknown", [(topic, [(0, 0)]), (missing, [(0, 0)]), (other, [(0, 0), (4, 0)])]),
        ("compacted", [(compacted, [(0, 0)])]),
        ("compacted and deleted", [(both, [(0, 0)])]),
        ("illegal name", [("a b", [(0, 0)])]),
        ("empty name", [("", [(0, 0)])]),
        ("no partitions", [(topic, [])]),
        ("no topics", []),
    ):
        c.ask(label, delete(*asked), version)


@scene(DeleteRecordsRequest)
def a_topic_of_the_brokers_own(c: Conversation, version: int) -> None:
    c.quietly(FindCoordinatorRequest(coordinator_keys=[c.name("group")]), 4)
    for index in (0, 99):
        c.ask(f"partition {index}", delete(("__consumer_offsets", [(index, 0)])), version)

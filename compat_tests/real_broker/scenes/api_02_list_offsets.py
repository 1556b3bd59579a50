"""ListOffsets: the special timestamps, records by their time, and where there is nothing to find."""

from __future__ import annotations

import time
from collections.abc import Iterable

from compat_tests.real_broker.conversation import TIME, Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.fetching import delete_before, store
from compat_tests.real_broker.scenes.producing import batch
from kafka_codecs.messages.api_02_list_offsets import (
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsTopic,
)
from kafka_codecs.record_batch import NO_TIMESTAMP, Record, encode_batch

LATEST, EARLIEST, LARGEST_TIME = -1, -2, -3
SPECIALS = {
    LATEST: "the latest offset",
    EARLIEST: "the earliest offset",
    LARGEST_TIME: "the largest timestamp",
    -4: "the earliest local offset",
    -5: "the latest tiered offset",
    -6: "the earliest pending upload",
    -7: "special timestamp -7",
    -100: "special timestamp -100",
    -(2**63): "the lowest timestamp",
}
FOREVER = 2**63 - 1


def at(timestamp: int, index: int = 0, epoch: int = -1) -> ListOffsetsPartition:
    return ListOffsetsPartition(
        partition_index=index, timestamp=timestamp, current_leader_epoch=epoch
    )


def of(
    topics: Iterable[tuple[str, list[ListOffsetsPartition]]], replica: int = -1, **more: int
) -> ListOffsetsRequest:
    return ListOffsetsRequest(
        replica_id=replica,
        topics=[ListOffsetsTopic(name=name, partitions=found) for name, found in topics],
        **more,
    )


def stamped(*times: int, codec: int = 0) -> bytes:
    """A batch of one record for each time."""
    records = [Record(0, TIME + ms, b"k", b"v") for ms in times]
    return encode_batch(records, base_timestamp=TIME + times[0], codec=codec)


def nine_records(c: Conversation) -> str:
    """A topic whose first partition has records with times that go up and down; the second is empty."""
    topic = c.topic(partitions=2)
    store(c, topic, stamped(100, 300, 200), stamped(400, 500, 500), stamped(450, 450, 450))
    return topic


@scene(ListOffsetsRequest)
def special_timestamps(c: Conversation, version: int) -> None:
    topic = nine_records(c)
    for timestamp, label in SPECIALS.items():
        c.ask(label, of([(topic, [at(timestamp)])]), version)
        c.ask(f"{label}, empty", of([(topic, [at(timestamp, 1)])]), version)
    c.ask("several", of([(topic, [at(EARLIEST), at(LATEST, 1)])]), version)
    c.ask("unsupported and good", of([(topic, [at(-9), at(LATEST, 1)])]), version)


@scene(ListOffsetsRequest)
def by_time(c: Conversation, version: int) -> None:
    topic = nine_records(c)
    for ms in (0, 100, 101, 200, 300, 301, 400, 401, 450, 499, 500, 501):
        c.ask(f"{ms} ms", of([(topic, [at(TIME + ms)])]), version)
    c.ask("1970", of([(topic, [at(0)])]), version)
    c.ask("the end of time", of([(topic, [at(FOREVER)])]), version)
    c.ask("nothing there", of([(topic, [at(TIME, 1)])]), version)


@scene(ListOffsetsRequest)
def places(c: Conversation, version: int) -> None:
    topic, missing = nine_records(c), c.name("missing")
    cases: dict[str, tuple[str, ListOffsetsPartition]] = {
        "no such topic": (missing, at(LATEST)),
        "no such topic, by time": (missing, at(TIME)),
        "no such topic, unsupported": (missing, at(-9)),
        "no such topic, an epoch": (missing, at(LATEST, epoch=4)),
        "no such partition": (topic, at(LATEST, 2)),
        "no such partition, unsupported": (topic, at(-9, 2)),
        "a negative partition": (topic, at(LATEST, -1)),
        "an illegal name": ("a b", at(LATEST)),
        "an empty name": ("", at(LATEST)),
        "a name too long": ("x" * 250, at(LATEST)),
        "not ASCII": ("thème", at(LATEST)),
    }
    for label, (name, wanted) in cases.items():
        c.ask(label, of([(name, [wanted])]), version)
    c.ask("one good, one unknown topic", of([(missing, [at(-1)]), (topic, [at(-1)])]), version)
    c.ask("one good, one unknown partition", of([(topic, [at(-1, 7), at(-1)])]), version)
    c.ask("no topics", of([]), version)
    c.ask("no partitions", of([(topic, [])]), version)
    c.ask("no partitions of no such topic", of([(missing, [])]), version)


@scene(ListOffsetsRequest)
def one_partition_twice(c: Conversation, version: int) -> None:
    topic = nine_records(c)
    c.ask("in one topic", of([(topic, [at(LATEST), at(EARLIEST)])]), version)
    c.ask("all the same", of([(topic, [at(LATEST), at(LATEST)])]), version)
    c.ask("and another", of([(topic, [at(LATEST), at(LATEST, 1), at(EARLIEST)])]), version)
    c.ask("three times", of([(topic, [at(LATEST)] * 3)]), version)
    c.ask("unsupported", of([(topic, [at(-9), at(-9)])]), version)
    apart = [(topic, [at(LATEST)]), (topic, [at(LATEST, 1)])]
    c.ask("two parts of a topic", of(apart), version)
    again = [(topic, [at(LATEST)]), (topic, [at(EARLIEST)])]
    c.ask("in two parts of a topic", of(again), version)
    missing = c.name("missing")
    c.ask("of no such topic", of([(missing, [at(LATEST), at(EARLIEST)])]), version)


@scene(ListOffsetsRequest, "4+")
def leader_epochs(c: Conversation, version: int) -> None:
    topic = nine_records(c)
    for epoch in (0, 1, 2**31 - 1, -2, -(2**31)):
        c.ask(f"epoch {epoch}", of([(topic, [at(LATEST, epoch=epoch)])]), version)
        c.ask(f"epoch {epoch}, by time", of([(topic, [at(TIME, epoch=epoch)])]), version)
    c.ask("epoch 1, unsupported", of([(topic, [at(-9, epoch=1)])]), version)
    c.ask("epoch 1, largest time", of([(topic, [at(LARGEST_TIME, epoch=1)])]), version)
    c.ask("epoch 1, empty", of([(topic, [at(TIME, 1, epoch=1)])]), version)
    c.ask("epoch 0, empty", of([(topic, [at(LATEST, 1, epoch=0)])]), version)


@scene(ListOffsetsRequest, "2+")
def isolation_levels(c: Conversation, version: int) -> None:
    topic = nine_records(c)
    for level in (0, 1, 2, -1, 127):
        for label, wanted in (
            ("latest", at(LATEST)),
            ("earliest", at(EARLIEST)),
            ("by time", at(TIME + 300)),
            ("unsupported", at(-9)),
            ("no such partition", at(LATEST, 5)),
        ):
            request = of([(topic, [wanted])], isolation_level=level)
            c.ask(f"level {level}, {label}", request, version)
        twice = of([(topic, [at(LATEST), at(LATEST)])], isolation_level=level)
        c.ask(f"level {level}, twice", twice, version)
        none = of([(topic, []), (topic, [])], isolation_level=level)
        c.ask(f"level {level}, no partitions", none, version)


@scene(ListOffsetsRequest)
def replicas(c: Conversation, version: int) -> None:
    """Only consumers (-1) are held to isolation levels; -2 is who looks at followers."""
    topic = nine_records(c)
    for replica in (-2, -3, 0, 1, 2, 2**31 - 1, -(2**31)):
        for label, timestamp in (("latest", LATEST), ("earliest", EARLIEST), ("by time", TIME)):
            request = of([(topic, [at(timestamp)])], replica)
            c.ask(f"replica {replica}, {label}", request, version)
        both = of([(topic, [at(LATEST), at(LATEST)])], replica)
        c.ask(f"replica {replica}, twice", both, version)
        if version >= 2:
            level = of([(topic, [at(LATEST)])], replica, isolation_level=2)
            c.ask(f"replica {replica}, level 2", level, version)


@scene(ListOffsetsRequest)
def compressed(c: Conversation, version: int) -> None:
    topic = c.topic(partitions=5)
    for codec in range(1, 5):
        store(
            c, topic, stamped(100, 300, 200, codec=codec), stamped(250, codec=codec),
            partition=codec,
        )  # fmt: skip
        for ms in (100, 150, 250, 300, 301):
            c.ask(f"codec {codec}, {ms} ms", of([(topic, [at(TIME + ms, codec)])]), version)
        c.ask(f"codec {codec}, largest", of([(topic, [at(LARGEST_TIME, codec)])]), version)


@scene(ListOffsetsRequest)
def whose_time(c: Conversation, version: int) -> None:
    """Records without a timestamp, and topics that keep the broker's."""
    plain, appended = (
        c.topic("plain", 2),
        c.topic("appended", message_timestamp_type="LogAppendTime"),
    )
    timeless = batch(timestamp=NO_TIMESTAMP, records=2)
    store(c, plain, timeless)
    store(c, plain, timeless, stamped(5), timeless, partition=1)
    store(c, appended, stamped(1, 2, 3))
    time.sleep(0.005)  # so that the second batch is newer
    store(c, appended, stamped(9))
    for index, label in ((0, "no timestamps"), (1, "few timestamps")):
        for timestamp in (0, TIME, TIME + 6, LARGEST_TIME):
            c.ask(f"{label}, {timestamp}", of([(plain, [at(timestamp, index)])]), version)
    for label, timestamp in (
        ("1970", 0),
        ("the client's time", TIME + 9),
        ("far ahead", FOREVER),
        ("largest", LARGEST_TIME),
        ("latest", LATEST),
    ):
        c.ask(f"append time, {label}", of([(appended, [at(timestamp)])]), version)


@scene(ListOffsetsRequest)
def deleted_records(c: Conversation, version: int) -> None:
    topic = nine_records(c)
    for before in (1, 2, 4, 5, -1):
        delete_before(c, topic, before)
        for label, timestamp in (
            ("earliest", EARLIEST),
            ("latest", LATEST),
            ("largest time", LARGEST_TIME),
            ("earliest local", -4),
            ("by time", TIME),
            ("late", TIME + 450),
        ):
            c.ask(f"before {before}, {label}", of([(topic, [at(timestamp)])]), version)


@scene(ListOffsetsRequest)
def segments(c: Conversation, version: int) -> None:
    """A time is looked for in one segment alone: the first that has it, deleted or not."""
    topic = c.topic(segment_ms="1000")
    store(c, topic, stamped(5000), stamped(100), stamped(7000), stamped(7000, 6500), stamped(9000))
    # No further: the second segment on, Apache Kafka drops what is deleted when it next cleans up.
    for before in (0, 1):
        delete_before(c, topic, before)
        for label, timestamp in (
            ("earliest", EARLIEST),
            ("largest time", LARGEST_TIME),
            *((f"{ms} ms", TIME + ms) for ms in (50, 100, 101, 4000, 6000, 7000, 8000, 9001)),
        ):
            c.ask(f"before {before}, {label}", of([(topic, [at(timestamp)])]), version)
    delete_before(c, topic, -1)
    c.ask("all deleted, largest time", of([(topic, [at(LARGEST_TIME)])]), version)
    c.ask("all deleted, by time", of([(topic, [at(TIME + 9000)])]), version)
    for label, ms in (("older", 8500), ("as new", 9000), ("newer", 9001)):
        store(c, topic, stamped(ms))
        c.ask(f"{label}, largest time", of([(topic, [at(LARGEST_TIME)])]), version)
        c.ask(f"{label}, by time", of([(topic, [at(TIME + ms)])]), version)


@scene(ListOffsetsRequest, "10+")
def timeouts(c: Conversation, version: int) -> None:
    """They count for tiered storage alone."""
    topic = nine_records(c)
    for timeout_ms in (0, -1, 1, 2**31 - 1):
        wanted = [at(TIME + 300)]
        c.ask(f"{timeout_ms} ms", of([(topic, wanted)], timeout_ms=timeout_ms), version)

"""DescribeProducers: what a partition remembers of those who wrote to it."""

from __future__ import annotations

from collections.abc import Iterable

from compat_tests.real_broker.conversation import TIME, Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.fetching import delete_before, store
from compat_tests.real_broker.scenes.producing import batch, produce
from kafka_codecs.messages.api_22_init_producer_id import InitProducerIdRequest
from kafka_codecs.messages.api_61_describe_producers import DescribeProducersRequest, TopicRequest
from kafka_codecs.record_batch import NO_TIMESTAMP

# Producers nobody gave out an id to: they may write all the same.
ONE, TWO = 4_000_000_000_001, 4_000_000_000_002
LAST = 2**31 - 1


def of(topics: Iterable[tuple[str, list[int]]]) -> DescribeProducersRequest:
    return DescribeProducersRequest(
        topics=[TopicRequest(name=name, partition_indexes=indexes) for name, indexes in topics]
    )


@scene(DescribeProducersRequest)
def one_after_the_other(c: Conversation, version: int) -> None:
    topic = c.topic()
    asked = of([(topic, [0])])
    c.ask("nobody yet", asked, version)
    for label, records in (
        ("without a producer", batch()),
        ("first", batch(ONE, 0, 0)),
        ("next, of three records", batch(ONE, 0, 1, 3, timestamp=TIME + 5)),
        ("older by its time", batch(ONE, 0, 4, timestamp=TIME - 9)),
        ("another producer", batch(TWO, 7, 12)),
        ("without a timestamp", batch(TWO, 7, 13, timestamp=NO_TIMESTAMP)),
        ("a higher epoch", batch(ONE, 3, 0)),
        ("a producer id of its own", batch(c.producer_id(), 0, 0)),
    ):
        store(c, topic, records)
        c.ask(label, asked, version)
    delete_before(c, topic, -1)
    c.ask("when all records are deleted", asked, version)


@scene(DescribeProducersRequest)
def what_does_not_count(c: Conversation, version: int) -> None:
    topic = c.topic()
    store(c, topic, batch(ONE, 1, 0), batch(ONE, 1, 1))
    for label, records in (
        ("a duplicate", batch(ONE, 1, 1, timestamp=TIME + 50)),
        ("a gap", batch(ONE, 1, 9)),
        ("fenced", batch(ONE, 0, 2)),
        ("refused with an epoch of its own", batch(ONE, 4, 2)),
        ("a stranger refused", batch(TWO, 0, 0)[:-1]),
    ):
        c.quietly(produce(c, 9, {(topic, 0): records}), 9)
        c.ask(f"after {label}", of([(topic, [0])]), version)


@scene(DescribeProducersRequest)
def far_ends(c: Conversation, version: int) -> None:
    topic = c.topic(partitions=4)
    store(c, topic, batch(ONE, 32767, LAST), partition=0)
    store(c, topic, batch(ONE, 0, LAST - 1, 4), partition=1)
    store(c, topic, batch(2**63 - 1, 0, 0), partition=2)
    store(c, topic, batch(0, 0, 0), partition=3)
    c.ask("all four", of([(topic, [0, 1, 2, 3])]), version)
    appended = c.topic("appended", message_timestamp_type="LogAppendTime")
    store(c, appended, batch(ONE, 0, 0))
    c.ask("append time", of([(appended, [0])]), version)


@scene(DescribeProducersRequest)
def places(c: Conversation, version: int) -> None:
    topic, missing = c.topic(partitions=2), c.name("missing")
    store(c, topic, batch(ONE, 0, 0))
    for label, name, index in (
        ("no such topic", missing, 0),
        ("no such partition", topic, 2),
        ("a negative partition", topic, -1),
        ("an illegal name", "a b", 0),
        ("an empty name", "", 0),
        ("one dot", ".", 0),
        ("two dots", "..", 0),
        ("a name too long", "x" * 250, 0),
        ("a name just not too long", "x" * 249, 0),
        ("not ASCII", "thème", 0),
    ):
        c.ask(label, of([(name, [index])]), version)
    c.ask("no such topic, two partitions", of([(missing, [1, 0])]), version)
    c.ask("one good, one unknown partition", of([(topic, [9, 0, 1])]), version)
    c.ask("one good, one unknown topic", of([(missing, [0]), (topic, [0])]), version)
    c.ask("a partition twice", of([(topic, [0, 0])]), version)
    c.ask("in two parts of a topic", of([(topic, [0]), (topic, [0])]), version)
    c.ask("two parts of a topic", of([(topic, [0]), (topic, [1])]), version)
    c.ask("no topics", of([]), version)
    c.ask("no partitions", of([(topic, [])]), version)
    c.ask("no partitions of no such topic", of([(missing, [])]), version)


@scene(DescribeProducersRequest)
def before_the_first_batch(c: Conversation, version: int) -> None:
    """An id that was given out is not known where it did not write."""
    topic = c.topic()
    c.producer_id()
    init = InitProducerIdRequest(transactional_id=c.name("x"), transaction_timeout_ms=10_000)
    c.quietly(init, 4)
    c.ask("two ids given out", of([(topic, [0])]), version)

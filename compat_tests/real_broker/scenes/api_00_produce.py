"""Produce: where batches may go, what acks mean, and the sequences of idempotent producers."""

from __future__ import annotations

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.producing import NOBODY, batch, produce
from kafka_codecs.header import RequestHeader, encode_request_header
from kafka_codecs.messages.api_00_produce import (
    PartitionProduceData,
    ProduceRequest,
    TopicProduceData,
)
from kafka_codecs.messages.api_03_metadata import MetadataRequest, MetadataRequestTopic
from kafka_codecs.messages.api_10_find_coordinator import FindCoordinatorRequest
from kafka_codecs.messages.api_21_delete_records import (
    DeleteRecordsPartition,
    DeleteRecordsRequest,
    DeleteRecordsTopic,
)
from kafka_codecs.messages.api_22_init_producer_id import InitProducerIdRequest
from kafka_codecs.record_batch import NO_TIMESTAMP

LAST = 2**31 - 1


@scene(ProduceRequest, "0-2")
def listed_and_not_served(c: Conversation, version: int) -> None:
    """Offered for librdkafka, which looks for them; used, they end the connection (KAFKA-18659)."""
    header = encode_request_header(RequestHeader(0, version, 1, "scene"), 1)
    empty = header + bytes.fromhex("ffff0000138800000000")  # acks -1, 5000 ms, no topics
    for label, body in (("no topics", empty), ("nothing but the header", header)):
        c.raw(label, len(body).to_bytes(4, "big") + body, api=f"Produce v{version}")


@scene(ProduceRequest)
def places(c: Conversation, version: int) -> None:
    topic, other = c.topic("t", 2), c.topic("o")
    sound = batch()
    c.ask("a batch", produce(c, version, {(topic, 0): sound}), version)
    c.ask("another partition", produce(c, version, {(topic, 1): sound}), version)
    c.ask("the next batch", produce(c, version, {(topic, 0): batch(records=3)}), version)
    c.ask("two topics", produce(c, version, {(topic, 0): sound, (other, 0): sound}), version)
    c.ask("no such partition", produce(c, version, {(topic, 2): sound}), version)
    c.ask("a negative partition", produce(c, version, {(topic, -1): sound}), version)
    mixed = {(topic, 7): sound, (topic, 0): sound}
    c.ask("one good, one unknown partition", produce(c, version, mixed), version)
    missing = produce(c, version, {(c.name("missing"), 0): sound, (topic, 1): sound})
    c.ask("one good, one unknown topic", missing, version)
    c.ask("an illegal name", produce(c, version, {("a b", 0): sound}), version)
    c.ask("an empty name", produce(c, version, {("", 0): sound}), version)
    c.ask("no topics", produce(c, version, {}), version)
    no_partitions = TopicProduceData(name=topic, topic_id=c.topic_ids[topic], partition_data=[])
    c.ask("no partitions", ProduceRequest(acks=-1, topic_data=[no_partitions]), version)
    c.ask("how far it got", produce(c, version, {(topic, 0): sound}), version)


@scene(ProduceRequest)
def a_topic_of_the_brokers_own(c: Conversation, version: int) -> None:
    name = "__consumer_offsets"
    c.quietly(FindCoordinatorRequest(coordinator_keys=[c.name("group")]), 4)
    described = c.quietly(MetadataRequest(topics=[MetadataRequestTopic(name=name)]), 12)
    c.topic_ids[name] = described.topics[0].topic_id
    keyed = batch()
    c.ask("a record", produce(c, version, {(name, 0): keyed}), version)
    c.ask("no such partition", produce(c, version, {(name, 99): keyed}), version)
    c.ask("beside another", produce(c, version, {(name, 0): keyed, (c.topic(), 0): keyed}), version)
    c.ask("acks 2", produce(c, version, {(name, 0): keyed}, acks=2), version)


@scene(ProduceRequest)
def one_partition_twice(c: Conversation, version: int) -> None:
    topic = c.topic()
    producer = c.producer_id()
    first, second = batch(producer, 0, 0, 2), batch(producer, 0, 2, 3)

    def named(*data: PartitionProduceData) -> TopicProduceData:
        return TopicProduceData(name=topic, topic_id=c.topic_ids[topic], partition_data=list(data))

    both = [PartitionProduceData(index=0, records=records) for records in (first, second)]
    c.ask("twice in a topic", ProduceRequest(acks=-1, topic_data=[named(*both)]), version)
    apart = [named(both[0]), named(both[1])]
    c.ask("in two topics of one name", ProduceRequest(acks=-1, topic_data=apart), version)
    c.ask("what came of it", produce(c, version, {(topic, 0): batch()}), version)


@scene(ProduceRequest)
def acks(c: Conversation, version: int) -> None:
    topic, producer = c.topic(), c.producer_id()
    for sequence, value in enumerate((-1, 1, 0)):
        request = produce(c, version, {(topic, 0): batch(producer, 0, sequence)}, acks=value)
        if value:
            c.ask(f"acks {value}", request, version)
        else:
            c.send(request, version)
    c.ask("after acks 0", produce(c, version, {(topic, 0): batch(producer, 0, 3)}), version)
    for value in (2, -2, 32767, -32768):
        request = produce(c, version, {(topic, 0): batch()}, acks=value)
        c.ask(f"acks {value}", request, version)
    refused = produce(c, version, {(c.name("missing"), 0): batch()}, acks=2)
    c.ask("acks 2, unknown topic", refused, version)
    for label, records in (
        ("acks 0 and a duplicate", batch(producer, 0, 3)),
        ("acks 0 and a gap", batch(producer, 0, 9)),
        ("acks 0 and no topic", None),
    ):
        place = (topic, 0) if records else (c.name("missing"), 0)
        request = produce(c, version, {place: records or batch()}, acks=0)
        c.ask(label, request, version, connection=label, silent_after=0.1)
    c.ask("timeout 0", produce(c, version, {(topic, 0): batch()}, timeout_ms=0), version)
    c.ask("timeout -1", produce(c, version, {(topic, 0): batch()}, timeout_ms=-1), version)


@scene(ProduceRequest)
def sequences(c: Conversation, version: int) -> None:
    """The heart: what goes on, what came before, what is missing."""
    topic, producer = c.topic(), c.producer_id()

    def ask(label: str, sequence: int, records: int = 1, epoch: int = 0) -> None:
        request = produce(c, version, {(topic, 0): batch(producer, epoch, sequence, records)})
        c.ask(label, request, version)

    ask("first", 0, 2)
    ask("next", 2, 3)
    ask("the last again", 2, 3)
    ask("the one before again", 0, 2)
    ask("same start, fewer records", 2, 2)
    ask("same start, more records", 2, 4)
    ask("overlap", 4, 2)
    ask("two batches as one", 0, 5)
    ask("a gap of one", 6)
    ask("a gap of many", 1000)
    ask("goes on", 5)
    for sequence in range(6, 10):
        ask(f"sequence {sequence}", sequence)
    ask("the fifth last again", 5)
    ask("the sixth last again", 2, 3)
    ask("goes on after all that", 10)


@scene(ProduceRequest)
def epochs(c: Conversation, version: int) -> None:
    topic, producer = c.topic(partitions=2), c.producer_id()

    def ask(label: str, epoch: int, sequence: int, partition: int = 0) -> None:
        place = (topic, partition)
        request = produce(c, version, {place: batch(producer, epoch, sequence)})
        c.ask(label, request, version)

    ask("epoch 3", 3, 0)
    ask("epoch 3 goes on", 3, 1)
    ask("a lower epoch that goes on", 2, 2)
    ask("a lower epoch at 0", 0, 0)
    ask("a lower epoch, a duplicate but for that", 2, 1)
    ask("another partition knows no epoch", 2, 5, 1)
    ask("a higher epoch that goes on", 4, 2)
    ask("a higher epoch at 0", 4, 0)
    ask("the older epoch's last again", 3, 1)
    ask("two epochs higher", 6, 0)
    ask("that again", 6, 0)
    ask("the highest", 32767, 0)
    ask("epoch -1", -1, 0)
    ask("epoch -2", -2, 0)
    both = {(topic, 0): batch(producer, 0, 0), (topic, 1): batch(producer, 2, 6)}
    c.ask("fenced here, fine there", produce(c, version, both), version)


@scene(ProduceRequest)
def strangers(c: Conversation, version: int) -> None:
    """Producers a partition does not remember may start anywhere (KIP-360)."""
    topic = c.topic(partitions=8)
    nobody = 4_000_000_000_000
    cases = (
        ("sequence 0", nobody, 0, 0),
        ("sequence 7", nobody, 0, 7),
        ("the last sequence", nobody, 0, LAST),
        ("epoch 5, sequence 9", nobody, 5, 9),
        ("epoch -1, sequence 4", nobody, -1, 4),
        ("epoch -2", nobody, -2, 0),
        ("no sequence", nobody, 0, -1),
        ("sequence -2", nobody, 0, -2),
    )
    for partition, (label, producer, epoch, sequence) in enumerate(cases):
        for again in ("", ", again", ", the next"):
            number = sequence + 1 if again == ", the next" else sequence
            number = number if number <= LAST else 0
            place = (topic, partition)
            request = produce(c, version, {place: batch(producer, epoch, number)})
            c.ask(label + again, request, version)
    for label, producer, epoch, sequence in (
        ("no producer, a sequence", -1, 0, 4),
        ("producer -7", -7, 3, 4),
        ("no producer, an epoch", -1, 5, -1),
        ("no producer, epoch -2", -1, -2, -1),
    ):
        request = produce(c, version, {(topic, 0): batch(producer, epoch, sequence)})
        c.ask(label, request, version)


@scene(ProduceRequest)
def the_ring(c: Conversation, version: int) -> None:
    """Sequences go from 2147483647 to 0."""
    topic, producer = c.topic(partitions=3), c.producer_id()

    def ask(label: str, sequence: int, records: int, partition: int = 0) -> None:
        place = (topic, partition)
        request = produce(c, version, {place: batch(producer, 0, sequence, records)})
        c.ask(label, request, version)

    ask("near the end", LAST - 3, 2)
    ask("over the end", LAST - 1, 4)
    ask("that again", LAST - 1, 4)
    ask("behind the end", 2, 1)
    ask("the first again", LAST - 3, 2)
    ask("the end left out", 4, 1)
    ask("back at the end", LAST, 1)
    ask("ends at the end", LAST - 1, 2, 1)
    ask("begins at 0", 0, 2, 1)
    ask("the end again", LAST - 1, 2, 1)
    ask("one record over the end", LAST, 2, 2)
    ask("that again, on its own", LAST, 1, 2)
    ask("goes on at 1", 1, 1, 2)


@scene(ProduceRequest)
def several_at_once(c: Conversation, version: int) -> None:
    """Partitions and producers of one request are judged apart."""
    topic = c.topic(partitions=3)
    one, two = c.producer_id(), c.producer_id()
    first = {
        (topic, 0): batch(one, 0, 0),
        (topic, 1): batch(two, 0, 0),
        (topic, 2): batch(),
    }
    c.ask("three at once", produce(c, version, first), version)
    c.ask("the same again", produce(c, version, first), version)
    mixed = {
        (topic, 0): batch(one, 0, 5),
        (topic, 1): batch(one, 0, 1),
        (topic, 2): batch(two, 0, 0),
    }
    c.ask("a gap, a stranger, a newcomer", produce(c, version, mixed), version)
    rest = {(topic, 0): batch(one, 0, 1), (topic, 1): batch(two, 0, 1)}
    c.ask("go on", produce(c, version, rest), version)


@scene(ProduceRequest)
def after_deleting_records(c: Conversation, version: int) -> None:
    """What is deleted is gone, but producers are remembered."""
    topic, producer = c.topic(), c.producer_id()
    for sequence in range(3):
        c.quietly(produce(c, version, {(topic, 0): batch(producer, 0, sequence)}), version)
    everything = DeleteRecordsPartition(partition_index=0, offset=-1)
    deleted = DeleteRecordsTopic(name=topic, partitions=[everything])
    c.ask("delete", DeleteRecordsRequest(topics=[deleted], timeout_ms=10_000), 2)
    c.ask("the last again", produce(c, version, {(topic, 0): batch(producer, 0, 2)}), version)
    c.ask("the next", produce(c, version, {(topic, 0): batch(producer, 0, 3)}), version)
    c.ask("a gap", produce(c, version, {(topic, 0): batch(producer, 0, 5)}), version)


@scene(ProduceRequest)
def append_time(c: Conversation, version: int) -> None:
    """A topic that keeps append time answers it; a duplicate is answered the first one's."""
    topic = c.topic(message_timestamp_type="LogAppendTime")
    producer = c.producer_id()
    c.ask("append", produce(c, version, {(topic, 0): batch(producer, 0, 0)}), version)
    c.ask("again", produce(c, version, {(topic, 0): batch(producer, 0, 0)}), version)
    c.ask("a gap", produce(c, version, {(topic, 0): batch(producer, 0, 7)}), version)
    other, plain = c.producer_id(), c.topic("plain")
    for again in ("", ", again"):
        timed = batch(other, 0, 0, timestamp=NO_TIMESTAMP)
        c.ask("no timestamp" + again, produce(c, version, {(plain, 0): timed}), version)
    for again in ("", ", again"):
        timed = batch(other, 0, 1)
        c.ask("the client's time" + again, produce(c, version, {(plain, 0): timed}), version)


@scene(ProduceRequest)
def transactional_ids(c: Conversation, version: int) -> None:
    topic = c.topic()
    plain, marked = batch(), batch(5, 0, 0, attributes=0x10)

    def ask(label: str, records: bytes, transactional_id: str | None) -> None:
        request = produce(c, version, {(topic, 0): records}, transactional_id=transactional_id)
        c.ask(label, request, version)

    ask("an id and a plain batch", plain, c.name("x"))
    ask("an empty id and a plain batch", plain, "")
    ask("a transactional batch without id", marked, None)
    ask("a transactional batch with an unknown id", marked, c.name("x"))
    ask("a transactional batch with an empty id", marked, "")
    ask("transactional without producer", batch(attributes=0x10), c.name("x"))
    both = {(topic, 0): plain, (c.name("missing"), 0): marked}
    c.ask("one of two is transactional", produce(c, version, both), version)


@scene(ProduceRequest)
def a_transaction_the_partition_is_not_in(c: Conversation, version: int) -> None:
    """From version 12 on Apache Kafka adds the partition by itself (KIP-890)."""
    topic, transactional_id = c.topic(), c.name("x")
    init = InitProducerIdRequest(transactional_id=transactional_id, transaction_timeout_ms=10_000)
    given = c.quietly(init, 4)
    for label, producer, epoch in (
        ("its producer", given.producer_id, given.producer_epoch),
        ("another epoch", given.producer_id, given.producer_epoch + 1),
        ("another producer", given.producer_id + 1_000_000, given.producer_epoch),
    ):
        marked = batch(producer, epoch, 0, attributes=0x10)
        request = produce(c, version, {(topic, 0): marked}, transactional_id=transactional_id)
        c.ask(label, request, version)


@scene(ProduceRequest, "13+")
def by_id(c: Conversation, version: int) -> None:
    """Version 13 names topics by id alone (KIP-516)."""
    topic = c.topic()
    known = c.topic_ids[topic]
    data = [PartitionProduceData(index=0, records=batch())]
    for label, topics in (
        ("known", [TopicProduceData(topic_id=known, partition_data=data)]),
        ("unknown", [TopicProduceData(topic_id=NOBODY, partition_data=data)]),
        ("zero", [TopicProduceData(partition_data=data)]),
        (
            "known and unknown",
            [
                TopicProduceData(topic_id=NOBODY, partition_data=data),
                TopicProduceData(topic_id=known, partition_data=data),
            ],
        ),
    ):
        c.ask(label, ProduceRequest(acks=-1, timeout_ms=10_000, topic_data=topics), version)


@scene(ProduceRequest)
def null_records(c: Conversation, version: int) -> None:
    """Apache Kafka trips over them as soon as it writes the request into its log, and never answers."""
    topic, missing = c.topic(partitions=2), c.name("missing")
    sound = batch()

    def ask(label: str, batches: dict[tuple[str, int], bytes | None], acks: int = -1) -> None:
        c.ask(label, produce(c, version, batches, acks=acks), version, silent_after=0.1)

    ask("null", {(topic, 0): None})
    ask("of an unknown topic", {(missing, 0): None})
    ask("of an unknown partition", {(topic, 7): None})
    ask("beside a good batch", {(topic, 0): sound, (topic, 1): None})
    ask("of an unknown topic, beside a good batch", {(topic, 0): sound, (missing, 0): None})
    marked = batch(attributes=0x10)
    ask(
        "of an unknown topic, beside a transactional batch",
        {(topic, 0): marked, (missing, 0): None},
    )
    ask("beside a transactional batch", {(topic, 0): marked, (topic, 1): None})
    unreadable = sound[:8] + b"\xff" + sound[9:]
    ask(
        "of an unknown topic, beside an unreadable batch",
        {(topic, 0): unreadable, (missing, 0): None},
    )
    ask("with acks 2", {(topic, 0): None}, 2)
    ask("of an unknown topic, with acks 2", {(missing, 0): None}, 2)
    ask("a good batch", {(topic, 0): sound})


@scene(ProduceRequest)
def unreadable_beside_transactional(c: Conversation, version: int) -> None:
    """The look for transactional batches ends at the first, and what comes after is not looked at."""
    topic = c.topic(partitions=3)
    sound, marked = batch(), batch(attributes=0x10)
    negative = sound[:8] + b"\xff" + sound[9:]
    magic = sound[:16] + b"\x07" + sound[17:]
    for label, bad in (("length", negative), ("magic", magic)):
        for transactional_id in (None, c.name("x")):
            for order, batches in (
                ("behind", (marked, bad, sound)),
                ("in front", (bad, marked, sound)),
            ):
                places = {(topic, index): records for index, records in enumerate(batches)}
                request = produce(c, version, places, transactional_id=transactional_id)
                c.ask(f"{label} {order}, {transactional_id is None}", request, version)

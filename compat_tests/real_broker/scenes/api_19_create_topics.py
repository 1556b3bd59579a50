"""CreateTopics: names, partitions, replicas, assignments, and what may be configured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from kafka_codecs.messages.api_19_create_topics import (
    CreatableReplicaAssignment,
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
)

Assignments = Sequence[tuple[int, list[int]]]


def topic(
    name: str,
    partitions: int = 1,
    replicas: int = 1,
    *,
    configs: Mapping[str, str | None] | None = None,
    assignments: Assignments = (),
) -> CreatableTopic:
    return CreatableTopic(
        name=name,
        num_partitions=partitions,
        replication_factor=replicas,
        assignments=[
            CreatableReplicaAssignment(partition_index=index, broker_ids=brokers)
            for index, brokers in assignments
        ],
        configs=[CreatableTopicConfig(name=k, value=v) for k, v in (configs or {}).items()],
    )


def create(
    *topics: CreatableTopic, validate_only: bool = False, timeout_ms: int = 10_000
) -> CreateTopicsRequest:
    return CreateTopicsRequest(
        topics=list(topics), timeout_ms=timeout_ms, validate_only=validate_only
    )


@scene(CreateTopicsRequest)
def names(c: Conversation, version: int) -> None:
    good = c.name("good")
    c.ask("good", create(topic(good)), version)
    c.ask("it exists", create(topic(good)), version)
    c.ask("twice in a request", create(topic(c.name("two")), topic(c.name("two"))), version)
    for label, name in (
        ("empty", ""),
        ("a dot", "."),
        ("two dots", ".."),
        ("three dots", "..."),
        ("a space", "a b"),
        ("a slash", "a/b"),
        ("an umlaut", "ä"),
        ("250 characters", "x" * 250),
        ("the broker's own", "__cluster_metadata"),
    ):
        c.ask(label, create(topic(name), topic(name), validate_only=True), version)
        c.ask(f"{label}, alone", create(topic(name), validate_only=True), version)
    c.ask("none", create(), version)
    c.ask("collides: a dot", create(topic(c.name("good.x"))), version)
    c.ask("collides: an underscore", create(topic(c.name("good_x"))), version)
    mixed = create(topic(c.name("fine")), topic("a b"), topic(good))
    c.ask("good and bad", mixed, version)
    both = create(topic(c.name("a.b")), topic(c.name("a_b")))
    c.ask("two that collide with each other", both, version)
    c.ask("249 characters", create(topic(f"{c.name('')}{'x' * 300}"[:249])), version)


@scene(CreateTopicsRequest)
def time_is_over(c: Conversation, version: int) -> None:
    """Whoever gives no time is refused before anything else is looked at."""
    name = c.name("t")
    for timeout_ms in (0, -1):
        asked = (topic(name), topic("a b"), topic(name))
        c.ask(f"{timeout_ms} ms", create(*asked, timeout_ms=timeout_ms), version)
        c.ask(f"{timeout_ms} ms, no topic", create(timeout_ms=timeout_ms), version)
    c.ask("it is not there", create(topic(name), validate_only=True), version)


@scene(CreateTopicsRequest)
def partitions_and_replicas(c: Conversation, version: int) -> None:
    for partitions in (1, 3, 0, -1, -2, 10_001):
        for replicas in (1, 0, -1, -2, 2):
            label = f"{partitions} partitions, {replicas} replicas"
            name = c.name(f"p{partitions}r{replicas}".replace("-", "m"))
            c.ask(label, create(topic(name, partitions, replicas)), version)


@scene(CreateTopicsRequest, "7+")
def too_many(c: Conversation, version: int) -> None:
    """The controller counts the partitions of a request, and the records it would write.

    At one version only: Apache Kafka takes half a second to lay out ten thousand partitions.
    """
    first, second = c.name("a"), c.name("b")

    def ask(label: str, *topics: CreatableTopic) -> None:
        c.ask(label, create(*topics, validate_only=True), version)

    ask("partitions together", topic(first, 5_001), topic(second, 5_000))
    ask("partitions beyond counting", topic(first, 2**31 - 1), topic(second, 2**31 - 1))
    ask("most partitions in one topic", topic(first, 2**31 - 1))
    ask("records", topic(first, 10_000))
    ask("just enough records", topic(first, 9_999))
    ask("a record for a configuration", topic(first, 9_999, configs={"retention.ms": "1"}))
    ask("bad ones do not count", topic(first, 9_999), topic(second, -5), topic("a b", 1))
    ask("negative ones do not count", topic(first, 10_001), topic(second, -5))


@scene(CreateTopicsRequest)
def assignments(c: Conversation, version: int) -> None:
    cases: tuple[tuple[str, int, int, Assignments], ...] = (
        ("good", -1, -1, [(0, [1]), (1, [1])]),
        ("and a number of partitions", 2, 1, [(0, [1])]),
        ("and one partition", 1, -1, [(0, [1])]),
        ("and one replica", -1, 1, [(0, [1])]),
        ("unknown broker", -1, -1, [(0, [7])]),
        ("a gap", -1, -1, [(0, [1]), (2, [1])]),
        ("not from 0", -1, -1, [(1, [1])]),
        ("negative", -1, -1, [(-1, [1])]),
        ("a broker twice", -1, -1, [(0, [1, 1])]),
        ("no brokers", -1, -1, [(0, [])]),
        ("a partition twice", -1, -1, [(0, [1]), (0, [1])]),
        ("different numbers of replicas", -1, -1, [(0, [1]), (1, [1, 2])]),
    )
    for number, (label, partitions, replicas, given) in enumerate(cases):
        asked = topic(c.name(str(number)), partitions, replicas, assignments=given)
        c.ask(label, create(asked), version)


CONFIGS: tuple[tuple[str, str | None], ...] = (
    ("no.such.config", "1"),
    ("retention.ms", "abc"),
    ("retention.ms", "-1"),
    ("retention.ms", "-5"),
    ("retention.ms", ""),
    ("retention.ms", " 5 "),
    ("retention.ms", None),
    ("retention.bytes", "9223372036854775808"),
    ("cleanup.policy", "bad"),
    ("cleanup.policy", ""),
    ("cleanup.policy", "compact,delete"),
    ("cleanup.policy", "compact,compact"),
    ("segment.bytes", "10"),
    ("segment.bytes", "3000000000"),
    ("segment.ms", "0"),
    ("compression.type", "x"),
    ("compression.type", "zstd"),
    ("compression.gzip.level", "99"),
    ("compression.zstd.level", "99"),
    ("compression.lz4.level", "99"),
    ("message.timestamp.type", "x"),
    ("message.timestamp.type", "LogAppendTime"),
    ("message.timestamp.before.max.ms", "-1"),
    ("min.insync.replicas", "0"),
    ("min.cleanable.dirty.ratio", "2"),
    ("min.compaction.lag.ms", "-1"),
    ("max.compaction.lag.ms", "0"),
    ("max.message.bytes", "-1"),
    ("preallocate", "x"),
    ("preallocate", "TRUE"),
    ("unclean.leader.election.enable", "yes"),
    ("leader.replication.throttled.replicas", "zz"),
    ("leader.replication.throttled.replicas", "*"),
    ("remote.storage.enable", "true"),
    ("local.retention.ms", "-3"),
    ("local.retention.bytes", "-3"),
    ("flush.messages", "0"),
    ("flush.ms", "-1"),
    ("segment.index.bytes", "3"),
    ("segment.jitter.ms", "-1"),
    ("file.delete.delay.ms", "-1"),
    ("index.interval.bytes", "-1"),
    ("delete.retention.ms", "-1"),
    ("", "1"),
    ("retention.ms", "+5"),
    ("retention.ms", "05"),
    ("retention.ms", "5.0"),
    ("min.cleanable.dirty.ratio", "1e-1"),
    ("min.cleanable.dirty.ratio", "0.5f"),
    ("cleanup.policy", " compact , delete "),
    ("compression.type", " gzip"),
    ("internal.segment.bytes", "1"),
    ("errors.deadletterqueue.topic.name", "x"),
)


@scene(CreateTopicsRequest)
def configs(c: Conversation, version: int) -> None:
    for number, (name, value) in enumerate(CONFIGS):
        asked = topic(c.name(str(number)), configs={name: value})
        c.ask(f"{name} {value!r}", create(asked, validate_only=True), version)
    for label, given in (
        ("two bad", {"no.such.config": "1", "retention.ms": "x"}),
        ("local over whole retention", {"local.retention.ms": "100", "retention.ms": "50"}),
        ("least over most lag", {"min.compaction.lag.ms": "100", "max.compaction.lag.ms": "50"}),
        ("bad and too many replicas", {"no.such.config": "1"}),
    ):
        replicas = 3 if "replicas" in label else 1
        asked = topic(c.name("more"), 1, replicas, configs=given)
        c.ask(label, create(asked, validate_only=True), version)
    twice = topic(c.name("more"))
    twice.configs = [
        CreatableTopicConfig(name="retention.ms", value="1"),
        CreatableTopicConfig(name="retention.ms", value="2"),
    ]
    c.ask("a configuration twice", create(twice, validate_only=True), version)
    made = topic(c.name("made"), 2, configs={"retention.ms": "5000", "cleanup.policy": "compact"})
    c.ask("made", create(made), version)


@scene(CreateTopicsRequest)
def validation_only(c: Conversation, version: int) -> None:
    name = c.name("t")
    c.ask("nothing is made", create(topic(name), validate_only=True), version)
    c.ask("still nothing", create(topic(name), validate_only=True), version)
    c.ask("made", create(topic(name)), version)
    c.ask("it exists", create(topic(name), validate_only=True), version)
    c.ask("with defaults", create(topic(c.name("d"), -1, -1), validate_only=True), version)
    c.ask("too many replicas", create(topic(c.name("r"), 1, 3), validate_only=True), version)

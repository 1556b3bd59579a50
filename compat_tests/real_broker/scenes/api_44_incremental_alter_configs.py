"""IncrementalAlterConfigs: some configurations of topics, brokers, groups and others; loggers."""

from __future__ import annotations

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.altering import (
    APPEND,
    BROKER,
    CLIENT_METRICS,
    DELETE,
    GROUP,
    LOGGER,
    SET,
    SUBTRACT,
    TOPIC,
    altered,
    change,
    look_at,
    settled,
)
from kafka_codecs.messages.api_44_incremental_alter_configs import (
    IncrementalAlterConfigsRequest,
)

SEEN = ["retention.ms", "cleanup.policy", "leader.replication.throttled.replicas"]


@scene(IncrementalAlterConfigsRequest)
def topics(c: Conversation, version: int) -> None:
    topic = c.topic(retention_ms="5000")
    c.ask("set another", change((TOPIC, topic, [("cleanup.policy", SET, "compact")])), version)
    settled(c, TOPIC, topic, {"retention.ms": "5000", "cleanup.policy": "compact"})
    look_at(c, "both", TOPIC, topic, SEEN)
    c.ask("append", change((TOPIC, topic, [("cleanup.policy", APPEND, "delete")])), version)
    settled(c, TOPIC, topic, {"retention.ms": "5000", "cleanup.policy": "compact,delete"})
    c.ask("append again", change((TOPIC, topic, [("cleanup.policy", APPEND, "delete")])), version)
    c.ask("subtract", change((TOPIC, topic, [("cleanup.policy", SUBTRACT, "compact")])), version)
    settled(c, TOPIC, topic, {"retention.ms": "5000", "cleanup.policy": "delete"})
    none = [("cleanup.policy", SUBTRACT, "compact,compact")]
    c.ask("subtract what is not there", change((TOPIC, topic, none)), version)
    look_at(c, "one is left", TOPIC, topic, SEEN)
    c.ask("delete", change((TOPIC, topic, [("cleanup.policy", DELETE, None)])), version)
    settled(c, TOPIC, topic, {"retention.ms": "5000"})
    c.ask("delete again", change((TOPIC, topic, [("cleanup.policy", DELETE, "x")])), version)
    both = [("retention.ms", DELETE, None), ("cleanup.policy", APPEND, "compact")]
    c.ask("only validated", change((TOPIC, topic, both), validate_only=True), version)
    look_at(c, "nothing changed", TOPIC, topic, SEEN)
    c.ask("two", change((TOPIC, topic, both)), version)
    settled(c, TOPIC, topic, {"cleanup.policy": "delete,compact"})
    look_at(c, "appended to the default", TOPIC, topic, SEEN)
    c.ask("nothing", change((TOPIC, topic, [])), version)
    c.ask("no resources", change(), version)


@scene(IncrementalAlterConfigsRequest)
def wrong_topics(c: Conversation, version: int) -> None:
    topic, throttled = c.topic(), "leader.replication.throttled.replicas"
    for name in (c.name("missing"), "", "a b"):
        c.ask(f"topic {name!r}", change((TOPIC, name, [("retention.ms", SET, "5000")])), version)
        c.ask(f"topic {name!r}, nothing", change((TOPIC, name, [])), version)
    for key, operation, value in (
        ("no.such.config", SET, "1"),
        ("no.such.config", DELETE, None),
        ("no.such.config", APPEND, "1"),
        ("retention.ms", SET, "x"),
        ("retention.ms", SET, None),
        ("retention.ms", APPEND, "1"),
        ("retention.ms", SUBTRACT, "1"),
        ("retention.ms", APPEND, None),
        ("retention.ms", 4, "1"),
        ("retention.ms", -1, "1"),
        ("cleanup.policy", APPEND, "keep"),
        ("cleanup.policy", APPEND, ""),
        ("cleanup.policy", SUBTRACT, "delete"),
        ("cleanup.policy", SUBTRACT, ""),
        (throttled, APPEND, "0:1"),
        (throttled, APPEND, "0:1,0:1,"),
        (throttled, APPEND, "a"),
        (throttled, SUBTRACT, "0:1"),
        ("min.insync.replicas", SET, "2"),
        ("min.insync.replicas", DELETE, None),
    ):
        wanted = change((TOPIC, topic, [(key, operation, value)]), validate_only=True)
        c.ask(f"{key} {operation} {value}", wanted, version)
    twice = [("retention.ms", SET, "1"), ("retention.ms", DELETE, None)]
    c.ask("a key twice", change((TOPIC, topic, twice)), version)
    long = [(throttled, SET, "0:1" + ",0:1" * 8192)]
    # An older version cannot hold so long a value.
    if version >= 1:
        c.ask("too long", change((TOPIC, topic, long)), version)
    good = (TOPIC, topic, [("retention.ms", SET, "5000")])
    c.ask("good and unknown", change(good, (TOPIC, c.name("missing"), good[2])), version)
    settled(c, TOPIC, topic, {"retention.ms": "5000"})
    c.ask("twice", change(good, good), version)
    c.ask("an unknown operation besides", change(good, (GROUP, "g", [("a", 7, "b")])), version)
    c.ask("an unknown type besides", change((9, "x", []), good), version)
    c.ask("a null besides", change((GROUP, "g", [("a", SET, None)]), good), version)


@scene(IncrementalAlterConfigsRequest)
def many(c: Conversation, version: int) -> None:
    """A request may alter 10,000 configurations and no more, and is altered as a whole or not at all."""
    topic = c.topic()
    values = [(f"x{number}", SET, "1") for number in range(10_001)]
    c.ask("of a broker", change((BROKER, "", values), validate_only=True), version)
    c.ask("and a topic", change((BROKER, "", values), (TOPIC, topic, [])), version)
    c.ask("fewer", change((BROKER, "", values[:-1]), validate_only=True), version)


@scene(IncrementalAlterConfigsRequest)
def brokers(c: Conversation, version: int) -> None:
    keys = ["log.cleaner.backoff.ms", "log.cleanup.policy", "min.insync.replicas", "odd.name"]
    changes = [("log.cleaner.backoff.ms", SET, "15001"), ("odd.name", SET, "secret")]
    c.ask("set", change((BROKER, "1", changes)), version)
    mine: dict[str, str | None] = {"log.cleaner.backoff.ms": "15001", "odd.name": None}
    settled(c, BROKER, "1", {**mine, "min.insync.replicas": "1"})
    look_at(c, "of this one", BROKER, "1", keys)
    c.ask("validated", change((BROKER, "", changes), validate_only=True), version)
    c.ask("set for all", change((BROKER, "", [("log.cleaner.backoff.ms", SET, "2")])), version)
    settled(c, BROKER, "", {"log.cleaner.backoff.ms": "2", "min.insync.replicas": "1"})
    look_at(c, "of both", BROKER, "1", keys)
    look_at(c, "of all", BROKER, "", None)
    for name in ("1", ""):
        for key, operation, value in (
            ("log.cleanup.policy", APPEND, "compact"),
            ("log.cleanup.policy", SUBTRACT, "delete"),
            ("log.cleaner.backoff.ms", APPEND, "1"),
            ("no.such", APPEND, "1"),
            ("no.such", DELETE, None),
            ("log.cleaner.backoff.ms", 9, "1"),
            ("num.partitions", SET, "3"),
            ("min.insync.replicas", SET, "2"),
            ("min.insync.replicas", DELETE, None),
            ("log.cleaner.backoff.ms", SET, None),
            ("log.segment.bytes", SET, "1"),
        ):
            wanted = change((BROKER, name, [(key, operation, value)]), validate_only=True)
            c.ask(f"{name!r}: {key} {operation} {value}", wanted, version)
    for name in ("2", "x", " ", "+1", "01"):
        c.ask(f"broker {name!r}", change((BROKER, name, [])), version)
    gone = [("log.cleaner.backoff.ms", DELETE, None), ("odd.name", DELETE, None)]
    c.ask("delete", change((BROKER, "1", gone), (BROKER, "", gone[:1])), version)
    settled(c, BROKER, "1", {"min.insync.replicas": "1"})
    look_at(c, "all gone", BROKER, "1", keys)


@scene(IncrementalAlterConfigsRequest)
def others(c: Conversation, version: int) -> None:
    group, metrics = c.name("g"), c.name("m")
    timeout = "consumer.session.timeout.ms"
    c.ask("a group", change((GROUP, group, [(timeout, SET, "50000")])), version)
    settled(c, GROUP, group, {timeout: "50000"})
    look_at(c, "of the group", GROUP, group, None)
    pushed = [("interval.ms", SET, "1000"), ("metrics", SET, "a.b")]
    c.ask("client metrics", change((CLIENT_METRICS, metrics, pushed)), version)
    settled(c, CLIENT_METRICS, metrics, {"interval.ms": "1000", "metrics": "a.b"})
    look_at(c, "of client metrics", CLIENT_METRICS, metrics, None)
    for kind, name, key, operation, value in (
        (GROUP, group, timeout, SET, "1"),
        (GROUP, group, timeout, APPEND, "1"),
        (GROUP, group, "consumer.heartbeat.interval.ms", SET, "15000"),
        (GROUP, group, "consumer.heartbeat.interval.ms", SET, "x"),
        (GROUP, group, "share.auto.offset.reset", SET, "by_duration:PT1H"),
        (GROUP, group, "share.auto.offset.reset", SET, "by_duration:-PT1H"),
        (GROUP, group, "share.auto.offset.reset", SET, "middle"),
        (GROUP, group, "no.such", SET, "1"),
        (GROUP, group, "no.such", DELETE, None),
        (GROUP, "", timeout, SET, "50000"),
        (CLIENT_METRICS, metrics, "metrics", APPEND, "c"),
        (CLIENT_METRICS, metrics, "match", SET, "client_id=a,client_software_name=["),
        (CLIENT_METRICS, metrics, "match", SET, "client_id=a,client_id=b"),
        (CLIENT_METRICS, metrics, "interval.ms", SET, "3600001"),
        (CLIENT_METRICS, metrics, "interval.ms", SET, "x"),
        (CLIENT_METRICS, "", "interval.ms", SET, "1000"),
        (0, "x", "a", SET, "b"),
        (9, "x", "a", DELETE, None),
    ):
        wanted = change((kind, name, [(key, operation, value)]), validate_only=True)
        c.ask(f"{kind} {name!r} {key} {operation} {value}", wanted, version)
    gone = change((GROUP, group, [(timeout, DELETE, None)]))
    c.ask("a group, deleted", gone, version)
    settled(c, GROUP, group, {})
    altered(c, (CLIENT_METRICS, metrics, {}))


@scene(IncrementalAlterConfigsRequest)
def loggers(c: Conversation, version: int) -> None:
    for label, name, changes in (
        ("set", "1", [("root", SET, "WARN")]),
        ("nothing", "1", []),
        ("no such level", "1", [("root", SET, "LOUD")]),
        ("a small one", "1", [("root", SET, "warn")]),
        ("no such logger", "1", [("no.such.logger", SET, "WARN")]),
        ("delete the root", "1", [("root", DELETE, None)]),
        ("append", "1", [("root", APPEND, "WARN")]),
        ("subtract", "1", [("root", SUBTRACT, "WARN")]),
        ("another operation", "1", [("root", 8, "WARN")]),
        ("another broker", "2", [("root", SET, "WARN")]),
        ("no number", "x", [("root", SET, "WARN")]),
        ("nobody", "", [("root", SET, "WARN")]),
    ):
        c.ask(label, change((LOGGER, name, changes), validate_only=True), version)

"""AlterConfigs: all configurations of topics, brokers, groups and client metrics anew."""

from __future__ import annotations

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.altering import (
    BROKER,
    CLIENT_METRICS,
    GROUP,
    LOGGER,
    TOPIC,
    alter,
    look_at,
    settled,
)
from kafka_codecs.messages.api_33_alter_configs import (
    AlterableConfig,
    AlterConfigsRequest,
    AlterConfigsResource,
)

# Older ones cannot hold a longer value than may be.
FIRST_FLEXIBLE = 2
SEEN = ["retention.ms", "cleanup.policy", "max.message.bytes", "min.insync.replicas"]


@scene(AlterConfigsRequest)
def topics(c: Conversation, version: int) -> None:
    topic = c.topic(retention_ms="5000")
    first = {"cleanup.policy": "compact", "max.message.bytes": "2000"}
    c.ask("two others", alter((TOPIC, topic, first)), version)
    settled(c, TOPIC, topic, first)
    look_at(c, "two others are there", TOPIC, topic, SEEN)
    c.ask("the same", alter((TOPIC, topic, first)), version)
    only = {"retention.ms": "7000"}
    c.ask("only validated", alter((TOPIC, topic, only), validate_only=True), version)
    look_at(c, "still two", TOPIC, topic, SEEN)
    c.ask("one", alter((TOPIC, topic, only)), version)
    settled(c, TOPIC, topic, only)
    look_at(c, "one is there", TOPIC, topic, SEEN)
    c.ask("none", alter((TOPIC, topic, {})), version)
    settled(c, TOPIC, topic, {})
    look_at(c, "none is there", TOPIC, topic, SEEN)
    c.ask("no resources", alter(), version)


@scene(AlterConfigsRequest)
def wrong_topics(c: Conversation, version: int) -> None:
    topic = c.topic()
    for label, name in (
        ("unknown", c.name("missing")),
        ("empty", ""),
        ("illegal", "a b"),
        ("too long", "x" * 250),
        ("a dot", "."),
    ):
        c.ask(label, alter((TOPIC, name, {"retention.ms": "5000"})), version)
        c.ask(f"{label}, nothing set", alter((TOPIC, name, {})), version)
        wrong = alter((TOPIC, name, {"retention.ms": "x"}))
        c.ask(f"{label}, and a wrong value", wrong, version)
    for name, value in (
        ("no.such.config", "1"),
        ("retention.ms", "x"),
        ("retention.ms", "-2"),
        ("retention.ms", ""),
        ("retention.ms", None),
        ("cleanup.policy", "keep"),
        ("cleanup.policy", "delete,delete"),
        ("compression.type", "best"),
        ("min.insync.replicas", "0"),
        ("segment.bytes", "1"),
        ("max.message.bytes", "99999999999"),
        ("preallocate", "yes"),
        ("message.timestamp.type", "Never"),
        ("leader.replication.throttled.replicas", "a"),
        ("remote.storage.enable", "true"),
        ("local.retention.ms", "604800001"),
        ("", "1"),
    ):
        c.ask(f"{name}={value}", alter((TOPIC, topic, {name: value})), version)
    for count in (8191, 8192) if version >= FIRST_FLEXIBLE else (8191,):
        long = {"leader.replication.throttled.replicas": "0:1" + ",0:1" * count}
        c.ask(f"{count} replicas more", alter((TOPIC, topic, long)), version)
    two = {"retention.ms": "x", "segment.bytes": "1", "no.such": "1", "nor.this": "2"}
    c.ask("several wrong", alter((TOPIC, topic, two)), version)
    c.ask("two nulls", alter((TOPIC, topic, {"retention.ms": None, "x": None})), version)


@scene(AlterConfigsRequest)
def several(c: Conversation, version: int) -> None:
    topic, other, missing = c.topic("t"), c.topic("o"), c.name("missing")
    one = {"retention.ms": "6000"}
    c.ask("good and unknown", alter((TOPIC, topic, one), (TOPIC, missing, one)), version)
    settled(c, TOPIC, topic, one)
    named_twice = alter((TOPIC, topic, {}), (TOPIC, topic, one), (TOPIC, other, one))
    c.ask("twice", named_twice, version, connection="twice", silent_after=0.3)
    settled(c, TOPIC, other, one)
    look_at(c, "the one named twice", TOPIC, topic, SEEN)
    wrong = (TOPIC, missing, {"x": None})
    c.ask("wrong and good", alter(wrong, (TOPIC, other, {"retention.ms": "1"})), version)
    settled(c, TOPIC, other, {"retention.ms": "1"})
    resource = AlterConfigsResource(
        resource_type=TOPIC,
        resource_name=topic,
        configs=[AlterableConfig(name="retention.ms", value=value) for value in ("1", "2")],
    )
    c.ask("a key twice", AlterConfigsRequest(resources=[resource], validate_only=False), version)


@scene(AlterConfigsRequest)
def brokers(c: Conversation, version: int) -> None:
    one = {"log.retention.check.interval.ms": "1"}
    for label, name in (
        ("another", "2"),
        ("no number", "x"),
        ("space", " "),
        ("+1", "+1"),
        ("01", "01"),
        (" 1", " 1"),
        ("-1", "-1"),
    ):
        c.ask(label, alter((BROKER, name, {"message.max.bytes": "1048588"})), version)
    for name in ("1", ""):
        for key, value in (
            ("log.dirs", "/x"),
            ("num.partitions", "2"),
            ("no.such.config", "1"),
            ("message.max.bytes", "x"),
            ("message.max.bytes", "-1"),
            ("log.retention.ms", "0"),
            ("num.io.threads", "100"),
            ("num.io.threads", "1"),
            ("log.cleaner.threads", "0"),
            ("min.insync.replicas", "2"),
            ("min.insync.replicas", None),
            ("sasl.jaas.config", "x"),
            ("ssl.keystore.location", "/x"),
            ("max.connections", "x"),
            ("listeners", "PLAINTEXT://:1"),
        ):
            wanted = alter((BROKER, name, {key: value}), validate_only=True)
            c.ask(f"{name}: {key}={value}", wanted, version)
        c.ask(f"{name}: two static", alter((BROKER, name, {"log.dirs": "", **one})), version)


@scene(AlterConfigsRequest)
def one_broker(c: Conversation, version: int) -> None:
    """Set for this broker, for all of them, for both; what is not named goes."""
    keys = ["log.cleaner.backoff.ms", "num.recovery.threads.per.data.dir", "min.insync.replicas"]
    mine = {"log.cleaner.backoff.ms": "15001"}
    ours = {"log.cleaner.backoff.ms": "15002", "min.insync.replicas": "1"}
    c.ask("this one", alter((BROKER, "1", mine)), version)
    settled(c, BROKER, "1", {**mine, "min.insync.replicas": "1"})
    look_at(c, "of this one", BROKER, "1", keys)
    c.ask("all", alter((BROKER, "", ours)), version)
    settled(c, BROKER, "", ours)
    look_at(c, "of this one and all", BROKER, "1", keys)
    look_at(c, "of all", BROKER, "", None)
    c.ask("nothing of this one", alter((BROKER, "1", {})), version)
    settled(c, BROKER, "1", ours)
    look_at(c, "of all is left", BROKER, "1", keys)
    c.ask("nothing of all", alter((BROKER, "", {})), version)
    c.ask("nothing of all but one", alter((BROKER, "", {"min.insync.replicas": "1"})), version)
    settled(c, BROKER, "", {"min.insync.replicas": "1"})
    look_at(c, "nothing is left", BROKER, "1", keys)


@scene(AlterConfigsRequest)
def others(c: Conversation, version: int) -> None:
    group, metrics = c.name("g"), c.name("m")
    for kind, name, values in (
        (GROUP, group, {"consumer.session.timeout.ms": "50000"}),
        (GROUP, group, {"consumer.session.timeout.ms": "1"}),
        (GROUP, group, {"no.such": "1"}),
        (GROUP, "", {"consumer.session.timeout.ms": "50000"}),
        (GROUP, "a b/ä", {}),
        (CLIENT_METRICS, metrics, {"interval.ms": "1000", "metrics": "a.b,c", "match": ""}),
        (CLIENT_METRICS, metrics, {"interval.ms": "99"}),
        (CLIENT_METRICS, metrics, {"match": "client_id"}),
        (CLIENT_METRICS, metrics, {"match": "no_such=x"}),
        (CLIENT_METRICS, metrics, {"match": "client_id=a{99999999999}"}),
        (CLIENT_METRICS, metrics, {"match": "client_id=" + "(" * 3000}),
        (CLIENT_METRICS, metrics, {"no.such": "1"}),
        (CLIENT_METRICS, "", {"interval.ms": "1000"}),
        (LOGGER, "1", {"root": "INFO"}),
        (LOGGER, "x", {}),
        (0, "x", {}),
        (9, "x", {"a": "b"}),
        (-1, "", {}),
    ):
        wanted = alter((kind, name, values), validate_only=True)
        c.ask(f"{kind} {name!r} {values}", wanted, version)
    both = {"consumer.session.timeout.ms": "50000", "consumer.heartbeat.interval.ms": "5001"}
    c.ask("a group", alter((GROUP, group, both)), version)
    settled(c, GROUP, group, both)
    look_at(c, "of the group", GROUP, group, None)
    c.ask("a group, nothing", alter((GROUP, group, {})), version)
    settled(c, GROUP, group, {})
    pushed = {"interval.ms": "1000", "metrics": "a.b,c", "match": "client_id=x.*"}
    c.ask("client metrics", alter((CLIENT_METRICS, metrics, pushed)), version)
    settled(c, CLIENT_METRICS, metrics, pushed)
    look_at(c, "of client metrics", CLIENT_METRICS, metrics, None)
    c.ask("client metrics, nothing", alter((CLIENT_METRICS, metrics, {})), version)
    settled(c, CLIENT_METRICS, metrics, {})
    topic = c.topic()
    c.ask("an unknown type and a topic", alter((9, "x", {}), (TOPIC, topic, {})), version)

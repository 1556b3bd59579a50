"""DescribeConfigs: topics, the broker, and resources there are none of."""

from __future__ import annotations

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from kafka_codecs.messages.api_32_describe_configs import (
    DescribeConfigsRequest,
    DescribeConfigsResource,
)

TOPIC, BROKER, LOGGER, CLIENT_METRICS, GROUP = 2, 4, 8, 16, 32
Resource = tuple[int, str, list[str] | None]


def describe(*resources: Resource, **more: bool) -> DescribeConfigsRequest:
    asked = [
        DescribeConfigsResource(resource_type=kind, resource_name=name, configuration_keys=keys)
        for kind, name, keys in resources
    ]
    return DescribeConfigsRequest(resources=asked, **more)


@scene(DescribeConfigsRequest)
def topics(c: Conversation, version: int) -> None:
    topic, plain = c.topic(retention_ms="5000", cleanup_policy="compact"), c.topic("plain")
    two = ["retention.ms", "max.message.bytes"]
    for label, keys in (
        ("two keys", two),
        ("an unknown key", ["no.such.config"]),
        ("no keys", []),
        ("all keys", None),
        ("a key twice", ["retention.ms", "retention.ms"]),
    ):
        c.ask(label, describe((TOPIC, topic, keys)), version)
        with_synonyms = describe((TOPIC, topic, keys), include_synonyms=True)
        c.ask(f"{label}, synonyms", with_synonyms, version)
    c.ask("all of a plain one", describe((TOPIC, plain, None), include_synonyms=True), version)
    missing = c.name("missing")
    for label, name in (("unknown", missing), ("illegal", "a b"), ("empty", "")):
        c.ask(label, describe((TOPIC, name, None)), version)
    c.ask("twice", describe((TOPIC, topic, two[:1]), (TOPIC, topic, two[1:])), version)
    c.ask("good and unknown", describe((TOPIC, topic, two), (TOPIC, missing, two)), version)
    c.ask("none", describe(), version)


@scene(DescribeConfigsRequest)
def values(c: Conversation, version: int) -> None:
    """Values are shown as they were understood, or as they were written; some only where they are set."""
    for number, (name, value) in enumerate(
        (
            ("retention_ms", "+5"),
            ("retention_ms", " 05 "),
            ("preallocate", "TRUE"),
            ("min_cleanable_dirty_ratio", "1e-1"),
            ("cleanup_policy", " compact , delete "),
            ("cleanup_policy", ""),
            ("internal_segment_bytes", "1048577"),
            ("leader_replication_throttled_replicas", "0:1,1:1"),
            ("unclean_leader_election_enable", "True"),
            ("compression_type", "zstd"),
        )
    ):
        topic, key = c.topic(str(number), **{name: value}), name.replace("_", ".")
        asked = describe((TOPIC, topic, [key]), include_synonyms=True)
        c.ask(f"{key} {value!r}", asked, version)


@scene(DescribeConfigsRequest)
def brokers(c: Conversation, version: int) -> None:
    some = ["log.retention.hours", "num.partitions", "background.threads", "node.id"]
    c.ask("some keys", describe((BROKER, "1", some)), version)
    c.ask("some keys, synonyms", describe((BROKER, "1", some), include_synonyms=True), version)
    c.ask("an unknown key", describe((BROKER, "1", ["no.such.config"])), version)
    secret = ["ssl.key.password", "ssl.keystore.location"]
    c.ask("a secret", describe((BROKER, "1", secret), include_synonyms=True), version)
    for label, name in (
        ("another", "2"),
        ("no number", "x"),
        ("all brokers", ""),
        ("space", " "),
        ("+1", "+1"),
        ("01", "01"),
        (" 1", " 1"),
        ("-1", "-1"),
    ):
        c.ask(label, describe((BROKER, name, ["num.partitions"])), version)
    c.ask("all brokers, all keys", describe((BROKER, "", None)), version)


@scene(DescribeConfigsRequest)
def everything_of_the_broker(c: Conversation, version: int) -> None:
    c.ask("plain", describe((BROKER, "1", None)), version)
    c.ask("synonyms", describe((BROKER, "1", None), include_synonyms=True), version)


@scene(DescribeConfigsRequest)
def others(c: Conversation, version: int) -> None:
    for label, kind, name in (
        ("type 0", 0, "x"),
        ("type 9", 9, "x"),
        ("negative type", -1, "x"),
        ("client metrics", CLIENT_METRICS, "x"),
        ("client metrics, no name", CLIENT_METRICS, ""),
        ("a group", GROUP, "g"),
        ("a group, no name", GROUP, ""),
        ("loggers of another broker", LOGGER, "2"),
        ("loggers of no number", LOGGER, "x"),
        ("loggers of nobody", LOGGER, ""),
        ("a topic of no legal name", TOPIC, "x" * 250),
        ("a group of odd name", GROUP, "a b/ä"),
    ):
        c.ask(label, describe((kind, name, None), include_synonyms=True), version)
    topic = c.topic()
    two = describe((9, "x", None), (TOPIC, topic, ["retention.ms"]))
    c.ask("an unknown type and a topic", two, version)


@scene(DescribeConfigsRequest, "3+")
def documentation(c: Conversation, version: int) -> None:
    for label, kind, name, key in (
        ("of a topic", TOPIC, c.topic(), "retention.ms"),
        ("of the broker", BROKER, "1", "num.partitions"),
        ("of a group", GROUP, c.name("g"), "consumer.session.timeout.ms"),
        ("of client metrics", CLIENT_METRICS, c.name("m"), "interval.ms"),
        ("of nothing", TOPIC, c.name("missing"), "retention.ms"),
    ):
        asked = describe((kind, name, [key]), include_documentation=True, include_synonyms=True)
        c.ask(label, asked, version)
    for label, kind, name in (
        ("of all of a topic", TOPIC, c.topic("all")),
        ("of all of the broker", BROKER, "1"),
        ("of all of a group", GROUP, c.name("g")),
        ("of all of client metrics", CLIENT_METRICS, c.name("m")),
        ("of all brokers", BROKER, ""),
    ):
        c.ask(label, describe((kind, name, None), include_documentation=True), version)

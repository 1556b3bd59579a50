"""Raw conversations about the cluster, its topics, configuration and telemetry."""

from __future__ import annotations

import uuid

from .frames import push_body
from .world import (
    ABSENT,
    COMPACTED,
    OPEN_TRANSACTION,
    RECORDS,
    SMALL,
    TRANSACTIONS,
    Fields,
    World,
)

TOPIC, BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP = 2, 4, 8, 16, 32
ALL_PREFIXES = ""


def prepare(world: World) -> None:
    """Create the topics the conversations are about."""
    plain: Fields = {"num_partitions": 1, "replication_factor": 1}
    stamped = [
        {"name": "max.message.bytes", "value": "200"},
        {"name": "message.timestamp.type", "value": "LogAppendTime"},
    ]
    compact = [{"name": "cleanup.policy", "value": "compact"}]
    answer = world.look(
        19,
        7,
        topics=[
            {"name": RECORDS, **plain, "num_partitions": 3},
            {"name": SMALL, **plain, "configs": stamped},
            {"name": COMPACTED, **plain, "configs": compact},
            {"name": TRANSACTIONS, **plain},
            {"name": OPEN_TRANSACTION, **plain},
        ],
        timeout_ms=30_000,
    )
    assert all(topic.error_code == 0 for topic in answer.topics), answer
    names = [topic.name for topic in answer.topics]
    world.learn_topic_ids(*names)
    world.wait_until_served(*names)


def api_versions(world: World) -> None:
    """ApiVersions: what is offered, and a client name the broker does not accept."""
    for version in world.versions(18):
        named = {"client_software_name": "golden-recorder", "client_software_version": "1.0.0"}
        world.ask(18, version, "every API and version the broker offers", **named)
        if version >= 3:
            about = "errors: an empty software name"
            world.ask(18, version, about, client_software_name="", client_software_version="1")


def metadata(world: World) -> None:
    """Metadata: named topics, all, none, and errors."""
    for version in world.versions(3):
        common: Fields = {"allow_auto_topic_creation": False}
        operations: Fields = {
            "include_cluster_authorized_operations": True,
            "include_topic_authorized_operations": True,
        }
        named = [{"name": RECORDS}, {"name": SMALL}]
        world.ask(3, version, "two topics", topics=named, **common)
        about = "errors: an unknown topic and an illegal name; authorized operations asked for"
        illegal = [{"name": ABSENT}, {"name": "not/legal"}]
        # Before version 4 the request cannot forbid that the broker creates the topic.
        asked = illegal[1:] if version < 4 else illegal
        world.ask(3, version, about, topics=asked, **common, **operations)
        if version >= 1:
            world.ask(3, version, "null topics: all of them", topics=None, **common)
            world.ask(3, version, "empty topics: only the cluster", topics=[], **common)
        else:
            world.ask(3, version, "empty topics: in this version, all of them", topics=[])
        if version >= 12:
            by_id = [
                {"topic_id": world.topic_ids[RECORDS], "name": None},
                {"topic_id": world.topic_ids[ABSENT], "name": None},
            ]
            world.ask(3, version, "by topic id, one unknown", topics=by_id, **common, **operations)


def unknown_tags(world: World) -> None:
    """Requests with a tagged field nobody knows at their end: the broker skips it."""
    about = "an unknown tagged field at the end of the request"
    for version in (9, 13):
        world.ask_with_unknown_tag(3, version, about, topics=[{"name": RECORDS}])
    for version in (3, 4):
        named = {"client_software_name": "golden", "client_software_version": "1"}
        world.ask_with_unknown_tag(18, version, about, **named)
    world.ask_with_unknown_tag(22, 4, about, transactional_id=None, transaction_timeout_ms=1000)


def create_topics(world: World) -> None:
    """CreateTopics: with configuration and assignments, validated only, and errors."""
    for version in world.versions(19):
        name = f"golden-created-{version}"
        configs = [
            {"name": "retention.ms", "value": "3600000"},
            {"name": "cleanup.policy", "value": "compact,delete"},
        ]
        placed = [{"partition_index": index, "broker_ids": [1]} for index in (0, 1)]
        free: Fields = {"num_partitions": 1, "replication_factor": 1}
        topics = [
            {"name": name, "num_partitions": 2, "replication_factor": 1, "configs": configs},
            {"name": f"{name}-x", "num_partitions": -1, "replication_factor": -1}
            | {"assignments": placed},
        ]
        about = "one topic with configuration, one with assignments"
        # The list of all configuration values that version 5 added makes two topics too long.
        asked = topics if version < 5 else topics[version % 2 :][:1]
        world.ask(19, version, about, topics=asked, timeout_ms=10_000)
        wrong = [
            {"name": RECORDS, **free},
            {"name": "not/legal", **free},
            {"name": "golden-too-wide", "num_partitions": 1, "replication_factor": 9},
            {"name": "golden-no-partitions", "num_partitions": 0, "replication_factor": 1},
            {"name": "golden-odd", **free, "configs": [{"name": "retention.ms", "value": "soon"}]},
            {"name": "golden-null", **free, "configs": [{"name": "retention.ms", "value": None}]},
        ]
        about = "errors: topic exists, illegal name, too many replicas, no partitions, bad values"
        world.ask(19, version, about, topics=wrong, timeout_ms=10_000)
        only = [{"name": "golden-validated", "num_partitions": -1, "replication_factor": -1}]
        about = "validated only, with the broker's defaults"
        world.ask(19, version, about, topics=only, timeout_ms=10_000, validate_only=True)
        world.ask(19, version, "no topics", topics=[], timeout_ms=10_000)


def delete_topics(world: World) -> None:
    """DeleteTopics: by name and by id, and errors."""
    for version in world.versions(20):
        first, second = f"golden-gone-{version}", f"golden-gone-{version}-x"
        world.learn_topic_ids(first, second)
        if version < 6:
            for about, names in (
                ("two topics and an unknown one", [first, second, ABSENT]),
                ("no topics", []),
            ):
                world.ask(20, version, about, topic_names=names, timeout_ms=10_000)
            continue
        for about, topics in (
            (
                "one by name, one by id",
                [{"name": first}, {"name": None, "topic_id": world.topic_ids[second]}],
            ),
            (
                "errors: an unknown name and an unknown id",
                [{"name": ABSENT}, {"name": None, "topic_id": world.topic_ids[ABSENT]}],
            ),
            ("no topics", []),
        ):
            world.ask(20, version, about, topics=topics, timeout_ms=10_000)


def describe_configs(world: World) -> None:
    """DescribeConfigs: chosen keys, synonyms, documentation, all of a kind, and errors."""
    for version in world.versions(32):
        keys = ["retention.ms", "cleanup.policy", "max.message.bytes"]
        broker_keys = ["log.retention.ms", "listeners", "ssl.keystore.password"]
        for about, resources, flags in (
            (
                "chosen keys of a topic and the broker, with synonyms and documentation",
                [(TOPIC, SMALL, keys), (BROKER, "1", broker_keys)],
                True,
            ),
            ("null keys: everything of a topic", [(TOPIC, COMPACTED, None)], False),
            (
                "everything of a group; an empty list of keys",
                [(GROUP, "golden-group", None), (TOPIC, SMALL, [])],
                False,
            ),
            (
                "errors: unknown topic, another broker, a broker that is not a number",
                [(TOPIC, ABSENT, None), (BROKER, "7", None), (BROKER, "x", None)],
                False,
            ),
            (
                "errors: an unknown resource type spoils the whole request",
                [(TOPIC, SMALL, keys), (99, "y", None)],
                False,
            ),
        ):
            asked = [
                {"resource_type": kind, "resource_name": name, "configuration_keys": wanted}
                for kind, name, wanted in resources
            ]
            world.ask(
                32,
                version,
                about,
                resources=asked,
                include_synonyms=flags,
                include_documentation=flags,
            )


def describe_cluster(world: World) -> None:
    """DescribeCluster: brokers, with operations, and the controllers a broker cannot tell."""
    for version in world.versions(60):
        world.ask(60, version, "the brokers", include_fenced_brokers=True)
        about = "with the operations allowed on the cluster"
        world.ask(60, version, about, include_cluster_authorized_operations=True)
        if version >= 1:
            world.ask(60, version, "errors: asks a broker for controllers", endpoint_type=2)
            world.ask(60, version, "errors: an unknown endpoint type", endpoint_type=9)


def telemetry(world: World) -> None:
    """Both telemetry APIs: no subscription, then one, pushed, and errors (KIP-714)."""
    no_one = uuid.UUID(int=0)
    me = uuid.UUID("6f1d2c3b-4a59-4687-9807-162534435261")
    world.ask_telemetry(71, "a new client; the broker gives it an id", no_one.bytes)
    another = uuid.UUID("0a1b2c3d-4e5f-4607-8192-a3b4c5d6e7f8")
    answer = world.ask_telemetry(71, "a client that has an id", me.bytes)
    # After correlation id and tagged fields: throttle time, error code, instance id.
    subscription = int.from_bytes(answer[27:31], "big", signed=True)
    metrics = bytes.fromhex("0a00")
    for about, body in (
        ("metrics as they were subscribed", push_body(me, subscription, False, metrics)),
        ("errors: again at once", push_body(me, subscription, False, metrics)),
        ("errors: a subscription that is not current", push_body(another, 77, False, metrics)),
        ("the last push, terminating", push_body(me, subscription, True, metrics)),
        ("errors: a push after the last one", push_body(me, subscription, False, metrics)),
        ("errors: the null client instance id", push_body(no_one, subscription, False, b"")),
    ):
        world.ask_telemetry(72, about, body)
    world.ask_telemetry(71, "errors: subscriptions asked for again at once", me.bytes)

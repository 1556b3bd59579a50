"""All that kafka-python's KafkaAdminClient can do, in an order that works on a fresh broker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kafka import KafkaAdminClient, KafkaProducer, TopicPartition
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ConfigResource,
    OffsetSpec,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)
from kafka.structs import OffsetAndMetadata

from compat_tests.clients.tour import Tour
from compat_tests.real_broker.normalize import PLACES

# What is another with every broker and every run: ids, places, sizes, times, and how far the log of the
# cluster's metadata is.
MADE_UP = frozenset(
    {
        *("topic_id", "cluster_id", "host", "port", "log_dir", "total_bytes", "usable_bytes"),
        *("finalized_epoch", "high_watermark", "leader_epoch", "log_end_offset", "nodes"),
        *("last_fetch_timestamp", "last_caught_up_timestamp", "last_timestamp", "producer_id"),
        *("producers", "member_id", "size", "partition_size"),
    }
)


def admin_tour(bootstrap: str, topic: str, group: str) -> dict[str, Any]:
    """The outcome of each step."""
    tour = Tour(lambda error: type(error).__name__)
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        guide = _Guide(admin, bootstrap, topic, group, tour)
        guide.cluster()
        guide.topics()
        guide.records()
        guide.configs()
        guide.groups()
        guide.security()
        guide.deletions()
    finally:
        admin.close()
    return tour.steps


def cleaned(value: Any) -> Any:
    """Without what is made up; keys as text."""
    if isinstance(value, Mapping):
        return {
            _text(key): cleaned(item)
            for key, item in sorted(value.items(), key=lambda pair: _text(pair[0]))
            if key not in MADE_UP | PLACES
        }
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return cleaned(value._asdict())
    if isinstance(value, list | tuple | set | frozenset):
        items = [cleaned(item) for item in value]
        return sorted(items, key=repr) if isinstance(value, set | frozenset) else items
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return _text(value)


def _text(value: Any) -> str:
    if isinstance(value, TopicPartition):
        return f"{value.topic}-{value.partition}"
    if isinstance(value, type):
        return value.__name__
    return type(value).__name__ if isinstance(value, Exception) else str(value)


class _Guide:
    def __init__(
        self, admin: KafkaAdminClient, bootstrap: str, topic: str, group: str, tour: Tour
    ) -> None:
        self._admin, self._bootstrap = admin, bootstrap
        self._topic, self._group = topic, group
        self._tour = tour

    def _step(self, name: str, action: Callable[[], Any]) -> None:
        self._tour.step(name, lambda: cleaned(action()))

    def _change(self, name: str, action: Callable[[], Any]) -> None:
        self._tour.change(name, lambda: cleaned(action()))

    def cluster(self) -> None:
        admin = self._admin
        self._step("describe the cluster", admin.describe_cluster)
        self._step("describe features", admin.describe_features)
        self._step(
            "validate a feature",
            lambda: admin.update_features({"group.version": 1}, validate_only=True),
        )
        self._step("update an unknown feature", lambda: admin.update_features({"x": 1}))
        self._step("describe the quorum", admin.describe_metadata_quorum)

    def topics(self) -> None:
        admin, topic = self._admin, self._topic
        new = {topic: {"num_partitions": 2, "replication_factor": 1}}
        self._step("validate a topic", lambda: admin.create_topics(new, validate_only=True))
        self._change("create a topic", lambda: admin.create_topics(new))
        self._step("create it again", lambda: admin.create_topics(new))
        self._change("create partitions", lambda: admin.create_partitions({topic: 4}))
        self._step("create fewer", lambda: admin.create_partitions({topic: 1}))
        self._step("describe topics", lambda: admin.describe_topics([topic, "unknown"]))
        self._step(
            "describe topic partitions", lambda: admin.describe_topic_partitions([topic, "unknown"])
        )
        self._step("elect leaders", lambda: admin.elect_leaders(0, {topic: [0, 1]}))
        first = TopicPartition(topic, 0)
        self._step("reassign", lambda: admin.alter_partition_reassignments({first: [1]}))
        self._step("list reassignments", admin.list_partition_reassignments)
        self._step("describe log dirs", lambda: admin.describe_log_dirs({topic: [0]}))

    def records(self) -> None:
        admin, topic = self._admin, self._topic
        partitions = [TopicPartition(topic, number) for number in range(4)]

        def produce() -> None:
            producer = KafkaProducer(bootstrap_servers=self._bootstrap, enable_idempotence=True)
            for number in range(40):
                producer.send(topic, b"v", partition=number % 4, timestamp_ms=1_767_225_600_000)
            producer.flush()
            producer.close()

        def offsets(spec: Any) -> Any:
            return admin.list_partition_offsets(dict.fromkeys(partitions, spec))

        self._step("produce", produce)
        self._step("end offsets", lambda: offsets(OffsetSpec.LATEST))
        self._step("delete records", lambda: admin.delete_records({partitions[0]: 3}))
        self._step("delete too many records", lambda: admin.delete_records({partitions[1]: 99}))
        self._step("start offsets", lambda: offsets(OffsetSpec.EARLIEST))
        self._step("offsets of newest records", lambda: offsets(OffsetSpec.MAX_TIMESTAMP))
        self._step("offsets after a time", lambda: offsets(1))
        self._step(
            "describe producers", lambda: sorted(map(_text, admin.describe_producers(partitions)))
        )
        self._step("list transactions", lambda: admin.list_transactions(state_filters=["Ongoing"]))
        self._step("describe a transaction", lambda: admin.describe_transactions(["unknown"]))

    def configs(self) -> None:
        admin, topic = self._admin, self._topic

        def of(**configs: Any) -> ConfigResource:
            named = {name.replace("_", "."): value for name, value in configs.items()}
            return ConfigResource("TOPIC", topic, configs=named or None)

        self._change("alter configs", lambda: admin.alter_configs([of(retention_ms="5000")]))
        self._change("a wrong config", lambda: admin.alter_configs([of(segment_ms="x")]))
        self._step(
            "describe configs", lambda: admin.describe_configs([of()], include_synonyms=True)
        )
        self._step(
            "describe all configs", lambda: admin.describe_configs([of()], config_filter="all")
        )
        self._change("reset configs", lambda: admin.reset_configs([of(retention_ms=None)]))
        self._step("describe what is left", lambda: admin.describe_configs([of()]))
        self._step("describe the broker's", self._of_the_broker)
        self._step("list config resources", lambda: topic in admin.list_config_resources()["topic"])

    def _of_the_broker(self) -> Any:
        resource = ConfigResource("BROKER", "1")
        return self._admin.describe_configs([resource], config_filter="all")

    def groups(self) -> None:
        admin, group = self._admin, self._group
        partitions = [TopicPartition(self._topic, number) for number in range(4)]
        offsets = {place: OffsetAndMetadata(5, "a note", -1) for place in partitions}
        self._step("alter offsets", lambda: admin.alter_group_offsets(group, offsets))
        self._step("list offsets", lambda: admin.list_group_offsets(group))
        self._step("list groups", admin.list_groups)
        self._step("describe groups", lambda: admin.describe_groups([group, "unknown"]))
        self._step(
            "reset offsets",
            lambda: admin.reset_group_offsets(group, {partitions[0]: OffsetSpec.EARLIEST}),
        )
        self._step("delete offsets", lambda: admin.delete_group_offsets(group, partitions[1:2]))
        self._step("list what is left", lambda: admin.list_group_offsets(group))
        self._step("delete groups", lambda: admin.delete_groups([group, "unknown"]))
        self._step("delete it again", lambda: admin.delete_groups([group]))

    def security(self) -> None:
        admin, topic = self._admin, self._topic
        upsert = UserScramCredentialUpsertion(
            "alice", "SCRAM-SHA-256", "secret", iterations=4096, salt=b"salt"
        )
        delete = UserScramCredentialDeletion("alice", "SCRAM-SHA-256")
        for name, alteration in (("upsert", upsert), ("delete", delete)):
            self._change(
                f"{name} SCRAM credentials",
                lambda alteration=alteration: admin.alter_user_scram_credentials([alteration]),
            )
            self._step(
                f"describe SCRAM credentials after {name}",
                lambda: admin.describe_user_scram_credentials(["alice"]),
            )
        literal = ACLResourcePatternType.LITERAL
        who = ("User:alice", "*", ACLOperation.READ, ACLPermissionType.ALLOW)
        acl = ACL(*who, ResourcePattern(ResourceType.TOPIC, topic, literal))
        wanted = ACLFilter(*who, ResourcePatternFilter(ResourceType.TOPIC, topic, literal))
        self._change("create ACLs", lambda: len(admin.create_acls([acl])["succeeded"]))
        self._step("describe ACLs", lambda: len(admin.describe_acls(wanted)[0]))
        self._change("delete ACLs", lambda: len(admin.delete_acls([wanted])))
        self._step("describe no ACLs", lambda: len(admin.describe_acls(wanted)[0]))

    def deletions(self) -> None:
        admin, topic = self._admin, self._topic
        self._change("delete the topic", lambda: admin.delete_topics([topic]))
        self._step("delete the topic again", lambda: admin.delete_topics([topic]))

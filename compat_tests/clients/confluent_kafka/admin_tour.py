"""All that confluent-kafka's AdminClient can do, in an order that works on a fresh broker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from confluent_kafka import (
    ConsumerGroupTopicPartitions,
    ElectionType,
    IsolationLevel,
    KafkaException,
    Producer,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)

from compat_tests.clients.tour import Tour
from compat_tests.real_broker.normalize import PLACES

SECONDS = 15


def admin_tour(bootstrap: str, topic: str, group: str) -> dict[str, Any]:
    """The outcome of each step."""
    tour = Tour(_name_of)
    guide = _Guide(AdminClient({"bootstrap.servers": bootstrap}), bootstrap, topic, group, tour)
    guide.cluster()
    guide.topics()
    guide.records()
    guide.configs()
    guide.groups()
    guide.security()
    guide.deletions()
    return tour.steps


def _name_of(error: Exception) -> str:
    if isinstance(error, KafkaException):
        return str(error.args[0].name())
    return f"{type(error).__name__}: {error}"


def _one(futures: Any) -> Any:
    """The result of the only future of an answer."""
    (future,) = futures.values()
    return future.result(SECONDS)


class _Guide:
    def __init__(
        self, admin: AdminClient, bootstrap: str, topic: str, group: str, tour: Tour
    ) -> None:
        self._admin, self._bootstrap = admin, bootstrap
        self._topic, self._group = topic, group
        self._step: Callable[..., None] = tour.step
        self._change: Callable[..., None] = tour.change

    def cluster(self) -> None:
        def describe() -> Any:
            found = self._admin.describe_cluster(
                include_authorized_operations=True, request_timeout=SECONDS
            ).result(SECONDS)
            operations = [operation.name for operation in found.authorized_operations]
            return [len(found.nodes), found.controller.id, sorted(operations)]

        self._step("describe the cluster", describe)
        self._step("brokers", lambda: sorted(self._admin.list_topics(timeout=SECONDS).brokers))

    def topics(self) -> None:
        admin, topic = self._admin, self._topic
        new = NewTopic(topic, 2, 1, config={"retention.ms": "600000"})
        wrong = NewTopic(f"{topic}-wrong", 1, 1, config={"retention.ms": "x"})
        self._step("validate a topic", lambda: _one(admin.create_topics([new], validate_only=True)))
        self._change("create a topic", lambda: _one(admin.create_topics([new])))
        self._step("create it again", lambda: _one(admin.create_topics([new])))
        self._step("create one with a wrong config", lambda: _one(admin.create_topics([wrong])))
        grown = NewPartitions(topic, 4)
        self._change("create partitions", lambda: _one(admin.create_partitions([grown])))
        self._step("create fewer", lambda: _one(admin.create_partitions([NewPartitions(topic, 1)])))

        def describe(name: str) -> Any:
            found = _one(admin.describe_topics(TopicCollection([name])))
            return [
                found.is_internal,
                [[p.id, p.leader.id, len(p.replicas), len(p.isr)] for p in found.partitions],
            ]

        self._step("describe the topic", lambda: describe(topic))
        self._step("describe an unknown topic", lambda: describe(f"{topic}-unknown"))

        def elect() -> Any:
            partitions = [TopicPartition(topic, 0), TopicPartition(topic, 9)]
            found = admin.elect_leaders(ElectionType.PREFERRED, partitions).result(SECONDS)
            return {str(p.partition): e and e.name() for p, e in found.items()}

        self._step("elect leaders", elect)

    def records(self) -> None:
        admin, topic = self._admin, self._topic

        def produce() -> None:
            producer = Producer({"bootstrap.servers": self._bootstrap, "enable.idempotence": True})
            for number in range(40):
                producer.produce(topic, b"v", partition=number % 4, timestamp=1_767_225_600_000)
            assert not producer.flush(SECONDS)

        self._step("produce", produce)

        def offsets(spec: OffsetSpec) -> Any:
            asked = {TopicPartition(topic, number): spec for number in range(4)}
            found = admin.list_offsets(asked, isolation_level=IsolationLevel.READ_COMMITTED)
            return [future.result(SECONDS).offset for future in found.values()]

        self._step("end offsets", lambda: offsets(OffsetSpec.latest()))
        self._step(
            "delete records",
            lambda: _one(admin.delete_records([TopicPartition(topic, 0, 3)])).low_watermark,
        )
        self._step(
            "delete too many records",
            lambda: _one(admin.delete_records([TopicPartition(topic, 1, 99)])).low_watermark,
        )
        self._step("start offsets", lambda: offsets(OffsetSpec.earliest()))
        self._step("offsets of newest records", lambda: offsets(OffsetSpec.max_timestamp()))
        self._step("offsets after a time", lambda: offsets(OffsetSpec.for_timestamp(1)))

    def configs(self) -> None:
        admin, topic = self._admin, self._topic

        def of(kind: ResourceType, name: str, *entries: ConfigEntry) -> ConfigResource:
            return ConfigResource(kind, name, incremental_configs=list(entries) or None)

        def describe(kind: ResourceType, name: str) -> Any:
            found = _one(admin.describe_configs([of(kind, name)]))
            return {
                entry.name: [entry.value, entry.source, entry.is_read_only, len(entry.synonyms)]
                for entry in found.values()
                if entry.name not in PLACES
            }

        set_one = ConfigEntry(
            "cleanup.policy", "compact", incremental_operation=AlterConfigOpType.APPEND
        )
        wrong = ConfigEntry("segment.ms", "x", incremental_operation=AlterConfigOpType.SET)
        for name, entry in (("a config", set_one), ("a wrong config", wrong)):
            self._change(
                f"alter {name}",
                lambda entry=entry: _one(
                    admin.incremental_alter_configs([of(ResourceType.TOPIC, topic, entry)])
                ),
            )
        self._step("describe the topic's configs", lambda: describe(ResourceType.TOPIC, topic))
        self._step(
            "describe an unknown topic's configs", lambda: describe(ResourceType.TOPIC, "unknown")
        )
        self._step("describe the broker's configs", lambda: describe(ResourceType.BROKER, "1"))

    def groups(self) -> None:
        admin, topic, group = self._admin, self._topic, self._group
        offsets = [TopicPartition(topic, number, 5) for number in range(4)]

        def listed() -> Any:
            found = admin.list_consumer_groups().result(SECONDS)
            return [
                [g.group_id, g.is_simple_consumer_group, g.state.name, g.type.name]
                for g in found.valid
            ]

        def committed() -> Any:
            found = _one(admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)]))
            return sorted([p.partition, p.offset] for p in found.topic_partitions)

        def describe(name: str) -> Any:
            found = _one(admin.describe_consumer_groups([name]))
            return [found.state.name, found.type.name, len(found.members)]

        self._step(
            "alter offsets",
            lambda: len(
                _one(
                    admin.alter_consumer_group_offsets(
                        [ConsumerGroupTopicPartitions(group, offsets)]
                    )
                ).topic_partitions
            ),
        )
        self._step("list offsets", committed)
        self._step("list groups", listed)
        self._step("describe the group", lambda: describe(group))
        self._step("describe an unknown group", lambda: describe("unknown"))
        self._step("delete the group", lambda: _one(admin.delete_consumer_groups([group])))
        self._step("delete it again", lambda: _one(admin.delete_consumer_groups([group])))

    def security(self) -> None:
        admin = self._admin
        info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096)
        upsert = UserScramCredentialUpsertion("alice", info, b"secret", b"salt")
        delete = UserScramCredentialDeletion("alice", ScramMechanism.SCRAM_SHA_256)

        def described() -> Any:
            found = _one(admin.describe_user_scram_credentials(["alice"]))
            return [[i.mechanism.name, i.iterations] for i in found.scram_credential_infos]

        self._change(
            "upsert SCRAM credentials", lambda: _one(admin.alter_user_scram_credentials([upsert]))
        )
        self._step("describe SCRAM credentials", described)
        self._change(
            "delete SCRAM credentials", lambda: _one(admin.alter_user_scram_credentials([delete]))
        )
        self._step("describe them again", described)
        what = (ResourceType.TOPIC, self._topic, ResourcePatternType.LITERAL, "User:alice", "*")
        allowed = (AclOperation.READ, AclPermissionType.ALLOW)
        binding, wanted = AclBinding(*what, *allowed), AclBindingFilter(*what, *allowed)
        self._change("create ACLs", lambda: _one(admin.create_acls([binding])))
        self._step(
            "describe ACLs",
            lambda: [str(acl.principal) for acl in admin.describe_acls(wanted).result(SECONDS)],
        )
        self._change("delete ACLs", lambda: len(_one(admin.delete_acls([wanted]))))
        self._step("describe no ACLs", lambda: admin.describe_acls(wanted).result(SECONDS))

    def deletions(self) -> None:
        admin, topic = self._admin, self._topic
        self._change("delete the topic", lambda: _one(admin.delete_topics([topic])))
        self._step("delete the topic again", lambda: _one(admin.delete_topics([topic])))

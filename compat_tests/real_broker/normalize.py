"""The only place where anything of an answer is left out of the comparison, each time with the reason.

An answer becomes plain data, field by field, and on the way

* what a broker makes up by itself (ids, its port, the time) is replaced by a name: the same id gets the
  same name wherever it stands, so that a wrong one is still a difference;
* arrays are put in order where Apache Kafka's order is that of a hash map.

Nothing else is touched. That the bytes are those of the fields is seen by
:class:`~compat_tests.real_broker.conversation.Conversation`, which encodes every answer again.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from compat_tests.real_broker.apache_kafka import SETTLING
from kafka_codecs.messages.api_32_describe_configs import DescribeConfigsResourceResult
from kafka_codecs.record_batch import read_batches
from kafka_codecs.schema import ZERO_UUID, Field, Struct
from kafka_codecs.types import ArrayType, StructType
from kafkashim.dispatch import TABLE
from kafkashim.ids import base64_id
from kafkashim.internal_topics import INTERNAL_TOPICS

DAY_MS = 86_400_000


def _entity(parts: list[Any]) -> Any:
    """What tells entities with quotas apart: their names, by kind; a default one has none."""
    return tuple(sorted((part.entity_type, part.entity_name or "") for part in parts))


# Fields whose value the broker makes up, and what it is called.
MADE_UP = {
    "topic_id": "topic id",
    "cluster_id": "cluster id",
    "member_id": "member id",
    "leader": "member id",
    "session_id": "session id",
    "client_instance_id": "client instance id",
    "subscription_id": "subscription id",
    "log_dir": "log dir",
}
# A producer id is made up only where it is given out: elsewhere it may be the client's own.
GIVEN_OUT = {"InitProducerIdResponse": {"producer_id": "producer id"}}
# Fields that may hold the broker's clock; what is a day away from now was the client's own time.
TIMES = frozenset(
    {
        *("log_append_time_ms", "timestamp", "last_timestamp", "max_timestamp"),
        *("last_fetch_timestamp", "last_caught_up_timestamp"),
    }
)
# The log of the cluster's metadata grows all the time, and on a busy machine its leader is elected anew.
MOVING = {
    "ApiVersionsResponse.finalized_features_epoch": "<metadata offset>",
    "QuorumPartition.high_watermark": "<metadata offset>",
    "QuorumPartition.leader_epoch": "<quorum epoch>",
    "ReplicaState.log_end_offset": "<metadata offset>",
}
# The size of the disk and what is free on it change from machine to machine and all the time.
VOLUMES = frozenset({"total_bytes", "usable_bytes"})
# Arrays that Apache Kafka fills from a java.util.HashMap, a Scala Map or a Set, and what tells their
# items apart. Clients look items up by name, so that none can depend on the order.
UNORDERED: dict[str, Callable[[Any], Any]] = {
    "ProduceResponse.responses": lambda t: (t.name, t.topic_id),
    "TopicProduceResponse.partition_responses": lambda p: p.index,
    "ListOffsetsResponse.topics": lambda t: t.name,
    "ListOffsetsTopicResponse.partitions": lambda p: p.partition_index,
    "ApiVersionsResponse.supported_features": lambda f: f.name,
    "ApiVersionsResponse.finalized_features": lambda f: f.name,
    "CreateTopicsResponse.topics": lambda t: t.name,
    "DeleteTopicsResponse.responses": lambda t: (
        t.name is None,
        t.topic_id if t.name is None else t.name,
    ),
    "DeleteRecordsResponse.topics": lambda t: t.name,
    "DeleteRecordsTopicResult.partitions": lambda p: p.partition_index,
    "DescribeConfigsResponse.results": lambda r: (r.resource_type, r.resource_name),
    "DescribeConfigsResult.configs": lambda e: e.name,
    "AlterReplicaLogDirsResponse.results": lambda t: t.topic_name,
    "AlterReplicaLogDirTopicResult.partitions": lambda p: p.partition_index,
    "DescribeLogDirsResult.topics": lambda t: t.name,
    "DescribeLogDirsTopic.partitions": lambda p: p.partition_index,
    "CreatePartitionsResponse.results": lambda r: r.name,
    "ElectLeadersResponse.replica_election_results": lambda r: r.topic,
    "OffsetFetchResponse.topics": lambda t: t.name,
    "OffsetFetchResponseTopic.partitions": lambda p: p.partition_index,
    "OffsetFetchResponseGroup.topics": lambda t: (t.name, t.topic_id),
    "OffsetFetchResponseTopics.partitions": lambda p: p.partition_index,
    "Assignment.topic_partitions": lambda t: t.topic_id,
    "TopicPartitions.partitions": lambda partition: partition,
    "DescribedGroup.members": lambda m: m.member_id,
    "Member.subscribed_topic_names": lambda name: name,
    "ListGroupsResponse.groups": lambda g: g.group_id,
    "DeleteGroupsResponse.results": lambda r: r.group_id,
    "JoinGroupResponse.members": lambda m: m.member_id,
    "PartitionResponse.active_producers": lambda p: p.producer_id,
    "DescribeAclsResponse.resources": lambda r: (r.resource_type, r.resource_name, r.pattern_type),
    "DescribeAclsResource.acls": lambda a: (a.principal, a.host, a.operation, a.permission_type),
    "DeleteAclsFilterResult.matching_acls": lambda a: (
        *(a.resource_type, a.resource_name, a.pattern_type),
        *(a.principal, a.host, a.operation, a.permission_type),
    ),
    "ListTransactionsResponse.transaction_states": lambda t: t.transactional_id,
    "DescribeUserScramCredentialsResponse.results": lambda r: r.user,
    "DescribeUserScramCredentialsResult.credential_infos": lambda info: info.mechanism,
    "AlterUserScramCredentialsResponse.results": lambda r: r.user,
    "DescribeClientQuotasResponse.entries": lambda e: _entity(e.entity),
    "AlterClientQuotasResponse.entries": lambda e: _entity(e.entity),
    "EntryData.entity": lambda part: part.entity_type,
    "EntryData.values": lambda v: v.key,
    "EntryDataResult.entity": lambda part: part.entity_type,
    "MetadataResponse.topics": lambda t: (t.name is None, t.topic_id if t.name is None else t.name),
}

# The topics in which the brokers keep their own state come with whoever asks first.
# And the transactional id that was initialised to have them (:class:`ApacheKafka`).
INTERNAL = INTERNAL_TOPICS | {SETTLING}
# Where all there are may be listed, and how an item tells its name.
TOPICS: dict[str, Callable[[Any], str | None]] = {
    "MetadataResponse.topics": lambda t: t.name,
    "DescribeLogDirsResult.topics": lambda t: t.name,
    "DescribeTopicPartitionsResponse.topics": lambda t: t.name,
    "ListConfigResourcesResponse.config_resources": lambda r: r.resource_name,
    "ListTransactionsResponse.transaction_states": lambda t: t.transactional_id,
    "ElectLeadersResponse.replica_election_results": lambda r: r.topic,
}

# Configurations that say where a broker lives and who it is in its cluster: the two do not live in one
# place, and this one has no controller.
PLACES = frozenset(
    {
        "advertised.listeners",
        "controller.listener.names",
        "controller.quorum.voters",
        "inter.broker.listener.name",
        "listeners",
        "log.dirs",
        "process.roles",
    }
)

# ApiVersions lists what a broker offers, and this one offers fewer APIs (docs/limits.md): what is
# compared is the range of each that it does offer.
OFFERED = frozenset(row.key for row in TABLE)

UUIDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# "Timestamp 1767225600000 … should be within [-9221604629654775807, 1767229200000]": the client's time,
# and the broker's clock minus and plus its limits.
TIME_RANGE = re.compile(r"\[-?\d+, \d{13}\]")
CLIENT_TIME = re.compile(r"(?<=Timestamp )\d{13}\b")


class Normalizer:
    """Names for what one broker made up in one conversation."""

    def __init__(self, port: int, *, listed: bool = True) -> None:
        """``listed`` says whether :data:`INTERNAL` is kept.

        Scenes are made on purpose, and name the steps in which it shows. Where frames are made by
        chance nobody can say which of them ask for it.
        """
        self._port = port
        self._listed = listed
        self._names: dict[Any, str] = {}
        self._counts: dict[str, int] = {}

    def name(self, kind: str, value: Any) -> str:
        """The name of a made-up value, a new one when it was not seen before."""
        key = (kind, value) if isinstance(value, int) else value
        if key not in self._names:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._names[key] = f"<{kind} {self._counts[kind]}>"
            if isinstance(value, UUID):
                self._names[base64_id(value)] = self._names[key]
        return self._names[key]

    def _producer(self, producer_id: int) -> Any:
        """A producer id that was given out in this conversation by its name, another as it is."""
        return self._names.get(("producer id", producer_id), producer_id)

    def answer(self, response: Struct, version: int) -> dict[str, Any]:
        """An answer as plain data."""
        return self._struct(response, version)

    def _struct(self, struct: Struct, version: int) -> dict[str, Any]:
        if isinstance(struct, DescribeConfigsResourceResult) and struct.name in PLACES:
            return {"name": struct.name, "value": "<place>"}
        fields = {
            f.name: self._field(struct, f, version)
            for f in struct.FIELDS
            if f.versions.holds(version)
        }
        if struct.unknown_tagged_fields:
            fields["unknown_tagged_fields"] = [
                [tag, raw.hex()] for tag, raw in struct.unknown_tagged_fields
            ]
        return fields

    def _field(self, struct: Struct, field: Field, version: int) -> Any:
        value, owner = getattr(struct, field.name), type(struct).__name__
        if value is None:
            return None
        if isinstance(field.type, ArrayType):
            name_of = TOPICS.get(f"{owner}.{field.name}")
            if not self._listed and name_of is not None:
                value = [topic for topic in value if name_of(topic) not in INTERNAL]
            if owner == "ApiVersionsResponse" and field.name == "api_keys":
                value = [row for row in value if row.api_key in OFFERED]
            order = UNORDERED.get(f"{owner}.{field.name}")
            items = sorted(value, key=lambda item: self._rank(order(item))) if order else value
            return [self._item(item, version) for item in items]
        if isinstance(field.type, StructType):
            return self._struct(value, version)
        if field.type.name == "RECORDS":
            return self._records(value)
        if owner == "Listener" and field.name == "port" and value > 0:
            return "<controller's port>"
        if field.name == "port" and value == self._port:
            return "<port>"
        moving = MOVING.get(f"{owner}.{field.name}")
        if moving and value > 0:
            return moving
        if field.name in TIMES and abs(value - time.time() * 1000) < DAY_MS:
            return "<now>"
        if field.name in VOLUMES and value > 0:
            return "<bytes>"
        kind = MADE_UP.get(field.name)
        if kind and value not in (ZERO_UUID, "", 0, -1):
            return self.name(kind, value)
        kind = GIVEN_OUT.get(owner, {}).get(field.name)
        if kind and value != -1:
            return self.name(kind, value)
        if field.name == "producer_id":
            return self._producer(value)
        return self._item(value, version)

    def _rank(self, key: Any) -> Any:
        """A key of :data:`UNORDERED` with known topic ids and member ids replaced by their names."""
        if isinstance(key, tuple):
            return tuple(map(self._rank, key))
        if isinstance(key, str):
            return self._names.get(key, key)
        return self._names.get(key, str(key)) if isinstance(key, UUID) else key

    def _item(self, value: Any, version: int) -> Any:
        if isinstance(value, Struct):
            return self._struct(value, version)
        if isinstance(value, UUID):
            return "<zero>" if value == ZERO_UUID else self.name("topic id", value)
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, bytes | bytearray | memoryview):
            return {"hex": bytes(value).hex()}
        return value

    def _text(self, text: str) -> str:
        text = UUIDS.sub(lambda found: self.name("uuid", UUID(found[0])), text)
        text = TIME_RANGE.sub("<time range>", CLIENT_TIME.sub("<time>", text))
        for value, name in self._names.items():
            if isinstance(value, str) and value in text:
                text = text.replace(value, name)
        return text.replace(f":{self._port}", ":<port>")

    def _records(self, value: Any) -> list[Any]:
        """Stored batches; of a last one that a limit cut short, how much of it came."""
        batches = read_batches(value)
        shown: list[Any] = [self._batch(batch) for batch in batches]
        rest = len(value) - sum(batch.size for batch in batches)
        return [*shown, f"{rest} bytes of the next"] if rest else shown

    def _batch(self, batch: Any) -> dict[str, Any]:
        """A stored batch: its header, and its records as they lie."""
        names = (
            "base_offset", "partition_leader_epoch", "magic", "attributes", "last_offset_delta",
            "base_timestamp", "max_timestamp", "producer_id", "producer_epoch", "base_sequence",
            "records_count",
        )  # fmt: skip
        header = {name: getattr(batch, name) for name in names}
        for name in ("base_timestamp", "max_timestamp"):
            if abs(header[name] - time.time() * 1000) < DAY_MS:
                header[name] = "<now>"
        header["producer_id"] = self._producer(header["producer_id"])
        records = bytes(batch.buffer[61:])
        header["records"] = records.hex() if len(records) <= 200 else f"{len(records)} bytes"
        header["crc_matches"] = batch.crc_matches()
        return header

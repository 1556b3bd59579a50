"""What a request is about: the topics, partitions, batches, groups and transactions it names.

Read off its declaration, so that a condition works on every API that has such a field, under whatever
name the protocol gives it there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import UUID

from kafka_codecs.messages.api_00_produce import ProduceRequest
from kafka_codecs.messages.api_01_fetch import FetchRequest
from kafka_codecs.messages.api_03_metadata import MetadataRequest
from kafka_codecs.record_batch import HEADER_SIZE, MAGIC, MAGIC_OFFSET, RecordBatch
from kafka_codecs.schema import ZERO_UUID, Request
from kafka_codecs.types import ArrayType
from kafkashim.apis import RequestContext
from kafkashim.state import Broker

TOPIC_FIELDS = ("topic", "topic_name", "name")
TOPIC_LISTS = frozenset({"topic_names", "subscribed_topic_names"})
PARTITION_FIELDS = frozenset({"partition", "partition_index", "index"})
PARTITION_LISTS = frozenset({"partitions", "partition_indexes"})
GROUP_LISTS = frozenset({"groups", "groups_names", "group_ids"})
# The arrays whose items are topics and partitions, or have such.
WALKED = frozenset(
    {
        "dirs",
        "groups",
        "partition_data",
        "partitions",
        "resources",
        "topic_data",
        "topic_partitions",
        "topics",
    }
)
# ConfigResource.Type
TOPIC_RESOURCE = 2
# FindCoordinatorRequest.CoordinatorType
KEY_OF_GROUP, KEY_OF_TRANSACTION = 0, 1


class Batch(NamedTuple):
    """What of a batch's header a condition can ask for."""

    producer_id: int
    producer_epoch: int
    first_sequence: int
    last_sequence: int


class Item(NamedTuple):
    """One thing a request names: a partition, a topic as a whole, or a producer."""

    topic: str | None = None
    partition: int | None = None
    batch: Batch | None = None


class About:
    """A request, as conditions see it."""

    __slots__ = (
        "api_key",
        "broker_id",
        "client_id",
        "connection_id",
        "groups",
        "items",
        "name",
        "transactional_ids",
        "version",
    )

    def __init__(self, request: Request, broker: Broker, context: RequestContext) -> None:
        self.api_key = request.API_KEY
        self.name = request.NAME
        self.version = context.version
        self.client_id = context.client_id
        self.connection_id = context.connection.id
        self.broker_id = broker.node_id
        self.groups: set[str] = set()
        self.transactional_ids: set[str] = set()
        self.items = list(dict.fromkeys(self._items(request, broker)))

    def _items(self, request: Request, broker: Broker) -> Iterator[Item]:
        if isinstance(request, ProduceRequest):
            if request.transactional_id is not None:
                self.transactional_ids.add(request.transactional_id)
            yield from _produced(request, broker)
            return
        if isinstance(request, FetchRequest):
            # An incremental fetch names only what is new in its session (KIP-227).
            session = broker.fetch_sessions.sessions.get(request.session_id)
            for topic, index in () if session is None else session.partitions:
                name = topic if isinstance(topic, str) else _topic_of(topic, broker)
                yield Item(name, index)
        if request.NAME == "FindCoordinator":
            self._coordinator_keys(request)
        elif isinstance(request, MetadataRequest) and request.topics is None:
            yield from (Item(name) for name in broker.topics)
        yield from self._walk(request, None, broker)

    def _coordinator_keys(self, request: Any) -> None:
        keys = request.coordinator_keys or [request.key]
        if request.key_type == KEY_OF_GROUP:
            self.groups.update(keys)
        elif request.key_type == KEY_OF_TRANSACTION:
            self.transactional_ids.update(keys)

    def _walk(self, struct: Any, topic: str | None, broker: Broker) -> Iterator[Item]:
        own = None if isinstance(struct, Request) else topic_of(struct, broker)
        topic = own or topic
        self.groups.update(_text(struct, "group_id"))
        self.transactional_ids.update(_text(struct, "transactional_id"))
        partition = partition_of(struct)
        below = False
        for field in struct.FIELDS:
            value = getattr(struct, field.name)
            if not isinstance(field.type, ArrayType) or not value:
                continue
            if isinstance(field.type.item, type):
                for item in value if field.name in WALKED else ():
                    for found in self._walk(item, topic, broker):
                        below = True
                        yield found
            elif field.name in PARTITION_LISTS:
                below = True
                yield from (Item(topic, index) for index in value)
            elif field.name in TOPIC_LISTS:
                yield from (Item(name) for name in value)
            elif field.name in GROUP_LISTS:
                self.groups.update(value)
            elif field.name == "transactional_ids":
                self.transactional_ids.update(value)
        if partition is not None or (own is not None and not below):
            yield Item(topic, partition)


def _text(struct: Any, name: str) -> tuple[str, ...]:
    value = getattr(struct, name, None)
    return () if value is None else (value,)


def partition_of(struct: Any) -> int | None:
    """The partition that an item of a request or an answer is about."""
    for name in PARTITION_FIELDS:
        if hasattr(struct, name):
            return int(getattr(struct, name))
    return None


def topic_of(struct: Any, broker: Broker) -> str | None:
    """The topic that an item of a request or an answer names."""
    for name in TOPIC_FIELDS:
        if getattr(struct, name, None):
            return str(getattr(struct, name))
    if getattr(struct, "resource_type", None) == TOPIC_RESOURCE:
        return str(struct.resource_name)
    return _topic_of(getattr(struct, "topic_id", ZERO_UUID), broker)


def _topic_of(topic_id: UUID, broker: Broker) -> str | None:
    topic = broker.topics_by_id.get(topic_id)
    return None if topic is None else topic.name


def _produced(request: ProduceRequest, broker: Broker) -> Iterator[Item]:
    for topic in request.topic_data:
        name = topic.name or _topic_of(topic.topic_id, broker)
        for data in topic.partition_data:
            yield Item(name, data.index, batch_of(data.records))


def batch_of(records: Any) -> Batch | None:
    """The header of a record set's first batch; ``None`` where there is none to be read."""
    if records is None or len(records) < HEADER_SIZE or records[MAGIC_OFFSET] != MAGIC:
        return None
    batch = RecordBatch(records)
    return Batch(batch.producer_id, batch.producer_epoch, batch.base_sequence, batch.last_sequence)

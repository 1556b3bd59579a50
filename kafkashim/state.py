"""What the one event loop owns: topics and their partitions, producer ids, groups, sessions.

Nothing here knows a protocol version or a socket. There are no locks: handlers run to their end one
after the other.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from kafka_codecs.record_batch import RecordBatch
from kafkashim.clock import Clock, TimerHandle
from kafkashim.config import Config, TopicConfig
from kafkashim.features import GROUP_VERSION, Features
from kafkashim.fetch_sessions import FetchSessionCache
from kafkashim.ids import IdSource, base64_id
from kafkashim.internal_topics import INTERNAL_TOPICS, internal_topic
from kafkashim.log.partition_log import PartitionLog
from kafkashim.log.storage import MemoryStorage, Storage
from kafkashim.log_dirs import LogDirs
from kafkashim.producer_ids import ProducerIds
from kafkashim.rules.producer_state import Book, ProducerStateManager, Verdict
from kafkashim.telemetry import ClientTelemetry
from kafkashim.topic_names import colliding_topic

if TYPE_CHECKING:
    from kafkashim.acls import Acls
    from kafkashim.client_quotas import ClientQuotas
    from kafkashim.groups.coordinator import GroupCoordinator
    from kafkashim.scram_credentials import ScramCredentials
    from kafkashim.throttling import ByteRates

FIRST_LEADER_EPOCH = 0
# By how much it rises when the only replica's broker goes and comes back: once for each.
RESTART_EPOCHS = 2
# What a new cluster of one node has in its metadata log.
METADATA_AT_START = 37

log = logging.getLogger("kafkashim.state")


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about one batch, for whoever watches (:attr:`Broker.on_decision`)."""

    topic: str
    partition: int
    client_id: str | None
    batch: RecordBatch
    verdict: Verdict
    offset: int
    error: int


class Partition:
    """One partition: its log, the producers it remembers, the fetches that wait for it."""

    __slots__ = (
        "held_high_watermark",
        "index",
        "leader_epoch",
        "log",
        "log_dir",
        "name",
        "producers",
        "topic",
        "waiting",
    )

    def __init__(
        self, topic: Topic, index: int, log: PartitionLog, book: Book, log_dir: str
    ) -> None:
        self.topic = topic
        self.index = index
        self.name = f"{topic.name}-{index}"
        self.log = log
        self.log_dir = log_dir
        self.producers = ProducerStateManager(book)
        self.leader_epoch = FIRST_LEADER_EPOCH
        log.epochs.assign(FIRST_LEADER_EPOCH, 0)
        self.waiting: set[Callable[[], None]] = set()
        # Where consumers are held back, as by followers that are behind; None where they are not.
        self.held_high_watermark: int | None = None

    @property
    def log_start_offset(self) -> int:
        """The first offset that can be read."""
        return self.log.log_start_offset

    @property
    def high_watermark(self) -> int:
        """The first offset that cannot be read yet. One replica: that after the last record."""
        end = self.log.log_end_offset
        held = self.held_high_watermark
        return end if held is None else min(held, end)

    def begin_leader_epoch(self, epoch: int) -> None:
        """A leader begins, whose batches carry this epoch."""
        self.leader_epoch = epoch
        self.log.epochs.assign(epoch, self.log.log_end_offset)

    def begin_at(self, offset: int) -> None:
        """Be empty, and go on at an offset beyond the log's end."""
        self.log.begin_at(offset)
        self._head_gone(offset)
        if self.held_high_watermark is not None:
            self.held_high_watermark = None
        self.wake()

    def restart(self, *, clean: bool) -> None:
        """Be as after a restart of the broker (measured on Apache Kafka 4.3.1).

        Of each producer only the newest batch is still known, also after an unclean one: recovery writes
        a snapshot and reads it again. After a clean restart nothing is known of the producers of a log
        that is empty; after an unclean one records are there again whose deletion was not written down.
        """
        log = self.log
        if not clean:
            log.forget_log_start()
        if clean and log.log_start_offset == log.log_end_offset:
            self.producers.clear()
        self.producers.keep_newest()
        self.begin_leader_epoch(self.leader_epoch + RESTART_EPOCHS)

    def read(self, offset: int, max_bytes: int, at_least_one: bool) -> list[memoryview]:
        """Stored bytes from an offset on, up to the high watermark (:meth:`PartitionLog.read`)."""
        if self.held_high_watermark is None:
            return self.log.read(offset, max_bytes, at_least_one)
        there = self.log.size_between(offset, self.high_watermark)
        return self.log.read(offset, min(max_bytes, there), at_least_one) if there else []

    def size_from(self, offset: int) -> int | None:
        """Bytes that can be read from an offset on; ``None`` when they lie in several segments."""
        if self.held_high_watermark is None:
            return self.log.size_from(offset)
        return self.log.size_between(offset, self.high_watermark)

    def delete_records(self, before: int) -> int:
        """Forget what lies before an offset; gives the new log start offset."""
        return self._head_gone(self.log.delete_records(before))

    def enforce_retention(self, now_ms: int) -> None:
        """Drop what the topic's retention no longer keeps."""
        if self.log.enforce_retention(now_ms):
            self._head_gone(self.log.log_start_offset)

    def _head_gone(self, log_start_offset: int) -> int:
        self.producers.truncate_head(log_start_offset)
        return log_start_offset

    def append(self, batch: RecordBatch, max_timestamp: int) -> int:
        """Append a batch that was found sound and next; only then does producer state change."""
        config = self.topic.config
        offset = self.log.append(batch, max_timestamp, self.leader_epoch, config.log_append_time)
        if batch.producer_id >= 0:
            if batch.max_timestamp != max_timestamp:
                batch.max_timestamp = max_timestamp
            self.producers.record(batch, offset)
        if self.waiting:
            self.wake()
        return offset

    def wake(self) -> None:
        """Tell the fetches that wait that there is something new, or that the topic is gone."""
        for look_again in tuple(self.waiting):
            try:
                look_again()
            except Exception:
                # The trouble of one who waits is not that of the producer who wakes it.
                log.exception("A fetch that waited for %s failed", self.name)
                self.waiting.discard(look_again)


class Topic:
    """A topic: name, id, configuration, partitions, and whether it is one of the broker's own."""

    __slots__ = ("config", "internal", "name", "partitions", "topic_id")

    def __init__(self, name: str, topic_id: UUID, config: TopicConfig) -> None:
        self.name = name
        self.internal = name in INTERNAL_TOPICS
        self.topic_id = topic_id
        self.config = config
        self.partitions: list[Partition] = []

    def partition(self, index: int) -> Partition | None:
        """A partition by its index; ``None`` when there is none."""
        partitions = self.partitions
        return partitions[index] if 0 <= index < len(partitions) else None


class Broker:
    """The broker's state, and the clockwork that ages it."""

    def __init__(
        self,
        config: Config,
        clock: Clock,
        *,
        book: Book,
        ids: IdSource | None = None,
        storage: Storage | None = None,
    ) -> None:
        self.config = config
        self.clock = clock
        self.book = book
        self.ids = ids or IdSource()
        self.storage: Storage = storage or MemoryStorage()
        self.cluster_id = base64_id(self.ids.uuid())
        self.topics: dict[str, Topic] = {}
        self.topics_by_id: dict[UUID, Topic] = {}
        self.log_dirs = LogDirs(config)
        self.producer_ids = ProducerIds(config)
        self.fetch_sessions = FetchSessionCache(clock, self.ids, config)
        self.telemetry = ClientTelemetry(clock, self.ids)
        # Filled by dispatch: API key -> versions offered, what ApiVersions answers.
        self.offered: dict[int, tuple[int, int]] = {}
        self.on_decision: Callable[[Decision], None] | None = None
        # What producers and consumers are held to; None while no such quota is set for anybody.
        self.producer_rates: ByteRates | None = None
        self.consumer_rates: ByteRates | None = None
        self._acls: Acls | None = None
        self._client_quotas: ClientQuotas | None = None
        self._scram_credentials: ScramCredentials | None = None
        self._groups: GroupCoordinator | None = None
        self.features = Features(config.node_id)
        self._started_ms = clock.now_ms()
        self._timers: dict[str, TimerHandle] = {}

    @property
    def node_id(self) -> int:
        """The broker's id (``node.id``)."""
        return self.config.node_id

    @property
    def groups(self) -> GroupCoordinator:
        """The group coordinator, made when the first group needs it."""
        if self._groups is None:
            from kafkashim.groups.coordinator import GroupCoordinator

            self._groups = GroupCoordinator.for_broker(self)
        return self._groups

    @property
    def has_consumer_protocol(self) -> bool:
        """Whether groups may speak the consumer protocol (``isConsumerGroupProtocolEnabled``)."""
        return (
            self.features.level(GROUP_VERSION) > 0 and "consumer" in self.config.rebalance_protocols
        )

    @property
    def acls(self) -> Acls | None:
        """The access control lists; ``None`` without an authorizer, which has them."""
        if self._acls is None and self.config.authorizer:
            from kafkashim.acls import Acls

            self._acls = Acls()
        return self._acls

    @property
    def client_quotas(self) -> ClientQuotas:
        """The quotas of clients, made when the first is asked for."""
        if self._client_quotas is None:
            from kafkashim.client_quotas import ClientQuotas

            self._client_quotas = ClientQuotas(self.config)
        return self._client_quotas

    @property
    def scram_credentials(self) -> ScramCredentials:
        """The SCRAM credentials of users, made when the first is asked for."""
        if self._scram_credentials is None:
            from kafkashim.scram_credentials import ScramCredentials

            self._scram_credentials = ScramCredentials()
        return self._scram_credentials

    def metadata_offset(self) -> int:
        """The end of the log of the cluster's metadata.

        None is kept, but it moves as it would: an idle controller writes a record every so often
        (``metadata.max.idle.interval.ms``, KIP-835).
        """
        idle_ms = self.config.get_int("metadata.max.idle.interval.ms") or 1
        return METADATA_AT_START + (self.clock.now_ms() - self._started_ms) // idle_ms

    def start(self) -> None:
        """Start the periodic work: retention, forgetting of producers."""
        if self.config.authorizer:
            log.warning("ACLs are kept and described, but everything is allowed to everybody")
        self._every(
            "retention", self.config.log_retention_check_interval_ms, self.enforce_retention
        )
        self._every(
            "producers",
            self.config.producer_id_expiration_check_interval_ms,
            self.expire_producers,
        )

    def close(self) -> None:
        """Stop all timers; nothing of the broker is left in the loop."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        if self._groups is not None:
            self._groups.close()

    def restart(self, *, clean: bool) -> None:
        """Know what Apache Kafka still knows after a restart.

        Topics, records, committed offsets, groups with their members and transactional ids stay; fetch
        sessions and the rest of the block of producer ids do not.
        """
        self.fetch_sessions.sessions.clear()
        self.producer_ids.begin_block()
        for topic in self.topics.values():
            for partition in topic.partitions:
                partition.restart(clean=clean)

    def _every(self, name: str, interval_ms: int, work: Callable[[], None]) -> None:
        def run() -> None:
            work()
            self._every(name, interval_ms, work)

        self._timers[name] = self.clock.call_later(interval_ms, run)

    def enforce_retention(self) -> None:
        """Drop what the topics' retention no longer keeps."""
        now = self.clock.now_ms()
        for topic in self.topics.values():
            for partition in topic.partitions:
                partition.enforce_retention(now)

    def expire_producers(self) -> None:
        """Forget producers that were silent for ``producer.id.expiration.ms``."""
        now = self.clock.now_ms()
        for topic in self.topics.values():
            for partition in topic.partitions:
                partition.producers.expire(now, self.config.producer_id_expiration_ms)

    def create_topic(self, name: str, partitions: int, config: TopicConfig) -> Topic:
        """Create a topic that was found in order; it is there at once."""
        topic = Topic(name, self.ids.uuid(), config)
        self.topics[name] = topic
        self.topics_by_id[topic.topic_id] = topic
        self.add_partitions(topic, partitions)
        if self._groups is not None:
            self._groups.topic_came()
        return topic

    def create_missing_topic(self, name: str) -> None:
        """Create a topic as auto-creation does.

        What the controller refuses, because there is such a topic or one that collides with it, nobody
        is told (``AutoTopicCreationManager``).
        """
        if name not in self.topics and colliding_topic(name, self.topics) is None:
            self.create_topic_with_defaults(name)

    def create_topic_with_defaults(self, name: str) -> Topic:
        """Create a topic with ``num.partitions`` and no configs, or those of an internal topic."""
        partitions, overrides = self.config.num_partitions, dict[str, str]()
        if name in INTERNAL_TOPICS:
            partitions, overrides = internal_topic(name, self.config)
        return self.create_topic(name, partitions, TopicConfig(self.config, overrides))

    def add_partitions(self, topic: Topic, count: int) -> None:
        """Grow a topic by ``count`` empty partitions."""
        for index in range(len(topic.partitions), len(topic.partitions) + count):
            log = PartitionLog(self.storage, topic.config)
            log_dir = self.log_dirs.place(topic.name, index)
            topic.partitions.append(Partition(topic, index, log, self.book, log_dir))
        if self._groups is not None:
            self._groups.topic_changed(topic.name)

    def delete_topic(self, topic: Topic) -> None:
        """Delete a topic with all it holds, committed offsets too; whoever waits is told."""
        del self.topics[topic.name]
        del self.topics_by_id[topic.topic_id]
        if self._groups is not None:
            self._groups.topic_deleted(topic.name)
        for partition in topic.partitions:
            self.log_dirs.release(partition.log_dir)
            partition.wake()

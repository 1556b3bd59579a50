"""What the brokers of a cluster share: topics, producer ids, what admin clients set, who is alive.

In Apache Kafka it lies in the log of the cluster's metadata, which the controller writes and every broker
reads; here there is one copy, and a broker that is cut off keeps an old one (:meth:`Broker.cut_off`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from kafkashim.clock import Clock, TimerHandle
from kafkashim.config import Config, TopicConfig
from kafkashim.controller import Controller
from kafkashim.features import Features
from kafkashim.ids import IdSource, base64_id
from kafkashim.internal_topics import (
    INTERNAL_TOPICS,
    OFFSETS,
    internal_replication_factor,
    internal_topic,
)
from kafkashim.log.partition_log import PartitionLog
from kafkashim.log.storage import MemoryStorage, Storage
from kafkashim.placement import place
from kafkashim.producer_ids import ProducerIdBlocks, TransactionalProducer
from kafkashim.rules.producer_state import Book
from kafkashim.topic_names import colliding_topic
from kafkashim.topics import NO_LEADER, Partition, Topic, partitions_of

if TYPE_CHECKING:
    from kafkashim.acls import Acls
    from kafkashim.client_quotas import ClientQuotas
    from kafkashim.groups.coordinator import GroupCoordinator
    from kafkashim.scram_credentials import ScramCredentials
    from kafkashim.state import Broker

# What a new cluster of one node has in its metadata log.
METADATA_AT_START = 37

log = logging.getLogger("kafkashim.cluster")


class Cluster:
    """The state of a cluster, and the clockwork that ages it.

    Attributes:
        brokers: those that are registered, by their ids, alive or not.
        fenced: the ids of those that the controller holds for dead.
    """

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
        self.brokers: dict[int, Broker] = {}
        self.fenced: set[int] = set()
        self.topics: dict[str, Topic] = {}
        self.topics_by_id: dict[UUID, Topic] = {}
        self.producer_id_blocks = ProducerIdBlocks()
        self.transactional: dict[str, TransactionalProducer] = {}
        self.controller = Controller(self)
        self.features = Features(config.node_id)
        self._groups: GroupCoordinator | None = None
        self._acls: Acls | None = None
        self._client_quotas: ClientQuotas | None = None
        self._scram_credentials: ScramCredentials | None = None
        self._started_ms = clock.now_ms()
        self._timers: dict[str, TimerHandle] = {}

    @property
    def alone(self) -> bool:
        """Whether there is one broker only, which then leads and coordinates everything."""
        return len(self.brokers) == 1

    @property
    def configs(self) -> list[Config]:
        """What is held to the dynamic defaults: the configuration of each broker, and of topics."""
        own = [broker.config for broker in self.brokers.values()]
        return own if self.config in own else [self.config, *own]

    @property
    def alive(self) -> list[int]:
        """The ids of the brokers that may lead, in order."""
        return [broker_id for broker_id in sorted(self.brokers) if broker_id not in self.fenced]

    @property
    def groups(self) -> GroupCoordinator:
        """All groups, made when the first is needed."""
        if self._groups is None:
            from kafkashim.groups.coordinator import GroupCoordinator

            self._groups = GroupCoordinator.for_cluster(self)
        return self._groups

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
        """Start the periodic work: retention, forgetting of producers, preferred leaders."""
        if self.config.authorizer:
            log.warning("ACLs are kept and described, but everything is allowed to everybody")
        config = self.config
        self._every("retention", config.log_retention_check_interval_ms, self.enforce_retention)
        self._every(
            "producers", config.producer_id_expiration_check_interval_ms, self.expire_producers
        )
        if not self.alone and config.get_bool("auto.leader.rebalance.enable"):
            seconds = config.get_int("leader.imbalance.check.interval.seconds")
            self._every("leaders", 1000 * seconds, self.controller.balance_leaders)

    def close(self) -> None:
        """Stop all timers; nothing of the cluster is left in the loop."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self.controller.close()
        if self._groups is not None:
            self._groups.close()

    def _every(self, name: str, interval_ms: int, work: Callable[[], None]) -> None:
        def run() -> None:
            work()
            self._every(name, interval_ms, work)

        self._timers[name] = self.clock.call_later(interval_ms, run)

    def enforce_retention(self) -> None:
        """Drop what the topics' retention no longer keeps."""
        now = self.clock.now_ms()
        for partition in partitions_of(self.topics.values()):
            partition.enforce_retention(now)

    def expire_producers(self) -> None:
        """Forget producers that were silent for ``producer.id.expiration.ms``."""
        now = self.clock.now_ms()
        for partition in partitions_of(self.topics.values()):
            partition.producers.expire(now, self.config.producer_id_expiration_ms)

    def create_topic(
        self, name: str, config: TopicConfig, assignments: Sequence[Sequence[int]]
    ) -> Topic:
        """Create a topic that was found in order; it is there at once.

        Args:
            name: of the topic.
            config: of the topic.
            assignments: the replicas of each of its partitions (:meth:`place`).
        """
        topic = Topic(name, self.ids.uuid(), config)
        self.topics[name] = topic
        self.topics_by_id[topic.topic_id] = topic
        self.add_partitions(topic, assignments)
        if self._groups is not None:
            self._groups.topic_came()
        return topic

    def create_missing_topic(self, name: str) -> None:
        """Create a topic as auto-creation does.

        What the controller refuses, because there is such a topic or one that collides with it, or for
        want of brokers, nobody is told (``AutoTopicCreationManager``).
        """
        if name not in self.topics and colliding_topic(name, self.topics) is None:
            self.create_topic_with_defaults(name)

    def create_topic_with_defaults(self, name: str) -> Topic | None:
        """Create a topic with ``num.partitions`` and no configs, or those of an internal topic.

        ``None`` when there are fewer brokers than it wants replicas.
        """
        partitions, overrides = self.config.num_partitions, dict[str, str]()
        factor = self.config.default_replication_factor
        if name in INTERNAL_TOPICS:
            partitions, overrides = internal_topic(name, self.config)
            factor = internal_replication_factor(name, self.config)
            if self.alone:
                # One broker serves for all of them: Apache Kafka wants three, unless it is told.
                factor = 1
        if factor > len(self.brokers) or not self.alive:
            return None
        config = TopicConfig(self.config, overrides)
        return self.create_topic(name, config, self.place(partitions, factor))

    def place(self, partitions: int, factor: int) -> list[list[int]]:
        """Brokers for new partitions; there are at least as many as replicas."""
        if self.alone:
            return [list(self.brokers) for _ in range(partitions)]
        fenced = [broker_id for broker_id in sorted(self.brokers) if broker_id in self.fenced]
        return place(self.alive, fenced, partitions, factor, self.ids.random)

    def add_partitions(self, topic: Topic, assignments: Sequence[Sequence[int]]) -> None:
        """Grow a topic by empty partitions, each with its replicas."""
        for index, replicas in enumerate(assignments, len(topic.partitions)):
            log = PartitionLog(self.storage, topic.config)
            partition = Partition(topic, index, log, self.book, replicas)
            topic.partitions.append(partition)
            self.controller.created(partition)
        if self._groups is not None:
            self._groups.topic_changed(topic.name)

    def leader_changed(self, partition: Partition) -> None:
        """Another leads a partition, or nobody does: coordinators move with it, and who waits is told."""
        topic = partition.topic
        if topic.name == OFFSETS and not self.alone and self._groups is not None:
            led = partition.leader != NO_LEADER
            self._groups.moved(partition.index, len(topic.partitions), led=led)
        partition.wake()

    def delete_topic(self, topic: Topic) -> None:
        """Delete a topic with all it holds, committed offsets too; whoever waits is told."""
        del self.topics[topic.name]
        del self.topics_by_id[topic.topic_id]
        if self._groups is not None:
            self._groups.topic_deleted(topic.name)
        for partition in topic.partitions:
            for broker_id, log_dir in partition.log_dirs.items():
                self.brokers[broker_id].log_dirs.release(log_dir)
            partition.wake()

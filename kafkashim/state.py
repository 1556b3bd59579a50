"""A broker: its part of the cluster, and what it keeps for itself.

Nothing here knows a protocol version or a socket. There are no locks: handlers run to their end one
after the other.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kafka_codecs.record_batch import RecordBatch
from kafkashim.clock import Clock
from kafkashim.cluster import Cluster
from kafkashim.config import Config
from kafkashim.features import GROUP_VERSION
from kafkashim.fetch_sessions import FetchSessionCache
from kafkashim.ids import IdSource
from kafkashim.log.storage import Storage
from kafkashim.log_dirs import LogDirs
from kafkashim.producer_ids import ProducerIds
from kafkashim.rules.producer_state import Book, Verdict
from kafkashim.telemetry import ClientTelemetry
from kafkashim.topics import NO_LEADER, Partition, partitions_of

if TYPE_CHECKING:
    from kafkashim.groups.coordinator import GroupCoordinator
    from kafkashim.throttling import ByteRates

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


class Broker:
    """A broker of a cluster; without one it makes its own, which it is alone in.

    Attributes:
        cluster: what it shares with the others.
        topics: those of the cluster, or what it last knew of them while it is cut off.
        endpoints: where it can be reached, by the names of its listeners.
        isolated: whether it is cut off from the controller and the other brokers.
    """

    def __init__(
        self,
        config: Config,
        clock: Clock,
        *,
        book: Book,
        ids: IdSource | None = None,
        storage: Storage | None = None,
        cluster: Cluster | None = None,
    ) -> None:
        if cluster is None:
            cluster = Cluster(config, clock, book=book, ids=ids, storage=storage)
        self.config = config
        self.cluster = cluster
        self.clock = clock
        self.book = book
        self.ids = cluster.ids
        self.node_id = config.node_id
        self.topics = cluster.topics
        self.topics_by_id = cluster.topics_by_id
        self.isolated = False
        self.log_dirs = LogDirs(config)
        self.producer_ids = ProducerIds(config, cluster.producer_id_blocks, cluster.transactional)
        self.fetch_sessions = FetchSessionCache(clock, self.ids, config)
        self.telemetry = ClientTelemetry(clock, self.ids)
        self.endpoints: dict[str, tuple[str, int]] = {}
        # Filled by dispatch: API key -> versions offered, what ApiVersions answers.
        self.offered: dict[int, tuple[int, int]] = {}
        self.on_decision: Callable[[Decision], None] | None = None
        # What producers and consumers are held to; None while no such quota is set for anybody.
        self.producer_rates: ByteRates | None = None
        self.consumer_rates: ByteRates | None = None
        self._alive: list[int] = []
        # What is set of groups and client metrics holds for all brokers.
        config.resources = cluster.config.resources
        cluster.brokers[self.node_id] = self

    @property
    def alive(self) -> list[int]:
        """The ids of the brokers that are alive, as far as this one knows."""
        return self._alive if self.isolated else self.cluster.alive

    @property
    def groups(self) -> GroupCoordinator:
        """The group coordinator; who coordinates which group is another question."""
        return self.cluster.groups

    @property
    def has_consumer_protocol(self) -> bool:
        """Whether groups may speak the consumer protocol (``isConsumerGroupProtocolEnabled``)."""
        return (
            self.cluster.features.level(GROUP_VERSION) > 0
            and "consumer" in self.config.rebalance_protocols
        )

    def restarted(self) -> None:
        """Forget what a process does not live on with: fetch sessions, the rest of its producer ids.

        Topics, records, committed offsets, groups with their members and transactional ids stay.
        """
        self.fetch_sessions.sessions.clear()
        self.producer_ids.begin_block()

    def cut_off(self) -> None:
        """Go on alone, with what is known now: as after a partition of the network.

        Nobody follows what is appended from here on, nor does this broker follow anybody.
        """
        cluster = self.cluster
        self._alive = cluster.alive
        self.topics = {name: topic.fork() for name, topic in cluster.topics.items()}
        self.topics_by_id = {topic.topic_id: topic for topic in self.topics.values()}
        self.isolated = True
        self.producer_ids.reaches_controller = False
        for partition in partitions_of(self.topics.values()):
            for replica in partition.replicas:
                if replica != self.node_id:
                    partition.falls_behind(replica)
        for partition in partitions_of(cluster.topics.values()):
            # Who waits for this broker's answer waits for its own log from here on.
            partition.wake()

    def rejoin(self) -> None:
        """See the cluster again.

        What was appended meanwhile stays where nobody else was made leader; the rest is lost, as a
        follower truncates its log to that of its leader.
        """
        cluster, own = self.cluster, self.topics_by_id
        for topic in cluster.topics.values():
            mine = own.get(topic.topic_id)
            for fork in mine.partitions if mine is not None else ():
                partition = topic.partitions[fork.index]
                if fork.leader == self.node_id and not self._succeeded(partition):
                    partition.adopt(fork)
        self.topics, self.topics_by_id = cluster.topics, cluster.topics_by_id
        self.isolated = False
        self.producer_ids.reaches_controller = True
        for partition in partitions_of(own.values()):
            partition.wake()

    @property
    def some_broker_id(self) -> int:
        """Any broker that is alive, for clients to take for the controller.

        ``KRaftMetadataCache.getRandomAliveBrokerId``.
        """
        alive = self.alive
        return self.ids.random.choice(alive) if len(alive) > 1 else next(iter(alive), -1)

    def _succeeded(self, partition: Partition) -> bool:
        """Whether somebody else leads what this broker led."""
        if partition.leader == NO_LEADER:
            return self.node_id not in (*partition.isr, *partition.elr)
        return partition.leader != self.node_id

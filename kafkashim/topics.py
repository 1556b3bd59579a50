"""Topics and their partitions: logs, producers, replicas, and the requests that wait for them.

A partition has one log, however many replicas: those in sync hold the same bytes and the same producers,
as replication brings them there. Of a replica that does not follow is kept where its log ends; a broker
that is cut off gets a copy and goes its own way (:meth:`Partition.fork`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

from kafka_codecs.record_batch import RecordBatch
from kafkashim.config import TopicConfig
from kafkashim.internal_topics import INTERNAL_TOPICS
from kafkashim.log.partition_log import PartitionLog
from kafkashim.rules.producer_state import Book, ProducerStateManager

NO_LEADER = -1
FIRST_LEADER_EPOCH = 0

log = logging.getLogger("kafkashim.topics")


class Partition:
    """One partition.

    Attributes:
        leader: the id of the broker that leads it, -1 while none does.
        leader_epoch: how often a leader was chosen.
        replicas: the ids of the brokers that hold it, the preferred leader first.
        adding: replicas that are new in a reassignment that is under way; ``removing`` those that go.
        isr: those that are in sync, in the order in which they came to be so.
        elr: those that left while fewer than ``min.insync.replicas`` were in sync, and have all that was
            committed (KIP-966); ``last_known_elr`` has who led last while nobody does.
        log_dirs: the log directory of each replica.
        limit: how far the high watermark may go; ``None`` while nothing holds it.
        behind: where the logs of replicas end that do not follow the leader.
        remembers_from: where the log ended when a replica's broker was restarted, which remembers only
            the newest batch of each producer from before.
        diverged: replicas that have lost the end of their log, and read all they know of producers again.
        waiting: what is called when there may be something new for a request that waits.
    """

    __slots__ = (
        "_held",
        "_stays_at",
        "adding",
        "behind",
        "diverged",
        "elr",
        "index",
        "isr",
        "last_known_elr",
        "leader",
        "leader_epoch",
        "limit",
        "log",
        "log_dirs",
        "name",
        "producers",
        "remembers_from",
        "removing",
        "replicas",
        "topic",
        "waiting",
    )

    def __init__(
        self, topic: Topic, index: int, log: PartitionLog, book: Book, replicas: Sequence[int]
    ) -> None:
        self.topic = topic
        self.index = index
        self.name = f"{topic.name}-{index}"
        self.log = log
        self.producers = ProducerStateManager(book)
        self.leader = replicas[0]
        self.leader_epoch = FIRST_LEADER_EPOCH
        log.epochs.assign(FIRST_LEADER_EPOCH, 0)
        self.replicas = list(replicas)
        self.adding: list[int] = []
        self.removing: list[int] = []
        self.isr = list(replicas)
        self.elr: list[int] = []
        self.last_known_elr: list[int] = []
        self.log_dirs: dict[int, str] = {}
        self.behind: dict[int, int] = {}
        self.diverged: set[int] = set()
        self.remembers_from: dict[int, int] = {}
        self.waiting: set[Callable[[], None]] = set()
        self._held: int | None = None
        self._stays_at: int | None = None
        self.limit: int | None = None

    @property
    def log_start_offset(self) -> int:
        """The first offset that can be read."""
        return self.log.log_start_offset

    @property
    def high_watermark(self) -> int:
        """The first offset that not all replicas in sync have, and that cannot be read yet."""
        end = self.log.log_end_offset
        limit = self.limit
        return end if limit is None else min(limit, end)

    @property
    def min_isr(self) -> int:
        """How many replicas have to be in sync for acks -1 (``Partition.effectiveMinIsr``)."""
        return min(self.topic.config.min_insync_replicas, len(self.replicas))

    def hold(self, offset: int | None) -> None:
        """Let the high watermark go no further than an offset; ``None`` ends it."""
        self._held = offset
        self.settle()

    def falls_behind(self, broker_id: int, end: int | None = None) -> None:
        """A replica follows no more: its log ends where the log does now, or at ``end``."""
        if broker_id in self.replicas and broker_id not in self.behind:
            self.behind[broker_id] = self.log.log_end_offset if end is None else end
            self.settle()

    def catches_up(self, broker_id: int) -> None:
        """A replica follows again."""
        if self.behind.pop(broker_id, None) is not None:
            self.settle()

    def settle(self) -> None:
        """Work out how far the high watermark may go, and tell who waits for it.

        It stays where it is while fewer replicas are in sync than ``min.insync.replicas`` (KIP-966).
        """
        if len(self.isr) >= self.min_isr:
            self._stays_at = None
        elif self._stays_at is None:
            self._stays_at = self.high_watermark
        limits = [self.behind[replica] for replica in self.isr if replica in self.behind]
        limits += [limit for limit in (self._held, self._stays_at) if limit is not None]
        self.limit = min(limits) if limits else None
        self.wake()

    def forget_as(self, broker_id: int) -> None:
        """Remember of producers what a broker does that leads now, if it was restarted meanwhile."""
        end = self.remembers_from.pop(broker_id, None)
        if broker_id in self.diverged:
            self.diverged.discard(broker_id)
            self._read_producers()
        elif end is not None:
            self.producers.keep_newest(end)

    def _read_producers(self) -> None:
        """Know of producers what the log tells, up to five batches of each."""
        self.producers.clear()
        for batch in self.log.batches():
            self.producers.record(batch, batch.base_offset)

    def end_as(self, broker_id: int) -> None:
        """Have the log of a replica that leads: what it had not when it followed no more is lost.

        That was never committed, because the high watermark waits for all in sync.
        """
        end = self.behind.pop(broker_id, None)
        if end is None:
            return
        if end < self.log.log_end_offset:
            self.truncate_to(end)
            self.log.epochs.assign(self.leader_epoch, self.log.log_end_offset)
        self.settle()

    def begin_leader_epoch(self, epoch: int) -> None:
        """A leader begins, whose batches carry this epoch."""
        self.leader_epoch = epoch
        self.log.epochs.assign(epoch, self.log.log_end_offset)

    def begin_at(self, offset: int) -> None:
        """Be empty, and go on at an offset beyond the log's end."""
        self.log.begin_at(offset)
        self._head_gone(offset)
        self.hold(None)

    def truncate_to(self, offset: int) -> None:
        """Lose the end of the log from an offset on, and what the producers wrote there.

        What is remembered of producers is read from the rest again
        (``ProducerStateManager.truncateAndReload``, ``UnifiedLog.rebuildProducerState``).
        """
        if offset >= self.log.log_end_offset:
            return
        end = self.log.truncate_to(offset)
        self._read_producers()
        for replica, their_end in self.behind.items():
            if their_end > end:
                self.behind[replica] = end
                self.diverged.add(replica)
        if self._held is not None:
            self._held = min(self._held, end)
        if self._stays_at is not None:
            self._stays_at = min(self._stays_at, end)
        self.settle()

    def restarted(self, *, clean: bool) -> None:
        """Be as after a restart of the broker that led it and leads it again (measured on 4.3.1).

        After a clean restart nothing is known of the producers of a log that is empty; after an unclean
        one records are there again whose deletion was not written down.
        """
        log = self.log
        if not clean:
            log.forget_log_start()
        elif log.log_start_offset == log.log_end_offset:
            self.producers.clear()

    def fork(self, topic: Topic) -> Partition:
        """What a replica that is cut off has, and goes on with."""
        other = Partition(topic, self.index, self.log.copy(), self.producers.book, self.replicas)
        other.leader, other.leader_epoch = self.leader, self.leader_epoch
        other.isr, other.elr = list(self.isr), list(self.elr)
        other.last_known_elr = list(self.last_known_elr)
        other.log_dirs = dict(self.log_dirs)
        other.producers = self.producers.copy()
        other._held, other._stays_at = self._held, self._stays_at
        other.behind = dict(self.behind)
        other.settle()
        return other

    def adopt(self, other: Partition) -> None:
        """Go on with the log of a leader that was cut off and is still the leader."""
        self.log, self.producers = other.log, other.producers
        self.behind.pop(other.leader, None)
        self.settle()

    def read(self, offset: int, max_bytes: int, at_least_one: bool) -> list[memoryview]:
        """Stored bytes from an offset on, up to the high watermark (:meth:`PartitionLog.read`)."""
        if self.limit is None:
            return self.log.read(offset, max_bytes, at_least_one)
        there = self.log.size_between(offset, self.high_watermark)
        return self.log.read(offset, min(max_bytes, there), at_least_one) if there else []

    def size_from(self, offset: int) -> int | None:
        """Bytes that can be read from an offset on; ``None`` when they lie in several segments."""
        if self.limit is None:
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
        """Tell the requests that wait that something changed: data, watermark, leader, or no topic."""
        for look_again in tuple(self.waiting):
            try:
                look_again()
            except Exception:
                # The trouble of one who waits is not that of the producer who wakes it.
                log.exception("A request that waited for %s failed", self.name)
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

    def fork(self) -> Topic:
        """The topic as a broker that is cut off has it."""
        other = Topic(self.name, self.topic_id, self.config)
        other.partitions = [partition.fork(other) for partition in self.partitions]
        return other


def partitions_of(topics: Iterable[Topic]) -> list[Partition]:
    """All partitions of some topics."""
    return [partition for topic in topics for partition in topic.partitions]

"""Fetch sessions: a consumer names its partitions once, then only what changed (KIP-227).

Follows ``FetchSession.scala``: a session is numbered by the broker, each fetch by an epoch that must
go up by one, and an incremental answer leaves out the partitions that have nothing new to say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_01_fetch import FetchRequest, PartitionData
from kafkashim.clock import Clock
from kafkashim.config import Config
from kafkashim.ids import IdSource

INVALID_SESSION_ID = 0
INITIAL_EPOCH = 0
FINAL_EPOCH = -1
MAX_EPOCH = 0x7FFFFFFF
# FetchSessionCacheShard.evictionMs: how long a session is safe from being pushed out.
EVICTION_MS = 120_000
FIRST_VERSION_WITH_TOPIC_IDS = 13

# A topic's name, or its id from version 13 on, and the partition's index.
PartitionKey = tuple[str | UUID, int]


@dataclass(slots=True)
class FetchPartition:
    """What a consumer wants from one partition, and what it was told last."""

    topic: str | UUID
    index: int
    fetch_offset: int
    max_bytes: int
    current_leader_epoch: int
    last_fetched_epoch: int
    # Of a topic asked for by its id, once it was found.
    name: str | None = None
    told_high_watermark: int = -1
    told_log_start_offset: int = -1

    def must_tell(self, data: PartitionData) -> bool:
        """Whether an incremental answer has to carry this partition; remembers what it tells."""
        news = bool(data.records) or data.error_code != 0
        if self.told_high_watermark != data.high_watermark:
            self.told_high_watermark = data.high_watermark
            news = True
        if self.told_log_start_offset != data.log_start_offset:
            self.told_log_start_offset = data.log_start_offset
            news = True
        if data.diverging_epoch.epoch >= 0:
            news = True
        if data.error_code:
            # An error makes the next answer complete (CachedPartition.maybeUpdateResponseData).
            self.told_high_watermark = -1
        return news

    def has_news(self, data: PartitionData) -> bool:
        """Whether :meth:`must_tell` would say so, without telling."""
        return (
            bool(data.records)
            or data.error_code != 0
            or self.told_high_watermark != data.high_watermark
            or self.told_log_start_offset != data.log_start_offset
            or data.diverging_epoch.epoch >= 0
        )


class FetchSession:
    """The partitions of one consumer on one broker, in the order in which they take turns."""

    __slots__ = (
        "created_ms",
        "epoch",
        "last_used_ms",
        "partitions",
        "session_id",
        "uses_topic_ids",
    )

    def __init__(self, session_id: int, uses_topic_ids: bool, now_ms: int) -> None:
        self.session_id = session_id
        self.uses_topic_ids = uses_topic_ids
        self.epoch = 1
        self.created_ms = self.last_used_ms = now_ms
        self.partitions: dict[PartitionKey, FetchPartition] = {}

    def update(self, wanted: Iterable[FetchPartition], forgotten: Iterable[PartitionKey]) -> None:
        """Take in what a request changes: partitions that are new or different, then removals."""
        for partition in wanted:
            key = (partition.topic, partition.index)
            known = self.partitions.get(key)
            if known is None:
                self.partitions[key] = partition
            else:
                known.fetch_offset = partition.fetch_offset
                known.max_bytes = partition.max_bytes
                known.current_leader_epoch = partition.current_leader_epoch
                known.last_fetched_epoch = partition.last_fetched_epoch
        for key in forgotten:
            self.partitions.pop(key, None)

    def move_to_end(self, key: PartitionKey) -> None:
        """A partition that just had data goes behind the others, so that all get their turn."""
        partition = self.partitions.pop(key, None)
        if partition is not None:  # it may have been forgotten while a fetch waited
            self.partitions[key] = partition


class FetchContext:
    """One fetch request, placed: which partitions to read, and what its answer must carry."""

    __slots__ = ("_cache", "error", "partitions", "session", "wants_session")

    def __init__(
        self,
        cache: FetchSessionCache,
        partitions: list[FetchPartition],
        *,
        session: FetchSession | None = None,
        wants_session: bool = False,
        error: ErrorCode = ErrorCode.NONE,
    ) -> None:
        self._cache = cache
        self.partitions = partitions
        self.session = session
        self.wants_session = wants_session
        self.error = error

    @property
    def session_id(self) -> int:
        """The session the request belongs to, if there is one already."""
        return INVALID_SESSION_ID if self.session is None else self.session.session_id

    def preview(
        self, read: list[tuple[FetchPartition, PartitionData]]
    ) -> list[tuple[FetchPartition, PartitionData]]:
        """What :meth:`select` would put into the answer; the session does not learn of it."""
        if self.session is None:
            return read
        return [(wanted, data) for wanted, data in read if wanted.has_news(data)]

    def select(
        self, read: list[tuple[FetchPartition, PartitionData]], uses_topic_ids: bool
    ) -> tuple[int, list[tuple[FetchPartition, PartitionData]]]:
        """What of the partitions read goes into the answer, and the answer's session id."""
        session = self.session
        if session is not None:
            told: list[tuple[FetchPartition, PartitionData]] = []
            for wanted, data in read:
                if wanted.must_tell(data):
                    told.append((wanted, data))
                    if data.records:
                        session.move_to_end((wanted.topic, wanted.index))
            return session.session_id, told
        if not self.wants_session:
            return INVALID_SESSION_ID, read
        created = self._cache.create(read, uses_topic_ids)
        return (created.session_id if created is not None else INVALID_SESSION_ID), read


class FetchSessionCache:
    """The sessions of a broker, at most ``max.incremental.fetch.session.cache.slots``."""

    def __init__(self, clock: Clock, ids: IdSource, config: Config) -> None:
        self._clock = clock
        self._ids = ids
        self._config = config
        self.sessions: dict[int, FetchSession] = {}

    def context(self, request: FetchRequest, version: int) -> FetchContext:
        """Place a request: a session's next fetch, the first of a new one, or none at all."""
        uses_topic_ids = version >= FIRST_VERSION_WITH_TOPIC_IDS
        wanted = _wanted(request, uses_topic_ids)
        if request.session_epoch in (INITIAL_EPOCH, FINAL_EPOCH):
            self.sessions.pop(request.session_id, None)
            return FetchContext(self, wanted, wants_session=request.session_epoch == INITIAL_EPOCH)
        session = self.sessions.get(request.session_id)
        if session is None:
            return FetchContext(self, [], error=ErrorCode.FETCH_SESSION_ID_NOT_FOUND)
        if session.epoch != request.session_epoch:
            return FetchContext(self, [], error=ErrorCode.INVALID_FETCH_SESSION_EPOCH)
        if session.uses_topic_ids != uses_topic_ids:
            return FetchContext(self, [], error=ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR)
        session.update(wanted, _forgotten(request, uses_topic_ids))
        if not session.partitions:
            del self.sessions[session.session_id]
            return FetchContext(self, [])
        session.epoch = 1 if session.epoch == MAX_EPOCH else session.epoch + 1
        session.last_used_ms = self._clock.now_ms()
        return FetchContext(self, list(session.partitions.values()), session=session)

    def create(
        self, read: list[tuple[FetchPartition, PartitionData]], uses_topic_ids: bool
    ) -> FetchSession | None:
        """A new session that has just been told ``read``; ``None`` when there is no room."""
        now = self._clock.now_ms()
        if not self._make_room(len(read), now):
            return None
        session_id = self._ids.session_id()
        while session_id in self.sessions:
            session_id = self._ids.session_id()
        session = FetchSession(session_id, uses_topic_ids, now)
        for wanted, data in read:
            wanted.must_tell(data)
            session.partitions[wanted.topic, wanted.index] = wanted
        self.sessions[session_id] = session
        return session

    def _make_room(self, size: int, now_ms: int) -> bool:
        slots = self._config.max_incremental_fetch_session_cache_slots
        if len(self.sessions) < slots:
            return True
        if not slots:
            return False
        oldest = min(self.sessions.values(), key=lambda session: session.last_used_ms)
        if now_ms - oldest.last_used_ms > EVICTION_MS:
            del self.sessions[oldest.session_id]
            return True
        smallest = min(self.sessions.values(), key=lambda session: len(session.partitions))
        if now_ms - smallest.created_ms > EVICTION_MS and len(smallest.partitions) < size:
            del self.sessions[smallest.session_id]
            return True
        return False


def _wanted(request: FetchRequest, uses_topic_ids: bool) -> list[FetchPartition]:
    """The partitions asked for, each once: of one named twice the last wish counts."""
    wanted: dict[PartitionKey, FetchPartition] = {}
    for topic in request.topics:
        key = topic.topic_id if uses_topic_ids else topic.topic
        for partition in topic.partitions:
            wanted[key, partition.partition] = FetchPartition(
                key,
                partition.partition,
                partition.fetch_offset,
                partition.partition_max_bytes,
                # Any negative epoch asks for no check (RequestUtils.getLeaderEpoch).
                max(partition.current_leader_epoch, -1),
                partition.last_fetched_epoch,
            )
    return list(wanted.values())


def _forgotten(request: FetchRequest, uses_topic_ids: bool) -> list[PartitionKey]:
    return [
        (topic.topic_id if uses_topic_ids else topic.topic, index)
        for topic in request.forgotten_topics_data
        for index in topic.partitions
    ]

"""Fetch: stored batches, as they are, now or when there are enough of them.

A fetch that finds less than ``min_bytes`` is parked with the partitions it reads and looked at again
when one of them grows; after ``max_wait_ms`` it is answered with what there is
(``ReplicaManager.fetchMessages``, ``DelayedFetch``).
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_01_fetch import (
    AbortedTransaction,
    EpochEndOffset,
    FetchableTopicResponse,
    FetchRequest,
    FetchResponse,
    LeaderIdAndEpoch,
    NodeEndpoint,
    PartitionData,
)
from kafka_codecs.schema import ZERO_UUID
from kafkashim.apis import RequestContext
from kafkashim.apis.leadership import end_offset_for_epoch, leader_nodes, leadership_error
from kafkashim.apis.throttled import fetch_delay
from kafkashim.clock import TimerHandle
from kafkashim.fetch_sessions import FIRST_VERSION_WITH_TOPIC_IDS, FetchContext, FetchPartition
from kafkashim.parked import Parked, Throttled
from kafkashim.state import Broker
from kafkashim.topics import Partition, Topic

READ_COMMITTED = 1
ISOLATION_LEVELS = (0, READ_COMMITTED)
# A replica that is moved to another disk says so of itself; it reads what is not committed, always.
FUTURE_LOCAL_REPLICA = -3
FIRST_VERSION_WITH_REPLICA_STATE = 15
FIRST_VERSION_WITH_CURRENT_LEADER = 16
SAYS_WHO_LEADS = (ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.FENCED_LEADER_EPOCH)
# Consumers that tell where they are may fetch from followers (KIP-392).
FIRST_VERSION_WITH_RACK = 11

Read = list[tuple[FetchPartition, PartitionData]]


def handle(
    request: FetchRequest, broker: Broker, context: RequestContext
) -> FetchResponse | Parked[FetchResponse]:
    """Answer with batches, or wait for them."""
    fetch = broker.fetch_sessions.context(request, context.version)
    if broker.consumer_rates is None:
        reader = Reader(request, fetch, broker, context)
    else:
        reader = ThrottledReader(request, fetch, broker, context)
    if fetch.error:
        return reader.refuse(fetch.error)
    if request.isolation_level not in ISOLATION_LEVELS and reader.reads_anything:
        return _refuse_whole(request, ErrorCode.UNKNOWN_SERVER_ERROR, context.version)
    read, enough = reader.read()
    if enough or request.max_wait_ms <= 0 or reader.need_not_wait():
        return reader.answer(read)
    return Waiting(reader, request.max_wait_ms).parked


class Waiting:
    """A fetch that waits for data: woken by its partitions, or by the clock."""

    __slots__ = ("_partitions", "_reader", "_timer", "_wake", "parked")

    def __init__(self, reader: Reader, max_wait_ms: int) -> None:
        self._reader = reader
        self.parked: Parked[FetchResponse] = Parked()
        self.parked.on_cancel = self._forget
        self._wake: Callable[[], None] = self._look_again
        self._partitions: list[Partition] = []
        self._watch()
        self._timer: TimerHandle = reader.broker.clock.call_later(max_wait_ms, self._answer)

    def _watch(self) -> None:
        self._partitions = [p for _, p in self._reader.partitions if p is not None]
        for partition in self._partitions:
            partition.waiting.add(self._wake)

    def _unwatch(self) -> None:
        for partition in self._partitions:
            partition.waiting.discard(self._wake)

    def _look_again(self) -> None:
        if self._reader.topics is not self._reader.broker.topics:
            # The broker was cut off from the others, or has come back to them.
            self._unwatch()
            self._reader.find()
            self._watch()
        if self._reader.need_not_wait():
            self._answer()

    def _answer(self) -> None:
        self._forget()
        self.parked.answer(self._reader.answer(self._reader.read()[0]))

    def _forget(self) -> None:
        self._timer.cancel()
        self._unwatch()


class Reader:
    """Reads what one request asks for, as often as it has to."""

    __slots__ = (
        "broker",
        "fetch",
        "from_followers",
        "max_bytes",
        "min_bytes",
        "partitions",
        "peer",
        "read_committed",
        "reads_anything",
        "replica_id",
        "topics",
        "version",
    )

    def __init__(
        self, request: FetchRequest, fetch: FetchContext, broker: Broker, context: RequestContext
    ) -> None:
        version = context.version
        self.broker = broker
        self.peer = context.connection
        self.fetch = fetch
        self.version = version
        self.max_bytes = min(request.max_bytes, broker.config.fetch_max_bytes)
        self.min_bytes = min(request.min_bytes, self.max_bytes)
        with_state = version >= FIRST_VERSION_WITH_REPLICA_STATE
        self.replica_id = request.replica_state.replica_id if with_state else request.replica_id
        self.read_committed = (
            request.isolation_level == READ_COMMITTED and self.replica_id != FUTURE_LOCAL_REPLICA
        )
        self.from_followers = version >= FIRST_VERSION_WITH_RACK and self.replica_id < 0
        self.find()

    def find(self) -> None:
        """Look up what is asked for, as the broker knows it now."""
        self.topics: dict[str, Topic] = self.broker.topics
        found = [(wanted, self._partition(wanted)) for wanted in self.fetch.partitions]
        # What is not there is answered after the rest (KafkaApis.handleFetchRequest, erroneous).
        self.partitions = sorted(found, key=lambda pair: pair[1] is None)
        self.reads_anything = any(partition is not None for _, partition in found)

    def _partition(self, wanted: FetchPartition) -> Partition | None:
        if isinstance(wanted.topic, UUID):
            topic = self.broker.topics_by_id.get(wanted.topic)
            if topic is not None:
                wanted.name = topic.name
        else:
            topic = self.broker.topics.get(wanted.topic)
        return None if topic is None else topic.partition(wanted.index)

    def read(self) -> tuple[Read, bool]:
        """Read all partitions; whether the answer may go out before its time.

        A partition that is not there hurries nobody, unless none is there.
        """
        room = self.max_bytes
        size = 0
        at_least_one = True
        enough = not self.reads_anything
        found: Read = []
        for wanted, partition in self.partitions:
            data = self._read_one(wanted, partition, min(wanted.max_bytes, room), at_least_one)
            records = data.records
            length = sum(map(len, records)) if isinstance(records, list) else 0
            if length:
                at_least_one = False
                size += length
            elif partition and (data.error_code or data.diverging_epoch.epoch >= 0):
                enough = True
            if partition:
                # A negative limit is the first partition's trouble alone.
                room = max(0, room - length)
            found.append((wanted, data))
        return found, enough or size >= self.min_bytes

    def need_not_wait(self) -> bool:
        """Whether there is enough, by what the logs hold and not by what an answer would carry.

        Limits of partitions count, the one of the request does not, and an older segment will not grow
        (``DelayedFetch.tryComplete``).
        """
        size = 0
        node_id = self.broker.node_id
        for wanted, partition in self.partitions:
            if partition is None:
                continue
            if partition.topic.topic_id not in self.broker.topics_by_id:
                return True
            if partition.leader != node_id and self._leadership_error(wanted, partition):
                # Led by somebody else meanwhile. Who has become the leader itself is not in a hurry.
                return True
            there = partition.size_from(wanted.fetch_offset)
            if there is None:
                return True
            if there:
                size += min(there, wanted.max_bytes)
        return size >= self.min_bytes

    def _read_one(
        self,
        wanted: FetchPartition,
        partition: Partition | None,
        max_bytes: int,
        at_least_one: bool,
    ) -> PartitionData:
        if partition is None:
            return self._not_there(wanted)
        if partition.topic.topic_id not in self.broker.topics_by_id:
            # Deleted while the fetch waited: no longer looked for by its id.
            return _failed(wanted.index, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
        error = self._leadership_error(wanted, partition)
        if error:
            return self._not_here(wanted, partition, error)
        log = partition.log
        offset = wanted.fetch_offset
        answer = PartitionData(
            partition_index=wanted.index,
            high_watermark=partition.high_watermark,
            last_stable_offset=partition.high_watermark,
            log_start_offset=log.log_start_offset,
            aborted_transactions=[] if self.read_committed else None,
            records=b"",
        )
        if wanted.last_fetched_epoch >= 0:
            epoch, end = end_offset_for_epoch(partition, wanted.last_fetched_epoch)
            if end < 0:
                return _failed(wanted.index, ErrorCode.OFFSET_OUT_OF_RANGE)
            if end < offset:
                answer.diverging_epoch = EpochEndOffset(epoch=epoch, end_offset=end)
                return answer
        if not log.log_start_offset <= offset <= log.log_end_offset:
            return _failed(wanted.index, ErrorCode.OFFSET_OUT_OF_RANGE)
        if max_bytes < 0 and offset < partition.high_watermark:
            return _failed(wanted.index, ErrorCode.UNKNOWN_SERVER_ERROR)
        if max_bytes > 0 or at_least_one:
            answer.records = partition.read(offset, max_bytes, at_least_one)
        return answer

    def _not_there(self, wanted: FetchPartition) -> PartitionData:
        error = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        if isinstance(wanted.topic, UUID):
            if wanted.name is None:
                error = ErrorCode.UNKNOWN_TOPIC_ID
            elif wanted.topic not in self.broker.topics_by_id:
                # A session knows the name of what was deleted; it may be that of a new topic by now.
                topic = self.broker.topics.get(wanted.name)
                if topic is not None and topic.partition(wanted.index) is not None:
                    return _failed(wanted.index, ErrorCode.INCONSISTENT_TOPIC_ID)
        # Where the partition was not even looked up the list is empty, not null.
        return _failed(wanted.index, error, aborted_transactions=[])

    def _leadership_error(self, wanted: FetchPartition, partition: Partition) -> ErrorCode:
        """Why the broker does not serve a partition; no replica ever has to fetch from it."""
        epoch = wanted.current_leader_epoch
        error = leadership_error(partition, self.broker, epoch, follower_does=self.from_followers)
        if not error and self.replica_id >= 0:
            return ErrorCode.NOT_LEADER_OR_FOLLOWER
        return error

    def _not_here(
        self, wanted: FetchPartition, partition: Partition, error: ErrorCode
    ) -> PartitionData:
        answer = _failed(wanted.index, error)
        if self.version >= FIRST_VERSION_WITH_CURRENT_LEADER and error in SAYS_WHO_LEADS:
            answer.current_leader = LeaderIdAndEpoch(
                leader_id=partition.leader, leader_epoch=partition.leader_epoch
            )
        return answer

    def refuse(self, error: ErrorCode) -> FetchResponse | Throttled[FetchResponse]:
        """The response to a request of a session there is not, or not so."""
        return FetchResponse(error_code=error, session_id=0, responses=[])

    def answer(self, read: Read) -> FetchResponse | Throttled[FetchResponse]:
        """The response to what was read."""
        session_id, told = self.fetch.select(read, self.version >= FIRST_VERSION_WITH_TOPIC_IDS)
        response = FetchResponse(session_id=session_id, responses=_by_topic(told))
        leaders = [data.current_leader.leader_id for _, data in told if data.error_code]
        if leaders and self.version >= FIRST_VERSION_WITH_CURRENT_LEADER and self.replica_id < 0:
            response.node_endpoints = [
                NodeEndpoint(node_id=node.node_id, host=node.host, port=node.port, rack=node.rack)
                for node in leader_nodes(self.broker, self.peer, leaders)
            ]
        return response


class ThrottledReader(Reader):
    """Reads for a consumer that may be held to a quota: then it gets nothing, and has to wait."""

    __slots__ = ("_client_id",)

    def __init__(
        self, request: FetchRequest, fetch: FetchContext, broker: Broker, context: RequestContext
    ) -> None:
        super().__init__(request, fetch, broker, context)
        self._client_id = context.client_id
        if broker.consumer_rates is not None and self.replica_id < 0:
            # More than that would be too much whenever it is asked for.
            most = broker.consumer_rates.most_at_once(context.client_id)
            self.max_bytes = min(self.max_bytes, most)
            self.min_bytes = min(self.min_bytes, most)

    def refuse(self, error: ErrorCode) -> FetchResponse | Throttled[FetchResponse]:
        """The error; an answer that is put off tells of none."""
        refused = super().refuse(error)
        assert isinstance(refused, FetchResponse)
        return self._put_off(refused) or refused

    def answer(self, read: Read) -> FetchResponse | Throttled[FetchResponse]:
        """The response to what was read; the session does not learn of one that is put off."""
        whole = FetchResponse(session_id=0, responses=_by_topic(self.fetch.preview(read)))
        return self._put_off(whole) or super().answer(read)

    def _put_off(self, response: FetchResponse) -> Throttled[FetchResponse] | None:
        rates = self.broker.consumer_rates
        if rates is None or self.replica_id >= 0:
            return None
        delay_ms = fetch_delay(response, rates, self.broker, self._client_id, self.version)
        if not delay_ms:
            return None
        nothing = FetchResponse(
            throttle_time_ms=delay_ms, session_id=self.fetch.session_id, responses=[]
        )
        return Throttled(nothing, delay_ms)


def _by_topic(told: Read) -> list[FetchableTopicResponse]:
    """Neighbours of one topic together, in the order they were asked for."""
    topics: list[FetchableTopicResponse] = []
    last: str | UUID | None = None
    for wanted, data in told:
        if wanted.topic != last:
            last = wanted.topic
            topics.append(
                FetchableTopicResponse(
                    topic="" if isinstance(last, UUID) else last,
                    topic_id=last if isinstance(last, UUID) else ZERO_UUID,
                    partitions=[],
                )
            )
        topics[-1].partitions.append(data)
    return topics


def _refuse_whole(request: FetchRequest, error: ErrorCode, version: int) -> FetchResponse:
    """The error for what was asked, just as it was (``FetchRequest.getErrorResponse``)."""
    by_name = version < FIRST_VERSION_WITH_TOPIC_IDS
    return FetchResponse(
        error_code=error,
        session_id=request.session_id,
        responses=[
            FetchableTopicResponse(
                topic=topic.topic,
                partitions=[
                    _failed(p.partition, error, aborted_transactions=[]) for p in topic.partitions
                ],
            )
            for topic in request.topics
        ]
        # With ids, the error of the whole stands for all partitions.
        if by_name
        else [],
    )


def _failed(
    index: int, error: ErrorCode, aborted_transactions: list[AbortedTransaction] | None = None
) -> PartitionData:
    return PartitionData(
        partition_index=index,
        error_code=error,
        high_watermark=-1,
        aborted_transactions=aborted_transactions,
        records=b"",
    )

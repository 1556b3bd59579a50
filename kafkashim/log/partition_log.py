"""The log of one partition: append, read, look up, forget.

Offsets are the broker's: whatever base offset a batch brings, it gets the next free one
(``UnifiedLog.append``). The log is cut into segments as ``LogSegment`` is, because retention drops
whole segments, and its consequences can be seen from outside.
"""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from kafka_codecs.record_batch import (
    ATTRIBUTES_OFFSET,
    COMPRESSION_MASK,
    CONTROL_BIT,
    DELETE_HORIZON_BIT,
    MAX_TIMESTAMP_OFFSET,
    NO_TIMESTAMP,
    TIMESTAMP_TYPE_BIT,
    TRANSACTIONAL_BIT,
    RecordBatch,
    seal,
)
from kafkashim.log.leader_epochs import LeaderEpochs
from kafkashim.log.storage import SegmentStore, Storage

_KNOWN_ATTRIBUTES = COMPRESSION_MASK | TRANSACTIONAL_BIT | CONTROL_BIT | DELETE_HORIZON_BIT
# Base offset, length and leader epoch, the part of a batch that its checksum leaves out.
_put_place = struct.Struct(">qii").pack_into


class LogLimits(Protocol):
    """The topic's configuration as far as its logs are held to it."""

    segment_bytes: int
    segment_ms: int
    retention_bytes: int
    retention_ms: int
    deletes: bool


class TimestampOffset(NamedTuple):
    """A record found by its timestamp, and the leader epoch it was written in; -1 when there is none."""

    timestamp: int
    offset: int
    leader_epoch: int = -1


NOT_FOUND = TimestampOffset(NO_TIMESTAMP, -1)


class Segment:
    """A stretch of the log, with the place of each batch in it.

    Of each batch the index keeps its offset, relative to the segment's, and its position: 8 bytes, since
    neither goes beyond an int in a segment.
    """

    __slots__ = ("base_offset", "first_timestamp", "max_timestamp", "offsets", "positions", "store")

    def __init__(self, base_offset: int, store: SegmentStore) -> None:
        self.base_offset = base_offset
        self.store = store
        self.offsets = array("I")
        self.positions = array("I")
        self.first_timestamp = NO_TIMESTAMP
        self.max_timestamp = NO_TIMESTAMP

    def batch_at(self, index: int) -> RecordBatch:
        """The batch that was appended as the ``index``-th."""
        start = self.positions[index]
        last = index + 1 == len(self.positions)
        end = self.store.size if last else self.positions[index + 1]
        return RecordBatch(self.store.read(start, end - start)[0])

    def batches(self) -> Iterator[RecordBatch]:
        """All batches, oldest first."""
        return map(self.batch_at, range(len(self.offsets)))

    def add(self, stored: RecordBatch) -> None:
        """Take a batch over as another log has it stored."""
        self.offsets.append(stored.base_offset - self.base_offset)
        self.positions.append(self.store.size)
        self.store.append(stored.buffer)
        self.max_timestamp = max(self.max_timestamp, stored.max_timestamp)
        if self.first_timestamp == NO_TIMESTAMP:
            self.first_timestamp = stored.max_timestamp


class PartitionLog:
    """Batches from ``log_start_offset`` to ``log_end_offset`` (exclusive)."""

    __slots__ = (
        "_limits",
        "_newest_deleted",
        "_storage",
        "epochs",
        "log_end_offset",
        "log_start_offset",
        "segments",
    )

    def __init__(self, storage: Storage, limits: LogLimits) -> None:
        self._storage = storage
        self._limits = limits
        self.log_start_offset = 0
        self.log_end_offset = 0
        self.segments: list[Segment] = [Segment(0, storage.segment(0))]
        self._newest_deleted = NOT_FOUND
        self.epochs = LeaderEpochs()

    @property
    def size(self) -> int:
        """Bytes kept."""
        return sum(segment.store.size for segment in self.segments)

    def append(
        self, batch: RecordBatch, max_timestamp: int, leader_epoch: int, log_append_time: bool
    ) -> int:
        """Append a sound batch and give its base offset.

        ``max_timestamp`` is that of the records themselves, or of the append when the topic keeps
        append time: the header is corrected where it says otherwise
        (``DefaultRecordBatch.setMaxTimestamp``), which also drops attribute bits nobody knows.
        """
        limits = self._limits
        segment = self.segments[-1]
        base_offset = self.log_end_offset
        last_offset = base_offset + batch.last_offset_delta
        store = segment.store
        position = store.size
        # LogSegment.shouldRoll: full, too old by the records' own time, or offsets too far.
        if position and (
            position > limits.segment_bytes - len(batch.buffer)
            or (
                max_timestamp - segment.first_timestamp > limits.segment_ms
                and segment.first_timestamp != NO_TIMESTAMP
            )
            or last_offset - segment.base_offset > 0x7FFFFFFF
        ):
            segment = self._roll()
            store = segment.store
            position = 0
        kept = store.append(batch.buffer)
        _put_place(kept, 0, base_offset, batch.batch_length, leader_epoch)
        if (
            batch.max_timestamp != max_timestamp
            or log_append_time
            or batch.attributes & TIMESTAMP_TYPE_BIT
        ):
            attributes = batch.attributes & _KNOWN_ATTRIBUTES | log_append_time << 3
            struct.pack_into(">h", kept, ATTRIBUTES_OFFSET, attributes)
            struct.pack_into(">q", kept, MAX_TIMESTAMP_OFFSET, max_timestamp)
            seal(kept)
        segment.offsets.append(base_offset - segment.base_offset)
        segment.positions.append(position)
        if max_timestamp > segment.max_timestamp:
            segment.max_timestamp = max_timestamp
        if segment.first_timestamp == NO_TIMESTAMP:
            segment.first_timestamp = max_timestamp
        self.log_end_offset = last_offset + 1
        return base_offset

    def _roll(self) -> Segment:
        segment = Segment(self.log_end_offset, self._storage.segment(self.log_end_offset))
        self.segments.append(segment)
        return segment

    def read(self, offset: int, max_bytes: int, at_least_one: bool) -> list[memoryview]:
        """Stored bytes from the batch that holds ``offset`` on, at most ``max_bytes``.

        As in ``LogSegment.read`` the last batch may be cut short by the limit, but never the first: it
        is read as a whole with ``at_least_one``, however large, and otherwise left out. The views are
        of the stored bytes. ``offset`` lies between log start and log end.
        """
        if offset >= self.log_end_offset:
            return []
        segments = self.segments
        at = len(segments) - 1
        if segments[at].base_offset > offset:
            at = bisect_right(segments, offset, key=lambda segment: segment.base_offset) - 1
        segment = segments[at]
        index = bisect_right(segment.offsets, offset - segment.base_offset) - 1
        start = segment.positions[index]
        following = index + 1
        end = (
            segment.positions[following]
            if following < len(segment.positions)
            else segment.store.size
        )
        if max_bytes < end - start:
            if not at_least_one:
                return []
            max_bytes = end - start
        return segment.store.read(start, max_bytes)

    def size_from(self, offset: int) -> int | None:
        """Bytes from the batch that holds ``offset`` on; ``None`` when an older segment holds it.

        ``offset`` is not beyond the log end.
        """
        if offset >= self.log_end_offset:
            return 0
        segment = self.segments[-1]
        if offset < segment.base_offset:
            return None
        index = bisect_right(segment.offsets, offset - segment.base_offset) - 1
        return segment.store.size - segment.positions[index]

    def size_between(self, offset: int, end: int) -> int:
        """Bytes of the batches of one segment from that which holds ``offset`` to that before ``end``."""
        if offset >= end:
            return 0
        at = bisect_right(self.segments, offset, key=lambda segment: segment.base_offset) - 1
        segment = self.segments[at]
        first = bisect_right(segment.offsets, offset - segment.base_offset) - 1
        behind = bisect_left(segment.offsets, end - segment.base_offset)
        positions = segment.positions
        stop = positions[behind] if behind < len(positions) else segment.store.size
        return stop - positions[first]

    def batches(self) -> Iterator[RecordBatch]:
        """All batches kept, oldest first."""
        for segment in self.segments:
            yield from segment.batches()

    def offset_for_timestamp(self, timestamp: int) -> TimestampOffset:
        """The first record whose timestamp is ``timestamp`` or later.

        Only the first segment with such a time is searched, even when all that it has lies before the
        log start (``UnifiedLog.searchOffsetInLocalLog``).
        """
        for segment in self.segments:
            if segment.max_timestamp >= timestamp:
                return _search(segment, timestamp, self.log_start_offset)
        return NOT_FOUND

    def offset_of_max_timestamp(self) -> TimestampOffset:
        """The first record with the largest timestamp of all (KIP-734), deleted or not.

        A record before the log start is found as long as its segment is there.
        """
        newest = max(self.segments, key=lambda segment: segment.max_timestamp)
        deleted = self._newest_deleted
        if deleted.offset >= 0 and deleted.timestamp >= newest.max_timestamp:
            return deleted
        return _search(newest, newest.max_timestamp, 0)

    def delete_records(self, before: int) -> int:
        """Forget what lies before an offset; gives the new log start offset.

        Segments that lie before it as a whole are dropped at once.
        """
        self.log_start_offset = max(self.log_start_offset, before)
        while len(self.segments) > 1 and self.segments[1].base_offset <= self.log_start_offset:
            del self.segments[0]
        if self.log_start_offset == self.log_end_offset and self.segments[0].store.size:
            # Apache Kafka keeps the segment that is written to, and can still find its newest record.
            self._newest_deleted = self.offset_of_max_timestamp()
            self._roll()
            del self.segments[0]
        self.epochs.truncate_from_start(self.log_start_offset)
        return self.log_start_offset

    def begin_at(self, offset: int) -> None:
        """Be an empty log that goes on at an offset."""
        self.log_start_offset = self.log_end_offset = offset
        self.segments = [Segment(offset, self._storage.segment(offset))]
        self._newest_deleted = NOT_FOUND
        self.epochs.assign(self.epochs.latest, offset)

    def truncate_to(self, offset: int) -> int:
        """Lose the batches at the end that reach an offset or lie beyond; gives the new log end.

        ``UnifiedLog.truncateTo``, after which the log goes on in a new leader's words.
        """
        while len(self.segments) > 1 and self.segments[-1].base_offset >= offset:
            self.segments.pop()
        last = self.segments.pop()
        kept: list[RecordBatch] = []
        end = last.base_offset
        for batch in last.batches():
            if batch.last_offset >= offset:
                break
            kept.append(batch)
            end = batch.last_offset + 1
        segment = Segment(last.base_offset, self._storage.segment(last.base_offset))
        self.segments.append(segment)
        for batch in kept:
            segment.add(batch)
        self.log_end_offset = max(end, self.log_start_offset)
        self._newest_deleted = NOT_FOUND
        self.epochs.truncate_from_end(self.log_end_offset)
        return self.log_end_offset

    def copy(self) -> PartitionLog:
        """A log of its own that holds the same, for a replica that goes its own way."""
        other = PartitionLog(self._storage, self._limits)
        other.segments = []
        for segment in self.segments:
            mine = Segment(segment.base_offset, self._storage.segment(segment.base_offset))
            for batch in segment.batches():
                mine.add(batch)
            other.segments.append(mine)
        other.log_start_offset = self.log_start_offset
        other.log_end_offset = self.log_end_offset
        other._newest_deleted = self._newest_deleted
        other.epochs = self.epochs.copy()
        return other

    def forget_log_start(self) -> None:
        """Begin where the oldest segment does: what was deleted of it is there again."""
        self.log_start_offset = self.segments[0].base_offset

    def enforce_retention(self, now_ms: int) -> int:
        """Drop old segments by time, then by size (``UnifiedLog.deleteOldSegments``).

        The segment being written is dropped too when all in it is too old; a new one takes its place.
        Gives the number of segments dropped.
        """
        limits = self._limits
        if not limits.deletes:
            return 0
        dropped = 0
        if limits.retention_ms >= 0:
            while (
                self.segments[0].store.size
                and self.segments[0].max_timestamp >= 0
                and now_ms - self.segments[0].max_timestamp > limits.retention_ms
            ):
                dropped += self._drop_oldest()
        if limits.retention_bytes >= 0:
            excess = self.size - limits.retention_bytes
            while len(self.segments) > 1 and excess - self.segments[0].store.size >= 0:
                excess -= self.segments[0].store.size
                dropped += self._drop_oldest()
        return dropped

    def _drop_oldest(self) -> int:
        if len(self.segments) == 1:
            self._roll()
        del self.segments[0]
        self._newest_deleted = NOT_FOUND
        self.log_start_offset = max(self.log_start_offset, self.segments[0].base_offset)
        self.epochs.truncate_from_start(self.log_start_offset)
        return 1


def _search(segment: Segment, timestamp: int, start: int) -> TimestampOffset:
    """The first record of a segment from offset ``start`` on that is not older than ``timestamp``."""
    for batch in segment.batches():
        if batch.max_timestamp < timestamp or batch.last_offset < start:
            continue
        for record in batch.iterate():
            if record.timestamp >= timestamp and record.offset >= start:
                epoch = batch.partition_leader_epoch
                return TimestampOffset(record.timestamp, record.offset, epoch)
    return NOT_FOUND

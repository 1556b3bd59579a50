"""Everything that decides whether a batch of an idempotent producer may be appended lives here.

A producer has an id and an epoch, and numbers its records on each partition: a batch brings the
sequence of its first record, the next batch must go on where it ended. The numbers form a ring from 0
to 2147483647. A partition remembers, for each producer, the epoch and the last five batches
(KIP-98; ``ProducerStateManager``, ``ProducerStateEntry`` and ``ProducerAppendInfo`` in Apache Kafka).

:func:`judge` is the one front door, and it changes nothing: it looks at what a partition remembers of a
producer, at a batch and at a rule book, and says :class:`Append`, :class:`Duplicate` or
:class:`Reject`. The state changes in :meth:`ProducerStateManager.record`, after the append.

The rules, in the order in which they are tried, are :data:`RULES`. The books differ in what they say
of a batch that was written before; everything else is as in Apache Kafka 4.3 in every book.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from kafka_codecs.errors import ErrorCode

NUM_BATCHES_TO_RETAIN = 5
NO_PRODUCER_ID = -1
NO_PRODUCER_EPOCH = -1
NO_SEQUENCE = -1
MAX_SEQUENCE = 2147483647
RING = MAX_SEQUENCE + 1


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what it says, which releases hold it, and where it is written down."""

    number: int
    name: str
    says: str
    releases: str
    source: str


# fmt: off
RULES = (
    Rule(1, "no producer", "A batch without a producer id is appended as it comes.", "all", "KIP-98"),
    Rule(2, "new producer", "A producer this partition does not remember may start at any sequence.", "2.5 and later; at sequence 0 all", "KIP-360, ProducerAppendInfo.checkSequence"),
    Rule(3, "exact duplicate", "First and last sequence are those of a remembered batch of the same epoch: answered with its offset, not appended again.", "all (0.11 remembers one batch)", "ProducerStateEntry.findDuplicateBatch"),
    Rule(4, "fenced epoch", "An epoch lower than the one remembered belongs to an older instance of the producer.", "all", "ProducerAppendInfo.checkProducerEpoch"),
    Rule(5, "new epoch", "A higher epoch starts at sequence 0; the batches of the older epoch are forgotten.", "all", "ProducerStateEntry.maybeUpdateProducerEpoch"),
    Rule(6, "new epoch not at 0", "A higher epoch may not start anywhere else.", "all", "ProducerAppendInfo.checkSequence"),
    Rule(7, "in sequence", "The batch goes on where the last one ended.", "all", "ProducerAppendInfo.inSequence"),
    Rule(8, "already appended", "Every record of the batch was appended before, but the batch is not among those remembered.", "1.0.0 and 1.0.1, and by choice here", "KIP-98, ProducerAppendInfo.isDuplicate at 1.0.0"),
    Rule(9, "out of order", "The batch does not go on where the last one ended: records are missing, or it overlaps what is there.", "all", "ProducerAppendInfo.checkSequence"),
    Rule(10, "unknown producer", "A producer this partition does not remember must start at 0.", "0.11 (45), 1.0 to 2.4 (59)", "KAFKA-7190, KIP-360"),
)
# fmt: on
(
    NO_PRODUCER,
    NEW_PRODUCER,
    EXACT_DUPLICATE,
    FENCED_EPOCH,
    NEW_EPOCH,
    NEW_EPOCH_NOT_AT_ZERO,
    IN_SEQUENCE,
    ALREADY_APPENDED,
    OUT_OF_ORDER,
    UNKNOWN_PRODUCER,
) = RULES


@dataclass(frozen=True, slots=True)
class Book:
    """A rule book: what is said of a batch that was written before, and of strangers.

    Attributes:
        name: as ``--rules`` takes it.
        remembered: how many batches of a producer are remembered.
        duplicate: the error for an exact duplicate; ``NONE`` answers its first offset instead.
        appended: which batches count as already appended (rule 8): ``"strict"`` all those whose every
            record was accepted in this epoch, ``"below oldest"`` those that end before the oldest
            remembered one as numbers (1.0), ``""`` none.
        stranger: the error for an unknown producer that does not start at 0 (rule 10).
        forgets_deleted: whether batches are forgotten, and producers without any left, when their
            records are deleted (``ProducerStateManager.truncateHead``, until KIP-360 in 2.4).
    """

    name: str
    about: str
    remembered: int = NUM_BATCHES_TO_RETAIN
    duplicate: ErrorCode = ErrorCode.NONE
    appended: str = ""
    stranger: ErrorCode = ErrorCode.NONE
    forgets_deleted: bool = False


EXPLICIT = Book(
    "explicit",
    "as Apache Kafka 4.3, but what was wholly appended before is called a duplicate",
    appended="strict",
)
KAFKA_4_3 = Book("kafka-4.3", "exactly as Apache Kafka 4.3")
KAFKA_1_0 = Book(
    "kafka-1.0",
    "as Apache Kafka 1.0.0 and 1.0.1",
    appended="below oldest",
    stranger=ErrorCode.UNKNOWN_PRODUCER_ID,
    forgets_deleted=True,
)
KAFKA_0_11 = Book(
    "kafka-0.11",
    "as Apache Kafka 0.11, which remembers one batch",
    remembered=1,
    stranger=ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
    forgets_deleted=True,
)
KIP_98 = Book(
    "kip-98",
    "as KIP-98 was first written down: every duplicate is an error",
    duplicate=ErrorCode.DUPLICATE_SEQUENCE_NUMBER,
    appended="strict",
)
BOOKS = {book.name: book for book in (EXPLICIT, KAFKA_4_3, KAFKA_1_0, KAFKA_0_11, KIP_98)}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: the rule that decided, what it expected, what it got.

    ``expected`` and ``got`` are sequences, but epochs for rule 4; ``None`` where the rule compares
    nothing.
    """

    rule: Rule
    expected: int | None = None
    got: int | None = None

    def __str__(self) -> str:
        if self.expected is None:
            return f"rule {self.rule.number}, {self.rule.name}"
        what = "epoch" if self.rule is FENCED_EPOCH else "sequence"
        return (
            f"rule {self.rule.number}, {self.rule.name}: "
            f"{what} {self.expected} expected, {self.got} came"
        )


@dataclass(frozen=True, slots=True)
class Append:
    """Append the batch."""

    reason: Reason
    error = ErrorCode.NONE


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Answer success with the base offset and timestamp the batch got the first time."""

    offset: int
    timestamp: int
    reason: Reason
    error = ErrorCode.NONE


@dataclass(frozen=True, slots=True)
class Reject:
    """Answer the error; nothing changes."""

    error: ErrorCode
    reason: Reason


Verdict = Append | Duplicate | Reject

APPEND_NO_PRODUCER = Append(Reason(NO_PRODUCER))
APPEND_NEW_PRODUCER = Append(Reason(NEW_PRODUCER))
APPEND_NEW_EPOCH = Append(Reason(NEW_EPOCH))
APPEND_IN_SEQUENCE = Append(Reason(IN_SEQUENCE))


class Batch(Protocol):
    """What the rules want to know of a batch (``RecordBatch`` has it)."""

    producer_id: int
    producer_epoch: int
    base_sequence: int
    last_offset_delta: int
    max_timestamp: int


def increment_sequence(sequence: int, by: int) -> int:
    """``by`` further on the ring (``DefaultRecordBatch.incrementSequence``)."""
    return (sequence + by) % RING


def decrement_sequence(sequence: int, by: int) -> int:
    """``by`` back on the ring (``DefaultRecordBatch.decrementSequence``)."""
    return (sequence - by) % RING


def in_sequence(last_sequence: int, next_sequence: int) -> bool:
    """Whether ``next_sequence`` follows ``last_sequence``; 0 follows 2147483647."""
    return next_sequence == last_sequence + 1 or (
        next_sequence == 0 and last_sequence == MAX_SEQUENCE
    )


@dataclass(slots=True)
class BatchMetadata:
    """A remembered batch: its last sequence and offset, and how many records came before the last."""

    last_sequence: int
    last_offset: int
    offset_delta: int
    timestamp: int

    @property
    def first_sequence(self) -> int:
        """The sequence of its first record."""
        return decrement_sequence(self.last_sequence, self.offset_delta)

    @property
    def first_offset(self) -> int:
        """The offset of its first record."""
        return self.last_offset - self.offset_delta


class ProducerStateEntry:
    """What a partition remembers of one producer.

    ``last_sequence`` is that of the last record appended, -1 when there is none. ``accepted`` counts the
    records taken in this epoch since the last break, at most one ring: with the last sequence it says
    which sequences were appended here without a gap.
    """

    __slots__ = (
        "accepted",
        "batches",
        "last_sequence",
        "last_timestamp",
        "producer_epoch",
        "producer_id",
    )

    def __init__(self, producer_id: int, remembered: int = NUM_BATCHES_TO_RETAIN) -> None:
        self.producer_id = producer_id
        self.producer_epoch = NO_PRODUCER_EPOCH
        self.batches: deque[BatchMetadata] = deque(maxlen=remembered)
        self.last_sequence = NO_SEQUENCE
        self.last_timestamp = -1
        self.accepted = 0

    def copy(self) -> ProducerStateEntry:
        """An entry of its own that remembers the same."""
        other = ProducerStateEntry(self.producer_id)
        other.producer_epoch = self.producer_epoch
        other.batches = self.batches.copy()
        other.last_sequence = self.last_sequence
        other.last_timestamp = self.last_timestamp
        other.accepted = self.accepted
        return other

    def find_duplicate_batch(self, batch: Batch) -> BatchMetadata | None:
        """The remembered batch with the same epoch, first and last sequence; payloads do not count."""
        if batch.producer_epoch != self.producer_epoch:
            return None
        delta = batch.last_offset_delta
        last = increment_sequence(batch.base_sequence, delta)
        for known in self.batches:
            if known.last_sequence == last and known.offset_delta == delta:
                return known
        return None

    def wholly_appended(self, batch: Batch) -> bool:
        """Whether every sequence of the batch was accepted in this epoch, without a break."""
        if batch.producer_epoch != self.producer_epoch or not self.batches:
            return False
        last = increment_sequence(batch.base_sequence, batch.last_offset_delta)
        back = decrement_sequence(self.last_sequence, last)
        return back + batch.last_offset_delta + 1 <= self.accepted

    def add_batch(self, batch: Batch, base_offset: int) -> None:
        """Remember a batch that was appended at ``base_offset``."""
        if batch.producer_epoch != self.producer_epoch:
            self.batches.clear()
            self.producer_epoch = batch.producer_epoch
            self.accepted = 0
        delta = batch.last_offset_delta
        self.last_sequence = last = (batch.base_sequence + delta) % RING
        self.last_timestamp = timestamp = batch.max_timestamp
        self.batches.append(BatchMetadata(last, base_offset + delta, delta, timestamp))
        accepted = self.accepted + delta + 1
        self.accepted = accepted if accepted < RING else RING


def judge(entry: ProducerStateEntry | None, batch: Batch, book: Book) -> Verdict:
    """Whether ``batch`` may be appended, given what is remembered of its producer.

    Args:
        entry: what the partition remembers of the producer; ``None`` when it does not.
        batch: the batch as it came, already found sound (:mod:`kafkashim.rules.batch_checks`).
        book: the rule book to judge by.
    """
    if batch.producer_id <= NO_PRODUCER_ID:
        return APPEND_NO_PRODUCER
    if entry is None:
        if batch.producer_epoch < NO_PRODUCER_EPOCH:
            # Even a producer nobody remembers is compared with the epoch of an empty entry, -1.
            reason = Reason(FENCED_EPOCH, NO_PRODUCER_EPOCH, batch.producer_epoch)
            return Reject(ErrorCode.INVALID_PRODUCER_EPOCH, reason)
        if book.stranger and batch.base_sequence != 0:
            return Reject(book.stranger, Reason(UNKNOWN_PRODUCER, 0, batch.base_sequence))
        return APPEND_NEW_PRODUCER
    if batch.producer_epoch == entry.producer_epoch and in_sequence(
        entry.last_sequence, batch.base_sequence
    ):
        # Tried first because it is nearly always so; no remembered batch can start here as well.
        return APPEND_IN_SEQUENCE
    known = entry.find_duplicate_batch(batch)
    if known is not None:
        return _judge_duplicate(known, entry, batch, book)
    return check_producer_epoch(entry, batch) or check_sequence(entry, batch, book)


def _judge_duplicate(
    known: BatchMetadata, entry: ProducerStateEntry, batch: Batch, book: Book
) -> Verdict:
    if book.duplicate:
        expected = increment_sequence(entry.last_sequence, 1)
        return Reject(book.duplicate, Reason(EXACT_DUPLICATE, expected, batch.base_sequence))
    return Duplicate(known.first_offset, known.timestamp, Reason(EXACT_DUPLICATE))


def check_producer_epoch(entry: ProducerStateEntry, batch: Batch) -> Reject | None:
    """Rule 4: an older instance of the producer is fenced, whatever it brings."""
    if batch.producer_epoch < entry.producer_epoch:
        reason = Reason(FENCED_EPOCH, entry.producer_epoch, batch.producer_epoch)
        return Reject(ErrorCode.INVALID_PRODUCER_EPOCH, reason)
    return None


def check_sequence(entry: ProducerStateEntry, batch: Batch, book: Book) -> Append | Reject:
    """Rules 5 to 9, for a batch that is neither fenced nor an exact duplicate."""
    got = batch.base_sequence
    if batch.producer_epoch != entry.producer_epoch:
        if got == 0 or entry.producer_epoch == NO_PRODUCER_EPOCH:
            return APPEND_NEW_EPOCH
        reason = Reason(NEW_EPOCH_NOT_AT_ZERO, 0, got)
        return Reject(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, reason)
    if entry.producer_epoch == NO_PRODUCER_EPOCH:
        # A producer id with epoch -1 is never held to a sequence: checkSequence takes the missing
        # epoch for a missing state.
        return APPEND_NEW_PRODUCER
    expected = increment_sequence(entry.last_sequence, 1)
    if _appended_before(entry, batch, book):
        reason = Reason(ALREADY_APPENDED, expected, got)
        return Reject(ErrorCode.DUPLICATE_SEQUENCE_NUMBER, reason)
    return Reject(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, Reason(OUT_OF_ORDER, expected, got))


def _appended_before(entry: ProducerStateEntry, batch: Batch, book: Book) -> bool:
    if book.appended == "strict":
        return entry.wholly_appended(batch)
    if book.appended == "below oldest":
        # 1.0.0 compared the numbers as they are, without regard to the ring, and never for 0.
        last = increment_sequence(batch.base_sequence, batch.last_offset_delta)
        return last != 0 and last < entry.batches[0].first_sequence < MAX_SEQUENCE
    return False


class ProducerStateManager:
    """The producers one partition remembers."""

    __slots__ = ("_producers", "book")

    def __init__(self, book: Book) -> None:
        self.book = book
        self._producers: dict[int, ProducerStateEntry] = {}

    def __len__(self) -> int:
        return len(self._producers)

    def __iter__(self) -> Iterator[ProducerStateEntry]:
        return iter(self._producers.values())

    def entry(self, producer_id: int) -> ProducerStateEntry | None:
        """What is remembered of a producer."""
        return self._producers.get(producer_id)

    def judge(self, batch: Batch) -> Verdict:
        """Whether the batch may be appended; changes nothing."""
        return judge(self._producers.get(batch.producer_id), batch, self.book)

    def record(self, batch: Batch, base_offset: int) -> None:
        """Remember a batch that was appended; only now does the state change."""
        if batch.producer_id <= NO_PRODUCER_ID:
            return
        entry = self._producers.get(batch.producer_id)
        if entry is None:
            entry = ProducerStateEntry(batch.producer_id, self.book.remembered)
            entry.producer_epoch = batch.producer_epoch
            self._producers[batch.producer_id] = entry
        entry.add_batch(batch, base_offset)

    def put(self, entry: ProducerStateEntry) -> None:
        """Know of a producer what an entry says."""
        self._producers[entry.producer_id] = entry

    def clear(self) -> None:
        """Forget all producers."""
        self._producers.clear()

    def copy(self) -> ProducerStateManager:
        """The same producers, for a log that goes its own way."""
        other = ProducerStateManager(self.book)
        for entry in self._producers.values():
            other.put(entry.copy())
        return other

    def keep_newest(self, end: int) -> None:
        """Of the batches before an offset forget all but each producer's newest.

        So a broker does that was restarted when its log ended there: what it remembers of producers comes
        from a snapshot, with one batch each (``ProducerStateManager.writeSnapshot``).
        """
        for entry in self._producers.values():
            while len(entry.batches) > 1 and entry.batches[1].last_offset < end:
                entry.batches.popleft()

    def truncate_head(self, log_start_offset: int) -> None:
        """The records before an offset are gone: forget what the book forgets with them."""
        if not self.book.forgets_deleted:
            return
        for entry in tuple(self._producers.values()):
            while entry.batches and entry.batches[0].last_offset < log_start_offset:
                entry.batches.popleft()
            if not entry.batches:
                del self._producers[entry.producer_id]

    def expire(self, now_ms: int, expiration_ms: int) -> list[int]:
        """Forget producers whose newest batch is ``expiration_ms`` old or older; gives their ids.

        Counts from the newest batch's max timestamp (``producer.id.expiration.ms``, one day;
        ``ProducerStateManager.isProducerExpired``).
        """
        gone = [
            entry.producer_id
            for entry in self._producers.values()
            if now_ms - entry.last_timestamp >= expiration_ms
        ]
        for producer_id in gone:
            del self._producers[producer_id]
        return gone

"""The rule book, row by row; the names follow ``ProducerStateManagerTest`` where it has the case."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kafka_codecs.errors import ErrorCode
from kafkashim.rules.producer_state import (
    ALREADY_APPENDED,
    BOOKS,
    EXACT_DUPLICATE,
    FENCED_EPOCH,
    MAX_SEQUENCE,
    NEW_EPOCH_NOT_AT_ZERO,
    NUM_BATCHES_TO_RETAIN,
    OUT_OF_ORDER,
    RING,
    RULES,
    UNKNOWN_PRODUCER,
    Append,
    Duplicate,
    ProducerStateManager,
    Reject,
    decrement_sequence,
    in_sequence,
    increment_sequence,
)

NONE = ErrorCode.NONE
DUPLICATE = ErrorCode.DUPLICATE_SEQUENCE_NUMBER
GAP = ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
FENCED = ErrorCode.INVALID_PRODUCER_EPOCH
UNKNOWN = ErrorCode.UNKNOWN_PRODUCER_ID


@dataclass
class Batch:
    base_sequence: int
    records: int = 1
    producer_epoch: int = 0
    producer_id: int = 7
    max_timestamp: int = 1000

    @property
    def last_offset_delta(self) -> int:
        return self.records - 1


class Log:
    """A partition as the rules see it: what is accepted gets the next offset."""

    def __init__(self, book: str = "kafka-4.3") -> None:
        self.producers = ProducerStateManager(BOOKS[book])
        self.end = 0

    def send(self, base_sequence: int, records: int = 1, **more: int) -> tuple[ErrorCode, int]:
        batch = Batch(base_sequence, records, **more)
        verdict = self.producers.judge(batch)
        if isinstance(verdict, Append):
            offset, self.end = self.end, self.end + records
            self.producers.record(batch, offset)
            return NONE, offset
        return verdict.error, verdict.offset if isinstance(verdict, Duplicate) else -1

    def verdict(self, base_sequence: int, records: int = 1, **more: int) -> object:
        return self.producers.judge(Batch(base_sequence, records, **more))


@pytest.mark.parametrize("book", BOOKS)
class TestEveryBook:
    def test_first_batch_at_zero_is_appended(self, book: str) -> None:
        assert Log(book).send(0) == (NONE, 0)

    def test_batches_in_sequence_are_appended(self, book: str) -> None:
        log = Log(book)
        assert [log.send(0, 3), log.send(3, 1), log.send(4, 2)] == [(NONE, 0), (NONE, 3), (NONE, 4)]

    def test_a_gap_is_out_of_order_and_changes_nothing(self, book: str) -> None:
        log = Log(book)
        log.send(0, 3)
        assert log.send(5)[0] == GAP
        assert log.send(3) == (NONE, 3)

    def test_an_overlap_that_reaches_beyond_the_end_is_out_of_order(self, book: str) -> None:
        log = Log(book)
        log.send(0, 4)
        assert log.send(2, 4)[0] == GAP

    def test_sequence_wraps_to_zero(self, book: str) -> None:
        log = Log(book)
        log.producers.record(Batch(MAX_SEQUENCE, 1), 0)
        assert log.send(0)[0] == NONE

    def test_a_batch_may_wrap_inside(self, book: str) -> None:
        log = Log(book)
        log.producers.record(Batch(MAX_SEQUENCE - 3, 2), 0)
        assert log.send(MAX_SEQUENCE - 1, 4)[0] == NONE
        entry = log.producers.entry(7)
        assert entry is not None
        assert entry.last_sequence == 1
        assert log.send(2)[0] == NONE

    def test_producer_sequence_with_wrap_around_is_not_skipped(self, book: str) -> None:
        log = Log(book)
        log.producers.record(Batch(MAX_SEQUENCE, 1), 0)
        assert log.send(1)[0] == GAP

    def test_old_epoch_is_fenced_even_as_a_duplicate(self, book: str) -> None:
        log = Log(book)
        log.send(0, producer_epoch=0)
        log.send(0, producer_epoch=2)
        assert log.send(0, producer_epoch=0)[0] == FENCED
        assert log.send(1, producer_epoch=1)[0] == FENCED
        assert log.send(1, producer_epoch=2)[0] == NONE

    def test_new_epoch_starts_at_zero(self, book: str) -> None:
        log = Log(book)
        log.send(0, 5)
        assert log.send(5, producer_epoch=1)[0] == GAP
        assert log.send(0, producer_epoch=1) == (NONE, 5)

    def test_new_epoch_forgets_the_batches_of_the_old_one(self, book: str) -> None:
        log = Log(book)
        log.send(0, 2)
        log.send(0, 1, producer_epoch=1)
        entry = log.producers.entry(7)
        assert entry is not None
        assert [b.first_offset for b in entry.batches] == [2]
        assert log.send(1, 1, producer_epoch=1) == (NONE, 3)

    def test_producers_are_judged_apart(self, book: str) -> None:
        log = Log(book)
        log.send(0, producer_id=1)
        log.send(0, producer_id=2)
        assert log.send(1, producer_id=1)[0] == NONE
        assert log.send(2, producer_id=2)[0] == GAP

    def test_without_producer_id_everything_is_appended(self, book: str) -> None:
        log = Log(book)
        for producer_id in (-1, -7):
            assert log.send(9, producer_id=producer_id, producer_epoch=-1)[0] == NONE
        assert len(log.producers) == 0

    def test_a_rejection_leaves_no_trace(self, book: str) -> None:
        log = Log(book)
        log.send(0, 2)
        before = repr([(e.producer_epoch, list(e.batches), e.accepted) for e in log.producers])
        for batch in ((5, 1, 0), (1, 4, 0), (0, 1, 3 - 4), (4, 1, 2)):
            log.send(batch[0], batch[1], producer_epoch=batch[2])
        assert before == repr(
            [(e.producer_epoch, list(e.batches), e.accepted) for e in log.producers]
        )


@pytest.mark.parametrize(
    ("book", "within_five", "beyond_five", "stranger"),
    [
        ("explicit", NONE, DUPLICATE, NONE),
        ("kafka-4.3", NONE, GAP, NONE),
        ("kafka-1.0", NONE, DUPLICATE, UNKNOWN),
        ("kafka-0.11", GAP, GAP, GAP),
        ("kip-98", DUPLICATE, DUPLICATE, NONE),
    ],
)
class TestWhereTheBooksDiffer:
    def test_duplicates(
        self, book: str, within_five: ErrorCode, beyond_five: ErrorCode, stranger: ErrorCode
    ) -> None:
        log = Log(book)
        for sequence in range(0, 14, 2):
            log.send(sequence, 2)
        newest = (NONE, 12) if book != "kip-98" else (DUPLICATE, -1)
        assert log.send(12, 2) == newest
        fifth = log.send(4, 2)
        assert fifth == ((NONE, 4) if within_five == NONE else (within_five, -1))
        assert log.send(2, 2)[0] == beyond_five
        assert log.end == 14

    def test_a_stranger_not_at_zero(
        self, book: str, within_five: ErrorCode, beyond_five: ErrorCode, stranger: ErrorCode
    ) -> None:
        assert Log(book).send(17)[0] == stranger


class TestAlreadyAppended:
    """Rule 8 is meant strictly: every record of the batch must have been accepted."""

    def test_part_of_a_remembered_batch_was_appended(self) -> None:
        log = Log("explicit")
        log.send(0, 10)
        assert log.send(3, 4)[0] == DUPLICATE
        assert log.send(0, 9)[0] == DUPLICATE

    def test_same_start_but_longer_was_not(self) -> None:
        log = Log("explicit")
        log.send(0, 10)
        assert log.send(0, 11)[0] == GAP

    def test_what_lies_before_the_first_accepted_batch_was_not(self) -> None:
        log = Log("explicit")
        log.send(100, 10)
        assert log.send(90, 10)[0] == GAP
        assert log.send(95, 10)[0] == GAP
        assert log.send(100, 5)[0] == DUPLICATE

    def test_what_an_older_epoch_appended_does_not_count(self) -> None:
        log = Log("explicit")
        log.send(0, 50)
        log.send(0, 1, producer_epoch=1)
        assert log.send(10, 5, producer_epoch=1)[0] == GAP

    def test_across_the_end_of_the_ring(self) -> None:
        log = Log("explicit")
        log.send(MAX_SEQUENCE - 1, 4)
        for sequence in range(2, 8):
            log.send(sequence)
        assert log.send(MAX_SEQUENCE, 2)[0] == DUPLICATE
        assert log.send(MAX_SEQUENCE - 2, 2)[0] == GAP


class TestKafka10:
    def test_only_what_ends_before_the_oldest_remembered_batch_is_a_duplicate(self) -> None:
        log = Log("kafka-1.0")
        for sequence in range(0, 20, 2):
            log.send(sequence, 2)
        assert log.send(2, 2)[0] == DUPLICATE
        assert log.send(9, 2)[0] == GAP, "overlaps the oldest of the five, which starts at 10"
        assert log.send(0, 1)[0] == GAP, "a last sequence of 0 was never compared"


class TestWithoutEpoch:
    """A producer id with epoch -1 is remembered but never held to a sequence."""

    def test_any_sequence_is_appended(self) -> None:
        log = Log()
        assert log.send(4, producer_epoch=-1) == (NONE, 0)
        assert log.send(9, producer_epoch=-1) == (NONE, 1)

    def test_an_exact_duplicate_is_still_found(self) -> None:
        log = Log()
        log.send(4, producer_epoch=-1)
        assert log.send(4, producer_epoch=-1) == (NONE, 0)

    def test_an_epoch_below_minus_one_is_fenced(self) -> None:
        assert Log().send(4, producer_epoch=-3)[0] == FENCED


class TestReasons:
    def test_each_rejection_says_rule_expected_and_got(self) -> None:
        log = Log("explicit")
        for sequence in range(10):
            log.send(sequence, producer_epoch=3)
        cases = {
            OUT_OF_ORDER: (log.verdict(12, producer_epoch=3), 10, 12),
            ALREADY_APPENDED: (log.verdict(1, producer_epoch=3), 10, 1),
            FENCED_EPOCH: (log.verdict(10, producer_epoch=2), 3, 2),
            NEW_EPOCH_NOT_AT_ZERO: (log.verdict(10, producer_epoch=4), 0, 10),
            UNKNOWN_PRODUCER: (Log("kafka-1.0").verdict(5), 0, 5),
        }
        for rule, (verdict, expected, got) in cases.items():
            assert isinstance(verdict, Reject)
            assert (verdict.reason.rule, verdict.reason.expected, verdict.reason.got) == (
                rule,
                expected,
                got,
            )
            assert f"rule {rule.number}" in str(verdict.reason)

    def test_a_duplicate_names_its_rule_and_first_offset(self) -> None:
        log = Log()
        log.send(0, 3)
        log.send(3, 1)
        verdict = log.verdict(0, 3)
        assert isinstance(verdict, Duplicate)
        assert (verdict.reason.rule, verdict.offset, verdict.timestamp) == (
            EXACT_DUPLICATE,
            0,
            1000,
        )

    def test_rules_are_numbered_in_order(self) -> None:
        assert [rule.number for rule in RULES] == list(range(1, len(RULES) + 1))


class TestExpiration:
    def test_counts_from_the_newest_batch(self) -> None:
        log = Log()
        log.send(0, max_timestamp=1000)
        log.send(1, max_timestamp=5000)
        assert log.producers.expire(5999, 1000) == []
        assert log.producers.expire(6000, 1000) == [7]
        assert log.send(55)[0] == NONE


class TestRing:
    @given(st.integers(0, MAX_SEQUENCE), st.integers(0, MAX_SEQUENCE))
    def test_increment_and_decrement_are_inverse(self, sequence: int, by: int) -> None:
        there = increment_sequence(sequence, by)
        assert 0 <= there <= MAX_SEQUENCE
        assert decrement_sequence(there, by) == sequence

    @given(st.integers(0, MAX_SEQUENCE))
    def test_in_sequence_is_one_step(self, sequence: int) -> None:
        assert in_sequence(sequence, increment_sequence(sequence, 1))
        assert not in_sequence(sequence, increment_sequence(sequence, 2))
        assert not in_sequence(sequence, sequence)


# A model without a ring: sequences that never wrap, every accepted batch remembered for ever.
steps = st.lists(st.tuples(st.integers(-14, 6), st.integers(1, 5), st.booleans()), max_size=40)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["explicit", "kafka-4.3"]), st.integers(0, MAX_SEQUENCE), steps)
def test_agrees_with_a_model_that_remembers_everything(
    book: str, start: int, moves: list[tuple[int, int, bool]]
) -> None:
    log = Log(book)
    accepted: list[tuple[int, int, int]] = []
    end = start
    offset = 0
    for shift, records, replay in moves:
        first = end + shift
        if replay and accepted:
            first, records, _ = accepted[shift % len(accepted)]
        answer = log.send(first % RING, records)
        exact = [o for f, r, o in accepted[-NUM_BATCHES_TO_RETAIN:] if (f, r) == (first, records)]
        if not accepted or first == end:
            if not accepted:
                start = end = first
            assert answer == (NONE, offset)
            accepted.append((first, records, offset))
            end, offset = first + records, offset + records
        elif exact:
            assert answer == (NONE, exact[0])
        elif book == "explicit" and start <= first and first + records <= end:
            assert answer == (DUPLICATE, -1)
        else:
            assert answer == (GAP, -1)

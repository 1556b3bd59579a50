"""The rule table as a page: ``python -m kafkashim.rules.document > docs/rules.md``.

What each book answers is not written down here: the page asks the rule book itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kafka_codecs.errors import ErrorCode
from kafkashim.rules.producer_state import (
    BOOKS,
    RULES,
    Append,
    Book,
    Duplicate,
    ProducerStateManager,
    Verdict,
)

INTRODUCTION = """\
# The rule book

Everything that decides whether a batch of an idempotent producer may be appended stands in
`kafkashim/rules/producer_state.py`. This page is made from it: `python -m kafkashim.rules.document`.

A producer numbers its records on each partition. A partition remembers, for each producer, the epoch
and the last batches: five, or one in Apache Kafka 0.11. `--rules` chooses the book by which a batch is
judged.
"""

VERIFIED = """\
## How the books were checked

| book | judged by | how |
| --- | --- | --- |
| `kafka-4.3` | Apache Kafka 4.3.1 | random walks side by side, and recorded answers |
| `kafka-1.0` | Apache Kafka 1.0.0, which starts on Java 17 | random walks side by side |
| `kafka-0.11` | Apache Kafka 0.11.0.0, which needs jaxb-api for it | random walks side by side |
| `explicit` | no release answers so | tests of the rules; but for rule 8 it is `kafka-4.3` |
| `kip-98` | no release answered so | KIP-98 as it was first written down; tests of the rules |

All of it is in `compat_tests/real_broker`. The walks with an old release leave out sequences and epochs
below 0: such batches are refused before the rule book is asked, with INVALID_RECORD as in Apache Kafka
4.3 (KIP-467), where old releases said CORRUPT_MESSAGE. All else that is not of the rule book is as in
Apache Kafka 4.3 in every book.
"""

# Read in the clients' sources: Sender and TransactionManager (Java), rdkafka_request.c (librdkafka),
# sender.py and transaction_manager.py (kafka-python), sink.go (franz-go).
CLIENTS = {
    ErrorCode.DUPLICATE_SEQUENCE_NUMBER: (
        "delivered, with the offset unknown",
        "delivered, with the offset unknown",
        "delivered",
        "delivered, after a line in the log",
    ),
    ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER: (
        "sent again; when it is the batch expected next, in a new epoch with sequences from 0",
        "sent again in a new epoch; when it is the batch expected next, a fatal error",
        "the batch fails, and a new epoch begins; a new producer id with brokers before 2.5",
        "all that is not acknowledged again with a new epoch or id; told to stop at data loss, it fails",
    ),
    ErrorCode.INVALID_PRODUCER_EPOCH: (
        "the batch fails, and a new epoch begins",
        "the batch fails, and a new epoch begins; a fatal error with `enable.gapless.guarantee`",
        "the batch fails, and a new epoch begins",
        "as for OUT_OF_ORDER_SEQUENCE_NUMBER",
    ),
    ErrorCode.UNKNOWN_PRODUCER_ID: (
        "sent again in a new epoch",
        "sent again in a new epoch if nothing is in doubt; else a fatal error",
        "sent again when the log start has passed the last acknowledged offset; else as for "
        "OUT_OF_ORDER_SEQUENCE_NUMBER",
        "as for OUT_OF_ORDER_SEQUENCE_NUMBER",
    ),
}


@dataclass(slots=True)
class _Batch:
    """As much of a batch as the rules want to know."""

    base_sequence: int
    last_offset_delta: int = 0
    producer_epoch: int = 0
    producer_id: int = 7
    max_timestamp: int = 0


@dataclass(frozen=True, slots=True)
class Situation:
    """A batch that comes after eight batches of one record, sequences 0 to 7 of epoch 3."""

    about: str
    batch: _Batch
    deleted_before: int = 0


SITUATIONS = (
    Situation("the next batch", _Batch(8, producer_epoch=3)),
    Situation("the last batch again", _Batch(7, producer_epoch=3)),
    Situation("the fifth last batch again", _Batch(3, producer_epoch=3)),
    Situation("the sixth last batch again", _Batch(2, producer_epoch=3)),
    Situation("the first batch again", _Batch(0, producer_epoch=3)),
    Situation("the last two batches as one", _Batch(6, 1, producer_epoch=3)),
    Situation("the second and third batch as one", _Batch(1, 1, producer_epoch=3)),
    Situation("the last record and one more", _Batch(7, 1, producer_epoch=3)),
    Situation("a record is missing", _Batch(9, producer_epoch=3)),
    Situation("epoch 4 at sequence 0", _Batch(0, producer_epoch=4)),
    Situation("epoch 4 at sequence 8", _Batch(8, producer_epoch=4)),
    Situation("epoch 2 at sequence 8", _Batch(8, producer_epoch=2)),
    Situation("another producer at sequence 0", _Batch(0, producer_id=9)),
    Situation("another producer at sequence 8", _Batch(8, producer_id=9)),
    Situation("the next, all records deleted", _Batch(8, producer_epoch=3), 8),
    Situation("the last again, all records deleted", _Batch(7, producer_epoch=3), 8),
    Situation("no producer", _Batch(-1, producer_epoch=-1, producer_id=-1)),
)


def verdict(situation: Situation, book: Book) -> Verdict:
    """What a book says of the batch of a situation."""
    producers = ProducerStateManager(book)
    for sequence in range(8):
        producers.record(_Batch(sequence, producer_epoch=3), sequence)
    producers.truncate_head(situation.deleted_before)
    return producers.judge(situation.batch)


def _said(found: Verdict) -> str:
    match found:
        case Append():
            said = "appended"
        case Duplicate():
            said = f"not appended; its offset, {found.offset}"
        case _:
            said = found.error.name
    return f"{said} ({found.reason.rule.number})"


def _table(*rows: tuple[str, ...]) -> Iterator[str]:
    for at, row in enumerate(rows):
        yield f"| {' | '.join(row)} |"
        if at == 0:
            yield "|" + " --- |" * len(row)


def page() -> str:
    """The page."""
    books = tuple(BOOKS.values())
    lines = [
        INTRODUCTION,
        "## The rules",
        "",
        *_table(
            ("", "rule", "what it says", "releases", "source"),
            *((str(r.number), r.name, r.says, r.releases, r.source) for r in RULES),
        ),
        "",
        "## The books",
        "",
        *(f"- `{book.name}`: {book.about}" for book in books),
        "",
        "What each answers to a batch that comes after eight batches of one record, sequences 0 to 7 of",
        "epoch 3, at offsets 0 to 7. The number of the rule that decided stands behind.",
        "",
        *_table(
            ("the batch", *(f"`{book.name}`" for book in books)),
            *(
                (situation.about, *(_said(verdict(situation, book)) for book in books))
                for situation in SITUATIONS
            ),
        ),
        "",
        VERIFIED,
        "## What clients do on these answers",
        "",
        "Producers that are idempotent and not transactional.",
        "",
        *_table(
            ("answer", "Java", "librdkafka", "kafka-python", "franz-go"),
            *((f"{error.name} ({int(error)})", *done) for error, done in CLIENTS.items()),
        ),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(page(), end="")

"""The page of the rules is made from the rule book, and up to date."""

from __future__ import annotations

from pathlib import Path

import pytest

from kafka_codecs.errors import ErrorCode
from kafkashim.rules.document import CLIENTS, SITUATIONS, page, verdict
from kafkashim.rules.producer_state import BOOKS, RULES

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "run: python -m kafkashim.rules.document > docs/rules.md"


def test_every_rule_decides_some_situation() -> None:
    decided = {
        verdict(situation, book).reason.rule for situation in SITUATIONS for book in BOOKS.values()
    }
    assert decided == set(RULES)


def test_every_error_a_book_gives_is_explained() -> None:
    given = {verdict(situation, book).error for situation in SITUATIONS for book in BOOKS.values()}
    assert given - {ErrorCode.NONE} == set(CLIENTS)


@pytest.mark.parametrize("book", BOOKS.values(), ids=lambda book: book.name)
def test_deleted_records_are_forgotten_only_by_old_releases(book: object) -> None:
    """truncateHead took producers with it until KIP-360; seen on Apache Kafka 0.11.0.0 and 1.0.0."""
    situation = next(s for s in SITUATIONS if s.about == "the next, all records deleted")
    forgotten = verdict(situation, book).error != ErrorCode.NONE
    assert forgotten == (book.name in ("kafka-1.0", "kafka-0.11"))

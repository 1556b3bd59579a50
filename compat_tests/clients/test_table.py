"""docs/clients.md has a row for every client there is, and the table is told what belongs to whom."""

from __future__ import annotations

import pytest

from compat_tests.clients import table
from compat_tests.clients.conftest import DRIVEN_CLIENTS, PROGRAMS, PYTHON_CLIENTS

CLIENTS = (*PYTHON_CLIENTS, *DRIVEN_CLIENTS, *PROGRAMS)


def test_every_client_has_a_row_and_its_folder_a_readme() -> None:
    assert set(table.clients_in(table.FILE.read_text())) == set(CLIENTS)
    for name in CLIENTS:
        assert (table.HERE / name / "README.md").exists(), name


def test_the_readme_has_the_same_table() -> None:
    assert table.table_in(table.README.read_text()) == table.table_in(table.FILE.read_text())


@pytest.mark.parametrize(
    ("test", "client", "ability"),
    [
        ("test_lost_answers.py::test_x[java-seed5]", "java", table.LOST),
        ("test_consumer_group.py::test_x[franz_go-consumer]", "franz_go", table.CONSUMER),
        ("test_consumer_group.py::test_x[kafka_go-classic]", "kafka_go", table.CLASSIC),
        ("test_consumer_group.py::test_x[kafka_python]", "kafka_python", table.CLASSIC),
        ("test_idempotent_producer.py::test_x[aiokafka-100]", "aiokafka", table.IDEMPOTENT),
        ("test_idempotent_producer.py::test_x[gzip-kafkajs]", "kafkajs", table.CODECS),
        ("test_plain_producer.py::test_x[none-rskafka]", "rskafka", table.PLAIN),
        ("test_plain_producer.py::test_x[lz4-rskafka]", "rskafka", table.CODECS),
        ("test_own_tests.py::test_x[kafka_go]", "kafka_go", table.OWN),
        ("test_admin_tour.py::test_tour[kafkashim-sarama]", "sarama", table.ADMIN),
        ("kcat/test_kcat.py::test_two_members_and_their_rebalances", "kcat", table.CLASSIC),
        ("kcat/test_kcat.py::test_offsets_are_queried", "kcat", table.ADMIN),
    ],
)
def test_a_test_is_counted_where_it_belongs(test: str, client: str, ability: str) -> None:
    found = table.Table(CLIENTS)
    found.add(f"compat_tests/clients/{test}", "passed", "")
    found.add(f"compat_tests/clients/{test}", "xfailed", "its own")
    assert {key: cell.passed for key, cell in found.cells.items()} == {(client, ability): 1}
    assert "| 1, 1 of its own |" in found.text(lambda name: "1.0")


def test_what_failed_is_told() -> None:
    found = table.Table(CLIENTS)
    found.add("compat_tests/clients/test_admin_tour.py::test_tour[kafkashim-java]", "failed", "")
    text = found.text(lambda name: "1.0")
    assert "**1 failed**" in text
    assert "- java: failed: test_tour[kafkashim-java]" in text

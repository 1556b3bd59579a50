"""The document says what is recorded and what the scenarios declare."""

from __future__ import annotations

import pytest

from compat_tests.scenarios import document


def test_the_document_is_made_from_the_recordings(pytestconfig: pytest.Config) -> None:
    if pytestconfig.getoption("--scenario-table"):
        pytest.skip("it is written at the end of this run")
    assert document.FILE.read_text() == document.text(), (
        'write it anew: python -m pytest compat_tests/scenarios -m "" --scenario-table'
    )

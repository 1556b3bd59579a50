"""Clients in other languages play when they are asked for: ``-m toolchain``."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from compat_tests.scenarios import document
from compat_tests.scenarios.players import DRIVEN

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents and set(DRIVEN) & set(re.split(r"[\[\]-]", item.nodeid)):
            item.add_marker("toolchain")


def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.config.getoption("--scenario-table"):
        document.write()

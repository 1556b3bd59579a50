"""Clients in other languages play when they are asked for: ``-m toolchain``."""

from __future__ import annotations

import gc
import re
import warnings
from collections.abc import Iterator
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


@pytest.fixture(autouse=True)
def no_sockets_are_left() -> Iterator[None]:
    """Collect what a client left behind.

    kafka-python leaves sockets whose connection was refused. What holds on to them may go only with the
    test, and whatever test ran when they were collected would fail for them.
    """
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()

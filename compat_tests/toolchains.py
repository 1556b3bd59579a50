"""What a test needs beyond Python: without it the test is skipped, and under CI=true it fails."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest


def missing(*tools: str) -> str:
    """Those of some commands that are not installed; empty when all are there."""
    return " and ".join(tool for tool in tools if shutil.which(tool) is None)


def need(*tools: str) -> None:
    """Go on only where some commands are installed."""
    if absent := missing(*tools):
        do_without(f"needs {absent}")


def do_without(reason: str) -> NoReturn:
    """Skip the test, under CI=true fail it."""
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)

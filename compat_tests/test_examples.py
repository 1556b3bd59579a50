"""Every example runs by itself and prints what its reader is told to expect."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"

EXPECTED = {
    "produce_and_consume.py": [
        "producer 0, sequence 0: offset 0, because of rule 2, new producer",
        "producer 0, sequence 1: offset 1, because of rule 7, in sequence",
        "producer 0, sequence 2: offset 2, because of rule 7, in sequence",
        "offset 0: hello 0",
        "offset 1: hello 1",
        "offset 2: hello 2",
    ],
}


PATHS = sorted(path for path in EXAMPLES.glob("*.py") if path.name != "conftest.py")


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_example(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(path)], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines() == EXPECTED[path.name]


def test_the_demo_proves_its_point() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kafkashim", "demo"], capture_output=True, text=True, timeout=60
    )
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stdout + done.stderr
    assert max(map(len, lines)) <= 80
    assert "\033" not in done.stdout, "no colour where nobody looks"
    shown = "\n".join(lines)
    for answer in (
        "appended at offset",
        "duplicate, answered with offset",
        "DUPLICATE_SEQUENCE_NUMBER (46)",
        "OUT_OF_ORDER_SEQUENCE_NUMBER (45)",
        "INVALID_PRODUCER_EPOCH (47)",
    ):
        assert answer in shown
    assert "60 messages, each of the 60 once, in order" in shown
    assert "WRONG" not in shown

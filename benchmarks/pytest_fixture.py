"""What the fixture ``kafka_broker`` costs a test, beside tests that do without it.

python benchmarks/pytest_fixture.py [--tests 200] [--rounds 3]

Empty tests are run by pytest in a process of its own, which loads no other plugin, with and without the
fixture by turns. A test's time is that of its whole protocol: setup, call, teardown and their reports.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

# Takes the times, from outside of all that pytest does for a test.
CONFTEST = """
import json
import time

import pytest

TIMES = []


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    begun = time.perf_counter()
    try:
        return (yield)
    finally:
        TIMES.append((time.perf_counter() - begun) * 1000)


def pytest_sessionfinish(session):
    (session.config.rootpath / "times.json").write_text(json.dumps(TIMES))
"""
TESTS = """
import pytest


@pytest.mark.parametrize("number", range({tests}))
def test_empty({arguments}):
    pass
"""


def times(folder: Path, tests: int, fixture: str) -> list[float]:
    """Milliseconds of each test; the first one, which imports the broker, is left out."""
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "pytest.ini").write_text("[pytest]\n")
    arguments = ", ".join(("number", fixture)) if fixture else "number"
    (folder / "test_empty.py").write_text(TESTS.format(tests=tests + 1, arguments=arguments))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "kafkashim.pytest_plugin"]
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    subprocess.run(command, cwd=folder, env=alone, check=True, stdout=subprocess.DEVNULL)
    found: list[float] = json.loads((folder / "times.json").read_text())
    return found[1:]


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tests", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    taken: dict[str, list[float]] = {"": [], "kafka_broker": [], "kafka_topic": []}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(asked.rounds):
            for fixture, values in taken.items():
                values += times(Path(folder), asked.tests, fixture)
    alone = statistics.median(taken[""])
    print(f"milliseconds a test, {asked.rounds} times {asked.tests} empty tests")
    for fixture, values in taken.items():
        median = statistics.median(values)
        print(
            f"{fixture or 'no fixture':14}  median {median:6.2f}  p95 {p95(values):6.2f}"
            + (f"  on top: {median - alone:6.2f}" if fixture else "")
        )


if __name__ == "__main__":
    main()

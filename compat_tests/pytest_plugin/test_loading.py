"""Every run of pytest loads the plugin: one that has nothing to do with Kafka hardly notices."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import entry_points

from compat_tests.pytest_plugin.conftest import Run

# What the plugin may load besides what pytest has loaded anyway.
OWN = {"kafkashim", "kafkashim.pytest_plugin"}
IMPORT = """
import sys, time
import pytest, _pytest.config
before = set(sys.modules)
begun = time.perf_counter()
import kafkashim.pytest_plugin
took = time.perf_counter() - begun
print(f"{took * 1000:.2f}", *sorted(set(sys.modules) - before))
"""


def test_it_is_installed_with_the_package() -> None:
    (found,) = {point.value for point in entry_points(group="pytest11", name="kafkashim")}
    assert found == "kafkashim.pytest_plugin"


def test_it_loads_nothing_of_the_broker() -> None:
    took: list[float] = []
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True
        )
        milliseconds, *loaded = done.stdout.split()
        assert set(loaded) == OWN
        took.append(float(milliseconds))
    # A millisecond, or three where it has to be compiled; the bound is for busy machines.
    assert min(took) < 50


def test_a_run_without_fixtures_loads_nothing_of_the_broker(run: Run) -> None:
    result = run(
        test_it="""
            import sys

            def test_it(request):
                loaded = {name for name in sys.modules if name.split(".")[0] == "kafkashim"}
                assert loaded == {"kafkashim", "kafkashim.pytest_plugin"}
                assert not [name for name in sys.modules if name.split(".")[0] == "kafka_codecs"]
                assert request.config.pluginmanager.has_plugin("kafkashim")
        """
    )
    result.assert_outcomes(passed=1)


def test_it_can_be_left_out(run: Run) -> None:
    result = run("-p", "no:kafkashim", test_it="def test_it(kafka_broker): pass")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'kafka_broker' not found*"])


def test_its_fixtures_are_described(run: Run) -> None:
    text = run("--fixtures", test_it="").stdout.str()
    for name in ("broker", "broker_session", "broker_factory", "broker_options", "topic", "faults"):
        assert re.search(rf"^kafka_{name}\b.* -- .*\n    \w", text, re.MULTILINE), name


def test_a_test_with_a_broker_takes_milliseconds(run: Run) -> None:
    """``benchmarks/pytest_fixture.py`` measures it; the bound is for busy machines."""
    result = run(
        conftest="""
import time

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    begun = time.perf_counter()
    try:
        return (yield)
    finally:
        TIMES.append(time.perf_counter() - begun)

TIMES = []

def pytest_sessionfinish():
    assert sorted(TIMES)[len(TIMES) // 2] < 0.1
""",
        test_it="""
            import pytest

            @pytest.mark.parametrize("number", range(40))
            def test_it(kafka_broker, number): pass
        """,
    )
    result.assert_outcomes(passed=40)
    assert result.ret == 0

"""Runs pytest as its user does: in a process of its own, which finds the plugin by its entry point."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable

import pytest

Run = Callable[..., pytest.RunResult]

# Whatever Python or pytest warns about fails the run.
INI = """
[pytest]
addopts = --strict-markers -p no:cacheprovider
filterwarnings = error
"""
# Set up before everything and torn down after it: nothing may be left of all that ran meanwhile.
NOTHING_LEFT = """
import gc
import os
import threading

import pytest


def sockets():
    fds = "/proc/self/fd"
    if not os.path.isdir(fds):
        return 0
    links = [os.path.join(fds, name) for name in os.listdir(fds)]
    return sum(os.path.islink(link) and os.readlink(link).startswith("socket:") for link in links)


@pytest.fixture(scope="session", autouse=True)
def nothing_left():
    try:
        # The first event loop of a process opens what stays open (libuv's signal pipe).
        import uvloop
        uvloop.new_event_loop().close()
    except ImportError:
        pass
    before = set(threading.enumerate()), sockets()
    yield
    gc.collect()
    assert (set(threading.enumerate()), sockets()) == before
"""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs pytest on some files, given by name with their texts, in an empty folder."""
    # With these pytest cuts nothing short, unlike at its user's.
    for name in ("CI", "BUILD_NUMBER"):
        monkeypatch.delenv(name, raising=False)
    options = ""
    if importlib.util.find_spec("pytest_asyncio") is not None:
        options = "asyncio_default_fixture_loop_scope = function\n"
    pytester.makeini(INI + options)

    def go(*arguments: str, conftest: str = "", **files: str) -> pytest.RunResult:
        pytester.makeconftest(f"{NOTHING_LEFT}\n{conftest}")
        pytester.makepyfile(**files)
        return pytester.runpytest_subprocess(*arguments, timeout=120)

    return go


def sections(result: pytest.RunResult) -> list[str]:
    """The texts of the sections named kafkashim, in order."""
    found: list[str] = []
    inside = False
    for line in result.outlines:
        title = line.strip("-_= ") if line[:3] in ("---", "___", "===") else None
        if title is not None:
            inside = title == "kafkashim"
            if inside:
                found.append("")
        elif inside:
            found[-1] += f"{line}\n"
    return found

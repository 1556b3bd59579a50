"""The examples of ``docs/pytest.md`` run, and print what their reader is told to expect."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from compat_tests.conftest import need
from compat_tests.pytest_plugin.conftest import Run

PAGE = Path(__file__).parents[2] / "docs" / "pytest.md"
PACKAGES = ("confluent_kafka", "aiokafka", "pytest_asyncio", "xdist")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def examples() -> dict[str, str]:
    """The files of the page, whose first lines are their names."""
    found: dict[str, str] = {}
    for block in blocks("python"):
        found[block.splitlines()[0].removeprefix("# ").removesuffix(".py")] = block
    return found


def alike(lines: list[str]) -> list[str]:
    """Lines without what differs from run to run: numbers, and the lengths of rules."""
    text = "\n".join(line.rstrip() for line in lines)
    text = re.sub(r"0x[0-9a-f]+|\d+(\.\d+)?", "N", text)
    return [re.sub(r"([=_-])\1{2,}", r"\1", line) for line in text.splitlines() if line]


def missing(wanted: list[str], there: list[str]) -> Iterator[str]:
    """The lines of ``wanted`` that are not there in this order."""
    left = iter(there)
    return (line for line in wanted if not any(line == other for other in left))


@pytest.mark.parametrize("block", blocks("console"), ids=lambda block: block.splitlines()[0][9:])
def test_example(run: Run, block: str) -> None:
    for package in PACKAGES:
        need(package)
    command, *expected = block.splitlines()
    files = examples()
    options = files.pop("conftest").replace("import pytest", "")
    result = run(*shlex.split(command.removeprefix("$ pytest ")), conftest=options, **files)
    assert not list(missing(alike(expected), alike(result.outlines))), result.outlines

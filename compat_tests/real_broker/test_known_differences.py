"""What the documents say of the differences is what the comparison found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from compat_tests.real_broker.cells import LINE, README, cells, line, steps
from compat_tests.real_broker.differences import DIFFERENCES, NOT_IN_SCENES

LIMITS = Path(__file__).parents[2] / "docs" / "limits.md"
# "- **Transactions.** InitProducerId with …"
TITLES = re.findall(r"^- \*\*(.+?)\.?\*\*", LIMITS.read_text(), re.MULTILINE)


def test_every_cell_is_asked_something() -> None:
    assert not [name for name, cell in cells().items() if not cell.steps]


def test_every_difference_is_in_the_limits_and_every_limit_is_accounted_for() -> None:
    shown = {row.limit for row in DIFFERENCES}
    assert shown <= set(TITLES)
    assert set(TITLES) - shown == set(NOT_IN_SCENES)


@pytest.mark.parametrize("row", DIFFERENCES, ids=lambda row: row.limit)
def test_a_difference_that_is_listed_is_asked_for(row: object) -> None:
    covered = [
        label for scene, version, (label, _, _) in steps() if row.covers(scene, version, label)
    ]
    assert covered


def test_the_readme_counts_the_cells() -> None:
    found = LINE.search(README.read_text())
    assert found is not None
    assert found[0] == line(), "run: python -m compat_tests.real_broker.cells"

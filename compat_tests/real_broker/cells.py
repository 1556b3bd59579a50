"""The table of APIs and versions: which cells answer as Apache Kafka does.

    python -m compat_tests.real_broker.cells

A cell is an API at a version. It is equal when every step asked of it has the recorded answer; the scenes
test that, and what they let pass is listed in :mod:`~compat_tests.real_broker.differences`. Run, this
writes the count into the README.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from compat_tests.real_broker.apache_kafka import VERSION
from compat_tests.real_broker.conversation import Step
from compat_tests.real_broker.differences import Difference, difference
from compat_tests.real_broker.recordings import recorded, recorded_on
from compat_tests.real_broker.scenes import OFFERED, Scene, all_scenes
from kafka_codecs.messages import messages

README = Path(__file__).parents[2] / "README.md"
LINE = re.compile(r"\d+ of \d+ cells equal to Apache Kafka [\d.]+, recorded on [\d-]+")


@dataclass
class Cell:
    """An API at a version: how many steps ask it, and the differences they show."""

    steps: int = 0
    differences: set[Difference] = field(default_factory=set)

    @property
    def equal(self) -> bool:
        """Whether all of it is as with Apache Kafka."""
        return bool(self.steps) and not self.differences


def steps() -> Iterator[tuple[Scene, int, Step]]:
    """Every recorded step, with the scene and the version it was played for."""
    for scene in all_scenes():
        for version in scene.versions:
            for step in recorded(scene, version) or ():
                yield scene, version, step


def cells() -> dict[str, Cell]:
    """Every API at every version offered, as in ``Produce v9``."""
    table = {
        f"{messages(key)[0].NAME} v{version}": Cell()
        for key, (low, high) in OFFERED.items()
        for version in range(low, high + 1)
    }
    for scene, version, (label, api, _) in steps():
        if api in table:
            table[api].steps += 1
            found = difference(scene, version, label)
            if found is not None:
                table[api].differences.add(found)
    return table


def line() -> str:
    """What the README says of it."""
    table = cells()
    equal = sum(cell.equal for cell in table.values())
    return (
        f"{equal} of {len(table)} cells equal to Apache Kafka {VERSION}, "
        f"recorded on {recorded_on()}"
    )


if __name__ == "__main__":
    README.write_text(LINE.sub(line(), README.read_text()))
    print(line())
    for name, cell in cells().items():
        if not cell.equal:
            limits = ", ".join(sorted({found.limit for found in cell.differences}))
            print(f"  {name}: {limits or 'never asked'}")

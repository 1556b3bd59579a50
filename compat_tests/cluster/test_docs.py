"""What docs/brokers.md shows works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

from compat_tests.conftest import need

TEXT = (Path(__file__).parents[2] / "docs" / "brokers.md").read_text()


def test_the_example() -> None:
    need("confluent_kafka")
    (example,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    exec(compile(example, "docs/brokers.md", "exec"), {})

"""Where two pieces of plain data differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def apart(real: Any, here: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """(path, what is there in one, what in the other) for each place in which they differ."""
    if isinstance(real, dict) and isinstance(here, dict) and real.keys() == here.keys():
        for key in real:
            yield from apart(real[key], here[key], f"{path}.{key}".lstrip("."))
    elif isinstance(real, list) and isinstance(here, list) and len(real) == len(here):
        for at, (one, other) in enumerate(zip(real, here, strict=True)):
            yield from apart(one, other, f"{path}[{at}]")
    elif real != here:
        yield path or "outcome", real, here

"""The text format of Prometheus, version 0.0.4."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Labels = Mapping[str, str | int]
NO_LABELS: Labels = {}


class Sample(NamedTuple):
    """A number of a metric; ``suffix`` is what a summary's count and sum have behind its name."""

    labels: Labels
    value: float
    suffix: str = ""


class Family(NamedTuple):
    """A metric with its samples; ``kind`` is ``counter``, ``gauge`` or ``summary``."""

    name: str
    kind: str
    about: str
    samples: Sequence[Sample]


def text_of(families: Iterable[Family]) -> str:
    """All of it, as it is scraped; a family without samples is left out."""
    lines: list[str] = []
    for family in families:
        if family.samples:
            lines.append(f"# HELP {family.name} {_escaped(family.about)}")
            lines.append(f"# TYPE {family.name} {family.kind}")
            lines += [
                f"{family.name}{suffix}{_labels(labels)} {value}"
                for labels, value, suffix in family.samples
            ]
    return "\n".join(lines) + "\n"


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    pairs = (f'{name}="{_quoted(str(value))}"' for name, value in labels.items())
    return "{" + ",".join(pairs) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', '\\"')

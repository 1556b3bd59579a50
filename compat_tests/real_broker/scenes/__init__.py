"""What is asked of both brokers: one file per API, named as its messages and its handler are.

A scene is a function ``scene(c, version)`` marked with :func:`scene`; it runs once for every version of
its API that is offered, with a conversation of its own
(:class:`~compat_tests.real_broker.conversation.Conversation`). What it asks of its API at that version
makes one cell of the table of APIs and versions.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from compat_tests.real_broker.apache_kafka import PLAIN
from compat_tests.real_broker.conversation import Conversation
from kafka_codecs.schema import Request, Versions
from kafkashim.dispatch import TABLE

Play = Callable[[Conversation, int], None]
OFFERED = {row.key: (row.low, row.high) for row in TABLE}


@dataclass(frozen=True)
class Scene:
    """A scene, and where it stands."""

    file: str
    api: type[Request]
    versions: tuple[int, ...]
    play: Play
    broker: str = PLAIN

    @property
    def name(self) -> str:
        return self.play.__name__

    def run(self, address: tuple[str, int], version: int) -> Conversation:
        """Play it with a broker; gives what was said."""
        title = f"{self.api.API_KEY:02d}.{self.name}.v{version}"
        conversation = Conversation(address, title)
        try:
            self.play(conversation, version)
        finally:
            conversation.close()
        return conversation


_scenes: list[Scene] = []


def scene(api: type[Request], versions: str = "", broker: str = PLAIN) -> Callable[[Play], Play]:
    """Mark a scene of an API.

    ``versions`` is for one that does not suit all that are offered, ``broker`` for one that is played
    on brokers with other properties (:data:`~compat_tests.real_broker.apache_kafka.VARIANTS`).
    """
    low, high = OFFERED[api.API_KEY]
    wanted = Versions.parse(versions) if versions else api.VERSIONS
    numbers = tuple(v for v in range(low, high + 1) if wanted.holds(v))

    def mark(play: Play) -> Play:
        _scenes.append(Scene(play.__module__.rpartition(".")[2], api, numbers, play, broker))
        return play

    return mark


def all_scenes() -> list[Scene]:
    """The scenes of all files, in the order of the files."""
    if not _scenes:
        for path in sorted(Path(__file__).parent.glob("api_*.py")):
            importlib.import_module(f"{__name__}.{path.stem}")
        names = [(found.api, found.name) for found in _scenes]
        # Topics are named after scenes: two of one name would meet.
        assert len(names) == len(set(names)), "two scenes of an API have one name"
    return _scenes


def cells() -> Iterator[tuple[int, int]]:
    """Every (API key, version) that is offered and decoded."""
    for key, (low, high) in OFFERED.items():
        yield from ((key, version) for version in range(low, high + 1))

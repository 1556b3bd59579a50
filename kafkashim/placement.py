"""Which brokers a new partition is given to (``StripedReplicaPlacer``, all brokers in one rack).

The brokers stand in a ring, by their ids, that is entered at a place of chance; each partition begins one
further on than the one before. After a whole turn the ring is shuffled, so that the same replicas do not
always stand together. Fenced brokers come last, and never first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random


class _Ring:
    def __init__(self, brokers: Sequence[int], random: Random) -> None:
        self._brokers = sorted(brokers)
        self._offset = random.randrange(len(brokers)) if brokers else 0

    def turn(self) -> None:
        self._offset += 1

    def shuffle(self, random: Random) -> None:
        random.shuffle(self._brokers)

    def __iter__(self) -> Iterator[int]:
        count = len(self._brokers)
        return (self._brokers[(self._offset + at) % count] for at in range(count))


def place(
    alive: Sequence[int], fenced: Sequence[int], partitions: int, factor: int, random: Random
) -> list[list[int]]:
    """The replicas of each partition, the preferred leader first.

    Args:
        alive: ids of the brokers that may lead, one at least.
        fenced: those of the brokers that are registered but gone.
        partitions: how many partitions are new.
        factor: how many replicas each gets, at most as many as there are brokers.
        random: where chance comes from.
    """
    ring, gone = _Ring(alive, random), _Ring(fenced, random)
    placed: list[list[int]] = []
    for number in range(partitions):
        if number:
            if number % len(alive) == 0 and len(alive) > 1:
                ring.shuffle(random)
                gone.shuffle(random)
            ring.turn()
            gone.turn()
        placed.append([*ring, *gone][:factor])
    return placed

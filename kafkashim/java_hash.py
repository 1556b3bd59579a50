"""In which order Java's hash maps hand out what is in them.

Where Apache Kafka goes through a ``HashMap`` the order decides who gets a partition more, or which of two
equals wins; clients cannot tell why, but they can tell which.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable

DEFAULT_CAPACITY = 16
_GOLDEN_RATIO = -7046029254386353131


# The ids of a group's members are put in order again with each new target.
@functools.lru_cache(maxsize=16_384)
def string_hash(text: str) -> int:
    """``String.hashCode``, without its sign."""
    code = 0
    utf16 = text.encode("utf-16-be", "surrogatepass")
    for high, low in zip(utf16[::2], utf16[1::2], strict=True):
        code = (31 * code + (high << 8 | low)) & 0xFFFFFFFF
    return code


def in_map_order(texts: Collection[str], expected: int | None = None) -> list[str]:
    """Strings in the order of a ``HashMap`` that they were put into one by one.

    ``expected`` is what the map was made for, when it was told.
    """
    capacity = DEFAULT_CAPACITY if expected is None else 1 << max(expected - 1, 0).bit_length()
    mask = _capacity(len(texts), capacity) - 1

    def bucket(text: str) -> int:
        code = string_hash(text)
        return (code ^ code >> 16) & mask

    return sorted(texts, key=bucket)


def grown_timeline(slots: int, size: int) -> int:
    """How many slots a ``TimelineHashMap`` has once it holds ``size`` entries; it never shrinks."""
    while size * 3 > slots * 4:
        slots *= 2
    return slots


def in_timeline_order(texts: Collection[str], slots: int) -> list[str]:
    """Strings in the order of a ``TimelineHashMap`` of so many slots (``BaseHashTable``)."""
    shift = 65 - slots.bit_length()

    def slot(text: str) -> int:
        code = string_hash(text)
        signed = code - (code >> 31 << 32)
        return (signed * _GOLDEN_RATIO & 0xFFFFFFFFFFFFFFFF) >> shift

    # Those that share a slot come out last in, first out.
    newest_first = list(texts)
    newest_first.reverse()
    return sorted(newest_first, key=slot)


def _capacity(size: int, capacity: int = DEFAULT_CAPACITY) -> int:
    """The table of a ``HashMap`` that grew to ``size`` entries one by one."""
    while size * 4 > capacity * 3:
        capacity *= 2
    return capacity


def ints_in_set_order(numbers: Iterable[int]) -> list[int]:
    """Small numbers in the order of a ``HashSet`` made from a list of them."""
    ascending = sorted(numbers)
    mask = _capacity(len(ascending)) - 1
    if not ascending or ascending[-1] <= mask:
        return ascending
    return sorted(ascending, key=lambda number: (number ^ number >> 16) & mask)

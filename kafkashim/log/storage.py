"""Where a log keeps its bytes, behind one small interface.

A log appends to the newest segment and reads from any; a storage makes segments and forgets them.
This one keeps them in memory.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Protocol

from kafka_codecs.schema import Buffer

FIRST_CHUNK = 4 * 1024
LARGEST_CHUNK = 1024 * 1024


class SegmentStore(Protocol):
    """The bytes of one segment."""

    size: int

    def append(self, batch: Buffer) -> memoryview:
        """Keep a copy of a batch at the end; gives the copy, writable until the next append."""
        ...

    def read(self, position: int, size: int) -> list[memoryview]:
        """At most ``size`` bytes from ``position`` on, as views of what is kept."""
        ...


class Storage(Protocol):
    """Makes segments."""

    def segment(self, base_offset: int) -> SegmentStore:
        """A new, empty segment."""
        ...


class MemorySegment:
    """Bytes in chunks that never move, so that a view of them can be sent while more is appended.

    Chunks double from 4 KiB to 1 MiB: an idle topic costs nothing, a busy one wastes little. A batch is
    never split over two chunks.
    """

    __slots__ = ("_chunks", "_room", "_starts", "_used", "size")

    def __init__(self) -> None:
        self.size = 0
        self._chunks: list[memoryview] = []
        self._starts: list[int] = []
        self._used = 0
        self._room = 0

    def append(self, batch: Buffer) -> memoryview:
        """Keep a copy of a batch at the end; gives the copy, writable until the next append."""
        length = len(batch)
        if length > self._room:
            self._grow(length)
        used = self._used
        kept = self._chunks[-1][used : used + length]
        kept[:] = batch
        self._used = used + length
        self._room -= length
        self.size += length
        return kept

    def _grow(self, length: int) -> None:
        if self._chunks:
            full = self._chunks[-1]
            used = full[: self._used]
            # A slice holds on to the whole chunk: what is left empty is given back when it is much.
            # Views that were handed out keep the old one for as long as they live.
            self._chunks[-1] = memoryview(bytes(used)) if self._room > self._used // 8 else used
            wanted = min(2 * len(full), LARGEST_CHUNK)
        else:
            wanted = FIRST_CHUNK
        room = max(wanted, length)
        self._chunks.append(memoryview(bytearray(room)))
        self._starts.append(self.size)
        self._used = 0
        self._room = room

    def read(self, position: int, size: int) -> list[memoryview]:
        """At most ``size`` bytes from ``position`` on, as views of what is kept."""
        found: list[memoryview] = []
        stop = min(position + size, self.size)
        index = self._chunk_at(position)
        while position < stop:
            start = self._starts[index]
            chunk = self._chunks[index]
            end = min(stop, start + (self._used if index == len(self._chunks) - 1 else len(chunk)))
            found.append(chunk[position - start : end - start].toreadonly())
            position = end
            index += 1
        return found

    def _chunk_at(self, position: int) -> int:
        return bisect_right(self._starts, position) - 1


class MemoryStorage:
    """Segments in memory; they are gone when nobody holds them."""

    def segment(self, base_offset: int) -> MemorySegment:
        """A new, empty segment."""
        return MemorySegment()

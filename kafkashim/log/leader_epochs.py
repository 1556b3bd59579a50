"""Which leader epoch began at which offset of a log (``LeaderEpochFileCache``, KIP-101, KIP-320)."""

from __future__ import annotations

from typing import NamedTuple

UNDEFINED_EPOCH = -1
UNDEFINED_EPOCH_OFFSET = -1


class EpochEntry(NamedTuple):
    """An epoch, and the offset of the first record that its leader wrote or would have written."""

    epoch: int
    start_offset: int


class LeaderEpochs:
    """The epochs that have records in the log, and the latest, oldest first."""

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: list[EpochEntry] = []

    @property
    def latest(self) -> int:
        """The latest epoch; -1 before the first."""
        return self._entries[-1].epoch if self._entries else UNDEFINED_EPOCH

    def assign(self, epoch: int, start_offset: int) -> None:
        """A leader begins; an epoch that nothing was written in is forgotten."""
        while self._entries and self._entries[-1].start_offset >= start_offset:
            self._entries.pop()
        self._entries.append(EpochEntry(epoch, start_offset))

    def truncate_from_start(self, log_start_offset: int) -> None:
        """What lies before an offset is gone: forget the epochs that ended before it."""
        entries = self._entries
        while len(entries) > 1 and entries[1].start_offset <= log_start_offset:
            del entries[0]
        if entries and entries[0].start_offset < log_start_offset:
            entries[0] = EpochEntry(entries[0].epoch, log_start_offset)

    def truncate_from_end(self, log_end_offset: int) -> None:
        """What lies from an offset on is gone: forget the epochs that began there or later."""
        while self._entries and self._entries[-1].start_offset >= log_end_offset:
            self._entries.pop()

    def copy(self) -> LeaderEpochs:
        """The same epochs, for a log that goes its own way."""
        other = LeaderEpochs()
        other._entries = list(self._entries)
        return other

    def earliest_at(self, log_start_offset: int) -> int:
        """The epoch at the log's start; -1 where it is not known."""
        first = self._entries[0] if self._entries else None
        if first is None or first.start_offset > log_start_offset:
            return UNDEFINED_EPOCH
        return first.epoch

    def end_offset_for(self, epoch: int, log_end_offset: int) -> tuple[int, int]:
        """The largest known epoch not above ``epoch``, and where it ended (``endOffsetFor``)."""
        if epoch == UNDEFINED_EPOCH:
            return UNDEFINED_EPOCH, UNDEFINED_EPOCH_OFFSET
        if epoch == self.latest:
            return epoch, log_end_offset
        floor = epoch
        for entry in self._entries:
            if entry.epoch > epoch:
                return floor, entry.start_offset
            floor = entry.epoch
        return UNDEFINED_EPOCH, UNDEFINED_EPOCH_OFFSET

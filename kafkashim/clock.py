"""Where time comes from: one clock, injected, so that any run can be replayed.

The server brings a clock that follows the machine and the event loop; a test brings
:class:`ManualClock` and moves it by hand.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count
from typing import Protocol


class TimerHandle(Protocol):
    """A call that was asked for and has not happened yet."""

    def cancel(self) -> None:
        """Forget the call; harmless when it already happened."""
        ...


class Clock(Protocol):
    """Wall-clock time and delayed calls."""

    def now_ms(self) -> int:
        """Milliseconds since the epoch, as Kafka's ``Time.milliseconds``."""
        ...

    def call_later(self, delay_ms: float, callback: Callable[[], None]) -> TimerHandle:
        """Call ``callback`` once, ``delay_ms`` milliseconds from now."""
        ...


class _ManualTimer:
    __slots__ = ("callback",)

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class ManualClock:
    """A clock that stands still until :meth:`advance` moves it."""

    def __init__(self, now_ms: int = 1_700_000_000_000) -> None:
        self._now_ms: float = now_ms
        self._order = count()
        self._timers: list[tuple[float, int, _ManualTimer]] = []

    def now_ms(self) -> int:
        """Milliseconds since the epoch."""
        return int(self._now_ms)

    def call_later(self, delay_ms: float, callback: Callable[[], None]) -> TimerHandle:
        """Call ``callback`` when the clock has been moved ``delay_ms`` milliseconds on."""
        timer = _ManualTimer(callback)
        heapq.heappush(self._timers, (self._now_ms + delay_ms, next(self._order), timer))
        return timer

    def advance(self, milliseconds: float) -> None:
        """Move on, making each call that falls due on the way at its own moment."""
        end = self._now_ms + milliseconds
        while self._timers and self._timers[0][0] <= end:
            due, _, timer = heapq.heappop(self._timers)
            self._now_ms = max(self._now_ms, due)
            callback, timer.callback = timer.callback, None
            if callback is not None:
                callback()
        self._now_ms = end

"""Where time comes from: one clock, injected, so that any run can be replayed.

The server brings :class:`LoopClock`, which follows the machine and the event loop and can be moved ahead
of them; a test without sockets brings :class:`ManualClock`, which only moves by hand.
"""

from __future__ import annotations

import asyncio
import heapq
import time
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


class _LoopTimer:
    __slots__ = ("callback", "clock", "due_ms", "handle", "order")

    def __init__(
        self, clock: LoopClock, due_ms: float, order: int, callback: Callable[[], None]
    ) -> None:
        self.clock = clock
        self.due_ms = due_ms
        self.order = order
        self.callback = callback
        self.handle: TimerHandle | None = None

    def run(self) -> None:
        self.clock.timers.discard(self)
        self.callback()

    def cancel(self) -> None:
        self.clock.timers.discard(self)
        if self.handle is not None:
            self.handle.cancel()


class LoopClock:
    """Machine time and the timers of an event loop, as far ahead of them as it was moved.

    For the loop's own thread.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._ahead_ms = 0
        self._order = count()
        self.timers: set[_LoopTimer] = set()

    def now_ms(self) -> int:
        """Milliseconds since the epoch."""
        return time.time_ns() // 1_000_000 + self._ahead_ms

    def call_later(self, delay_ms: float, callback: Callable[[], None]) -> TimerHandle:
        """Call back in the loop."""
        timer = _LoopTimer(self, self.now_ms() + delay_ms, next(self._order), callback)
        timer.handle = self._loop.call_later(delay_ms / 1000, timer.run)
        self.timers.add(timer)
        return timer

    def advance(self, milliseconds: float) -> None:
        """Move ahead at once, making each call that falls due on the way at its own moment.

        Raises:
            ValueError: the clock cannot go back.
        """
        if milliseconds < 0:
            raise ValueError("the clock cannot go back")
        end = self.now_ms() + int(milliseconds)
        while self.timers:
            first = min(self.timers, key=lambda timer: (timer.due_ms, timer.order))
            if first.due_ms > end:
                break
            first.cancel()
            self._move_to(first.due_ms)
            first.callback()
        self._move_to(end)
        for timer in self.timers:
            if timer.handle is not None:
                timer.handle.cancel()
            wait_ms = max(timer.due_ms - self.now_ms(), 0)
            timer.handle = self._loop.call_later(wait_ms / 1000, timer.run)

    def _move_to(self, moment_ms: float) -> None:
        self._ahead_ms += max(int(moment_ms) - self.now_ms(), 0)

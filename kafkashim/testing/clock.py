"""The broker's clock, to be moved by a test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kafkashim.clock import LoopClock


class ShimClock:
    """Moves the broker's time ahead, at once and without sleeping.

    What falls due on the way happens, each at its own moment: retention, the expiry of producers,
    sessions and rebalances of groups, waiting fetches. Sockets, and the clients' own time, stay.
    """

    def __init__(self, clock: LoopClock, call: Callable[[Callable[[Any], None]], None]) -> None:
        self._clock = clock
        self._call = call

    def now_ms(self) -> int:
        """The broker's time, in milliseconds since the epoch."""
        return self._clock.now_ms()

    def advance(
        self,
        *,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
        milliseconds: float = 0,
    ) -> None:
        """Move on by the sum of it.

        Raises:
            ValueError: the sum is negative.
        """
        minutes += 60 * (hours + 24 * days)
        step = milliseconds + 1000 * (seconds + 60 * minutes)
        self._call(lambda broker: self._clock.advance(step))

"""Timers under a name each: asking again for a name moves its call, closing forgets all of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from kafkashim.clock import Clock, TimerHandle


class Timers:
    """Delayed calls by key, as ``CoordinatorTimer`` has them."""

    __slots__ = ("_clock", "_handles")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._handles: dict[Hashable, TimerHandle] = {}

    def __len__(self) -> int:
        return len(self._handles)

    def schedule(self, key: Hashable, delay_ms: float, callback: Callable[[], None]) -> None:
        """Call ``callback`` in ``delay_ms`` milliseconds, instead of what was asked for before."""
        self.cancel(key)

        def run() -> None:
            del self._handles[key]
            callback()

        self._handles[key] = self._clock.call_later(delay_ms, run)

    def is_scheduled(self, key: Hashable) -> bool:
        """Whether a call of a key is to come."""
        return key in self._handles

    def cancel(self, key: Hashable) -> None:
        """Forget the call of a key, if there is one."""
        handle = self._handles.pop(key, None)
        if handle is not None:
            handle.cancel()

    def close(self) -> None:
        """Forget all calls."""
        for handle in self._handles.values():
            handle.cancel()
        self._handles.clear()

"""Timers under a name each: asking again for a name moves its call, closing forgets all of them.

The name of a group's timer is a tuple: what it is for, the group's id, and a member's where it has one.
"""

from __future__ import annotations

from collections.abc import Callable

from kafkashim.clock import Clock, TimerHandle

Key = str | tuple[str, ...]
# How soon is looked again for a group to which nothing may happen, at the least.
STUCK_MS = 100


class Timers:
    """Delayed calls by key, as ``CoordinatorTimer`` has them.

    Args:
        clock: what they go by.
        is_stuck: whether nothing may happen to a group for now; its calls begin anew then.
    """

    __slots__ = ("_clock", "_handles", "_is_stuck")

    def __init__(self, clock: Clock, is_stuck: Callable[[str], bool] | None = None) -> None:
        self._clock = clock
        self._is_stuck = is_stuck
        self._handles: dict[Key, TimerHandle] = {}

    def __len__(self) -> int:
        return len(self._handles)

    def schedule(self, key: Key, delay_ms: float, callback: Callable[[], None]) -> None:
        """Call ``callback`` in ``delay_ms`` milliseconds, instead of what was asked for before."""
        self.cancel(key)

        def run() -> None:
            del self._handles[key]
            if self._is_stuck is not None and isinstance(key, tuple) and self._is_stuck(key[1]):
                self.schedule(key, max(delay_ms, STUCK_MS), callback)
            else:
                callback()

        self._handles[key] = self._clock.call_later(delay_ms, run)

    def is_scheduled(self, key: Key) -> bool:
        """Whether a call of a key is to come."""
        return key in self._handles

    def cancel(self, key: Key) -> None:
        """Forget the call of a key, if there is one."""
        handle = self._handles.pop(key, None)
        if handle is not None:
            handle.cancel()

    def close(self) -> None:
        """Forget all calls."""
        for handle in self._handles.values():
            handle.cancel()
        self._handles.clear()

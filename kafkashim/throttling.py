"""How fast clients may go, and how long they have to wait when they were faster (KIP-13, KIP-219).

The rate is that of ``quota.window.num`` windows of ``quota.window.size.seconds``; the sums, the length of
the time they are divided by, and the rounding are those of ``ClientQuotaManager``, ``Rate`` and
``SampledStat``, so that a client is told to wait as long as Apache Kafka would tell it.
"""

from __future__ import annotations

import math

# The principal of a listener without authentication.
ANONYMOUS = "ANONYMOUS"
# Where an entity names no user, or no client id; ``None`` stands for the default one.
ABSENT = ""
# ClientQuotaManager.INACTIVE_SENSOR_EXPIRATION_TIME_SECONDS
FORGOTTEN_AFTER_MS = 3_600_000
FIRST_LOOK_FOR_FORGOTTEN = 1_000
INT_MAX = 2**31 - 1
# Which levels of quotas are set anywhere: it decides which rate a client is counted in.
_CLIENT_LEVEL, _USER_LEVEL, _BOTH_LEVEL = 1, 2, 4


class ByteRates:
    """The rates of all clients, and what limits them."""

    __slots__ = ("_levels", "_limits", "_look_at", "_rates", "_samples", "_window_ms")

    def __init__(self, samples: int, window_seconds: int) -> None:
        self._samples = samples
        self._window_ms = window_seconds * 1000
        # (user, client id) -> bytes a second
        self._limits: dict[tuple[str | None, str | None], float] = {}
        self._levels = 0
        self._rates: dict[tuple[str, str], Rate] = {}
        self._look_at = FIRST_LOOK_FOR_FORGOTTEN

    @property
    def limited(self) -> bool:
        """Whether there is any limit."""
        return bool(self._limits)

    def limit(
        self, user: str | None, client_id: str | None, bytes_per_second: float | None
    ) -> None:
        """Set the limit of an entity, or take it away."""
        if bytes_per_second is None:
            self._limits.pop((user, client_id), None)
        else:
            self._limits[user, client_id] = bytes_per_second
        self._levels = 0
        for limited_user, limited_client_id in self._limits:
            if limited_user == ABSENT:
                self._levels |= _CLIENT_LEVEL
            else:
                self._levels |= _USER_LEVEL if limited_client_id == ABSENT else _BOTH_LEVEL

    def record(self, client_id: str | None, size: int, now_ms: int) -> int:
        """Count bytes; gives for how many milliseconds the client is to be muted."""
        tags = self._tags(client_id or "")
        rate = self._rate(tags, now_ms)
        rate.record(size, now_ms)
        limit = self._limit_of(tags)
        if limit is None:
            return 0
        window_ms = rate.window_ms(now_ms)
        measured = rate.total() / (window_ms / 1000)
        if measured <= limit:
            return 0
        delay_ms = (measured - limit) / limit * window_ms
        if math.isnan(delay_ms):
            return 0
        # As Java rounds to a long and cuts that off to an int.
        rounded = math.floor(min(delay_ms, 2.0**62) + 0.5)
        return max((rounded + 2**31) % 2**32 - 2**31, 0)

    def take_back(self, client_id: str | None, size: int, now_ms: int) -> None:
        """Undo :meth:`record` for bytes that are not sent after all."""
        self._rate(self._tags(client_id or ""), now_ms).record(-size, now_ms)

    def most_at_once(self, client_id: str | None) -> int:
        """What a client that was given nothing lately can be given without being muted."""
        limit = self._limit_of(self._tags(client_id or ""))
        if limit is None:
            return INT_MAX
        most = limit * (self._samples - 1) * (self._window_ms // 1000)
        return 0 if math.isnan(most) else int(min(most, INT_MAX))

    def _rate(self, tags: tuple[str, str], now_ms: int) -> Rate:
        rate = self._rates.get(tags)
        if rate is None:
            if len(self._rates) >= self._look_at:
                self._forget(now_ms)
            rate = self._rates[tags] = Rate(self._samples, self._window_ms)
        return rate

    def _forget(self, now_ms: int) -> None:
        """Forget clients that were silent for long."""
        self._rates = {
            tags: rate
            for tags, rate in self._rates.items()
            if now_ms - rate.last_ms < FORGOTTEN_AFTER_MS
        }
        self._look_at = FIRST_LOOK_FOR_FORGOTTEN + 2 * len(self._rates)

    def _tags(self, client_id: str) -> tuple[str, str]:
        """Whose rate a client is counted in: its user's, its client id's, or that of both together.

        With one level of quotas it is that level's, and with several that of the most specific quota
        (``DefaultQuotaCallback.quotaMetricTags``).
        """
        user = ANONYMOUS
        if self._levels in (0, _CLIENT_LEVEL):
            return ABSENT, client_id
        if self._levels == _USER_LEVEL:
            return user, ABSENT
        if self._levels == _BOTH_LEVEL:
            return user, client_id
        limits = self._limits
        if (user, client_id) in limits or (user, None) in limits:
            return user, client_id
        if (user, ABSENT) in limits:
            return user, ABSENT
        if (None, client_id) in limits or (None, None) in limits:
            return user, client_id
        return (user, ABSENT) if (None, ABSENT) in limits else (ABSENT, client_id)

    def _limit_of(self, tags: tuple[str, str]) -> float | None:
        user, client_id = tags
        places: tuple[tuple[str | None, str | None], ...]
        if user and client_id:
            places = ((user, client_id), (user, None), (None, client_id), (None, None))
        elif user:
            places = ((user, ABSENT), (None, ABSENT))
        elif client_id:
            places = ((ABSENT, client_id), (ABSENT, None))
        else:
            return None
        return next((self._limits[place] for place in places if place in self._limits), None)


class Rate:
    """A sum over the last windows, one of which is filling."""

    __slots__ = ("_current", "_most", "_samples", "_window_ms", "last_ms")

    def __init__(self, samples: int, window_ms: int) -> None:
        self._most = samples
        self._window_ms = window_ms
        self._samples: list[_Sample] = []
        self._current = 0
        self.last_ms = 0

    def record(self, value: int, now_ms: int) -> None:
        """Count a value."""
        self.last_ms = now_ms
        if not self._samples:
            self._samples.append(_Sample(now_ms))
        sample = self._samples[self._current]
        if now_ms - sample.start_ms >= self._window_ms:
            sample = self._advance(now_ms)
        sample.value += value
        sample.last_ms = now_ms

    def _advance(self, now_ms: int) -> _Sample:
        # One more than is asked for, because the oldest may have begun before the time looked at.
        self._current = (self._current + 1) % (self._most + 1)
        if self._current >= len(self._samples):
            self._samples.append(_Sample(now_ms))
        else:
            self._samples[self._current].reset(now_ms)
        return self._samples[self._current]

    def total(self) -> float:
        """The sum of what :meth:`window_ms` left."""
        return sum(sample.value for sample in self._samples)

    def window_ms(self, now_ms: int) -> int:
        """The time the sum is of; drops what is too old first.

        All windows but one are taken as complete, so that a first burst is not taken for the rate.
        """
        oldest_ms = now_ms
        for sample in self._samples:
            if now_ms - sample.last_ms >= self._most * self._window_ms:
                sample.reset(now_ms)
            oldest_ms = min(oldest_ms, sample.start_ms)
        elapsed_ms = now_ms - oldest_ms
        missing = self._most - 1 - elapsed_ms // self._window_ms
        return max(elapsed_ms + max(missing, 0) * self._window_ms, 1)


class _Sample:
    __slots__ = ("last_ms", "start_ms", "value")

    def __init__(self, now_ms: int) -> None:
        self.reset(now_ms)

    def reset(self, now_ms: int) -> None:
        self.start_ms = self.last_ms = now_ms
        self.value = 0

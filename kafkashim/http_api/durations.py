"""How long something took, as the histograms of Apache Kafka's metrics tell it."""

from __future__ import annotations

from collections import deque

# How many of the newest are looked at for quantiles (ExponentiallyDecayingSample has as many).
REMEMBERED = 1028


class Durations:
    """Durations in whole milliseconds.

    Attributes:
        count: how many there were.
        total: their sum.
    """

    def __init__(self) -> None:
        self.count = 0
        self.total = 0
        self._newest: deque[int] = deque(maxlen=REMEMBERED)

    def add(self, ms: int) -> None:
        """One more."""
        self.count += 1
        self.total += ms
        self._newest.append(ms)

    def quantiles(self, wanted: tuple[float, ...]) -> list[float]:
        """Quantiles of the newest (``Snapshot.getValue``)."""
        values = sorted(self._newest)
        return [_quantile(values, each) for each in wanted]


def _quantile(values: list[int], wanted: float) -> float:
    if not values:
        return 0.0
    at = wanted * (len(values) + 1)
    if at < 1:
        return float(values[0])
    if at >= len(values):
        return float(values[-1])
    lower, upper = values[int(at) - 1], values[int(at)]
    return lower + (at - int(at)) * (upper - lower)

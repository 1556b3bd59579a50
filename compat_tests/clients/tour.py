"""What the tours of administration in Python have in common: steps with a name and an outcome."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

# In Apache Kafka what the controller was told is known to the broker a moment later.
PROPAGATION_S = 0.25


class Tour:
    """Outcomes by the names of their steps, in order; an outcome is plain data, or ``error: …``."""

    def __init__(self, name_of: Callable[[Exception], str]) -> None:
        self._name_of = name_of
        self.steps: dict[str, Any] = {}

    def step(self, name: str, action: Callable[[], Any]) -> None:
        """Do it and keep what came of it; what gives nothing was ``ok``."""
        assert name not in self.steps, name
        try:
            outcome = action()
        except Exception as error:
            outcome = f"error: {self._name_of(error)}"
        self.steps[name] = "ok" if outcome is None else plain(outcome)

    def change(self, name: str, action: Callable[[], Any]) -> None:
        """A step whose effect the next one is to see."""
        self.step(name, action)
        time.sleep(PROPAGATION_S)


def plain(value: Any) -> Any:
    """As it comes back from JSON."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        items = [plain(item) for item in value]
        return sorted(items, key=repr) if isinstance(value, set | frozenset) else items
    return value

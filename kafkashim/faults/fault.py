"""One fault: what it does, when, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self

from kafkashim.faults.actions import Action, read_action
from kafkashim.faults.conditions import Conditions, Counted


class Fault(Counted):
    """A fault that was set: what it does, when, and what came of it.

    Attributes:
        number: names it, from 1 on.
        looked_at: how many requests it was asked about.
        matched: how many of them its conditions about requests hold for.
        fired: how often it acted.
        missed: how often each condition did not hold.
    """

    def __init__(
        self, number: int, action: Action, conditions: Conditions, remove: Callable[[int], bool]
    ) -> None:
        super().__init__(conditions)
        self.number = number
        self.action = action
        self._remove = remove

    def remove(self) -> None:
        """Let it act no more; what it counted stays."""
        self._remove(self.number)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.remove()

    def words(self) -> dict[str, Any]:
        """The description it could be set with again."""
        return {"action": self.action.name, **self.action.words(), **self.conditions.words()}

    @property
    def title(self) -> str:
        """What it does and when, in one line."""
        words = self.words()
        action = words.pop("action")
        return f"{action}({', '.join(f'{k}={v}' for k, v in words.items())})"

    def __str__(self) -> str:
        return f"{self.title}: {self.told()}"

    __repr__ = __str__


def read_fault(
    words: Mapping[str, object], numbers: Iterator[int], remove: Callable[[int], bool]
) -> Fault:
    """A fault from its description.

    Raises:
        FaultError: the description has a mistake.
    """
    left = dict(words)
    action = read_action(left.pop("action", None), left)
    conditions = Conditions.read(left)
    return Fault(next(numbers), action, conditions, remove)

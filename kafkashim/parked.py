"""An answer that comes later: a fetch that waits for data, a join that waits for its group."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

ResponseT = TypeVar("ResponseT")


class Parked(Generic[ResponseT]):
    """What a handler returns when it cannot answer yet.

    The connection stops at a parked request, as ``SocketServer`` mutes the channel of a request in
    flight, so that the answers of a connection stay in the order of its requests.
    """

    __slots__ = ("_deliver", "done", "on_cancel", "response")

    def __init__(self) -> None:
        self.done = False
        self.on_cancel: Callable[[], None] | None = None
        self._deliver: Callable[[ResponseT], None] | None = None
        self.response: ResponseT | None = None

    def answer(self, response: ResponseT) -> None:
        """Give the answer. Only the first one counts; one for a lost connection goes nowhere."""
        if self.done:
            return
        self.done = True
        self.response = response
        if self._deliver is not None:
            self._deliver(response)

    def cancel(self) -> None:
        """The connection is gone: whoever was to answer is told through ``on_cancel``."""
        if self.done:
            return
        self.done = True
        if self.on_cancel is not None:
            self.on_cancel()

    def deliver_to(self, deliver: Callable[[ResponseT], None]) -> None:
        """Connect the side that waits. Who finds ``response`` set has it and need not wait."""
        self._deliver = deliver

"""Answers that are not just given: those that come later, and those after which a client has to wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from kafka_codecs.schema import Buffer
from kafkashim.clock import Clock

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
        self._deliver: Callable[[ResponseT | Throttled[ResponseT]], None] | None = None
        self.response: ResponseT | Throttled[ResponseT] | None = None

    def answer(self, response: ResponseT | Throttled[ResponseT]) -> None:
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

    def deliver_to(self, deliver: Callable[[ResponseT | Throttled[ResponseT]], None]) -> None:
        """Connect the side that waits. Who finds ``response`` set has it and need not wait."""
        self._deliver = deliver


class Throttled(Parked[ResponseT]):
    """An answer that is given at once, after which the connection is muted for a while (KIP-219).

    It says itself for how long. Without a response (Produce with acks 0) there is only the wait.
    """

    __slots__ = ("delay_ms", "frame", "given")

    def __init__(self, given: ResponseT | None, delay_ms: int) -> None:
        super().__init__()
        self.given = given
        self.delay_ms = delay_ms
        # The bytes of the answer.
        self.frame: bytes | list[Buffer] | None = None

    def begin(self, clock: Clock, over: Callable[[], None]) -> None:
        """Call back when the time is over, unless the connection is gone by then."""

        def end() -> None:
            self.done = True
            over()

        self.on_cancel = clock.call_later(self.delay_ms, end).cancel

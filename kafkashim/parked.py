"""Answers that are not just given.

Those that come later (:class:`Parked`), those after which a client has to wait (:class:`Throttled`), and
what a fault makes of an answer: a slow one (:class:`Slow`), a part of one or none (:class:`Ending`,
:class:`Silence`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from kafka_codecs.schema import Buffer
from kafkashim.clock import Clock

ResponseT = TypeVar("ResponseT")
# How often a slow answer goes on.
SLOW_STEP_MS = 20


class Parked(Generic[ResponseT]):
    """What a handler returns when it cannot answer yet.

    The connection stops at a parked request, as ``SocketServer`` mutes the channel of a request in
    flight, so that the answers of a connection stay in the order of its requests.
    """

    __slots__ = ("_deliver", "done", "on_cancel", "response")

    def __init__(self) -> None:
        self.done = False
        self.on_cancel: Callable[[], None] | None = None
        self._deliver: Callable[[ResponseT | Given[ResponseT]], None] | None = None
        self.response: ResponseT | Given[ResponseT] | None = None

    def answer(self, response: ResponseT | Given[ResponseT]) -> None:
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

    def deliver_to(self, deliver: Callable[[ResponseT | Given[ResponseT]], None]) -> None:
        """Connect the side that waits. Who finds ``response`` set has it and need not wait."""
        self._deliver = deliver


class Given(Parked[ResponseT]):
    """An answer that is there, and is sent in a way of its own. Without a response nothing is sent."""

    __slots__ = ("frame", "given")

    def __init__(self, given: ResponseT | None) -> None:
        super().__init__()
        self.given = given
        # The bytes of the answer.
        self.frame: list[Buffer] = []


class Muting(Given[ResponseT]):
    """An answer after which the connection handles nothing more for a while."""

    __slots__ = ()

    def begin(
        self, clock: Clock, send: Callable[[list[Buffer]], None], over: Callable[[], None]
    ) -> list[Buffer]:
        """Give what is to be sent at once; ``send`` the rest and call ``over`` when the time comes.

        Neither is called when the connection is lost before.
        """
        raise NotImplementedError


class Throttled(Muting[ResponseT]):
    """An answer that is given at once, after which the connection is muted for a while (KIP-219).

    It says itself for how long. Without a response (Produce with acks 0) there is only the wait.
    """

    __slots__ = ("delay_ms",)

    def __init__(self, given: ResponseT | None, delay_ms: int) -> None:
        super().__init__(given)
        self.delay_ms = delay_ms

    def begin(
        self, clock: Clock, send: Callable[[list[Buffer]], None], over: Callable[[], None]
    ) -> list[Buffer]:
        """Send all of it; it is over after the delay."""

        def end() -> None:
            self.done = True
            over()

        self.on_cancel = clock.call_later(self.delay_ms, end).cancel
        return self.frame


class Slow(Muting[ResponseT]):
    """An answer that leaves at so many bytes a second."""

    __slots__ = ("bytes_per_second",)

    def __init__(self, given: ResponseT, bytes_per_second: float) -> None:
        super().__init__(given)
        self.bytes_per_second = bytes_per_second

    def begin(
        self, clock: Clock, send: Callable[[list[Buffer]], None], over: Callable[[], None]
    ) -> list[Buffer]:
        """Send it piece by piece; it is over with the last."""
        data = b"".join(self.frame)
        begun = clock.now_ms()
        sent = 0

        def go_on() -> None:
            nonlocal sent
            due = int((clock.now_ms() - begun) * self.bytes_per_second / 1000)
            if due > sent:
                send([data[sent:due]])
                sent = due
            if sent >= len(data):
                self.done = True
                over()
            else:
                self.on_cancel = clock.call_later(SLOW_STEP_MS, go_on).cancel

        self.on_cancel = clock.call_later(SLOW_STEP_MS, go_on).cancel
        return []


class Ending(Given[ResponseT]):
    """The connection is closed in the place of an answer, or in the middle of its bytes.

    Args:
        given: the answer that is begun; ``None`` for none.
        reason: why, for the log.
        length: how many bytes of it are sent; ``None`` for half of them.
    """

    __slots__ = ("length", "reason")

    def __init__(self, given: ResponseT | None, reason: str, length: int | None = None) -> None:
        super().__init__(given)
        self.reason = reason
        self.length = length

    def cut(self) -> list[Buffer]:
        """The bytes that are sent before the connection is closed, never all of the answer."""
        data = b"".join(self.frame)
        half = len(data) // 2
        return [data[: half if self.length is None else min(self.length, len(data) - 1)]]


class Silence(Given[ResponseT]):
    """No answer at all; the connection goes on as if there had been one."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(None)

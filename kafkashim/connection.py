"""One connection: bytes in, bytes out, the order of the answers, back-pressure. No sockets here.

The transport fills the buffer it is given, calls :meth:`Connection.received`, and sends what
:meth:`Transport.write` gets. Requests are handled one after the other; at one whose answer comes later
the connection stops, as ``SocketServer`` mutes a channel while a request is in flight, so that answers
leave in the order of the requests.

Every connection receives into one shared buffer. Only what is left of a frame that has not arrived as a
whole is kept, in a buffer of the connection's own, which grows with what really came: a size field
alone costs nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from struct import Struct
from typing import Any, Protocol

from kafka_codecs.schema import Buffer
from kafkashim.dispatch import Answer, CloseConnection, Dispatcher
from kafkashim.parked import Ending, Muting, Parked

SHARED_BUFFER_SIZE = 256 * 1024
# How far the own buffer may be ahead of what was received.
GROWTH = 1024 * 1024
SMALLEST_BUFFER = 4 * 1024
# What is read ahead of a request that is not answered yet, before reading stops.
READ_AHEAD = 64 * 1024
# How much of the answers is gathered into one write. Requests are small and answers may be large: a
# peer that asks for much and reads nothing has to be noticed in the middle of what it sent at once.
WRITE_AT_ONCE = 64 * 1024
# How many answers the first write of those to one read carries, and each further one twice as many: a
# client with a few requests in flight goes on while the rest of them is handled, and one that sent
# hundreds is answered in few writes.
FIRST_ANSWERS = 2

log = logging.getLogger("kafkashim.connection")
_length = Struct(">i").unpack_from
# What buffers grow by: pages of zeros that are never written to, and so take no memory.
_room = memoryview(bytes(GROWTH))


class Transport(Protocol):
    """What a connection asks of the network."""

    def write(self, buffers: list[Buffer], size: int) -> None:
        """Send the buffers, ``size`` bytes together, in this order."""
        ...

    def pause_reading(self) -> None:
        """Receive nothing until told otherwise."""
        ...

    def resume_reading(self) -> None:
        """Receive again."""
        ...

    def close(self) -> None:
        """Send what is waiting to be sent, then close."""
        ...

    def call_soon(self, callback: Callable[[], None]) -> None:
        """Call back when the work at hand is done."""
        ...


class Connection:
    """Cuts frames, has them answered, keeps order."""

    __slots__ = (
        "_dispatcher",
        "_filled",
        "_handling",
        "_max_request",
        "_own",
        "_parked",
        "_reading",
        "_shared",
        "_transport",
        "_writable",
        "closed",
        "id",
        "listener_host",
        "listener_name",
        "listener_port",
        "peer_host",
        "peer_port",
    )

    def __init__(
        self,
        number: int,
        dispatcher: Dispatcher,
        transport: Transport,
        shared: memoryview,
        *,
        max_request: int,
        peer: tuple[str, int] = ("", 0),
        listener: tuple[str, int] = ("", 0),
        listener_name: str = "PLAINTEXT",
    ) -> None:
        self.id = number
        self._dispatcher = dispatcher
        self._transport = transport
        self._shared = shared
        self._max_request = max_request
        self.peer_host, self.peer_port = peer
        self.listener_host, self.listener_port = listener
        self.listener_name = listener_name
        self._own: bytearray | None = None
        self._filled = 0
        self._handling = False
        self._parked: Parked[Any] | None = None
        self._reading = True
        self._writable = True
        self.closed = False

    def get_buffer(self) -> memoryview:
        """Where the next bytes go."""
        if self._own is None:
            return self._shared
        if self._filled == len(self._own):
            self._grow()
        return memoryview(self._own)[self._filled :]

    def received(self, count: int) -> None:
        """``count`` bytes were put into the buffer :meth:`get_buffer` gave."""
        if self.closed:
            return
        if self._own is None:
            data = self._shared[:count]
            if self._parked is None and self._writable:
                self._keep(data[self._handle(data) :])
            else:
                self._keep(data)
        else:
            self._filled += count
            if self._parked is None and self._writable:
                self._handle_own()
        if (
            self._reading
            and not self.closed
            and (self._parked is not None or not self._writable)
            and self._filled >= READ_AHEAD
        ):
            self._reading = False
            self._transport.pause_reading()

    def _handle_own(self) -> None:
        own = self._own
        assert own is not None
        view = memoryview(own)[: self._filled]
        done = self._handle(view)
        if done:
            self._own, self._filled = None, 0
            self._keep(view[done:])

    def _keep(self, rest: Buffer) -> None:
        """Keep what has not been handled yet."""
        if not len(rest) or self.closed:
            return
        self._own = bytearray(max(SMALLEST_BUFFER, len(rest)))
        self._own[: len(rest)] = rest
        self._filled = len(rest)

    def _grow(self) -> None:
        """Make room: for the rest of the frame, but never far ahead of what came."""
        own = self._own
        assert own is not None
        room = READ_AHEAD
        if self._filled >= 4 and self._parked is None and self._writable:
            missing = 4 + _length(own, 0)[0] - len(own)
            room = min(GROWTH, max(missing, SMALLEST_BUFFER))
        own += _room[:room]

    def _handle(self, data: memoryview) -> int:
        """Handle the whole frames in ``data``; gives how many bytes they were."""
        o, end = 0, len(data)
        out: list[Buffer] = []
        size = 0
        at_once = FIRST_ANSWERS
        dispatch, later = self._dispatcher.dispatch, self._answered
        self._handling = True
        try:
            while (start := o + 4) <= end:
                (length,) = _length(data, o)
                if not 0 < length <= self._max_request:
                    raise CloseConnection(f"a request of {length} bytes")
                stop = start + length
                if stop > end:
                    break
                answer = dispatch(data[start:stop], self, later)
                o = stop
                if type(answer) is bytes:
                    out.append(answer)
                    size += len(answer)
                elif type(answer) is list:
                    out += answer
                    size += sum(map(len, answer))
                elif isinstance(answer, Parked):
                    if isinstance(answer, Muting):
                        begun = self._mute(answer)
                        out += begun
                        size += sum(map(len, begun))
                    elif isinstance(answer, Ending):
                        begun = self._end(answer)
                        out += begun
                        size += sum(map(len, begun))
                    else:
                        self._parked = answer
                    break
                elif self.closed:
                    break
                if len(out) >= at_once or size > WRITE_AT_ONCE:
                    self._transport.write(out, size)
                    if not self._writable:
                        out = []
                        break
                    out, size, at_once = [], 0, 2 * at_once
        except CloseConnection as refusal:
            log.warning("Closing connection %s:%d: %s", self.peer_host, self.peer_port, refusal)
            self.closed = True
        except Exception:
            # One connection's trouble is never another's, nor the loop's.
            log.exception("Closing connection %s:%d", self.peer_host, self.peer_port)
            self.closed = True
        self._handling = False
        if out:
            self._transport.write(out, size)
        if self.closed:
            self._transport.close()
        return o

    def _mute(self, muting: Muting[Any]) -> list[Buffer]:
        """Handle no more requests until it is over; gives what is to be sent before."""
        self._parked = muting
        return muting.begin(self._dispatcher.clock, self._send, self._unmute)

    def _end(self, ending: Ending[Any]) -> list[Buffer]:
        """Be closed; gives what is to be sent before."""
        log.warning("Closing connection %s:%d: %s", self.peer_host, self.peer_port, ending.reason)
        self.closed = True
        return ending.cut()

    def _send(self, buffers: list[Buffer]) -> None:
        if not self.closed:
            self._transport.write(buffers, sum(map(len, buffers)))

    def _unmute(self) -> None:
        self._parked = None
        if not self.closed:
            self._go_on()

    def _answered(self, answer: Answer | Parked[Any]) -> None:
        """A parked answer is there."""
        if self.closed:
            return
        if isinstance(answer, Muting):
            self._send(self._mute(answer))
            return
        if isinstance(answer, Ending):
            begun = self._end(answer)
            self._transport.write(begun, sum(map(len, begun)))
            self._transport.close()
            return
        if isinstance(answer, bytes):
            self._transport.write([answer], len(answer))
        elif isinstance(answer, list):
            self._transport.write(answer, sum(map(len, answer)))
        if self._parked is not None:
            self._parked = None
            self._go_on()

    def _go_on(self) -> None:
        # Not at once: an answer may be given from within another connection's request.
        if self._filled or not self._reading:
            self._transport.call_soon(self._handle_pending)

    def _handle_pending(self) -> None:
        if self.closed or self._parked is not None or not self._writable:
            return
        if self._own is not None:
            self._handle_own()
        if (
            not self._reading
            and not self.closed
            and ((self._parked is None and self._writable) or self._filled < READ_AHEAD)
        ):
            self._reading = True
            self._transport.resume_reading()

    def pause_writing(self) -> None:
        """The peer does not read its answers: handle no more of its requests."""
        self._writable = False

    def resume_writing(self) -> None:
        """The peer reads again."""
        self._writable = True
        self._go_on()

    def close(self) -> None:
        """Close once the answers given so far are sent."""
        if not self.closed:
            self.closed = True
            # What was answered before, in this very read, is still to be written: _handle closes then.
            if not self._handling:
                self._transport.close()

    def lost(self) -> None:
        """The peer is gone; whoever was to answer it is told."""
        self.closed = True
        parked, self._parked = self._parked, None
        if parked is not None:
            parked.cancel()
        self._own = None

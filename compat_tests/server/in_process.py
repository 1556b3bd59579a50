"""A broker without sockets: connections over transports that only write down what they are told."""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

from compat_tests.server.batches import NOW
from kafka_codecs.frame import decode_response, encode_request
from kafka_codecs.messages import messages
from kafka_codecs.schema import Buffer, Request
from kafkashim.clock import ManualClock
from kafkashim.config import Config
from kafkashim.connection import SHARED_BUFFER_SIZE, Connection
from kafkashim.dispatch import Dispatcher
from kafkashim.ids import IdSource
from kafkashim.rules.producer_state import BOOKS
from kafkashim.state import Broker

LISTENER = ("127.0.0.1", 9092)


class FakeTransport:
    """Remembers what a connection asks of it.

    With a ``capacity`` and a ``connection`` it behaves as an event loop's: when more bytes than that wait
    to be sent it tells the connection to pause.
    """

    def __init__(self) -> None:
        self.writes: list[list[Buffer]] = []
        self.capacity: int | None = None
        self.connection: Connection | None = None
        self.reading = True
        self.closed = False
        self.soon: deque[Callable[[], None]] = deque()

    def write(self, buffers: list[Buffer], size: int) -> None:
        assert size == sum(map(len, buffers)), "the transport is told another size than it gets"
        self.writes.append(buffers)
        if self.capacity is not None and self.connection is not None:
            unsent = sum(len(buffer) for written in self.writes for buffer in written)
            if unsent > self.capacity:
                self.connection.pause_writing()

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def close(self) -> None:
        self.closed = True

    def call_soon(self, callback: Callable[[], None]) -> None:
        self.soon.append(callback)

    def run(self) -> None:
        """Make the calls that were asked for."""
        while self.soon:
            self.soon.popleft()()


class Peer:
    """A client's end of a connection."""

    def __init__(self, broker: InProcess) -> None:
        self.transport = FakeTransport()
        self.connection = Connection(
            next(broker.numbers),
            broker.dispatcher,
            self.transport,
            broker.shared,
            max_request=broker.config.socket_request_max_bytes,
            peer=("127.0.0.1", 40_000),
            listener=LISTENER,
        )
        self._correlation_id = 0

    def send(self, data: Buffer, at_once: int = 1 << 30) -> int:
        """Send bytes, at most ``at_once`` in one read; gives how many the connection took."""
        taken = 0
        while taken < len(data) and self.transport.reading and not self.transport.closed:
            buffer = self.connection.get_buffer()
            assert len(buffer), "an event loop ends a connection that has no room"
            piece = data[taken : taken + min(at_once, len(buffer))]
            buffer[: len(piece)] = piece
            del buffer  # as event loops do: what they hold on to could not grow
            self.connection.received(len(piece))
            self.transport.run()
            taken += len(piece)
        return taken

    def take(self) -> bytes:
        """All bytes the broker sent since the last call."""
        sent = b"".join(bytes(buffer) for buffers in self.transport.writes for buffer in buffers)
        self.transport.writes.clear()
        return sent

    def frames(self) -> list[bytes]:
        """The answers that came since the last call, without their sizes."""
        return split_frames(self.take())

    def ask(self, request: Request, version: int) -> Any:
        """Send a request and give its answer, which has to be there at once."""
        (frame,) = self.later(request, version)
        return self.read(frame, type(request), version)

    def later(self, request: Request, version: int) -> list[bytes]:
        """Send a request and give the frame of its answer, if it is there already."""
        self._correlation_id += 1
        self.send(encode_request(request, version, self._correlation_id))
        return self.frames()

    def read(self, frame: bytes, request: type[Request], version: int) -> Any:
        """The answer to the last request."""
        correlation_id, response = decode_response(messages(request.API_KEY)[1], version, frame)
        assert correlation_id == self._correlation_id
        return response


class InProcess:
    """Broker, clock and dispatcher; connections on demand."""

    def __init__(
        self,
        *,
        rules: str = "kafka-4.3",
        decoder: str = "flat",
        config: Mapping[str, str] | None = None,
    ) -> None:
        self.clock = ManualClock(NOW)
        self.config = Config.from_overrides(config or {})
        self.broker = Broker(self.config, self.clock, book=BOOKS[rules], ids=IdSource(1))
        self.dispatcher = Dispatcher(self.broker, decoder)
        self.shared = memoryview(bytearray(SHARED_BUFFER_SIZE))
        self.numbers = count(1)

    def connect(self) -> Peer:
        """A new connection."""
        return Peer(self)


def split_frames(data: bytes) -> list[bytes]:
    """Cut bytes at the sizes; the last frame has to be whole."""
    found: list[bytes] = []
    o = 0
    while o < len(data):
        (size,) = struct.unpack_from(">i", data, o)
        found.append(data[o + 4 : o + 4 + size])
        assert len(found[-1]) == size
        o += 4 + size
    return found


def framed(frame: bytes) -> bytes:
    """A frame with its size in front."""
    return struct.pack(">i", len(frame)) + frame

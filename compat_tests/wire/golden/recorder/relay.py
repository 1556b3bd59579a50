"""A TCP relay that changes nothing and keeps every request with the answer it got."""

from __future__ import annotations

import socket
import struct
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from .frames import Exchange


@dataclass(frozen=True)
class _Conversation:
    client: str
    about: str


class Relay:
    """Listens on one loopback port and passes every connection on to another."""

    def __init__(self, port: int, target_port: int) -> None:
        self.port = port
        self.exchanges: list[Exchange] = []
        self._target_port = target_port
        self._conversation: _Conversation | None = None
        self._listener = socket.create_server(("127.0.0.1", port), backlog=64)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Accept no more connections."""
        self._listener.close()

    @contextmanager
    def conversation(self, client: str, about: str) -> Iterator[None]:
        """Keep what is said by connections opened within, under this client's name."""
        self._conversation = _Conversation(client, about)
        try:
            yield
        finally:
            self._conversation = None

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._target_port))
            except OSError:
                near.close()
                continue
            _Connection(near, far, self._conversation, self.exchanges).start()


class _Connection:
    def __init__(
        self,
        near: socket.socket,
        far: socket.socket,
        conversation: _Conversation | None,
        exchanges: list[Exchange],
    ) -> None:
        self._near, self._far = near, far
        self._conversation = conversation
        self._exchanges = exchanges
        self._unanswered: deque[bytes] = deque()

    def start(self) -> None:
        for source, sink, keep in (
            (self._near, self._far, self._unanswered.append),
            (self._far, self._near, self._answered),
        ):
            threading.Thread(target=_pump, args=(source, sink, keep), daemon=True).start()

    def _answered(self, response: bytes) -> None:
        # Answers keep the order of requests; a request passed over is a Produce with acks=0.
        while self._unanswered:
            request = self._unanswered.popleft()
            answers = request[4:8] == response[:4]
            if self._conversation is not None:
                key, version = struct.unpack_from(">hh", request)
                about, client = self._conversation.about, self._conversation.client
                answer = response if answers else None
                self._exchanges.append(Exchange(key, version, client, about, request, answer))
            if answers:
                return


def _pump(source: socket.socket, sink: socket.socket, keep: object) -> None:
    """Pass on whole frames, and keep each before it is passed on."""
    assert callable(keep)
    buffer = bytearray()
    try:
        while data := source.recv(65536):
            buffer += data
            while len(buffer) >= 4:
                end = 4 + int.from_bytes(buffer[:4], "big")
                if len(buffer) < end:
                    break
                keep(bytes(buffer[4:end]))
                sink.sendall(buffer[:end])
                del buffer[:end]
    except OSError:
        pass
    finally:
        for end_point in (source, sink):
            with suppress(OSError):
                end_point.shutdown(socket.SHUT_RDWR)

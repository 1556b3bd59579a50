"""A client that sends frames and reads frames, and knows nothing else: for tests of the wire itself."""

from __future__ import annotations

import contextlib
import socket
import struct
from types import TracebackType
from typing import Any, Self

from kafka_codecs.frame import decode_response, encode_request
from kafka_codecs.messages import messages
from kafka_codecs.schema import Request


class ConnectionClosed(Exception):
    """The broker closed the connection; ``rest`` is what came of a frame before."""

    def __init__(self, rest: bytes = b"") -> None:
        super().__init__(f"closed after {len(rest)} bytes of a frame")
        self.rest = rest


class WireClient:
    """One connection.

    Nothing here waits longer than ``timeout`` seconds: a broker that does not answer is a failure
    (``TimeoutError``), not a test that hangs.
    """

    def __init__(
        self, host: str, port: int, *, client_id: str | None = "wire", timeout: float = 10.0
    ) -> None:
        self.socket = socket.create_connection((host, port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.client_id = client_id
        self.correlation_id = 0

    @property
    def address(self) -> tuple[str, int]:
        """The client's own end."""
        host, port = self.socket.getsockname()[:2]
        return host, port

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.socket.sendall(data)

    def send_request(self, request: Request, version: int) -> int:
        """Send a request without waiting for its answer; gives its correlation id."""
        self.correlation_id += 1
        self.send(encode_request(request, version, self.correlation_id, self.client_id))
        return self.correlation_id

    def receive_frame(self) -> bytes:
        """The next frame, without its size.

        Raises:
            ConnectionClosed: the broker closed the connection.
        """
        size = struct.unpack(">i", self._receive(4))[0]
        return self._receive(size)

    def receive(self, request: type[Request], version: int) -> tuple[int, Any]:
        """The next answer, read as that to a request of this kind, and its correlation id."""
        return decode_response(messages(request.API_KEY)[1], version, self.receive_frame())

    def ask(self, request: Request, version: int) -> Any:
        """Send a request and give the answer to it."""
        sent = self.send_request(request, version)
        correlation_id, response = self.receive(type(request), version)
        assert correlation_id == sent
        return response

    def closed_by_broker(self) -> bool:
        """Wait until the broker closes the connection; ``False`` when it sends something first."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def is_silent(self, seconds: float) -> bool:
        """Whether nothing comes for a while, neither bytes nor the end of the connection."""
        timeout = self.socket.gettimeout()
        self.socket.settimeout(seconds)
        try:
            self.socket.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return True
        except ConnectionResetError:
            return False
        finally:
            self.socket.settimeout(timeout)
        return False

    def _receive(self, size: int) -> bytes:
        received = bytearray()
        while len(received) < size:
            try:
                data = self.socket.recv(size - len(received))
            except ConnectionResetError:
                data = b""
            if not data:
                raise ConnectionClosed(bytes(received))
            received += data
        return bytes(received)

    def close(self) -> None:
        """Close the connection."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

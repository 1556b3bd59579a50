"""Sockets and the event loop: asyncio transports under :mod:`kafkashim.connection`."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from typing import Any, cast

from kafka_codecs.schema import Buffer
from kafkashim.clock import TimerHandle
from kafkashim.connection import SHARED_BUFFER_SIZE, Connection
from kafkashim.dispatch import Dispatcher
from kafkashim.state import Broker

# Answers up to this size are joined into one buffer; larger ones go out as they lie.
JOIN_BYTES = 16 * 1024
# How often the loop has to turn without a new connection for the last to have come.
QUIET_TURNS = 4

log = logging.getLogger("kafkashim.server")


class _Protocol(asyncio.BufferedProtocol):
    """The asyncio side of a connection, which is also the transport the connection sees."""

    def __init__(self, server: Server, listener_name: str) -> None:
        self._server = server
        self.listener_name = listener_name
        self._transport: asyncio.Transport = None  # type: ignore[assignment]
        self.connection: Connection = None  # type: ignore[assignment]
        self.last_active = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclass of asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        self.connection = self._server.connected(self, self._transport)
        self.last_active = time.monotonic()

    def get_buffer(self, sizehint: int) -> memoryview:
        return self.connection.get_buffer()

    def buffer_updated(self, nbytes: int) -> None:
        self.last_active = time.monotonic()
        self.connection.received(nbytes)

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.connection.lost()
        self._server.disconnected(self)

    def pause_writing(self) -> None:
        self.connection.pause_writing()

    def resume_writing(self) -> None:
        self.connection.resume_writing()

    def write(self, buffers: list[Buffer], size: int) -> None:
        transport = self._transport
        if transport.is_closing():
            return
        self.last_active = time.monotonic()
        if len(buffers) == 1:
            transport.write(buffers[0])
        elif size <= JOIN_BYTES:
            transport.write(b"".join(buffers))
        else:
            transport.writelines(buffers)

    def pause_reading(self) -> None:
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def close(self) -> None:
        self._transport.close()

    def call_soon(self, callback: Callable[[], None]) -> None:
        self._server.loop.call_soon(callback)

    def abort(self) -> None:
        self._transport.abort()


class Server:
    """The sockets of one broker.

    Args:
        broker: the broker; its loop is the one that is there.
        dispatcher: what answers its requests.
        numbers: those of the connections to come, which no two brokers of a cluster share.
    """

    def __init__(self, broker: Broker, dispatcher: Dispatcher, numbers: Iterator[int]) -> None:
        self.loop = asyncio.get_running_loop()
        self.config = broker.config
        self.broker = broker
        self._dispatcher = dispatcher
        self._shared = memoryview(bytearray(SHARED_BUFFER_SIZE))
        self._protocols: set[_Protocol] = set()
        self._numbers = numbers
        self._listeners: list[asyncio.Server] = []
        self._idle_sweep: TimerHandle | None = None
        self.addresses: list[tuple[str, int]] = []
        self._listening_since: float | None = None

    @property
    def connections(self) -> list[Connection]:
        """Those that are open, in the order in which they came."""
        there = (protocol.connection for protocol in self._protocols)
        return sorted(there, key=lambda connection: connection.id)

    @property
    def uptime_ms(self) -> int | None:
        """For how long it listens, in milliseconds of the machine; ``None`` while it does not."""
        since = self._listening_since
        return None if since is None else int(1000 * (time.monotonic() - since))

    async def start(self) -> None:
        """Bind every listener and serve, on the ports of the last time if there was one.

        Raises:
            OSError: a port is in use, or an address is not this machine's.
            UnicodeError: an address cannot be a name.
        """
        wanted, bound = self.addresses or self.config.listen_addresses, list[tuple[str, int]]()
        for name, (host, port) in zip(self.config.listener_names, wanted, strict=True):
            listener = await self.loop.create_server(
                partial(_Protocol, self, name), host or None, port, backlog=128
            )
            self._listeners.append(listener)
            address = listener.sockets[0].getsockname()[:2]
            bound.append(address)
            self.broker.endpoints[name] = address
        self.addresses = bound
        self._listening_since = time.monotonic()
        self._sweep_later()

    async def stop(self) -> None:
        """Stop listening, and close every connection."""
        if self._idle_sweep is not None:
            self._idle_sweep.cancel()
        self._listening_since = None
        for listener in self._listeners:
            listener.close()
        # A connection that was on its way when the listeners closed is still made, and the loop cannot be
        # closed under it.
        quiet = 0
        while quiet < QUIET_TURNS:
            quiet = 0 if self._protocols else quiet + 1
            for protocol in tuple(self._protocols):
                protocol.abort()
            await asyncio.sleep(0)
        for listener in self._listeners:
            await listener.wait_closed()
        self._listeners.clear()

    def connected(self, protocol: _Protocol, transport: asyncio.Transport) -> Connection:
        """A client is there."""
        self._protocols.add(protocol)
        return Connection(
            next(self._numbers),
            self._dispatcher,
            protocol,
            self._shared,
            max_request=self.config.socket_request_max_bytes,
            peer=_address(transport, "peername"),
            listener=_address(transport, "sockname"),
            listener_name=protocol.listener_name,
        )

    def disconnected(self, protocol: _Protocol) -> None:
        """A client is gone."""
        self._protocols.discard(protocol)

    def _sweep_later(self) -> None:
        if self.config.connections_max_idle_ms < 0:
            return  # never, as in Selector
        interval_ms = min(self.config.connections_max_idle_ms, 60_000)
        self._idle_sweep = self.broker.clock.call_later(max(interval_ms / 4, 10), self._sweep)

    def _sweep(self) -> None:
        """Close what was silent for ``connections.max.idle.ms`` (``Selector.IdleExpiryManager``)."""
        limit = time.monotonic() - self.config.connections_max_idle_ms / 1000
        for protocol in tuple(self._protocols):
            if protocol.last_active < limit:
                log.info(
                    "Closing connection %s:%d: idle for more than %d ms",
                    protocol.connection.peer_host,
                    protocol.connection.peer_port,
                    self.config.connections_max_idle_ms,
                )
                protocol.abort()
        self._sweep_later()


def _address(transport: asyncio.Transport, name: str) -> tuple[str, int]:
    found = transport.get_extra_info(name)
    return (str(found[0]), int(found[1])) if found else ("", 0)


def run_loop(main: Coroutine[Any, Any, None]) -> None:
    """Run ``main`` in a new event loop: uvloop's where it is installed, asyncio's elsewhere."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(main)
        return
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)

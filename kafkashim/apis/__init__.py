"""One file per API, named as its messages are: ``handle(request, broker, context)``.

A handler answers with a response, with :class:`~kafkashim.parked.Parked` when the answer comes later,
or with ``None`` when there is none (Produce with acks 0).
"""

from __future__ import annotations

from typing import Protocol


class Peer(Protocol):
    """The connection a request came on, as far as handlers may know it."""

    id: int
    peer_host: str
    listener_name: str
    listener_host: str
    listener_port: int
    closed: bool

    def close(self) -> None:
        """Close the connection once what was answered is sent."""
        ...


class RequestContext:
    """What belongs to a request besides its body; ``size`` is that of its frame, in bytes."""

    __slots__ = ("client_id", "connection", "size", "version")

    def __init__(self, version: int, client_id: str | None, connection: Peer, size: int) -> None:
        self.version = version
        self.client_id = client_id
        self.connection = connection
        self.size = size

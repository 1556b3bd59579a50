"""Which address a client is told to come back to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafkashim.apis import Peer

if TYPE_CHECKING:
    from kafkashim.state import Broker


def advertised(broker: Broker, peer: Peer) -> tuple[str, int]:
    """Host and port of the broker for one client.

    ``advertised.listeners`` where it is set; otherwise the address the client came in on, so that a
    broker bound to every interface, or reached through another name, is found again.
    """
    fixed = broker.config.advertised_address
    return fixed if fixed is not None else (peer.listener_host, peer.listener_port)

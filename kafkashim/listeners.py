"""Which address a client is told to come back to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafkashim.apis import Peer

if TYPE_CHECKING:
    from kafkashim.state import Broker


def advertised(broker: Broker, peer: Peer) -> tuple[str, int]:
    """Host and port of the broker for one client.

    What ``advertised.listeners`` says of the listener the client came in on; otherwise the address it
    came in on, so that a broker bound to every interface, or reached by another name, is found again.
    """
    came_in_on = (peer.listener_host, peer.listener_port)
    return broker.config.advertised_addresses.get(peer.listener_name, came_in_on)

"""Which address a client is told to come back to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafkashim.apis import Peer

if TYPE_CHECKING:
    from kafkashim.state import Broker

# What a socket is bound to that takes connections to any of the machine's addresses.
EVERY_INTERFACE = ("", "0.0.0.0", "::")


def advertised(broker: Broker, peer: Peer) -> tuple[str, int]:
    """Host and port of the broker for one client.

    What ``advertised.listeners`` says of the listener the client came in on; otherwise the address it
    came in on, so that a broker bound to every interface, or reached by another name, is found again.
    """
    came_in_on = (peer.listener_host, peer.listener_port)
    return broker.config.advertised_addresses.get(peer.listener_name, came_in_on)


def endpoint(broker: Broker, broker_id: int, peer: Peer) -> tuple[str, int] | None:
    """Host and port of any broker of the cluster for a client of one of them.

    They are those of the listener of the same name; ``None`` when that broker has none.
    """
    if broker_id == broker.node_id:
        return advertised(broker, peer)
    other = broker.cluster.brokers[broker_id]
    bound = other.endpoints.get(peer.listener_name)
    if bound is not None and bound[0] in EVERY_INTERFACE:
        bound = (peer.listener_host, bound[1])
    return other.config.advertised_addresses.get(peer.listener_name, bound)

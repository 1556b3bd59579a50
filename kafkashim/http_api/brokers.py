"""``/api/brokers``: the broker, where it listens, who is connected."""

from __future__ import annotations

from kafkashim.http_api.route import Call, Reply, World


def get_brokers(world: World, call: Call) -> Reply:
    """The one there is."""
    server = world.server
    config, broker = server.config, server.broker
    listeners: list[dict[str, object]] = []
    for name, (host, port) in zip(config.listener_names, server.addresses, strict=False):
        advertised = config.advertised_addresses.get(name, (host, port))
        listeners.append(
            {
                "name": name,
                "host": host,
                "port": port,
                "advertised_host": advertised[0],
                "advertised_port": advertised[1],
            }
        )
    shown = {
        "id": broker.node_id,
        "cluster_id": broker.cluster.cluster_id,
        "host": listeners[0]["host"] if listeners else "",
        "port": listeners[0]["port"] if listeners else -1,
        "listeners": listeners,
        "connections": [
            {
                "number": connection.id,
                "host": connection.peer_host,
                "port": connection.peer_port,
                "listener": connection.listener_name,
            }
            for connection in server.connections
        ],
        "rules": broker.book.name,
        "uptime_ms": server.uptime_ms or 0,
    }
    return Reply({"brokers": [shown]})

"""``/api/brokers``: where each broker listens, who is connected, and the way to let it come and go."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from kafkashim.http_api.route import Call, Problem, Reply, World, as_object, flag
from kafkashim.server import Server

RUNNING, ISOLATED, STOPPED = "running", "isolated", "stopped"
STATES = (RUNNING, ISOLATED, STOPPED)


def _state(server: Server) -> str:
    if server.uptime_ms is None:
        return STOPPED
    return ISOLATED if server.broker.isolated else RUNNING


def _shown(server: Server) -> dict[str, object]:
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
    return {
        "id": broker.node_id,
        "cluster_id": broker.cluster.cluster_id,
        "state": _state(server),
        "fenced": broker.node_id in broker.cluster.fenced,
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


def get_brokers(world: World, call: Call) -> Reply:
    """All of them, by their ids."""
    servers = world.servers.servers
    return Reply({"brokers": [_shown(servers[broker_id]) for broker_id in sorted(servers)]})


def get_broker(world: World, call: Call) -> Reply:
    """One by its id."""
    return Reply(_shown(_server(world, call)))


def _server(world: World, call: Call) -> Server:
    try:
        return world.servers.server(call.path["id"])
    except ValueError as error:
        raise Problem(404, str(error)) from None


async def stop_broker(world: World, call: Call) -> Reply:
    """Stop one; its connections are closed."""
    clean = flag(as_object(call.body, ("clean",)), "clean", default=True)
    return await _done(world, call, lambda id_: world.servers.stop_broker(id_, clean=clean))


async def start_broker(world: World, call: Call) -> Reply:
    """Start one that was stopped."""
    return await _done(world, call, world.servers.start_broker)


async def isolate_broker(world: World, call: Call) -> Reply:
    """Cut one off from the others."""
    return await _done(world, call, world.servers.isolate)


async def heal_broker(world: World, call: Call) -> Reply:
    """Let one reach the others again."""
    return await _done(world, call, world.servers.heal)


async def _done(
    world: World, call: Call, work: Callable[[int], Coroutine[Any, Any, None] | None]
) -> Reply:
    """Do something with a broker, and give what it is like then."""
    broker_id = _server(world, call).broker.node_id
    async with world.coming_and_going:
        try:
            working = work(broker_id)
            if working is not None:
                await working
        except ValueError as error:
            raise Problem(409, str(error)) from None
        except OSError as error:
            raise Problem(409, f"broker {broker_id} cannot listen: {error.strerror}") from None
    return get_broker(world, call)

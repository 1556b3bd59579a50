"""``/healthz``: whether any broker serves."""

from __future__ import annotations

from kafkashim import __version__
from kafkashim.http_api.route import Call, Reply, World


def get_health(world: World, call: Call) -> Reply:
    """200 while listeners are open, 503 while a restart, or a stop of all brokers, has them closed."""
    listening = (server.uptime_ms for server in world.servers.servers.values())
    uptime = max((ms for ms in listening if ms is not None), default=None)
    status = "down" if uptime is None else "ok"
    body = {"status": status, "version": __version__, "uptime_ms": uptime}
    return Reply(body, 503 if uptime is None else 200)

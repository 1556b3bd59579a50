"""``/healthz``: whether the broker serves."""

from __future__ import annotations

from kafkashim import __version__
from kafkashim.http_api.route import Call, Reply, World


def get_health(world: World, call: Call) -> Reply:
    """200 while the listeners are open, 503 while a restart has them closed."""
    uptime = world.server.uptime_ms
    status = "down" if uptime is None else "ok"
    body = {"status": status, "version": __version__, "uptime_ms": uptime}
    return Reply(body, 503 if uptime is None else 200)

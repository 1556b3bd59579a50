"""The broker's control API over HTTP: look at it, set faults, move its clock, while clients use it.

It runs in the broker's event loop and is imported only when it is asked for. :mod:`~.routes` is the one
table of what it offers; the router and the OpenAPI description are made from it. Handlers are plain
functions of :class:`~.route.World` and :class:`~.route.Call`; only :mod:`~.listener` knows of sockets.
"""

from __future__ import annotations

from kafkashim.http_api.listener import HttpApi
from kafkashim.http_api.traffic import Traffic

__all__ = ["HttpApi", "Traffic"]

"""Brokers whose faults are set by hand, without sockets and with them."""

from __future__ import annotations

from compat_tests.server.conftest import broker, in_process, log_lines, peer, start

__all__ = ["broker", "in_process", "log_lines", "peer", "start"]

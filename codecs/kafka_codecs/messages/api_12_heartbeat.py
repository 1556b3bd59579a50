"""Heartbeat (key 12): still here.

Version 3 adds static members (KIP-345); 4 is flexible.
"""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, field
from kafka_codecs.types import INT16, INT32, STRING


class HeartbeatRequest(Request, api_key=12, versions="0-4", flexible="4+"):
    """A member's sign of life."""

    group_id: str = field(STRING)
    generation_id: int = field(INT32)
    member_id: str = field(STRING)
    group_instance_id: str | None = field(STRING, "3+", nullable="3+", default=None)


class HeartbeatResponse(Response, api_key=12, versions="0-4", flexible="4+"):
    """Whether the member still belongs, or should join again."""

    throttle_time_ms: int = field(INT32, "1+", default=0)
    error_code: int = field(INT16, default=0)

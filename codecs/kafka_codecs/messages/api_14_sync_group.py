"""SyncGroup (key 14): hand out, or fetch, the assignment of a generation.

Version 3 adds static members (KIP-345); 4 is flexible; 5 checks the protocol (KIP-559).
"""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, BYTES, INT16, INT32, STRING


class SyncGroupRequestAssignment(Struct):
    """``assignments[]`` of :class:`SyncGroupRequest`."""

    member_id: str = field(STRING)
    assignment: bytes = field(BYTES)


class SyncGroupRequest(Request, api_key=14, versions="0-5", flexible="4+"):
    """From the leader the assignments, from the others none."""

    group_id: str = field(STRING)
    generation_id: int = field(INT32)
    member_id: str = field(STRING)
    group_instance_id: str | None = field(STRING, "3+", nullable="3+", default=None)
    protocol_type: str | None = field(STRING, "5+", nullable="5+", default=None)
    protocol_name: str | None = field(STRING, "5+", nullable="5+", default=None)
    assignments: list[SyncGroupRequestAssignment] = field(ARRAY(SyncGroupRequestAssignment))


class SyncGroupResponse(Response, api_key=14, versions="0-5", flexible="4+"):
    """The member's own assignment."""

    throttle_time_ms: int = field(INT32, "1+", default=0)
    error_code: int = field(INT16, default=0)
    protocol_type: str | None = field(STRING, "5+", nullable="5+", default=None)
    protocol_name: str | None = field(STRING, "5+", nullable="5+", default=None)
    assignment: bytes = field(BYTES)

"""LeaveGroup (key 13): go without waiting for the session to time out.

Version 3 lets several members go at once (KIP-345); 4 is flexible; 5 takes a reason (KIP-800).
"""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, INT16, INT32, STRING


class MemberIdentity(Struct):
    """``members[]`` of :class:`LeaveGroupRequest`."""

    member_id: str = field(STRING, "3+", default="")
    group_instance_id: str | None = field(STRING, "3+", nullable="3+", default=None)
    reason: str | None = field(STRING, "5+", nullable="5+", default=None)


class LeaveGroupRequest(Request, api_key=13, versions="0-5", flexible="4+"):
    """Who leaves."""

    group_id: str = field(STRING)
    member_id: str = field(STRING, "0-2", default="")
    members: list[MemberIdentity] = field(ARRAY(MemberIdentity), "3+", default=())


class MemberResponse(Struct):
    """``members[]`` of :class:`LeaveGroupResponse`."""

    member_id: str = field(STRING, "3+", default="")
    group_instance_id: str | None = field(STRING, "3+", nullable="3+", default="")
    error_code: int = field(INT16, "3+", default=0)


class LeaveGroupResponse(Response, api_key=13, versions="0-5", flexible="4+"):
    """Per member whether it was there to leave."""

    throttle_time_ms: int = field(INT32, "1+", default=0)
    error_code: int = field(INT16, default=0)
    members: list[MemberResponse] = field(ARRAY(MemberResponse), "3+", default=())

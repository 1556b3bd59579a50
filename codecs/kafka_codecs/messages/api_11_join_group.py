"""JoinGroup (key 11): become a member of a classic group.

Version 1 adds the rebalance timeout; 4 the two-step join with a member id from the coordinator
(KIP-394); 5 static members (KIP-345); 6 is flexible; 7 answers the protocol type (KIP-559);
8 takes a reason (KIP-800); 9 lets the leader skip the assignment (KIP-814).
"""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, BOOLEAN, BYTES, INT16, INT32, STRING


class JoinGroupRequestProtocol(Struct):
    """``protocols[]`` of :class:`JoinGroupRequest`."""

    name: str = field(STRING)
    metadata: bytes = field(BYTES)


class JoinGroupRequest(Request, api_key=11, versions="0-9", flexible="6+"):
    """Who joins which group, with which protocols."""

    group_id: str = field(STRING)
    session_timeout_ms: int = field(INT32)
    rebalance_timeout_ms: int = field(INT32, "1+", default=-1)
    member_id: str = field(STRING)
    group_instance_id: str | None = field(STRING, "5+", nullable="5+", default=None)
    protocol_type: str = field(STRING)
    protocols: list[JoinGroupRequestProtocol] = field(ARRAY(JoinGroupRequestProtocol))
    reason: str | None = field(STRING, "8+", nullable="8+", default=None)


class JoinGroupResponseMember(Struct):
    """``members[]`` of :class:`JoinGroupResponse`."""

    member_id: str = field(STRING)
    group_instance_id: str | None = field(STRING, "5+", nullable="5+", default=None)
    metadata: bytes = field(BYTES)


class JoinGroupResponse(Response, api_key=11, versions="0-9", flexible="6+"):
    """The generation, and for the leader the members."""

    throttle_time_ms: int = field(INT32, "2+", default=0)
    error_code: int = field(INT16, default=0)
    generation_id: int = field(INT32, default=-1)
    protocol_type: str | None = field(STRING, "7+", nullable="7+", default=None)
    protocol_name: str | None = field(STRING, nullable="7+")
    leader: str = field(STRING)
    skip_assignment: bool = field(BOOLEAN, "9+", default=False)
    member_id: str = field(STRING)
    members: list[JoinGroupResponseMember] = field(ARRAY(JoinGroupResponseMember))

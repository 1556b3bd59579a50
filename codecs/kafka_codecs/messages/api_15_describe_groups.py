"""DescribeGroups (key 15): who is in groups of the classic protocol, and what each is to read.

Version 1 adds throttling; 3 the authorized operations (KIP-430); 4 instance ids (KIP-345); 5 is flexible;
6 answers GROUP_ID_NOT_FOUND where earlier ones answer a dead group (KIP-1043).
"""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, BOOLEAN, BYTES, INT16, INT32, STRING


class DescribeGroupsRequest(Request, api_key=15, versions="0-6", flexible="5+"):
    """Which groups."""

    groups: list[str] = field(ARRAY(STRING))
    include_authorized_operations: bool = field(BOOLEAN, "3+", default=False)


class DescribedGroupMember(Struct):
    """``members[]`` of :class:`DescribedGroup`."""

    member_id: str = field(STRING)
    group_instance_id: str | None = field(STRING, "4+", nullable="4+", default=None)
    client_id: str = field(STRING)
    client_host: str = field(STRING)
    member_metadata: bytes = field(BYTES)
    member_assignment: bytes = field(BYTES)


class DescribedGroup(Struct):
    """``groups[]`` of :class:`DescribeGroupsResponse`."""

    error_code: int = field(INT16, default=0)
    error_message: str | None = field(STRING, "6+", nullable="6+", default=None)
    group_id: str = field(STRING)
    group_state: str = field(STRING)
    protocol_type: str = field(STRING)
    protocol_data: str = field(STRING)
    members: list[DescribedGroupMember] = field(ARRAY(DescribedGroupMember))
    authorized_operations: int = field(INT32, "3+", default=-2147483648)


class DescribeGroupsResponse(Response, api_key=15, versions="0-6", flexible="5+"):
    """Per group its state, its protocol and its members."""

    throttle_time_ms: int = field(INT32, "1+", default=0)
    groups: list[DescribedGroup] = field(ARRAY(DescribedGroup))

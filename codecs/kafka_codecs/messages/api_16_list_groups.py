"""ListGroups (key 16): the groups of a broker.

Version 1 adds throttling; 3 is flexible; 4 adds states and a filter for them (KIP-518); 5 types and
theirs (KIP-848).
"""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, INT16, INT32, STRING


class ListGroupsRequest(Request, api_key=16, versions="0-5", flexible="3+"):
    """Of which states and types; none for all."""

    states_filter: list[str] = field(ARRAY(STRING), "4+", default=())
    types_filter: list[str] = field(ARRAY(STRING), "5+", default=())


class ListedGroup(Struct):
    """``groups[]`` of :class:`ListGroupsResponse`."""

    group_id: str = field(STRING)
    protocol_type: str = field(STRING)
    group_state: str = field(STRING, "4+", default="")
    group_type: str = field(STRING, "5+", default="")


class ListGroupsResponse(Response, api_key=16, versions="0-5", flexible="3+"):
    """The groups, with what protocol their members speak."""

    throttle_time_ms: int = field(INT32, "1+", default=0)
    error_code: int = field(INT16, default=0)
    groups: list[ListedGroup] = field(ARRAY(ListedGroup))

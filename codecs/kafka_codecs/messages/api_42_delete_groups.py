"""DeleteGroups (key 42): forget groups nobody is in, with their offsets (KIP-229).

Version 2 is flexible.
"""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, INT16, INT32, STRING


class DeleteGroupsRequest(Request, api_key=42, versions="0-2", flexible="2+"):
    """Which groups."""

    groups_names: list[str] = field(ARRAY(STRING))


class DeletableGroupResult(Struct):
    """``results[]`` of :class:`DeleteGroupsResponse`."""

    group_id: str = field(STRING)
    error_code: int = field(INT16, default=0)


class DeleteGroupsResponse(Response, api_key=42, versions="0-2", flexible="2+"):
    """Whether each was forgotten."""

    throttle_time_ms: int = field(INT32, default=0)
    results: list[DeletableGroupResult] = field(ARRAY(DeletableGroupResult))

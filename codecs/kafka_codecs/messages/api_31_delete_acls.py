"""DeleteAcls (key 31): delete access control entries that match filters (KIP-140).

Version 1 adds the kind of pattern (KIP-290), version 2 is flexible, version 3 adds users as resources
(KIP-373).
"""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, INT8, INT16, INT32, STRING


class DeleteAclsFilter(Struct):
    """``filters[]`` of :class:`DeleteAclsRequest`."""

    resource_type_filter: int = field(INT8)
    resource_name_filter: str | None = field(STRING, nullable="0+")
    pattern_type_filter: int = field(INT8, default=3)
    principal_filter: str | None = field(STRING, nullable="0+")
    host_filter: str | None = field(STRING, nullable="0+")
    operation: int = field(INT8)
    permission_type: int = field(INT8)


class DeleteAclsRequest(Request, api_key=31, versions="1-3", flexible="2+"):
    """The filters: whatever one of them matches is deleted."""

    filters: list[DeleteAclsFilter] = field(ARRAY(DeleteAclsFilter))


class DeleteAclsMatchingAcl(Struct):
    """``matching_acls[]`` of :class:`DeleteAclsFilterResult`."""

    error_code: int = field(INT16, default=0)
    error_message: str | None = field(STRING, nullable="0+")
    resource_type: int = field(INT8)
    resource_name: str = field(STRING)
    pattern_type: int = field(INT8, default=3)
    principal: str = field(STRING)
    host: str = field(STRING)
    operation: int = field(INT8)
    permission_type: int = field(INT8)


class DeleteAclsFilterResult(Struct):
    """``filter_results[]`` of :class:`DeleteAclsResponse`."""

    error_code: int = field(INT16, default=0)
    error_message: str | None = field(STRING, nullable="0+")
    matching_acls: list[DeleteAclsMatchingAcl] = field(ARRAY(DeleteAclsMatchingAcl))


class DeleteAclsResponse(Response, api_key=31, versions="1-3", flexible="2+"):
    """Per filter, in the order of the request, what it deleted."""

    throttle_time_ms: int = field(INT32, default=0)
    filter_results: list[DeleteAclsFilterResult] = field(ARRAY(DeleteAclsFilterResult))

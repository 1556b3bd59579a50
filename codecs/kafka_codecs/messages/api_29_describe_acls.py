"""DescribeAcls (key 29): the access control lists that match a filter (KIP-140).

Version 1 adds the kind of pattern (KIP-290), version 2 is flexible, version 3 adds users as resources
(KIP-373).
"""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, INT8, INT16, INT32, STRING


class DescribeAclsRequest(Request, api_key=29, versions="1-3", flexible="2+"):
    """A filter; null names and the code of ANY match everything."""

    resource_type_filter: int = field(INT8)
    resource_name_filter: str | None = field(STRING, nullable="0+")
    pattern_type_filter: int = field(INT8, default=3)
    principal_filter: str | None = field(STRING, nullable="0+")
    host_filter: str | None = field(STRING, nullable="0+")
    operation: int = field(INT8)
    permission_type: int = field(INT8)


class AclDescription(Struct):
    """``acls[]`` of :class:`DescribeAclsResource`."""

    principal: str = field(STRING)
    host: str = field(STRING)
    operation: int = field(INT8)
    permission_type: int = field(INT8)


class DescribeAclsResource(Struct):
    """``resources[]`` of :class:`DescribeAclsResponse`."""

    resource_type: int = field(INT8)
    resource_name: str = field(STRING)
    pattern_type: int = field(INT8, default=3)
    acls: list[AclDescription] = field(ARRAY(AclDescription))


class DescribeAclsResponse(Response, api_key=29, versions="1-3", flexible="2+"):
    """The entries that match, together for each resource pattern."""

    throttle_time_ms: int = field(INT32, default=0)
    error_code: int = field(INT16, default=0)
    error_message: str | None = field(STRING, nullable="0+")
    resources: list[DescribeAclsResource] = field(ARRAY(DescribeAclsResource))

"""CreateAcls (key 30): allow or deny principals operations on resources (KIP-140).

Version 1 adds the kind of pattern (KIP-290), version 2 is flexible, version 3 adds users as resources
(KIP-373).
"""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, INT8, INT16, INT32, STRING


class AclCreation(Struct):
    """``creations[]`` of :class:`CreateAclsRequest`."""

    resource_type: int = field(INT8)
    resource_name: str = field(STRING)
    resource_pattern_type: int = field(INT8, default=3)
    principal: str = field(STRING)
    host: str = field(STRING)
    operation: int = field(INT8)
    permission_type: int = field(INT8)


class CreateAclsRequest(Request, api_key=30, versions="1-3", flexible="2+"):
    """The entries to add, each with the resource pattern it is for."""

    creations: list[AclCreation] = field(ARRAY(AclCreation))


class AclCreationResult(Struct):
    """``results[]`` of :class:`CreateAclsResponse`."""

    error_code: int = field(INT16, default=0)
    error_message: str | None = field(STRING, nullable="0+")


class CreateAclsResponse(Response, api_key=30, versions="1-3", flexible="2+"):
    """Per entry, in the order of the request, whether it is there now."""

    throttle_time_ms: int = field(INT32, default=0)
    results: list[AclCreationResult] = field(ARRAY(AclCreationResult))

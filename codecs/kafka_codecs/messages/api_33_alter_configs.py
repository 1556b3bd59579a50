"""AlterConfigs (key 33): all configurations of a resource anew.

What is not named goes back to its default, so that KIP-339 put IncrementalAlterConfigs in its place.
Version 2 is flexible.
"""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, BOOLEAN, INT8, INT16, INT32, STRING


class AlterableConfig(Struct):
    """``configs[]`` of :class:`AlterConfigsResource`."""

    name: str = field(STRING)
    value: str | None = field(STRING, nullable="0+")


class AlterConfigsResource(Struct):
    """``resources[]`` of :class:`AlterConfigsRequest`."""

    resource_type: int = field(INT8)
    resource_name: str = field(STRING)
    configs: list[AlterableConfig] = field(ARRAY(AlterableConfig))


class AlterConfigsRequest(Request, api_key=33, versions="0-2", flexible="2+"):
    """All that is to be set of each resource; what is left out is taken away."""

    resources: list[AlterConfigsResource] = field(ARRAY(AlterConfigsResource))
    validate_only: bool = field(BOOLEAN)


class AlterConfigsResourceResponse(Struct):
    """``responses[]`` of :class:`AlterConfigsResponse`."""

    error_code: int = field(INT16, default=0)
    error_message: str | None = field(STRING, nullable="0+")
    resource_type: int = field(INT8)
    resource_name: str = field(STRING)


class AlterConfigsResponse(Response, api_key=33, versions="0-2", flexible="2+"):
    """For each resource, whether it was altered."""

    throttle_time_ms: int = field(INT32, default=0)
    responses: list[AlterConfigsResourceResponse] = field(ARRAY(AlterConfigsResourceResponse))

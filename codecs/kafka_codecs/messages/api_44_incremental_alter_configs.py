"""IncrementalAlterConfigs (key 44): some configurations of a resource (KIP-339).

Also the levels of a broker's loggers (KIP-412). Version 1 is flexible.
"""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, BOOLEAN, INT8, INT16, INT32, STRING


class AlterableConfig(Struct):
    """``configs[]`` of :class:`AlterConfigsResource`."""

    name: str = field(STRING)
    config_operation: int = field(INT8)
    value: str | None = field(STRING, nullable="0+")


class AlterConfigsResource(Struct):
    """``resources[]`` of :class:`IncrementalAlterConfigsRequest`."""

    resource_type: int = field(INT8)
    resource_name: str = field(STRING)
    configs: list[AlterableConfig] = field(ARRAY(AlterableConfig))


class IncrementalAlterConfigsRequest(Request, api_key=44, versions="0-1", flexible="1+"):
    """What to set (0), delete (1), append (2) or subtract (3) of each resource."""

    resources: list[AlterConfigsResource] = field(ARRAY(AlterConfigsResource))
    validate_only: bool = field(BOOLEAN)


class AlterConfigsResourceResponse(Struct):
    """``responses[]`` of :class:`IncrementalAlterConfigsResponse`."""

    error_code: int = field(INT16, default=0)
    error_message: str | None = field(STRING, nullable="0+")
    resource_type: int = field(INT8)
    resource_name: str = field(STRING)


class IncrementalAlterConfigsResponse(Response, api_key=44, versions="0-1", flexible="1+"):
    """For each resource, whether it was altered."""

    throttle_time_ms: int = field(INT32, default=0)
    responses: list[AlterConfigsResourceResponse] = field(ARRAY(AlterConfigsResourceResponse))

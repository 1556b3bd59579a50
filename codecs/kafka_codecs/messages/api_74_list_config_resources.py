"""ListConfigResources (key 74): the names of what has configurations.

Version 0 lists subscriptions to client metrics only (KIP-714), version 1 every type (KIP-1142).
"""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, INT8, INT16, INT32, STRING


class ListConfigResourcesRequest(Request, api_key=74, versions="0-1", flexible="0+"):
    """Of which types; of all when there is none."""

    resource_types: list[int] = field(ARRAY(INT8), "1+", default=())


class ConfigResource(Struct):
    """``config_resources[]`` of :class:`ListConfigResourcesResponse`."""

    resource_name: str = field(STRING)
    resource_type: int = field(INT8, "1+", default=16)


class ListConfigResourcesResponse(Response, api_key=74, versions="0-1", flexible="0+"):
    """The resources, each with its type."""

    throttle_time_ms: int = field(INT32, default=0)
    error_code: int = field(INT16, default=0)
    config_resources: list[ConfigResource] = field(ARRAY(ConfigResource))

"""DescribeConfigs (key 32): the configuration of topics and brokers.

Version 1 adds synonyms and sources (KIP-226); 3 types and documentation (KIP-569); 4 is flexible.
"""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, BOOLEAN, INT8, INT16, INT32, STRING


class DescribeConfigsResource(Struct):
    """``resources[]`` of :class:`DescribeConfigsRequest`."""

    resource_type: int = field(INT8)
    resource_name: str = field(STRING)
    configuration_keys: list[str] | None = field(ARRAY(STRING), nullable="0+")


class DescribeConfigsRequest(Request, api_key=32, versions="1-4", flexible="4+"):
    """Which resources, and which of their keys (null for all)."""

    resources: list[DescribeConfigsResource] = field(ARRAY(DescribeConfigsResource))
    include_synonyms: bool = field(BOOLEAN, default=False)
    include_documentation: bool = field(BOOLEAN, "3+", default=False)


class DescribeConfigsSynonym(Struct):
    """``synonyms[]`` of :class:`DescribeConfigsResourceResult`."""

    name: str = field(STRING)
    value: str | None = field(STRING, nullable="0+")
    source: int = field(INT8)


class DescribeConfigsResourceResult(Struct):
    """``configs[]`` of :class:`DescribeConfigsResult`."""

    name: str = field(STRING)
    value: str | None = field(STRING, nullable="0+")
    read_only: bool = field(BOOLEAN)
    config_source: int = field(INT8, default=-1)
    is_sensitive: bool = field(BOOLEAN)
    synonyms: list[DescribeConfigsSynonym] = field(ARRAY(DescribeConfigsSynonym))
    config_type: int = field(INT8, "3+", default=0)
    documentation: str | None = field(STRING, "3+", nullable="0+", default="")


class DescribeConfigsResult(Struct):
    """``results[]`` of :class:`DescribeConfigsResponse`."""

    error_code: int = field(INT16, default=0)
    error_message: str | None = field(STRING, nullable="0+")
    resource_type: int = field(INT8)
    resource_name: str = field(STRING)
    configs: list[DescribeConfigsResourceResult] = field(ARRAY(DescribeConfigsResourceResult))


class DescribeConfigsResponse(Response, api_key=32, versions="1-4", flexible="4+"):
    """Per resource its entries."""

    throttle_time_ms: int = field(INT32, default=0)
    results: list[DescribeConfigsResult] = field(ARRAY(DescribeConfigsResult))

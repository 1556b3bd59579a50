"""DescribeCluster (key 60): the cluster's id, controller and brokers (KIP-700).

Version 1 adds the endpoint type (KIP-919); 2 fenced brokers (KIP-1073).
"""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, BOOLEAN, INT8, INT16, INT32, STRING


class DescribeClusterRequest(Request, api_key=60, versions="0-2", flexible="0+"):
    """What to describe: brokers (1) or controllers (2)."""

    include_cluster_authorized_operations: bool = field(BOOLEAN)
    endpoint_type: int = field(INT8, "1+", default=1)
    include_fenced_brokers: bool = field(BOOLEAN, "2+", default=False)


class DescribeClusterBroker(Struct):
    """``brokers[]`` of :class:`DescribeClusterResponse`."""

    broker_id: int = field(INT32)
    host: str = field(STRING)
    port: int = field(INT32)
    rack: str | None = field(STRING, nullable="0+", default=None)
    is_fenced: bool = field(BOOLEAN, "2+", default=False)


class DescribeClusterResponse(Response, api_key=60, versions="0-2", flexible="0+"):
    """The brokers, and what the caller may do."""

    throttle_time_ms: int = field(INT32, default=0)
    error_code: int = field(INT16, default=0)
    error_message: str | None = field(STRING, nullable="0+", default=None)
    endpoint_type: int = field(INT8, "1+", default=1)
    cluster_id: str = field(STRING)
    controller_id: int = field(INT32, default=-1)
    brokers: list[DescribeClusterBroker] = field(ARRAY(DescribeClusterBroker))
    cluster_authorized_operations: int = field(INT32, default=-2147483648)

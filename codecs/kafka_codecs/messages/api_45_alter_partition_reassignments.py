"""AlterPartitionReassignments (key 45): move replicas to other brokers, or stop moving them (KIP-455).

Version 1 lets the number of replicas be kept (KIP-860).
"""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, BOOLEAN, INT16, INT32, STRING


class ReassignablePartition(Struct):
    """``partitions[]`` of :class:`ReassignableTopic`."""

    partition_index: int = field(INT32)
    replicas: list[int] | None = field(ARRAY(INT32), nullable="0+", default=None)


class ReassignableTopic(Struct):
    """``topics[]`` of :class:`AlterPartitionReassignmentsRequest`."""

    name: str = field(STRING)
    partitions: list[ReassignablePartition] = field(ARRAY(ReassignablePartition))


class AlterPartitionReassignmentsRequest(Request, api_key=45, versions="0-1", flexible="0+"):
    """Per partition the brokers it shall lie on, null to cancel what is under way."""

    timeout_ms: int = field(INT32, default=60000)
    allow_replication_factor_change: bool = field(BOOLEAN, "1+", default=True)
    topics: list[ReassignableTopic] = field(ARRAY(ReassignableTopic))


class ReassignablePartitionResponse(Struct):
    """``partitions[]`` of :class:`ReassignableTopicResponse`."""

    partition_index: int = field(INT32)
    error_code: int = field(INT16, default=0)
    error_message: str | None = field(STRING, nullable="0+")


class ReassignableTopicResponse(Struct):
    """``responses[]`` of :class:`AlterPartitionReassignmentsResponse`."""

    name: str = field(STRING)
    partitions: list[ReassignablePartitionResponse] = field(ARRAY(ReassignablePartitionResponse))


class AlterPartitionReassignmentsResponse(Response, api_key=45, versions="0-1", flexible="0+"):
    """Per partition whether the reassignment was begun or cancelled."""

    throttle_time_ms: int = field(INT32, default=0)
    allow_replication_factor_change: bool = field(BOOLEAN, "1+", default=True)
    error_code: int = field(INT16, default=0)
    error_message: str | None = field(STRING, nullable="0+")
    responses: list[ReassignableTopicResponse] = field(ARRAY(ReassignableTopicResponse))

"""CreatePartitions (key 37): let topics grow (KIP-195).

Version 2 is flexible; from 3 on the controller may throttle with THROTTLING_QUOTA_EXCEEDED (KIP-599).
"""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, BOOLEAN, INT16, INT32, STRING


class CreatePartitionsAssignment(Struct):
    """``assignments[]`` of :class:`CreatePartitionsTopic`."""

    broker_ids: list[int] = field(ARRAY(INT32))


class CreatePartitionsTopic(Struct):
    """``topics[]`` of :class:`CreatePartitionsRequest`."""

    name: str = field(STRING)
    count: int = field(INT32)
    assignments: list[CreatePartitionsAssignment] | None = field(
        ARRAY(CreatePartitionsAssignment), nullable="0+"
    )


class CreatePartitionsRequest(Request, api_key=37, versions="0-3", flexible="2+"):
    """Per topic how many partitions it shall have in all; their replicas are null to be chosen."""

    topics: list[CreatePartitionsTopic] = field(ARRAY(CreatePartitionsTopic))
    timeout_ms: int = field(INT32)
    validate_only: bool = field(BOOLEAN)


class CreatePartitionsTopicResult(Struct):
    """``results[]`` of :class:`CreatePartitionsResponse`."""

    name: str = field(STRING)
    error_code: int = field(INT16, default=0)
    error_message: str | None = field(STRING, nullable="0+", default=None)


class CreatePartitionsResponse(Response, api_key=37, versions="0-3", flexible="2+"):
    """Per topic whether it grew."""

    throttle_time_ms: int = field(INT32, default=0)
    results: list[CreatePartitionsTopicResult] = field(ARRAY(CreatePartitionsTopicResult))

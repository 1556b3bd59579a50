"""DeleteTopics (key 20): topics to remove, with all they hold.

Version 4 is flexible; 5 adds an error message (KIP-599); 6 names topics by id (KIP-516).
"""

from __future__ import annotations

from uuid import UUID as Uuid

from kafka_codecs.schema import ZERO_UUID, Request, Response, Struct, field
from kafka_codecs.types import ARRAY, INT16, INT32, STRING, UUID


class DeleteTopicState(Struct):
    """``topics[]`` of :class:`DeleteTopicsRequest`."""

    name: str | None = field(STRING, "6+", nullable="6+", default=None)
    topic_id: Uuid = field(UUID, "6+", default=ZERO_UUID)


class DeleteTopicsRequest(Request, api_key=20, versions="1-6", flexible="4+"):
    """Topics by name or id."""

    topics: list[DeleteTopicState] = field(ARRAY(DeleteTopicState), "6+", default=())
    topic_names: list[str] = field(ARRAY(STRING), "0-5", default=())
    timeout_ms: int = field(INT32)


class DeletableTopicResult(Struct):
    """``responses[]`` of :class:`DeleteTopicsResponse`."""

    name: str | None = field(STRING, nullable="6+")
    topic_id: Uuid = field(UUID, "6+", default=ZERO_UUID)
    error_code: int = field(INT16, default=0)
    error_message: str | None = field(STRING, "5+", nullable="5+", default=None)


class DeleteTopicsResponse(Response, api_key=20, versions="1-6", flexible="4+"):
    """Per topic whether it is gone."""

    throttle_time_ms: int = field(INT32, default=0)
    responses: list[DeletableTopicResult] = field(ARRAY(DeletableTopicResult))

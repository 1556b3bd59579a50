"""InitProducerId (key 22): a producer id and epoch for an idempotent producer (KIP-98).

Version 2 is flexible; 3 carries the producer's current id and epoch (KIP-360); 4 may answer
PRODUCER_FENCED (KIP-588); 5 is for transactions (KIP-890).
"""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, field
from kafka_codecs.types import INT16, INT32, INT64, STRING


class InitProducerIdRequest(Request, api_key=22, versions="0-5", flexible="2+"):
    """Who asks, and what it had before."""

    transactional_id: str | None = field(STRING, nullable="0+")
    transaction_timeout_ms: int = field(INT32)
    producer_id: int = field(INT64, "3+", default=-1)
    producer_epoch: int = field(INT16, "3+", default=-1)


class InitProducerIdResponse(Response, api_key=22, versions="0-5", flexible="2+"):
    """The producer id and its epoch."""

    throttle_time_ms: int = field(INT32, default=0)
    error_code: int = field(INT16, default=0)
    producer_id: int = field(INT64, default=-1)
    producer_epoch: int = field(INT16)

"""GetTelemetrySubscriptions (key 71): the metrics the broker would like from a client (KIP-714)."""

from __future__ import annotations

from uuid import UUID as Uuid

from kafka_codecs.schema import ZERO_UUID, Request, Response, field
from kafka_codecs.types import ARRAY, BOOLEAN, INT8, INT16, INT32, STRING, UUID


class GetTelemetrySubscriptionsRequest(Request, api_key=71, versions="0", flexible="0+"):
    """The client's instance id, zero the first time."""

    client_instance_id: Uuid = field(UUID, default=ZERO_UUID)


class GetTelemetrySubscriptionsResponse(Response, api_key=71, versions="0", flexible="0+"):
    """What to push and how often."""

    throttle_time_ms: int = field(INT32, default=0)
    error_code: int = field(INT16, default=0)
    client_instance_id: Uuid = field(UUID, default=ZERO_UUID)
    subscription_id: int = field(INT32)
    accepted_compression_types: list[int] = field(ARRAY(INT8))
    push_interval_ms: int = field(INT32)
    telemetry_max_bytes: int = field(INT32)
    delta_temporality: bool = field(BOOLEAN)
    requested_metrics: list[str] = field(ARRAY(STRING))

"""PushTelemetry (key 72): a client's metrics (KIP-714)."""

from __future__ import annotations

from uuid import UUID as Uuid

from kafka_codecs.schema import ZERO_UUID, Request, Response, field
from kafka_codecs.types import BOOLEAN, BYTES, INT8, INT16, INT32, UUID


class PushTelemetryRequest(Request, api_key=72, versions="0", flexible="0+"):
    """Metrics in OTLP, perhaps compressed."""

    client_instance_id: Uuid = field(UUID, default=ZERO_UUID)
    subscription_id: int = field(INT32)
    terminating: bool = field(BOOLEAN)
    compression_type: int = field(INT8)
    metrics: bytes = field(BYTES)


class PushTelemetryResponse(Response, api_key=72, versions="0", flexible="0+"):
    """Whether they were taken."""

    throttle_time_ms: int = field(INT32, default=0)
    error_code: int = field(INT16, default=0)

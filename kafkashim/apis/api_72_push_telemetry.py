"""PushTelemetry: a client's metrics, taken and dropped (:mod:`kafkashim.telemetry`)."""

from __future__ import annotations

from kafka_codecs.messages.api_72_push_telemetry import (
    PushTelemetryRequest,
    PushTelemetryResponse,
)
from kafkashim.apis import RequestContext
from kafkashim.state import Broker
from kafkashim.telemetry import Push


def handle(
    request: PushTelemetryRequest, broker: Broker, context: RequestContext
) -> PushTelemetryResponse:
    """Say whether the push was in order."""
    push = Push(
        subscription_id=request.subscription_id,
        terminating=request.terminating,
        codec=request.compression_type,
        metrics=request.metrics,
    )
    error = broker.telemetry.push(
        context.connection,
        request.client_instance_id,
        push,
        broker.config.telemetry_max_bytes,
    )
    return PushTelemetryResponse(error_code=error)

"""PushTelemetry: a client's metrics, taken and dropped (:mod:`kafkashim.telemetry`)."""

from __future__ import annotations

from kafka_codecs.messages.api_72_push_telemetry import (
    PushTelemetryRequest,
    PushTelemetryResponse,
)
from kafkashim.apis import RequestContext
from kafkashim.state import Broker


def handle(
    request: PushTelemetryRequest, broker: Broker, context: RequestContext
) -> PushTelemetryResponse:
    """Say whether the push was in order."""
    error = broker.telemetry.push(
        context.connection.id,
        request.client_instance_id,
        request.subscription_id,
        terminating=request.terminating,
        codec=request.compression_type,
        size=len(request.metrics),
    )
    return PushTelemetryResponse(error_code=error)

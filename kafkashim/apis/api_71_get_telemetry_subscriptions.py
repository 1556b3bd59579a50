"""GetTelemetrySubscriptions: what a client should push (:mod:`kafkashim.telemetry`)."""

from __future__ import annotations

from kafka_codecs.messages.api_71_get_telemetry_subscriptions import (
    GetTelemetrySubscriptionsRequest,
    GetTelemetrySubscriptionsResponse,
)
from kafka_codecs.schema import ZERO_UUID
from kafkashim.apis import RequestContext
from kafkashim.state import Broker
from kafkashim.telemetry import ACCEPTED_COMPRESSION_TYPES, PUSH_INTERVAL_MS


def handle(
    request: GetTelemetrySubscriptionsRequest, broker: Broker, context: RequestContext
) -> GetTelemetrySubscriptionsResponse:
    """Tell the client its instance id and that nothing is subscribed to."""
    error, instance, subscription_id = broker.telemetry.subscribe(
        context.connection, request.client_instance_id
    )
    if error:
        return GetTelemetrySubscriptionsResponse(
            error_code=error,
            client_instance_id=ZERO_UUID,
            subscription_id=0,
            accepted_compression_types=[],
            push_interval_ms=0,
            telemetry_max_bytes=0,
            delta_temporality=False,
            requested_metrics=[],
        )
    return GetTelemetrySubscriptionsResponse(
        client_instance_id=instance,
        subscription_id=subscription_id,
        accepted_compression_types=ACCEPTED_COMPRESSION_TYPES,
        push_interval_ms=PUSH_INTERVAL_MS,
        telemetry_max_bytes=broker.config.telemetry_max_bytes,
        delta_temporality=True,
        requested_metrics=[],
    )

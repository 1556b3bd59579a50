"""Heartbeat: whether a member still belongs to its group, or should join again."""

from __future__ import annotations

from kafka_codecs.messages.api_12_heartbeat import HeartbeatRequest, HeartbeatResponse
from kafkashim.apis import RequestContext
from kafkashim.apis.coordination import group_error
from kafkashim.state import Broker


def handle(request: HeartbeatRequest, broker: Broker, context: RequestContext) -> HeartbeatResponse:
    """Take the sign of life."""
    elsewhere = group_error(broker, request.group_id)
    return HeartbeatResponse(error_code=broker.groups.heartbeat(request, elsewhere))

"""ConsumerGroupHeartbeat: be a member of a group whose coordinator assigns (KIP-848)."""

from __future__ import annotations

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_68_consumer_group_heartbeat import (
    ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse,
)
from kafkashim.apis import RequestContext
from kafkashim.apis.coordination import group_error
from kafkashim.groups.consumer_heartbeats import Heartbeat
from kafkashim.refused import Refused
from kafkashim.state import Broker


def handle(
    request: ConsumerGroupHeartbeatRequest, broker: Broker, context: RequestContext
) -> ConsumerGroupHeartbeatResponse:
    """Join, stay, or leave; the answer says what the member is to read when that is new to it."""
    heartbeat = Heartbeat(request, context.version, context.client_id, context.connection.peer_host)
    try:
        if not broker.has_consumer_protocol:
            raise Refused(ErrorCode.UNSUPPORTED_VERSION)
        return broker.groups.consumer.groups.heartbeat(
            heartbeat, group_error(broker, request.group_id)
        )
    except Refused as refused:
        return ConsumerGroupHeartbeatResponse(
            error_code=refused.error,
            error_message=refused.message,
            member_epoch=0,
            heartbeat_interval_ms=0,
        )

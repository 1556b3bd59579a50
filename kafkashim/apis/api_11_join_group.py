"""JoinGroup: become a member of a group, and wait for the others."""

from __future__ import annotations

from kafka_codecs.messages.api_11_join_group import JoinGroupRequest, JoinGroupResponse
from kafkashim.apis import RequestContext
from kafkashim.apis.coordination import group_error
from kafkashim.groups.member import Join
from kafkashim.parked import Parked
from kafkashim.state import Broker


def handle(
    request: JoinGroupRequest, broker: Broker, context: RequestContext
) -> Parked[JoinGroupResponse]:
    """Join, or join again."""
    host = context.connection.peer_host
    return broker.groups.join(
        Join(request, context.version, context.client_id, host),
        group_error(broker, request.group_id),
    )

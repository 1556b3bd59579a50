"""SyncGroup: the leader hands out the assignments, the others wait for theirs."""

from __future__ import annotations

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_14_sync_group import SyncGroupRequest, SyncGroupResponse
from kafkashim.apis import RequestContext
from kafkashim.apis.coordination import group_error
from kafkashim.parked import Parked
from kafkashim.state import Broker

FIRST_VERSION_WITH_PROTOCOL = 5


def handle(
    request: SyncGroupRequest, broker: Broker, context: RequestContext
) -> SyncGroupResponse | Parked[SyncGroupResponse]:
    """Hand out or fetch an assignment; from version 5 on the protocol must be named (KIP-559)."""
    unnamed = request.protocol_type is None or request.protocol_name is None
    if context.version >= FIRST_VERSION_WITH_PROTOCOL and unnamed:
        return SyncGroupResponse(error_code=ErrorCode.INCONSISTENT_GROUP_PROTOCOL, assignment=b"")
    return broker.groups.sync(request, group_error(broker, request.group_id))

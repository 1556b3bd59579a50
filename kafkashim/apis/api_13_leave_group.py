"""LeaveGroup: members go without waiting for their sessions to be over."""

from __future__ import annotations

from kafka_codecs.messages.api_13_leave_group import (
    LeaveGroupRequest,
    LeaveGroupResponse,
    MemberIdentity,
)
from kafkashim.apis import RequestContext
from kafkashim.apis.coordination import group_error
from kafkashim.state import Broker

FIRST_VERSION_WITH_MEMBERS = 3


def handle(
    request: LeaveGroupRequest, broker: Broker, context: RequestContext
) -> LeaveGroupResponse:
    """Let the members go; before version 3 there is one, whose error is that of the response."""
    members = request.members
    alone = context.version < FIRST_VERSION_WITH_MEMBERS
    if alone:
        members = [MemberIdentity(member_id=request.member_id)]
    error, left = broker.groups.leave(
        request.group_id, members, group_error(broker, request.group_id)
    )
    if alone:
        return LeaveGroupResponse(error_code=error or left[0].error_code)
    return LeaveGroupResponse(error_code=error, members=left)

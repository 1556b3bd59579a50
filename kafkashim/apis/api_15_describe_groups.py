"""DescribeGroups: who is in groups of the classic protocol."""

from __future__ import annotations

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_15_describe_groups import (
    DescribedGroup,
    DescribedGroupMember,
    DescribeGroupsRequest,
    DescribeGroupsResponse,
)
from kafkashim.apis import RequestContext
from kafkashim.apis.authorized_operations import GROUP
from kafkashim.apis.coordination import group_error
from kafkashim.groups.classic_group import ClassicGroup, GroupState
from kafkashim.state import Broker

FIRST_VERSION_WITH_GROUP_ID_NOT_FOUND = 6


def handle(
    request: DescribeGroupsRequest, broker: Broker, context: RequestContext
) -> DescribeGroupsResponse:
    """Describe each group that was asked for; one that is not there is dead."""
    groups = [
        _describe(group_id, broker, context.version)
        for together in broker.groups.by_partition(request.groups)
        for group_id in together
    ]
    if request.include_authorized_operations:
        for group in groups:
            if not group.error_code:
                group.authorized_operations = GROUP
    return DescribeGroupsResponse(groups=groups)


def _describe(group_id: str, broker: Broker, version: int) -> DescribedGroup:
    elsewhere = group_error(broker, group_id)
    if elsewhere:
        return DescribedGroup(
            error_code=elsewhere,
            group_id=group_id,
            group_state="",
            protocol_type="",
            protocol_data="",
            members=[],
        )
    group = broker.groups.groups.get(group_id)
    if not isinstance(group, ClassicGroup):
        dead = DescribedGroup(
            group_id=group_id, group_state="Dead", protocol_type="", protocol_data="", members=[]
        )
        if version >= FIRST_VERSION_WITH_GROUP_ID_NOT_FOUND:
            why = "not found" if group is None else "is not a classic group"
            dead.error_code = ErrorCode.GROUP_ID_NOT_FOUND
            dead.error_message = f"Group {group_id} {why}."
        return dead
    stable = group.state is GroupState.STABLE
    return DescribedGroup(
        group_id=group_id,
        group_state=group.state_name,
        protocol_type=group.protocol_type or "",
        protocol_data=(group.protocol_name or "") if stable else "",
        members=[
            DescribedGroupMember(
                member_id=member.member_id,
                group_instance_id=member.group_instance_id,
                client_id=member.client_id or "",
                client_host=f"/{member.client_host}",
                # What the members offer means something only once they agreed.
                member_metadata=member.metadata(group.protocol_name) if stable else b"",
                member_assignment=member.assignment,
            )
            for member in group.members.values()
        ],
    )

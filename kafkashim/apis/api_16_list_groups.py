"""ListGroups: the groups there are, of some states and types."""

from __future__ import annotations

from kafka_codecs.messages.api_16_list_groups import (
    ListedGroup,
    ListGroupsRequest,
    ListGroupsResponse,
)
from kafkashim.apis import RequestContext
from kafkashim.apis.coordination import group_error
from kafkashim.state import Broker


def handle(
    request: ListGroupsRequest, broker: Broker, context: RequestContext
) -> ListGroupsResponse:
    """List them; names of states and types are those of any case."""
    states = {state.lower().strip() for state in request.states_filter}
    types = {name.lower() for name in request.types_filter}
    return ListGroupsResponse(
        groups=[
            ListedGroup(
                group_id=group.group_id,
                protocol_type=group.protocol_type or "",
                group_state=group.state_name,
                group_type=group.type_name,
            )
            for group in broker.groups.groups.values()
            if (not states or group.state_name.lower() in states)
            and (not types or group.type_name in types)
            and not group_error(broker, group.group_id)
        ]
    )

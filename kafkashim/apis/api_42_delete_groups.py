"""DeleteGroups: forget groups nobody is in (KIP-229)."""

from __future__ import annotations

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_42_delete_groups import (
    DeletableGroupResult,
    DeleteGroupsRequest,
    DeleteGroupsResponse,
)
from kafkashim.apis import RequestContext
from kafkashim.apis.coordination import group_error
from kafkashim.state import Broker


def handle(
    request: DeleteGroupsRequest, broker: Broker, context: RequestContext
) -> DeleteGroupsResponse:
    """Delete each group, once."""
    return DeleteGroupsResponse(
        results=[
            DeletableGroupResult(group_id=name, error_code=_delete(name, broker))
            for name in dict.fromkeys(request.groups_names)
        ]
    )


def _delete(group_id: str, broker: Broker) -> ErrorCode:
    return group_error(broker, group_id) or broker.groups.delete_group(group_id)

"""DeleteGroups: forget groups nobody is in (KIP-229)."""

from __future__ import annotations

from kafka_codecs.messages.api_42_delete_groups import (
    DeletableGroupResult,
    DeleteGroupsRequest,
    DeleteGroupsResponse,
)
from kafkashim.apis import RequestContext
from kafkashim.state import Broker


def handle(
    request: DeleteGroupsRequest, broker: Broker, context: RequestContext
) -> DeleteGroupsResponse:
    """Delete each group, once."""
    return DeleteGroupsResponse(
        results=[
            DeletableGroupResult(group_id=name, error_code=broker.groups.delete_group(name))
            for name in dict.fromkeys(request.groups_names)
        ]
    )

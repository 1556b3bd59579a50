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
from kafkashim.java_hash import in_map_order
from kafkashim.state import Broker


def handle(
    request: DeleteGroupsRequest, broker: Broker, context: RequestContext
) -> DeleteGroupsResponse:
    """Delete each group, once."""
    names: list[str] = []
    for together in broker.groups.by_partition(dict.fromkeys(request.groups_names)):
        names += together if broker.cluster.alone else in_map_order(together)
    return DeleteGroupsResponse(
        results=[
            DeletableGroupResult(group_id=name, error_code=_delete(name, broker)) for name in names
        ]
    )


def _delete(group_id: str, broker: Broker) -> ErrorCode:
    return group_error(broker, group_id) or broker.groups.delete_group(group_id)

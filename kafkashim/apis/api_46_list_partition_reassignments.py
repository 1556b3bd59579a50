"""ListPartitionReassignments: none is ever under way, since replicas are copied at once."""

from __future__ import annotations

from kafka_codecs.messages.api_46_list_partition_reassignments import (
    ListPartitionReassignmentsRequest,
    ListPartitionReassignmentsResponse,
)
from kafkashim.apis import RequestContext
from kafkashim.state import Broker


def handle(
    request: ListPartitionReassignmentsRequest, broker: Broker, context: RequestContext
) -> ListPartitionReassignmentsResponse:
    """Answer with an empty list; topics and partitions nobody knows are left out as well."""
    return ListPartitionReassignmentsResponse(error_message=None, topics=[])

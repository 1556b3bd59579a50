"""DeleteAcls: delete the entries that match filters (KIP-140)."""

from __future__ import annotations

from kafka_codecs.messages.api_31_delete_acls import (
    DeleteAclsFilterResult,
    DeleteAclsMatchingAcl,
    DeleteAclsRequest,
    DeleteAclsResponse,
)
from kafkashim.acls import NO_AUTHORIZER, UNKNOWN, Acl, Filter
from kafkashim.apis import RequestContext
from kafkashim.apis.unreadable import close_unreadable
from kafkashim.refused import Refused
from kafkashim.state import Broker


def handle(
    request: DeleteAclsRequest, broker: Broker, context: RequestContext
) -> DeleteAclsResponse | None:
    """Delete what matches; a filter with the code of UNKNOWN cannot be read, as in Kafka."""
    filters = [Filter.of(wanted) for wanted in request.filters]
    if any(UNKNOWN in wanted for wanted in filters):
        close_unreadable(context, "DeleteAcls")
        return None
    if broker.cluster.acls is None:
        return DeleteAclsResponse(filter_results=[_result(NO_AUTHORIZER)] * len(filters))
    return DeleteAclsResponse(filter_results=[*map(_result, broker.cluster.acls.delete(filters))])


def _result(outcome: list[Acl] | Refused) -> DeleteAclsFilterResult:
    if isinstance(outcome, Refused):
        return DeleteAclsFilterResult(
            error_code=outcome.error, error_message=outcome.message, matching_acls=[]
        )
    return DeleteAclsFilterResult(
        error_message=None,
        matching_acls=[
            DeleteAclsMatchingAcl(error_message=None, **acl._asdict()) for acl in outcome
        ],
    )

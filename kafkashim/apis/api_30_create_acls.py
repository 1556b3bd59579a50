"""CreateAcls: add access control entries (KIP-140)."""

from __future__ import annotations

from kafka_codecs.messages.api_30_create_acls import (
    AclCreationResult,
    CreateAclsRequest,
    CreateAclsResponse,
)
from kafkashim.acls import NO_AUTHORIZER, UNKNOWN, Acl
from kafkashim.apis import RequestContext
from kafkashim.apis.unreadable import close_unreadable
from kafkashim.state import Broker


def handle(
    request: CreateAclsRequest, broker: Broker, context: RequestContext
) -> CreateAclsResponse | None:
    """Add what may be added; an entry with the code of UNKNOWN cannot be read, as in Kafka."""
    acls = [
        Acl(
            creation.resource_type,
            creation.resource_name,
            creation.resource_pattern_type,
            creation.principal,
            creation.host,
            creation.operation,
            creation.permission_type,
        )
        for creation in request.creations
    ]
    if any(UNKNOWN in acl for acl in acls):
        close_unreadable(context, "CreateAcls")
        return None
    outcomes = (
        [NO_AUTHORIZER] * len(acls)
        if broker.cluster.acls is None
        else broker.cluster.acls.create(acls)
    )
    return CreateAclsResponse(
        results=[
            AclCreationResult(error_message="")
            if refused is None
            else AclCreationResult(error_code=refused.error, error_message=refused.message)
            for refused in outcomes
        ]
    )

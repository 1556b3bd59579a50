"""DescribeAcls: the entries that match a filter, together for each resource (KIP-140)."""

from __future__ import annotations

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_29_describe_acls import (
    AclDescription,
    DescribeAclsRequest,
    DescribeAclsResource,
    DescribeAclsResponse,
)
from kafkashim.acls import UNKNOWN, Filter
from kafkashim.apis import RequestContext
from kafkashim.apis.unreadable import close_unreadable
from kafkashim.state import Broker


def handle(
    request: DescribeAclsRequest, broker: Broker, context: RequestContext
) -> DescribeAclsResponse | None:
    """Describe what matches; a filter with the code of UNKNOWN cannot be read, as in Kafka."""
    wanted = Filter.of(request)
    if UNKNOWN in wanted:
        close_unreadable(context, "DescribeAcls")
        return None
    if broker.cluster.acls is None:
        return DescribeAclsResponse(
            error_code=ErrorCode.SECURITY_DISABLED,
            error_message="No Authorizer is configured on the broker",
            resources=[],
        )
    found: dict[tuple[int, str, int], list[AclDescription]] = {}
    for acl in broker.cluster.acls.matching(wanted):
        found.setdefault((acl.resource_type, acl.resource_name, acl.pattern_type), []).append(
            AclDescription(
                principal=acl.principal,
                host=acl.host,
                operation=acl.operation,
                permission_type=acl.permission_type,
            )
        )
    return DescribeAclsResponse(
        error_message="",
        resources=[
            DescribeAclsResource(
                resource_type=resource_type,
                resource_name=name,
                pattern_type=pattern_type,
                acls=entries,
            )
            for (resource_type, name, pattern_type), entries in found.items()
        ],
    )

"""Access control lists as scenes make them, look for them, and take them away."""

from __future__ import annotations

from typing import Any

from compat_tests.real_broker.conversation import Conversation
from kafka_codecs.messages.api_29_describe_acls import DescribeAclsRequest
from kafka_codecs.messages.api_30_create_acls import AclCreation, CreateAclsRequest
from kafka_codecs.messages.api_31_delete_acls import DeleteAclsFilter, DeleteAclsRequest

UNKNOWN, ANY = 0, 1
TOPIC, GROUP, CLUSTER, TRANSACTIONAL_ID, DELEGATION_TOKEN, USER = 2, 3, 4, 5, 6, 7
MATCH, LITERAL, PREFIXED = 2, 3, 4
ALL, READ, WRITE, DESCRIBE = 2, 3, 4, 8
LAST_OPERATION = 15
DENY, ALLOW = 2, 3
NEWEST = 3
ALICE, BOB = "User:alice", "User:bob"
EVERYWHERE = "*"


def acl(
    name: str,
    resource: int = TOPIC,
    pattern: int = LITERAL,
    principal: str = ALICE,
    host: str = EVERYWHERE,
    operation: int = READ,
    permission: int = ALLOW,
) -> AclCreation:
    return AclCreation(
        resource_type=resource,
        resource_name=name,
        resource_pattern_type=pattern,
        principal=principal,
        host=host,
        operation=operation,
        permission_type=permission,
    )


def create(*acls: AclCreation) -> CreateAclsRequest:
    return CreateAclsRequest(creations=list(acls))


def describe(
    name: str | None = None,
    resource: int = ANY,
    pattern: int = ANY,
    principal: str | None = None,
    host: str | None = None,
    operation: int = ANY,
    permission: int = ANY,
) -> DescribeAclsRequest:
    return DescribeAclsRequest(
        resource_type_filter=resource,
        resource_name_filter=name,
        pattern_type_filter=pattern,
        principal_filter=principal,
        host_filter=host,
        operation=operation,
        permission_type=permission,
    )


def every(
    name: str | None = None,
    resource: int = ANY,
    pattern: int = ANY,
    principal: str | None = None,
    host: str | None = None,
    operation: int = ANY,
    permission: int = ANY,
) -> DeleteAclsFilter:
    return DeleteAclsFilter(
        resource_type_filter=resource,
        resource_name_filter=name,
        pattern_type_filter=pattern,
        principal_filter=principal,
        host_filter=host,
        operation=operation,
        permission_type=permission,
    )


def delete(*filters: DeleteAclsFilter) -> DeleteAclsRequest:
    return DeleteAclsRequest(filters=list(filters))


def known(c: Conversation, wanted: DescribeAclsRequest) -> int:
    """How many entries match, as the broker that answers knows it by now."""
    resources = c.quietly(wanted, NEWEST).resources
    return sum(len(resource.acls) for resource in resources)


def wait_for(c: Conversation, count: int, wanted: DescribeAclsRequest | None = None) -> None:
    """Wait until so many entries match; without a filter, so many in all: scenes leave none behind."""
    c.until(lambda: known(c, wanted or describe()) == count)


def set_up(c: Conversation, *acls: AclCreation) -> None:
    """Create entries quietly, and wait until they are there."""
    before = known(c, describe())
    assert not before, f"a scene left {before} entries behind"
    answer = c.quietly(create(*acls), NEWEST)
    assert not any(result.error_code for result in answer.results)
    wait_for(c, len(acls))


def clean(c: Conversation) -> None:
    """Delete all there are, and wait until they are gone."""
    c.quietly(delete(every()), NEWEST)
    wait_for(c, 0)


def many(c: Conversation) -> list[Any]:
    """Entries that differ in everything an entry has; their names are the scene's own."""
    a, ab = c.name("a"), c.name("ab")
    return [
        acl(a),
        acl(a, operation=WRITE),
        acl(a, operation=ALL, principal=BOB),
        acl(a, permission=DENY, principal=BOB, host="10.0.0.1"),
        acl(a, host="10.0.0.1"),
        acl(a, pattern=PREFIXED),
        acl(ab),
        acl(ab, pattern=PREFIXED, operation=DESCRIBE),
        acl("*"),
        acl("*", pattern=PREFIXED),
        acl(a, resource=GROUP),
        acl(a[:-1], resource=GROUP, pattern=PREFIXED),
        acl("kafka-cluster", resource=CLUSTER, operation=DESCRIBE),
        acl(a, resource=TRANSACTIONAL_ID, operation=WRITE),
        acl(a, resource=DELEGATION_TOKEN, operation=DESCRIBE),
    ]

"""Access control lists (KIP-140, KIP-290): kept, matched and deleted, but not enforced yet.

They are there when ``authorizer.class.name`` names ``StandardAuthorizer``. The checks and their order are
those of ``AclApis`` and ``AclControlManager``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Self

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_29_describe_acls import DescribeAclsRequest
from kafka_codecs.messages.api_31_delete_acls import DeleteAclsFilter
from kafkashim.refused import MOST_RECORDS, Refused

UNKNOWN, ANY = 0, 1
# ResourceType, PatternType, AclOperation, AclPermissionType, each by its codes.
RESOURCE_TYPES = (
    *("UNKNOWN", "ANY", "TOPIC", "GROUP", "CLUSTER", "TRANSACTIONAL_ID", "DELEGATION_TOKEN"),
    "USER",
)
PATTERN_TYPES = ("UNKNOWN", "ANY", "MATCH", "LITERAL", "PREFIXED")
OPERATIONS = (
    *("UNKNOWN", "ANY", "ALL", "READ", "WRITE", "CREATE", "DELETE", "ALTER", "DESCRIBE"),
    *("CLUSTER_ACTION", "DESCRIBE_CONFIGS", "ALTER_CONFIGS", "IDEMPOTENT_WRITE", "CREATE_TOKENS"),
    *("DESCRIBE_TOKENS", "TWO_PHASE_COMMIT"),
)
PERMISSION_TYPES = ("UNKNOWN", "ANY", "DENY", "ALLOW")
CLUSTER = RESOURCE_TYPES.index("CLUSTER")
MATCH = PATTERN_TYPES.index("MATCH")
LITERAL = PATTERN_TYPES.index("LITERAL")
PREFIXED = PATTERN_TYPES.index("PREFIXED")
CLUSTER_NAME = "kafka-cluster"
WILDCARD = "*"
NO_AUTHORIZER = Refused(ErrorCode.SECURITY_DISABLED, "No Authorizer is configured.")
NO_CLUSTER = f"The only valid name for the CLUSTER resource is {CLUSTER_NAME}"
NO_NAME = "Invalid empty resource name"


class Acl(NamedTuple):
    """An entry: who may, or may not, do what from where with which resources."""

    resource_type: int
    resource_name: str
    pattern_type: int
    principal: str
    host: str
    operation: int
    permission_type: int


class Filter(NamedTuple):
    """What entries are to match: any where there is ``None`` or the code of ANY.

    A pattern type of MATCH asks for all patterns that a resource of the name comes under.
    """

    resource_type: int
    resource_name: str | None
    pattern_type: int
    principal: str | None
    host: str | None
    operation: int
    permission_type: int

    @classmethod
    def of(cls, wanted: DescribeAclsRequest | DeleteAclsFilter) -> Self:
        """What a request asks for."""
        return cls(
            wanted.resource_type_filter,
            wanted.resource_name_filter,
            wanted.pattern_type_filter,
            wanted.principal_filter,
            wanted.host_filter,
            wanted.operation,
            wanted.permission_type,
        )

    def matches(self, acl: Acl) -> bool:
        """Whether an entry is one of these (``AclBindingFilter.matches``)."""
        return (
            self.resource_type in (ANY, acl.resource_type)
            and self.operation in (ANY, acl.operation)
            and self.permission_type in (ANY, acl.permission_type)
            and self.principal in (None, acl.principal)
            and self.host in (None, acl.host)
            and self._matches_name(acl)
        )

    def _matches_name(self, acl: Acl) -> bool:
        if self.pattern_type not in (ANY, MATCH, acl.pattern_type):
            return False
        name = self.resource_name
        if name is None:
            return True
        if self.pattern_type != MATCH:
            return name == acl.resource_name
        if acl.pattern_type == PREFIXED:
            return name.startswith(acl.resource_name)
        return acl.resource_name in (name, WILDCARD)


class Acls:
    """All entries there are, in the order they came."""

    def __init__(self) -> None:
        self._acls: dict[Acl, None] = {}

    def create(self, acls: Sequence[Acl]) -> list[Refused | None]:
        """Add entries; tells of each whether it is there now, new or not."""
        if any(_is_for_filters_only(acl) for acl in acls):
            # AccessControlEntry and ResourcePattern cannot be made of these: Kafka stumbles.
            return [Refused(ErrorCode.UNKNOWN_SERVER_ERROR)] * len(acls)
        outcomes: list[Refused | None] = []
        added: dict[Acl, None] = {}
        for acl in map(_known_codes, acls):
            try:
                _check(acl)
            except Refused as refused:
                outcomes.append(refused)
            else:
                outcomes.append(None)
                if acl not in self._acls:
                    added[acl] = None
        if len(added) > MOST_RECORDS:
            too_many = Refused(
                ErrorCode.POLICY_VIOLATION,
                "Unable to perform excessively large batch operation.",
            )
            return [outcome if _is_of_the_broker(outcome) else too_many for outcome in outcomes]
        self._acls.update(added)
        return outcomes

    def matching(self, wanted: Filter) -> list[Acl]:
        """The entries that match a filter."""
        return [acl for acl in self._acls if wanted.matches(acl)]

    def delete(self, filters: Iterable[Filter]) -> list[list[Acl] | Refused]:
        """Delete what matches; tells of each filter what it matched, also what another one did."""
        outcomes: list[list[Acl] | Refused] = []
        gone: dict[Acl, None] = {}
        for wanted in filters:
            refused = _check_filter(wanted)
            found = [] if refused else self.matching(wanted)
            gone.update(dict.fromkeys(found))
            outcomes.append(refused or found)
        if len(gone) > MOST_RECORDS:
            message = f"Cannot remove more than {MOST_RECORDS} acls in a single delete operation."
            return [Refused(ErrorCode.INVALID_REQUEST, message)] * len(outcomes)
        for acl in gone:
            del self._acls[acl]
        return outcomes


def _is_for_filters_only(acl: Acl) -> bool:
    return (
        acl.resource_type == ANY
        or acl.pattern_type in (ANY, MATCH)
        or acl.operation == ANY
        or acl.permission_type == ANY
    )


def _known(code: int, names: Sequence[str]) -> int:
    return code if 0 <= code < len(names) else UNKNOWN


def _known_codes(acl: Acl) -> Acl:
    """An entry with the code of UNKNOWN where Kafka knows no such code."""
    return acl._replace(
        resource_type=_known(acl.resource_type, RESOURCE_TYPES),
        pattern_type=_known(acl.pattern_type, PATTERN_TYPES),
        operation=_known(acl.operation, OPERATIONS),
        permission_type=_known(acl.permission_type, PERMISSION_TYPES),
    )


def _check(acl: Acl) -> None:
    """Whether an entry may be added; first what the broker looks at, then the controller.

    Raises:
        Refused: it may not.
    """
    if acl.resource_type == CLUSTER and acl.resource_name != CLUSTER_NAME:
        raise _invalid(NO_CLUSTER)
    if not acl.resource_name:
        raise _invalid(NO_NAME)
    if acl.resource_type == UNKNOWN:
        raise _invalid("Invalid resourceType UNKNOWN")
    if acl.pattern_type == UNKNOWN:
        raise _invalid("Invalid patternType UNKNOWN")
    if acl.operation == UNKNOWN:
        raise _invalid("Invalid operation UNKNOWN")
    if acl.permission_type == UNKNOWN:
        raise _invalid("Invalid permissionType UNKNOWN")
    if ":" not in acl.principal:
        raise _invalid(
            f"Could not parse principal from `{acl.principal}` (no colon is present separating the"
            " principal type from the principal name)"
        )


def _is_of_the_broker(outcome: Refused | None) -> bool:
    """Whether an entry was refused before the controller saw how many there are."""
    return outcome is not None and outcome.message in (NO_CLUSTER, NO_NAME)


def _check_filter(wanted: Filter) -> Refused | None:
    if UNKNOWN in (
        _known(wanted.resource_type, RESOURCE_TYPES),
        _known(wanted.pattern_type, PATTERN_TYPES),
    ):
        return _invalid("Unknown patternFilter.")
    if UNKNOWN in (
        _known(wanted.operation, OPERATIONS),
        _known(wanted.permission_type, PERMISSION_TYPES),
    ):
        return _invalid("Unknown entryFilter.")
    return None


def _invalid(message: str) -> Refused:
    return Refused(ErrorCode.INVALID_REQUEST, message)

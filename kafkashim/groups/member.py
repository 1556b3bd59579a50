"""A member of a classic group, and the requests it waits for an answer to."""

from __future__ import annotations

from collections.abc import Container, Sequence

from kafka_codecs.messages.api_11_join_group import (
    JoinGroupRequest,
    JoinGroupRequestProtocol,
    JoinGroupResponse,
)
from kafka_codecs.messages.api_14_sync_group import SyncGroupResponse
from kafkashim.parked import Parked

FIRST_VERSION_WITH_REBALANCE_TIMEOUT = 1
FIRST_VERSION_WITH_MEMBER_ID_REQUIRED = 4
FIRST_VERSION_WITH_NULL_PROTOCOL_NAME = 7
FIRST_VERSION_WITH_SKIP_ASSIGNMENT = 9


class Join:
    """A JoinGroup request and where its answer goes."""

    __slots__ = ("client_host", "client_id", "parked", "protocols", "request", "version")

    def __init__(
        self, request: JoinGroupRequest, version: int, client_id: str | None, client_host: str
    ) -> None:
        self.request = request
        self.version = version
        self.client_id = client_id
        self.client_host = client_host
        self.parked: Parked[JoinGroupResponse] = Parked()
        self.protocols = request.protocols

    @property
    def rebalance_timeout_ms(self) -> int:
        """How long a rebalance may wait for the member; version 0 has only a session timeout."""
        if self.version < FIRST_VERSION_WITH_REBALANCE_TIMEOUT:
            return self.request.session_timeout_ms
        return self.request.rebalance_timeout_ms

    @property
    def needs_member_id(self) -> bool:
        """Whether a new member first gets its id and then joins with it (KIP-394)."""
        return self.version >= FIRST_VERSION_WITH_MEMBER_ID_REQUIRED

    @property
    def may_skip_assignment(self) -> bool:
        """Whether the client knows that a leader need not assign anew (KIP-814)."""
        return self.version >= FIRST_VERSION_WITH_SKIP_ASSIGNMENT

    def answer(self, response: JoinGroupResponse) -> None:
        """Answer the request; versions without a null protocol name get an empty one."""
        nullable = self.version >= FIRST_VERSION_WITH_NULL_PROTOCOL_NAME
        if not nullable and response.protocol_name is None:
            response.protocol_name = ""
        self.parked.answer(response)

    def fail(self, error: int, member_id: str = "") -> None:
        """Answer with an error."""
        self.answer(failed_join(error, member_id))


def failed_join(error: int, member_id: str = "") -> JoinGroupResponse:
    """A JoinGroup response that says only what went wrong."""
    return JoinGroupResponse(
        error_code=error, member_id=member_id, protocol_name=None, leader="", members=[]
    )


class ClassicGroupMember:
    """What the coordinator knows of a member (``ClassicGroupMember``).

    ``is_new`` holds until the member's first generation: only then can a member expire while it waits
    for the answer to its JoinGroup.
    """

    __slots__ = (
        "assignment",
        "awaiting_join",
        "awaiting_sync",
        "client_host",
        "client_id",
        "group_instance_id",
        "is_new",
        "member_id",
        "protocol_type",
        "protocols",
        "rebalance_timeout_ms",
        "session_timeout_ms",
    )

    def __init__(self, member_id: str, join: Join) -> None:
        self.member_id = member_id
        self.group_instance_id = join.request.group_instance_id
        self.client_id = join.client_id
        self.client_host = join.client_host
        self.protocol_type = join.request.protocol_type
        self.protocols: Sequence[JoinGroupRequestProtocol] = join.protocols
        self.rebalance_timeout_ms = join.rebalance_timeout_ms
        self.session_timeout_ms = join.request.session_timeout_ms
        self.assignment = b""
        self.is_new = False
        self.awaiting_join: Join | None = None
        self.awaiting_sync: Parked[SyncGroupResponse] | None = None

    @property
    def is_static(self) -> bool:
        """Whether the member has an instance id, and so outlives its restarts (KIP-345)."""
        return self.group_instance_id is not None

    @property
    def has_satisfied_heartbeat(self) -> bool:
        """Whether the member counts as alive because it waits for the coordinator."""
        waits = self.awaiting_join is not None or self.awaiting_sync is not None
        return waits and not self.is_new

    def metadata(self, protocol_name: str | None) -> bytes:
        """The member's metadata for one protocol.

        Raises:
            KeyError: the member does not have the protocol.
        """
        for protocol in self.protocols:
            if protocol.name == protocol_name:
                return protocol.metadata
        raise KeyError(protocol_name)

    def matches(self, protocols: Sequence[JoinGroupRequestProtocol]) -> bool:
        """Whether these are the protocols the member has, in the same order."""
        return [(p.name, p.metadata) for p in self.protocols] == [
            (p.name, p.metadata) for p in protocols
        ]

    def vote(self, candidates: Container[str]) -> str:
        """The member's first choice among the candidates.

        Raises:
            StopIteration: it has none of them; the group does not let that happen.
        """
        return next(p.name for p in self.protocols if p.name in candidates)

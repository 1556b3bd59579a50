"""A broker without sockets on a clock that is moved by hand, and clients of its groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kafka_codecs.errors import ErrorCode
from kafka_codecs.frame import decode_response, encode_request
from kafka_codecs.messages import messages
from kafka_codecs.messages.api_08_offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from kafka_codecs.messages.api_11_join_group import JoinGroupRequest, JoinGroupRequestProtocol
from kafka_codecs.messages.api_12_heartbeat import HeartbeatRequest
from kafka_codecs.messages.api_13_leave_group import LeaveGroupRequest, MemberIdentity
from kafka_codecs.messages.api_14_sync_group import SyncGroupRequest, SyncGroupRequestAssignment
from kafka_codecs.schema import Request
from kafkashim.clock import ManualClock
from kafkashim.config import Config
from kafkashim.dispatch import Answer, Dispatcher
from kafkashim.ids import IdSource
from kafkashim.parked import Parked
from kafkashim.rules.producer_state import BOOKS
from kafkashim.state import Broker

SESSION_MS = 30_000
REBALANCE_MS = 60_000


@dataclass
class FakePeer:
    id: int = 1
    peer_host: str = "127.0.0.1"
    listener_host: str = "localhost"
    listener_port: int = 9092
    listener_name: str = "PLAINTEXT"

    def close(self) -> None:
        raise AssertionError("no handler of a group closes its connection")


class Pending:
    """A request that was sent; `response` is there once the broker has answered."""

    def __init__(self, request: Request, version: int) -> None:
        self._type = messages(request.API_KEY)[1]
        self._version = version
        self._response: Any = None
        self.parked: Parked[Any] | None = None

    def deliver(self, answer: Answer) -> None:
        assert self._response is None, "answered twice"
        frame = answer if isinstance(answer, bytes) else b"".join(answer)
        _, self._response = decode_response(self._type, self._version, frame[4:])

    @property
    def waits(self) -> bool:
        return self._response is None

    @property
    def response(self) -> Any:
        assert self._response is not None, "there is no answer yet"
        return self._response


class FakeBroker:
    """Requests go in as frames, so that every answer is one its version can carry."""

    def __init__(self, config: Mapping[str, str] | None = None) -> None:
        self.clock = ManualClock()
        settings = {"group.initial.rebalance.delay.ms": "0", **(config or {})}
        self.broker = Broker(
            Config.from_overrides(settings), self.clock, book=BOOKS["explicit"], ids=IdSource(1)
        )
        self._dispatcher = Dispatcher(self.broker)

    def send(self, request: Request, version: int, client_id: str | None = "client") -> Pending:
        pending = Pending(request, version)
        frame = memoryview(encode_request(request, version, 7, client_id))[4:]
        result = self._dispatcher.dispatch(frame, FakePeer(), pending.deliver)
        if isinstance(result, Parked):
            pending.parked = result
        else:
            assert result is not None
            pending.deliver(result)
        # A delay of 0 ms is over at once.
        self.clock.advance(0)
        return pending

    def ask(self, request: Request, version: int, client_id: str | None = "client") -> Any:
        return self.send(request, version, client_id).response


class FakeMember:
    """A consumer of a group, as a client library drives it."""

    def __init__(
        self,
        broker: FakeBroker,
        group: str = "group",
        *,
        instance: str | None = None,
        protocols: Sequence[str] = ("range",),
        protocol_type: str = "consumer",
        version: int = 9,
        client_id: str | None = "client",
        session_ms: int = SESSION_MS,
        rebalance_ms: int = REBALANCE_MS,
    ) -> None:
        self.broker = broker
        self.group = group
        self.instance = instance
        self.protocols = [JoinGroupRequestProtocol(name=p, metadata=b"m") for p in protocols]
        self.protocol_type = protocol_type
        self.version = version
        self.client_id = client_id
        self.session_ms = session_ms
        self.rebalance_ms = rebalance_ms
        self.member_id = ""
        self.generation = -1
        self.joining: Pending | None = None

    def request_join(self) -> Pending:
        request = JoinGroupRequest(
            group_id=self.group,
            session_timeout_ms=self.session_ms,
            rebalance_timeout_ms=self.rebalance_ms,
            member_id=self.member_id,
            group_instance_id=self.instance,
            protocol_type=self.protocol_type,
            protocols=self.protocols,
        )
        return self.broker.send(request, self.version, self.client_id)

    def begin_join(self) -> Pending:
        """Join, with the id the coordinator gives if it asks for one; the answer may be to come."""
        pending = self.request_join()
        if not pending.waits and pending.response.error_code == ErrorCode.MEMBER_ID_REQUIRED:
            self.member_id = pending.response.member_id
            pending = self.request_join()
        self.joining = pending
        return pending

    def joined(self) -> Any:
        """Take the answer to the join that was begun."""
        assert self.joining is not None
        response = self.joining.response
        assert response.error_code == ErrorCode.NONE
        self.member_id = response.member_id
        self.generation = response.generation_id
        return response

    def join(self) -> Any:
        self.begin_join()
        return self.joined()

    def sync(self, assignments: Mapping[str, bytes] | None = None) -> Pending:
        request = SyncGroupRequest(
            group_id=self.group,
            generation_id=self.generation,
            member_id=self.member_id,
            group_instance_id=self.instance,
            protocol_type=self.protocol_type,
            protocol_name=self.protocols[0].name,
            assignments=[
                SyncGroupRequestAssignment(member_id=k, assignment=v)
                for k, v in (assignments or {}).items()
            ],
        )
        return self.broker.send(request, 5)

    def heartbeat(self, generation: int | None = None) -> int:
        request = HeartbeatRequest(
            group_id=self.group,
            generation_id=self.generation if generation is None else generation,
            member_id=self.member_id,
            group_instance_id=self.instance,
        )
        error: int = self.broker.ask(request, 4).error_code
        return error

    def leave(self) -> int:
        request = LeaveGroupRequest(
            group_id=self.group, members=[MemberIdentity(member_id=self.member_id)]
        )
        error: int = self.broker.ask(request, 5).members[0].error_code
        return error

    def commit(self, topic: str, offset: int, *, version: int = 9) -> int:
        return commit(
            self.broker,
            self.group,
            topic,
            offset,
            generation=self.generation,
            member_id=self.member_id,
            instance=self.instance,
            version=version,
        )


def stable_group(broker: FakeBroker, size: int, **options: Any) -> list[FakeMember]:
    """A group in its stable state; the first member leads."""
    members = [FakeMember(broker, **options) for _ in range(size)]
    members[0].join()
    for member in members[1:]:
        member.begin_join()
    if size > 1:
        members[0].join()
        for member in members[1:]:
            member.joined()
    assignments = {member.member_id: member.member_id.encode() for member in members}
    for member in members:
        member.sync(assignments if member is members[0] else None)
    return members


def commit(
    broker: FakeBroker,
    group: str,
    topic: str,
    offset: int,
    *,
    generation: int = -1,
    member_id: str = "",
    instance: str | None = None,
    metadata: str | None = "",
    retention_ms: int = -1,
    version: int = 9,
) -> int:
    """Commit the offset of partition 0; gives the error."""
    partition = OffsetCommitRequestPartition(
        partition_index=0, committed_offset=offset, committed_metadata=metadata
    )
    request = OffsetCommitRequest(
        group_id=group,
        generation_id_or_member_epoch=generation,
        member_id=member_id,
        group_instance_id=instance,
        retention_time_ms=retention_ms,
        topics=[OffsetCommitRequestTopic(name=topic, partitions=[partition])],
    )
    error: int = broker.ask(request, version).topics[0].partitions[0].error_code
    return error

"""How long a large group takes to settle, on this broker and on Apache Kafka, in the same run.

    python -m benchmarks.groups --members 100 --partitions 1000 --rounds 5

Members are raw connections of one process, a hundred of them unless told otherwise, that share the
partitions of one topic. The times are those until all that join at once have what they are to have
(``form``), and from the moment a member leaves until the others have what it had (``rebalance``), for
several members that leave one after the other. How long that takes is mostly a matter of when the others
next send a heartbeat: every 50 ms here. With ``rebalance at once`` all of them send one as soon as the
member is gone, so that nothing is waited for but the coordinator. Needs ``java`` and ``mvn``; without
them only this broker is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import struct
import sys
import time
from collections.abc import Coroutine
from typing import Any, TypeVar, cast

import uvloop

from benchmarks.produce import kafkashim_process
from compat_tests import toolchains
from compat_tests.real_broker.apache_kafka import PROPERTIES, TOOLS, ApacheKafka
from kafka_codecs.consumer_protocol import (
    ConsumerProtocolAssignment,
    ConsumerProtocolSubscription,
    TopicPartition,
    decode_assignment,
    encode_assignment,
)
from kafka_codecs.frame import decode_response, encode_request
from kafka_codecs.messages import messages
from kafka_codecs.messages.api_02_list_offsets import (
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsTopic,
)
from kafka_codecs.messages.api_11_join_group import JoinGroupRequest, JoinGroupRequestProtocol
from kafka_codecs.messages.api_12_heartbeat import HeartbeatRequest
from kafka_codecs.messages.api_13_leave_group import LeaveGroupRequest, MemberIdentity
from kafka_codecs.messages.api_14_sync_group import SyncGroupRequest, SyncGroupRequestAssignment
from kafka_codecs.messages.api_19_create_topics import CreatableTopic, CreateTopicsRequest
from kafka_codecs.messages.api_68_consumer_group_heartbeat import (
    ConsumerGroupHeartbeatRequest,
    OwnedTopicPartitions,
)
from kafka_codecs.schema import Request

HEARTBEAT_SECONDS = 0.05
JOIN, SYNC, HEARTBEAT, LEAVE, CONSUMER_HEARTBEAT = 9, 5, 4, 5, 1
MEMBER_ID_REQUIRED, REBALANCE_IN_PROGRESS = 79, 27
TIMEOUT_MS = 120_000
TIMES = ("form", "rebalance", "rebalance at once")
T = TypeVar("T")
Address = tuple[str, int]


class Connection(asyncio.Protocol):
    """A connection that asks one thing after the other.

    Without streams, because what a hundred members cost their own process is not to be measured.
    """

    def __init__(self) -> None:
        self._transport: asyncio.Transport = None  # type: ignore[assignment]
        self._received = b""
        self._answer: asyncio.Future[bytes] | None = None
        self._sent = 0

    @classmethod
    async def open(cls, address: Address) -> Connection:
        _, connection = await asyncio.get_running_loop().create_connection(cls, *address)
        return connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        received = self._received
        if len(received) < 4 or len(received) < 4 + struct.unpack_from(">i", received)[0]:
            return
        assert self._answer is not None
        self._received = b""
        self._answer.set_result(received[4:])

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionError("the broker closed the connection"))

    async def ask(
        self, request: Request, version: int, *, when: asyncio.Future[None] | None = None
    ) -> Any:
        """Send a request, with ``when`` at its moment, and give the answer."""
        self._sent += 1
        frame = encode_request(request, version, self._sent, "member")
        self._answer = asyncio.get_running_loop().create_future()
        if when is not None:
            await when
        self._transport.write(frame)
        return decode_response(messages(request.API_KEY)[1], version, await self._answer)[1]

    def close(self) -> None:
        self._answer = None
        self._transport.close()


class Member:
    """What both kinds of members have: partitions, and a loop that goes on until it is stopped."""

    def __init__(self, connection: Connection, group: str, topic: str, number: int) -> None:
        self._connection = connection
        self._group, self._topic, self._number = group, topic, number
        self.owned: set[int] = set()
        self.leaving = False
        self._next_heartbeat: asyncio.Future[None] | None = None

    def hurry(self) -> None:
        """Send the next heartbeat now."""
        if self._next_heartbeat is not None and not self._next_heartbeat.done():
            self._next_heartbeat.set_result(None)

    def _soon(self) -> asyncio.Future[None]:
        """The moment of the next heartbeat."""
        loop = asyncio.get_running_loop()
        self._next_heartbeat = loop.create_future()
        loop.call_later(HEARTBEAT_SECONDS, _come, self._next_heartbeat)
        return self._next_heartbeat

    async def run(self) -> None:
        raise NotImplementedError


def _come(moment: asyncio.Future[None]) -> None:
    if not moment.done():
        moment.set_result(None)


class ClassicMember(Member):
    async def run(self) -> None:
        member_id, generation = "", -1
        while True:
            joined = await self._connection.ask(self._join(member_id), JOIN)
            if joined.error_code == MEMBER_ID_REQUIRED:
                member_id = joined.member_id
                continue
            if joined.error_code == REBALANCE_IN_PROGRESS:
                continue
            assert not joined.error_code, joined
            generation = joined.generation_id
            given = self._assign(joined.members) if joined.leader == member_id else []
            synced = await self._connection.ask(
                SyncGroupRequest(
                    group_id=self._group,
                    generation_id=generation,
                    member_id=member_id,
                    protocol_type="consumer",
                    protocol_name="range",
                    assignments=given,
                ),
                SYNC,
            )
            if synced.error_code:
                assert synced.error_code == REBALANCE_IN_PROGRESS, synced
                continue
            assigned = decode_assignment(synced.assignment).assigned_partitions
            self.owned = {partition for topic in assigned for partition in topic.partitions}
            beat = HeartbeatRequest(
                group_id=self._group, generation_id=generation, member_id=member_id
            )
            while not self.leaving:
                told = await self._connection.ask(beat, HEARTBEAT, when=self._soon())
                if told.error_code:
                    self.owned = set()
                    break
            if self.leaving:
                self.owned = set()
                gone = LeaveGroupRequest(
                    group_id=self._group, members=[MemberIdentity(member_id=member_id)]
                )
                await self._connection.ask(gone, LEAVE)
                return

    def _join(self, member_id: str) -> JoinGroupRequest:
        subscription = ConsumerProtocolSubscription(topics=[self._topic])
        metadata = struct.pack(">h", 3) + subscription.encode(3)
        return JoinGroupRequest(
            group_id=self._group,
            session_timeout_ms=30_000,
            rebalance_timeout_ms=TIMEOUT_MS,
            member_id=member_id,
            protocol_type="consumer",
            protocols=[JoinGroupRequestProtocol(name="range", metadata=metadata)],
        )

    def _assign(self, members: list[Any]) -> list[SyncGroupRequestAssignment]:
        ids = sorted(member.member_id for member in members)
        quota, extra = divmod(self.partitions, len(ids))
        given, start = [], 0
        for index, member_id in enumerate(ids):
            end = start + quota + (index < extra)
            found = [TopicPartition(topic=self._topic, partitions=list(range(start, end)))]
            assignment = encode_assignment(ConsumerProtocolAssignment(assigned_partitions=found), 3)
            given.append(SyncGroupRequestAssignment(member_id=member_id, assignment=assignment))
            start = end
        return given

    partitions = 0


class ConsumerMember(Member):
    async def run(self) -> None:
        member_id, epoch = f"member-{self._number}", 0
        owned: list[OwnedTopicPartitions] = []
        while not self.leaving:
            beat = ConsumerGroupHeartbeatRequest(
                group_id=self._group,
                member_id=member_id,
                member_epoch=epoch,
                rebalance_timeout_ms=-1 if epoch else TIMEOUT_MS,
                subscribed_topic_names=None if epoch else [self._topic],
                topic_partitions=owned,
            )
            when = self._soon() if epoch else None
            answer = await self._connection.ask(beat, CONSUMER_HEARTBEAT, when=when)
            assert not answer.error_code, answer
            epoch = answer.member_epoch
            if answer.assignment is not None:
                self.owned = set()
                for topic in answer.assignment.topic_partitions:
                    self.owned = set(topic.partitions)
                    owned = [
                        OwnedTopicPartitions(topic_id=topic.topic_id, partitions=topic.partitions)
                    ]
        gone = ConsumerGroupHeartbeatRequest(
            group_id=self._group, member_id=member_id, member_epoch=-1
        )
        await self._connection.ask(gone, CONSUMER_HEARTBEAT)
        self.owned = set()


async def measure(
    address: Address, kind: type[Member], name: str, options: argparse.Namespace
) -> dict[str, list[float]]:
    """Seconds to form a group, and to rebalance each time a member leaves."""
    members, partitions = options.members, options.partitions
    await _create_topic(address, name, partitions)
    connections = [await Connection.open(address) for _ in range(members)]
    group = [kind(c, f"group-{name}", name, number) for number, c in enumerate(connections)]
    ClassicMember.partitions = partitions
    times: dict[str, list[float]] = {what: [] for what in TIMES}
    begun = time.perf_counter()
    tasks = [asyncio.create_task(member.run()) for member in group]
    await _settled(group, tasks, partitions)
    times["form"].append(time.perf_counter() - begun)
    for _ in range(options.leaves):
        for what in ("rebalance", "rebalance at once"):
            await asyncio.sleep(2 * HEARTBEAT_SECONDS)  # until nobody has anything to do
            leaver, left = group.pop(), tasks.pop()
            leaver.leaving = True
            leaver.hurry()
            begun = time.perf_counter()
            await left
            if what == "rebalance at once":
                for member in group:
                    member.hurry()
            await _settled(group, tasks, partitions)
            times[what].append(time.perf_counter() - begun)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for connection in connections:
        connection.close()
    return times


async def _create_topic(address: Address, name: str, partitions: int) -> None:
    setup = await Connection.open(address)
    topic = CreatableTopic(name=name, num_partitions=partitions, replication_factor=1)
    await setup.ask(CreateTopicsRequest(topics=[topic], timeout_ms=60_000), 7)
    last = ListOffsetsPartition(partition_index=partitions - 1, timestamp=-1)
    asked = ListOffsetsRequest(
        replica_id=-1, topics=[ListOffsetsTopic(name=name, partitions=[last])]
    )
    while (await setup.ask(asked, 5)).topics[0].partitions[0].error_code:
        await asyncio.sleep(0.05)
    setup.close()


async def _settled(group: list[Any], tasks: list[asyncio.Task[None]], partitions: int) -> None:
    """Wait until every partition is owned once, and evenly."""
    most = -(-partitions // len(group))
    end = time.perf_counter() + TIMEOUT_MS / 1000
    while True:
        owned = [len(member.owned) for member in group]
        if sum(owned) == partitions and max(owned) <= most:
            everything = set().union(*(member.owned for member in group))
            assert len(everything) == partitions, "a partition is owned twice"
            return
        for task in tasks:
            if task.done():
                task.result()
        assert time.perf_counter() < end, "the group never settles"
        await asyncio.sleep(0.001)


def run(brokers: dict[str, Address], options: argparse.Namespace) -> None:
    times: dict[tuple[str, str, str], list[float]] = {}
    for number in range(options.rounds):
        for protocol, kind in (("classic", ClassicMember), ("consumer", ConsumerMember)):
            for broker, address in brokers.items():
                name = f"{protocol}-{number}-{time.time_ns()}"
                for what, seconds in _in_a_loop(measure(address, kind, name, options)).items():
                    times.setdefault((protocol, what, broker), []).extend(seconds)
    print(
        f"{options.members} members, {options.partitions} partitions, {options.rounds} rounds, "
        f"each with 2 x {options.leaves} members that leave:"
    )
    for protocol in ("classic", "consumer"):
        for what in TIMES:
            medians = {b: statistics.median(times[protocol, what, b]) for b in brokers}
            shown = "   ".join(f"{b} {seconds:6.3f} s" for b, seconds in medians.items())
            first, *others = medians.values()
            ratio = "".join(f"   ratio {first / other:.2f}" for other in others)
            print(f"  {protocol:8} {what:18} {shown}{ratio}")


def _in_a_loop(work: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--members", type=int, default=100)
    parser.add_argument("--partitions", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--leaves", type=int, default=5)
    options = parser.parse_args()
    overrides = [part for pair in PROPERTIES.items() for part in ("--override", "=".join(pair))]
    with kafkashim_process("--rules", "kafka-4.3", "--log-level", "ERROR", *overrides) as (port, _):
        brokers: dict[str, Address] = {"kafkashim": ("127.0.0.1", port)}
        missing = toolchains.missing(*TOOLS)
        if missing:
            print(f"without Apache Kafka: {missing} not found", file=sys.stderr)
            run(brokers, options)
            return 0
        with ApacheKafka() as kafka:
            run({**brokers, "Apache Kafka": kafka.address}, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())

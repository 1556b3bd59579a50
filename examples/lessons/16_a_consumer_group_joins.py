"""Lesson 16: a consumer group joins.

Consumers of a group share the partitions of their topics. In the classic protocol a broker, the group's
coordinator, only brings the members together: JoinGroup gathers them, and one of them, the leader, is
told who they are. The leader decides who reads what, and SyncGroup hands that out. Heartbeats tell the
coordinator that a member is there, and tell the member when it has to join again.

Two members join here, by hand.
"""

from __future__ import annotations

import socket
import struct
import time

from wire import ask, connect, receive, send

from kafka_codecs.consumer_protocol import (
    ConsumerProtocolAssignment,
    ConsumerProtocolSubscription,
    TopicPartition,
    decode_assignment,
    encode_assignment,
)
from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_10_find_coordinator import FindCoordinatorRequest
from kafka_codecs.messages.api_11_join_group import JoinGroupRequest, JoinGroupRequestProtocol
from kafka_codecs.messages.api_12_heartbeat import HeartbeatRequest
from kafka_codecs.messages.api_14_sync_group import SyncGroupRequest, SyncGroupRequestAssignment
from kafkashim.testing import KafkaShim

GROUP, TOPIC = "readers", "orders"
JOIN_VERSION = 7


class Member:
    """A member knows the id it was given, and the generation it belongs to."""

    def __init__(self, name: str, connection: socket.socket) -> None:
        self.name = name
        self.connection = connection
        self.member_id = ""
        self.generation = -1

    def join_request(self) -> JoinGroupRequest:
        # The coordinator hands this on to the leader as it is.
        wanted = ConsumerProtocolSubscription(topics=[TOPIC], user_data=None)
        metadata = struct.pack(">h", 0) + wanted.encode(0)
        return JoinGroupRequest(
            group_id=GROUP,
            session_timeout_ms=45_000,
            rebalance_timeout_ms=60_000,
            member_id=self.member_id,
            protocol_type="consumer",
            protocols=[JoinGroupRequestProtocol(name="range", metadata=metadata)],
        )

    def get_member_id(self) -> None:
        """Who comes without an id is given one, and joins with it in a second request (KIP-394)."""
        answer = ask(self.connection, self.join_request(), JOIN_VERSION)
        self.member_id = answer.member_id
        print(f"  {self.name}: JoinGroup without an id: {ErrorCode.name_of(answer.error_code)}")

    def send_join(self) -> None:
        """The answer comes when all members have joined: that may take a while."""
        send(self.connection, self.join_request(), JOIN_VERSION)

    def read_join(self) -> None:
        answer = receive(self.connection, JoinGroupRequest, JOIN_VERSION)
        self.generation = answer.generation_id
        role = "leader" if answer.leader == self.member_id else "not the leader"
        count = len(answer.members)
        print(
            f"  {self.name}: generation {self.generation}, {role}, members it is told of: {count}"
        )

    def sync(self, plan: dict[str, list[int]]) -> None:
        """The leader sends what everybody gets, the others an empty plan; each gets its own part."""
        request = SyncGroupRequest(
            group_id=GROUP,
            generation_id=self.generation,
            member_id=self.member_id,
            assignments=[
                SyncGroupRequestAssignment(member_id=member_id, assignment=write_part(partitions))
                for member_id, partitions in plan.items()
            ],
        )
        answer = ask(self.connection, request, 3)
        for part in decode_assignment(answer.assignment).assigned_partitions:
            print(f"  {self.name}: reads {part.topic}, partitions {part.partitions}")

    def heartbeat(self, generation: int) -> None:
        about = {"group_id": GROUP, "generation_id": generation, "member_id": self.member_id}
        answer = ask(self.connection, HeartbeatRequest(**about), 3)
        error = ErrorCode.name_of(answer.error_code)
        print(f"  {self.name}: Heartbeat in generation {generation}: {error}")


def write_part(partitions: list[int]) -> bytes:
    part = TopicPartition(topic=TOPIC, partitions=partitions)
    return encode_assignment(ConsumerProtocolAssignment(assigned_partitions=[part]), 0)


def wait_until_asked(broker: KafkaShim) -> None:
    """Until the coordinator has a JoinGroup that it does not answer yet."""
    while all(entry.answer is not None for entry in broker.journal.requests(api="JoinGroup")):
        time.sleep(0.005)


def main() -> None:
    # The first members of a group usually wait three seconds for others to come.
    config = {"group.initial.rebalance.delay.ms": "0"}
    with KafkaShim(config=config) as broker, connect(broker) as one, connect(broker) as other:
        a, b = Member("A", one), Member("B", other)

        print("1. Who is the coordinator?")
        answer = ask(one, FindCoordinatorRequest(coordinator_keys=[GROUP]), 4)
        print(f"  of group {GROUP}: node {answer.coordinators[0].node_id}")

        print("2. A joins, and is alone")
        a.get_member_id()
        a.send_join()
        a.read_join()
        a.sync({a.member_id: [0, 1, 2]})
        a.heartbeat(1)

        print("3. B wants to join, and has to wait for A, which learns of it by its heartbeat")
        b.get_member_id()
        b.send_join()
        wait_until_asked(broker)
        a.heartbeat(1)

        print("4. A joins again, and both are answered")
        a.send_join()
        a.read_join()
        b.read_join()

        print("5. A has decided who reads what; B only asks")
        a.sync({a.member_id: [0, 1], b.member_id: [2]})
        b.sync({})
        b.heartbeat(2)
        b.heartbeat(1)

    print()
    print(
        "Question: the topic orders does not even exist here. Why does the coordinator not mind, and"
    )
    print("who would in a real group?")


if __name__ == "__main__":
    main()

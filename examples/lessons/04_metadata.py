"""Lesson 04: metadata.

A topic has partitions, and each partition has one leader among the brokers. Only the leader takes and
gives its records. So a client first asks any broker who leads what, and then goes to the leader itself.
What it was told gets old, because leaders move; brokers tell it when it comes to the wrong one.

This lesson runs three brokers in one process.
"""

from __future__ import annotations

import socket

from wire import ask, connect, produce_request, write_batch

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_03_metadata import (
    MetadataRequest,
    MetadataRequestTopic,
    MetadataResponseTopic,
)
from kafkashim.testing import KafkaShim

METADATA_VERSION = 12
PRODUCE_VERSION = 10


def ask_for_brokers(connection: socket.socket) -> None:
    """No topics. A client is given one or two addresses and learns the others here."""
    answer = ask(connection, MetadataRequest(topics=[]), METADATA_VERSION)
    for broker in answer.brokers:
        print(f"  node {broker.node_id} at {broker.host}")
    print(f"  each with a port of its own: {len({broker.port for broker in answer.brokers}) == 3}")


def ask_for_topic(connection: socket.socket, *, create: bool) -> MetadataResponseTopic:
    request = MetadataRequest(
        topics=[MetadataRequestTopic(name="orders")], allow_auto_topic_creation=create
    )
    return ask(connection, request, METADATA_VERSION).topics[0]


def wait_for_topic(connection: socket.socket) -> MetadataResponseTopic:
    """The error is retriable: clients ask again until the topic is there."""
    while True:
        topic = ask_for_topic(connection, create=True)
        if topic.error_code == ErrorCode.NONE:
            return topic


def show(topic: MetadataResponseTopic) -> None:
    for partition in topic.partitions:
        print(
            f"  partition {partition.partition_index}: leader {partition.leader_id},"
            f" leader epoch {partition.leader_epoch}, replicas {partition.replica_nodes},"
            f" in sync {partition.isr_nodes}"
        )


def write_to_the_wrong_broker(broker: KafkaShim, wrong: int) -> None:
    """From version 10 on the refusal says who leads, so that nobody has to ask (KIP-951)."""
    with socket.create_connection(broker.brokers[wrong], timeout=10) as connection:
        # Lesson 06 shows what such a request is made of.
        request = produce_request("orders", write_batch([b"one"]))
        answer = ask(connection, request, PRODUCE_VERSION)
    refused = answer.responses[0].partition_responses[0]
    print(f"  node {wrong}: {ErrorCode.name_of(refused.error_code)}")
    leader = refused.current_leader
    print(f"  the leader is {leader.leader_id}, in leader epoch {leader.leader_epoch}")


def main() -> None:
    config = {"num.partitions": "3", "default.replication.factor": "3"}
    # The seed makes chance the same in every run: replicas are placed by it.
    with KafkaShim(brokers=3, config=config, seed=4) as broker, connect(broker) as connection:
        print("1. Who is there?")
        ask_for_brokers(connection)

        print("2. A topic that nobody has created")
        for create in (False, True):
            topic = ask_for_topic(connection, create=create)
            allowed = "create it if it is missing" if create else "do not create it"
            print(f"  {allowed}: {ErrorCode.name_of(topic.error_code)}")

        print("3. The second request had it created")
        topic = wait_for_topic(connection)
        show(topic)

        print("4. The leader moves, and a client comes to the old one")
        old = topic.partitions[0].leader_id
        new = topic.partitions[0].replica_nodes[1]
        broker.move_leader("orders", 0, new)
        write_to_the_wrong_broker(broker, old)
        show(ask_for_topic(connection, create=False))

    print()
    print("Question: a client that wants only the list of brokers sends an empty array of topics.")
    print("Lesson 01 sent one too, at version 0. What did it ask for, and how is that asked today?")


if __name__ == "__main__":
    main()

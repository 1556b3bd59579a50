"""librdkafka asks a broker for ever that it knows not to lead (librdkafka #4976), on Apache Kafka too.

A leader that moves, and moves again before librdkafka has taken the partition to it, leaves the partition
at a broker that is not the one it takes for the leader. It is told so by every answer, and finds that the
leader has not changed. Of the random programs three in a thousand come to it on a busy machine.

    python -m compat_tests.real_broker.stuck_producer apache-kafka   # or: kafkashim

It comes by chance, mostly within a minute or two, so that it is no test.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from compat_tests.conftest import need
from compat_tests.real_broker.apache_kafka_cluster import ApacheKafkaCluster
from compat_tests.real_broker.nodes import BROKERS, KAFKASHIM, Nodes
from compat_tests.wire_client import WireClient
from kafka_codecs.messages.api_43_elect_leaders import ElectLeadersRequest, TopicPartitions
from kafka_codecs.messages.api_45_alter_partition_reassignments import (
    AlterPartitionReassignmentsRequest,
    ReassignablePartition,
    ReassignableTopic,
)
from kafkashim.testing import KafkaShim

TOPIC = "t"
# In so many it comes after a few rounds.
PARTITIONS = 400
SECONDS = 180
FLUSH_SECONDS = 15
PROPERTIES = {"auto.leader.rebalance.enable": "false"}


class Leaders:
    """Moves leaders as an operator does: another replica is put first, and then preferred."""

    def __init__(self, client: WireClient, chance: random.Random) -> None:
        self._client = client
        self._chance = chance
        self._leaders = [BROKERS[0]] * PARTITIONS

    def move(self, partitions: list[int]) -> None:
        """Have another broker lead each of some partitions."""
        wanted = []
        for index in partitions:
            leader, *others = self._chance.sample(
                [broker for broker in BROKERS if broker != self._leaders[index]], 2
            )
            wanted.append(
                ReassignablePartition(
                    partition_index=index, replicas=[leader, self._leaders[index], *others]
                )
            )
            self._leaders[index] = leader
        topic = ReassignableTopic(name=TOPIC, partitions=wanted)
        self._client.ask(AlterPartitionReassignmentsRequest(timeout_ms=10_000, topics=[topic]), 0)
        elected = [TopicPartitions(topic=TOPIC, partitions=partitions)]
        self._client.ask(
            ElectLeadersRequest(election_type=0, timeout_ms=10_000, topic_partitions=elected), 1
        )


@contextmanager
def running(which: str) -> Iterator[Mapping[int, tuple[str, int]]]:
    """The addresses of three brokers."""
    if which == KAFKASHIM:
        with KafkaShim(brokers=len(BROKERS), config=PROPERTIES) as shim:
            yield shim.brokers
    else:
        with ApacheKafkaCluster(properties=PROPERTIES) as cluster:
            yield cluster.addresses


def producer(addresses: Mapping[int, tuple[str, int]]) -> Any:
    """An idempotent producer that asks again soon."""
    return need("confluent_kafka").Producer(
        {
            "bootstrap.servers": ",".join(f"{host}:{port}" for host, port in addresses.values()),
            "enable.idempotence": True,
            "linger.ms": 0,
            "retry.backoff.ms": 5,
            "topic.metadata.refresh.fast.interval.ms": 20,
            "log_level": 0,
        }
    )


def stuck(nodes: Nodes) -> set[int]:
    """Move leaders under a producer until it no longer delivers to some partitions; gives these."""
    chance = random.Random(4976)
    nodes.create(TOPIC, *[list(BROKERS)] * PARTITIONS)
    sender = producer(nodes.addresses)
    left = [0] * PARTITIONS

    def send(index: int) -> None:
        left[index] += 1

        def delivered(error: Any, message: Any) -> None:
            left[index] -= error is None

        sender.produce(TOPIC, b"x", partition=index, on_delivery=delivered)

    end = time.monotonic() + SECONDS
    every = list(range(PARTITIONS))
    with nodes.client(BROKERS[0]) as client:
        leaders = Leaders(client, chance)
        while time.monotonic() < end:
            leaders.move(every)
            for index in every:
                send(index)
            sender.poll(chance.choice((0, 0.001, 0.005, 0.02)))
            leaders.move([index for index in every if chance.random() < 0.7])
            for index in every:
                send(index)
            there = sender.flush(FLUSH_SECONDS)
            # Otherwise it was only slow.
            if there and sender.flush(5) == there:
                sender.purge()
                found = {index for index in every if left[index]}
                sender.flush(1)
                return found
    return set()


def main(which: str) -> None:
    """Print which partitions a producer no longer reached, and that another one does."""
    with running(which) as addresses:
        partitions = stuck(Nodes(addresses))
        if not partitions:
            print(f"{which}: everything was delivered for {SECONDS} s")
            return
        other = producer(addresses)
        for index in partitions:
            other.produce(TOPIC, b"y", partition=index)
        left = other.flush(FLUSH_SECONDS)
        print(f"{which}: stuck for {sorted(partitions)}; another producer delivered all but {left}")


if __name__ == "__main__":
    main(sys.argv[1])

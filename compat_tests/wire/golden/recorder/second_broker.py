"""What only a second broker brings about: partitions led elsewhere, replicas that are gone."""

from __future__ import annotations

import time

from .broker import Ports, RealBroker
from .world import Fields, World, batch

ELSEWHERE = "golden-elsewhere"  # led by node 2, no replica on node 1
SHARED = "golden-shared"  # replicas on both nodes


def conversations(world: World, first: RealBroker, ports: Ports) -> None:
    """Start node 2, speak to node 1 about it, stop node 2, and speak to node 1 again."""
    extra = {"broker.rack": "rack-b"}
    second = RealBroker(first.libs, first.folder.parent / "node-2", 2, ports, first.java, extra)
    second.format()
    second.start()
    try:
        _create(world)
        world.learn_topic_ids(ELSEWHERE, SHARED)
        _two_nodes(world)
    finally:
        second.stop()
    _wait_for(world, leader=-1)
    _one_gone(world)


def _create(world: World) -> None:
    placed: list[Fields] = [
        {
            "name": name,
            "num_partitions": -1,
            "replication_factor": -1,
            "assignments": [{"partition_index": 0, "broker_ids": nodes}],
        }
        for name, nodes in ((ELSEWHERE, [2]), (SHARED, [1, 2]))
    ]
    for _ in range(100):  # the controller unfences node 2 a moment after it listens
        answer = world.look(19, 7, topics=placed, timeout_ms=10_000)
        if all(topic.error_code in (0, 36) for topic in answer.topics):
            return
        time.sleep(0.2)
    raise RuntimeError(f"topics were not created: {answer}")


def _wait_for(world: World, leader: int) -> None:
    for _ in range(150):
        answer = world.look(3, 12, topics=[{"name": ELSEWHERE}])
        if answer.topics[0].partitions and answer.topics[0].partitions[0].leader_id == leader:
            return
        time.sleep(0.2)


def _two_nodes(world: World) -> None:
    both = [{"name": ELSEWHERE}, {"name": SHARED}]
    for version in world.versions(3):
        world.ask(3, version, "two brokers on two racks", topics=both)
    for version in world.versions(0):
        data = [{"index": 0, "records": batch(b"to the wrong broker")}]
        asked = [{**world.topic(version, 13, ELSEWHERE), "partition_data": data}]
        about = "errors: another broker leads; from version 10 on the answer says which"
        world.ask(0, version, about, acks=-1, timeout_ms=9000, topic_data=asked)
    for version in world.versions(1):
        asked = [
            {
                **world.topic(version, 13, ELSEWHERE, "topic"),
                "partitions": [{"partition": 0, "fetch_offset": 0, "partition_max_bytes": 500}],
            }
        ]
        about = "errors: another broker leads; the answer says which from version 12 and 16 on"
        world.ask(1, version, about, max_wait_ms=0, min_bytes=1, max_bytes=900, topics=asked)
    for version in world.versions(2):
        partitions = [{"partition_index": 0, "timestamp": -1}]
        asked = [{"name": ELSEWHERE, "partitions": partitions}]
        world.ask(2, version, "errors: another broker leads", replica_id=-1, topics=asked)
    for version in world.versions(60):
        world.ask(60, version, "two brokers on two racks")


def _one_gone(world: World) -> None:
    both = [{"name": ELSEWHERE}, {"name": SHARED}]
    for version in world.versions(3):
        world.ask(3, version, "one broker is gone: no leader, offline replicas", topics=both)
    for version in world.versions(60):
        about = "one broker is gone: fenced"
        world.ask(60, version, about, include_fenced_brokers=True)

"""What three brokers are asked, one question after the other; each leaves all brokers running."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from compat_tests.real_broker.nodes import BROKERS, SESSION_MS, Nodes
from compat_tests.server.asking import fetch_request, produce_request
from compat_tests.server.batches import GOOD, of_producer
from kafka_codecs.messages.api_00_produce import ProduceRequest
from kafka_codecs.messages.api_01_fetch import FetchRequest
from kafka_codecs.messages.api_02_list_offsets import (
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsTopic,
)
from kafka_codecs.messages.api_03_metadata import MetadataRequest, MetadataRequestTopic
from kafka_codecs.messages.api_19_create_topics import (
    CreatableReplicaAssignment,
    CreatableTopic,
    CreateTopicsRequest,
)
from kafka_codecs.messages.api_21_delete_records import (
    DeleteRecordsPartition,
    DeleteRecordsRequest,
    DeleteRecordsTopic,
)
from kafka_codecs.messages.api_23_offset_for_leader_epoch import (
    OffsetForLeaderEpochRequest,
    OffsetForLeaderPartition,
    OffsetForLeaderTopic,
)
from kafka_codecs.messages.api_32_describe_configs import (
    DescribeConfigsRequest,
    DescribeConfigsResource,
)
from kafka_codecs.messages.api_35_describe_log_dirs import (
    DescribableLogDirTopic,
    DescribeLogDirsRequest,
)
from kafka_codecs.messages.api_37_create_partitions import (
    CreatePartitionsAssignment,
    CreatePartitionsRequest,
    CreatePartitionsTopic,
)
from kafka_codecs.messages.api_43_elect_leaders import ElectLeadersRequest, TopicPartitions
from kafka_codecs.messages.api_45_alter_partition_reassignments import (
    AlterPartitionReassignmentsRequest,
    ReassignablePartition,
    ReassignableTopic,
)
from kafka_codecs.messages.api_60_describe_cluster import DescribeClusterRequest
from kafka_codecs.messages.api_61_describe_producers import (
    DescribeProducersRequest,
    TopicRequest,
)
from kafka_codecs.messages.api_74_list_config_resources import ListConfigResourcesRequest
from kafka_codecs.messages.api_75_describe_topic_partitions import (
    DescribeTopicPartitionsRequest,
)
from kafka_codecs.messages.api_75_describe_topic_partitions import TopicRequest as DescribedTopic
from kafka_codecs.schema import Request

Told = dict[str, Any]
PREFERRED, UNCLEAN = 0, 1
BROKER = 4


def led(leader: int, epoch: int, replicas: list[int], isr: list[int], offline: list[int]) -> str:
    """A line of :meth:`Nodes.told`."""
    error = "LEADER_NOT_AVAILABLE" if leader < 0 else "NONE"
    return f"{error} leader {leader} epoch {epoch} replicas {replicas} isr {isr} offline {offline}"


def elect(nodes: Nodes, topic: str, type_: int = PREFERRED, partition: int = 0) -> Any:
    """What the controller says to an election."""
    request = ElectLeadersRequest(
        election_type=type_,
        topic_partitions=[TopicPartitions(topic=topic, partitions=[partition])],
        timeout_ms=10_000,
    )
    return nodes.ask(3, request, 2)


def reassign(nodes: Nodes, topic: str, replicas: list[int] | None, partition: int = 0) -> Any:
    """What the controller says to other replicas."""
    wanted = ReassignablePartition(partition_index=partition, replicas=replicas)
    request = AlterPartitionReassignmentsRequest(
        timeout_ms=10_000, topics=[ReassignableTopic(name=topic, partitions=[wanted])]
    )
    return nodes.ask(1, request, 0)


def put(nodes: Nodes, broker: int, topic: str, batch: bytes = GOOD, **words: Any) -> Any:
    """The answer to a batch."""
    version = words.pop("version", 12)
    answer = nodes.ask(broker, produce_request({(topic, 0): batch}, **words), version)
    return answer if isinstance(answer, str) else answer["responses"][0]["partition_responses"][0]


def get(nodes: Nodes, broker: int, topic: str, offset: int = 0, version: int = 12) -> Any:
    """What is there from an offset on."""
    answer = nodes.ask(broker, fetch_request({(topic, 0): offset}, max_wait_ms=0), version)
    return answer["responses"][0]["partitions"][0]


def at_epoch_1(nodes: Nodes, topic: str) -> None:
    """A topic that 1 leads in epoch 1, that 2 follows, and that 3 knows of."""
    nodes.create(topic, [2, 1])
    assert put(nodes, 2, topic)["error_code"] == 0
    reassign(nodes, topic, [1, 2])
    elect(nodes, topic)
    nodes.until_told(topic, led(1, 1, [1, 2], [2, 1], []))
    assert put(nodes, 1, topic)["error_code"] == 0
    nodes.until(lambda: get(nodes, 2, topic)["high_watermark"] == 4)


def of_partitions(topic: str) -> Iterator[tuple[str, Request, int]]:
    """Requests for partition 0 of a topic, and for one that is not there."""
    for version in (3, 8, 9, 10, 12):
        for acks in (1, -1):
            request = produce_request({(topic, 0): GOOD, (topic, 1): GOOD}, acks=acks)
            yield f"Produce v{version} acks {acks}", request, version
    for version in (4, 9, 10, 11, 12, 16, 18):
        for epoch in (-1, 0, 1, 2) if version >= 9 else (-1,):
            request = fetch_request({(topic, 0): 0, (topic, 1): 0}, max_wait_ms=0)
            for partition in request.topics[0].partitions:
                partition.current_leader_epoch = epoch
            yield f"Fetch v{version} epoch {epoch}", request, version
    for version, epoch in ((1, -1), (4, -1), (4, 0), (11, 1), (11, 2)):
        wanted = [
            ListOffsetsPartition(partition_index=p, current_leader_epoch=epoch, timestamp=-1)
            for p in (0, 1)
        ]
        topics = [ListOffsetsTopic(name=topic, partitions=wanted)]
        request = ListOffsetsRequest(replica_id=-1, topics=topics)
        yield f"ListOffsets v{version} epoch {epoch}", request, version
    for epoch in (-1, 0, 1, 2):
        of_epoch = [
            OffsetForLeaderPartition(partition=p, current_leader_epoch=epoch, leader_epoch=0)
            for p in (0, 1)
        ]
        asked = [OffsetForLeaderTopic(topic=topic, partitions=of_epoch)]
        request = OffsetForLeaderEpochRequest(replica_id=-1, topics=asked)
        yield f"OffsetForLeaderEpoch epoch {epoch}", request, 4
    partitions = [DeleteRecordsPartition(partition_index=p, offset=0) for p in (0, 1)]
    deleted = [DeleteRecordsTopic(name=topic, partitions=partitions)]
    yield "DeleteRecords", DeleteRecordsRequest(topics=deleted, timeout_ms=10_000), 2
    yield (
        "DescribeProducers",
        DescribeProducersRequest(topics=[TopicRequest(name=topic, partition_indexes=[0, 1])]),
        0,
    )


def who_answers(nodes: Nodes) -> Told:
    """Every request for a partition at its leader, at a follower, and at who has no replica."""
    told: Told = {}
    for broker, which in ((2, "the follower"), (3, "no replica"), (1, "the leader")):
        topic = f"who-{broker}"
        at_epoch_1(nodes, topic)
        for label, request, version in of_partitions(topic):
            if isinstance(request, FetchRequest) and version >= 13:
                topic_id = nodes.topic(broker, topic, 12).topic_id
                request.topics[0].topic_id = topic_id
            told[f"{label} at {which}"] = nodes.ask(broker, request, version)
        if broker != 1:
            for version in (3, 12):
                request = produce_request({(topic, 0): GOOD}, acks=0)
                told[f"Produce v{version} acks 0 at {which}"] = closed(
                    nodes, broker, request, version
                )
    return told


def closed(nodes: Nodes, broker: int, request: ProduceRequest, version: int) -> bool:
    """Whether a broker closes the connection instead of an answer."""
    with nodes.client(broker) as client:
        client.send_request(request, version)
        return client.closed_by_broker()


def of_the_cluster(nodes: Nodes) -> Told:
    """What each broker tells of all of them."""
    nodes.create("whole", [1, 2, 3], [2, 3, 1])
    nodes.create("part", [3, 1])
    told: Told = {}
    for broker in BROKERS:
        for version in (0, 1, 5, 9, 12):
            request = MetadataRequest(
                topics=[MetadataRequestTopic(name=name) for name in ("whole", "part")]
            )
            told[f"Metadata v{version} at {broker}"] = nodes.ask(broker, request, version)
        for version in (0, 1, 2):
            told[f"DescribeCluster v{version} at {broker}"] = nodes.ask(
                broker, DescribeClusterRequest(), version
            )
        asked = DescribeLogDirsRequest(
            topics=[
                DescribableLogDirTopic(topic="whole", partitions=[0, 1]),
                DescribableLogDirTopic(topic="part", partitions=[0]),
            ]
        )
        told[f"DescribeLogDirs at {broker}"] = nodes.ask(broker, asked, 4)
        for name in ("2", "4", "x"):
            resource = DescribeConfigsResource(
                resource_type=BROKER, resource_name=name, configuration_keys=["node.id"]
            )
            told[f"DescribeConfigs of {name} at {broker}"] = nodes.ask(
                broker, DescribeConfigsRequest(resources=[resource]), 4
            )
        told[f"ListConfigResources at {broker}"] = nodes.ask(
            broker, ListConfigResourcesRequest(resource_types=[BROKER, 8]), 1
        )
    return told


def elections(nodes: Nodes) -> Told:
    """What the controller says to elections, and to replicas by hand."""
    told: Told = {}
    nodes.create("e", [1, 2, 3])
    told["preferred, and it leads"] = elect(nodes, "e")
    told["unclean, and one leads"] = elect(nodes, "e", UNCLEAN)
    told["no such partition"] = elect(nodes, "e", partition=7)
    told["no such topic"] = elect(nodes, "nowhere")
    told["other order"] = reassign(nodes, "e", [3, 1, 2])
    nodes.until_told("e", led(1, 0, [3, 1, 2], [1, 2, 3], []))
    told["preferred"] = elect(nodes, "e")
    nodes.until_told("e", led(3, 1, [3, 1, 2], [1, 2, 3], []))
    for replicas in ([4], [1, 1], [], [-1]):
        told[f"reassigned to {replicas}"] = reassign(nodes, "e", replicas)
    told["no reassignment to cancel"] = reassign(nodes, "e", None)
    told["fewer replicas"] = reassign(nodes, "e", [2, 1])
    nodes.until_told("e", led(2, 2, [2, 1], [1, 2], []))
    told["one replica less, not the leader"] = reassign(nodes, "e", [2])
    nodes.until_told("e", led(2, 3, [2], [2], []))
    told["another replica"] = reassign(nodes, "e", [1])
    nodes.until_told("e", led(1, 4, [1], [1], []))
    told["three replicas"] = reassign(nodes, "e", [3, 1, 2])
    nodes.until_told("e", led(1, 4, [3, 1, 2], [1, 2, 3], []))
    for at, replicas in enumerate(
        ([[1, 4]], [[1, 1]], [[]], [[1, 2], [3]], [[1], [2, 3]], [[100]], [[-1]])
    ):
        topic = CreatableTopic(
            name=f"by-hand-{at}",
            num_partitions=-1,
            replication_factor=-1,
            assignments=[
                CreatableReplicaAssignment(partition_index=index, broker_ids=ids)
                for index, ids in enumerate(replicas)
            ],
        )
        request = CreateTopicsRequest(topics=[topic], timeout_ms=10_000)
        told[f"created with {replicas}"] = nodes.ask(1, request, 5)
    for factor in (4, 0, -2):
        topic = CreatableTopic(name="many", num_partitions=1, replication_factor=factor)
        request = CreateTopicsRequest(topics=[topic], timeout_ms=10_000)
        told[f"created with {factor} replicas"] = nodes.ask(2, request, 5)
    for replicas in ([[4, 1, 2]], [[1]], [[1, 2, 3], [2, 3, 1]], [[]], []):
        assignments = [CreatePartitionsAssignment(broker_ids=ids) for ids in replicas]
        grown = CreatePartitionsTopic(name="e", count=2, assignments=assignments)
        grow = CreatePartitionsRequest(topics=[grown], timeout_ms=10_000)
        told[f"grown with {replicas}"] = nodes.ask(1, grow, 3)
    return told


def details(nodes: Nodes, broker: int, *topics: str) -> list[Any]:
    """What DescribeTopicPartitions tells besides."""
    request = DescribeTopicPartitionsRequest(topics=[DescribedTopic(name=t) for t in topics])
    return [
        [
            *(p["error_code"], p["leader_id"], p["leader_epoch"], p["isr_nodes"]),
            *(p["eligible_leader_replicas"], p["last_known_elr"], p["offline_replicas"]),
        ]
        for topic in nodes.ask(broker, request, 0)["topics"]
        for p in topic["partitions"]
    ]


def orderly_stop(nodes: Nodes) -> Told:
    """A broker goes and comes back: who leads, in which epoch, and what is said meanwhile."""
    told: Told = {}
    nodes.create("stop-3", [1, 2, 3], [2, 3, 1], [3, 1, 2])
    nodes.create("stop-1", [2])
    nodes.create("stop-2", [2, 1])
    assert put(nodes, 2, "stop-1")["error_code"] == 0
    nodes.stop(2)
    whole = (
        led(1, 0, [1, 2, 3], [1, 3], [2]),
        led(3, 1, [2, 3, 1], [3, 1], [2]),
        led(3, 0, [3, 1, 2], [3, 1], [2]),
    )
    nodes.until_told("stop-3", *whole, brokers=(1, 3))
    nodes.until_told("stop-1", led(-1, 1, [2], [], [2]), brokers=(1, 3))
    nodes.until_told("stop-2", led(1, 1, [2, 1], [1], [2]), brokers=(1, 3))
    for version in (0, 1, 5, 12):
        topics = [MetadataRequestTopic(name=name) for name in ("stop-1", "stop-3")]
        request = MetadataRequest(topics=topics)
        told[f"Metadata v{version}"] = nodes.ask(1, request, version)
    told["details"] = details(nodes, 1, "stop-1", "stop-2", "stop-3")
    for version, fenced in ((1, False), (2, False), (2, True)):
        request_ = DescribeClusterRequest(include_fenced_brokers=fenced)
        told[f"DescribeCluster v{version} fenced {fenced}"] = nodes.ask(3, request_, version)
    told["ListConfigResources"] = nodes.ask(
        1, ListConfigResourcesRequest(resource_types=[BROKER]), 1
    )
    for version in (9, 12):
        told[f"Produce v{version} without a leader"] = put(nodes, 1, "stop-1", version=version)
    told["elected without anybody alive"] = elect(nodes, "stop-1", UNCLEAN)
    told["preferred is dead"] = elect(nodes, "stop-2")
    nodes.start(2)
    whole = (
        led(1, 0, [1, 2, 3], [1, 2, 3], []),
        led(3, 1, [2, 3, 1], [1, 2, 3], []),
        led(3, 0, [3, 1, 2], [1, 2, 3], []),
    )
    nodes.until_told("stop-3", *whole)
    nodes.until_told("stop-1", led(2, 2, [2], [2], []))
    nodes.until_told("stop-2", led(1, 1, [2, 1], [1, 2], []))
    told["read again"] = get(nodes, 2, "stop-1")
    told["preferred is back"] = elect(nodes, "stop-2")
    nodes.until_told("stop-2", led(2, 2, [2, 1], [1, 2], []))
    return told


def a_crash(nodes: Nodes) -> Told:
    """A broker is killed: until its session is over nobody says so, and acks -1 waits for it."""
    told: Told = {}
    nodes.create("kill-3", [1, 2, 3], [2, 3, 1])
    nodes.create("kill-1", [2])
    told["before"] = put(nodes, 1, "kill-3")
    nodes.kill(2)
    told["acks -1, and no time"] = put(nodes, 1, "kill-3", timeout_ms=300)
    told["acks 1"] = put(nodes, 1, "kill-3", acks=1)
    told["what may be read"] = get(nodes, 1, "kill-3")
    told["who leads"] = [nodes.told(1, "kill-3"), nodes.told(3, "kill-1")]
    nodes.session_over()
    nodes.until_told(
        "kill-3",
        led(1, 0, [1, 2, 3], [1, 3], [2]),
        led(3, 1, [2, 3, 1], [3, 1], [2]),
        brokers=(1, 3),
    )
    nodes.until_told("kill-1", led(-1, 1, [2], [], [2]), brokers=(1, 3))
    told["details"] = details(nodes, 3, "kill-1", "kill-3")
    told["what may be read then"] = get(nodes, 1, "kill-3")
    nodes.start(2)
    nodes.until_told(
        "kill-3", led(1, 0, [1, 2, 3], [1, 2, 3], []), led(3, 1, [2, 3, 1], [1, 2, 3], [])
    )
    nodes.until_told("kill-1", led(2, 2, [2], [2], []))
    told["details of who is back"] = details(nodes, 1, "kill-1", "kill-3")
    return told


def too_few_in_sync(nodes: Nodes) -> Told:
    """Fewer replicas in sync than ``min.insync.replicas``."""
    told: Told = {}
    nodes.create("few", [3, 1, 2], min_insync_replicas="2")
    told["enough"] = put(nodes, 3, "few")
    nodes.stop(3)
    nodes.until_told("few", led(1, 1, [3, 1, 2], [1, 2], [3]), brokers=(1, 2))
    told["just enough"] = put(nodes, 1, "few")
    nodes.stop(2)
    nodes.until_told("few", led(1, 1, [3, 1, 2], [1], [3, 2]), brokers=(1,))
    told["details"] = details(nodes, 1, "few")
    for version in (3, 9, 12):
        told[f"acks -1, v{version}"] = put(nodes, 1, "few", version=version)
    told["acks 1"] = put(nodes, 1, "few", acks=1)
    told["a spoilt batch"] = put(nodes, 1, "few", GOOD[:-1] + b"\0")
    told["what may be read"] = get(nodes, 1, "few")
    nodes.start(2)
    nodes.until_told("few", led(1, 1, [3, 1, 2], [1, 2], [3]), brokers=(1, 2))
    nodes.until(lambda: get(nodes, 1, "few")["high_watermark"] == 6)
    told["enough again"] = put(nodes, 1, "few")
    nodes.start(3)
    nodes.until_told("few", led(1, 1, [3, 1, 2], [1, 2, 3], []))
    told["details of all"] = details(nodes, 1, "few")
    return told


def what_only_the_leader_had(nodes: Nodes) -> Told:
    """An eligible replica leads that lacks what the last leader took with acks 1."""
    told: Told = {}
    nodes.create("eligible", [1, 2, 3], min_insync_replicas="2")
    told["of all"] = put(nodes, 1, "eligible", of_producer(7, 0, 0))
    nodes.stop(3)
    nodes.until_told("eligible", led(1, 0, [1, 2, 3], [1, 2], [3]), brokers=(1, 2))
    nodes.stop(2)
    nodes.until_told("eligible", led(1, 0, [1, 2, 3], [1], [2, 3]), brokers=(1,))
    told["of the leader"] = put(nodes, 1, "eligible", of_producer(7, 0, 1), acks=1)
    nodes.kill(1)
    nodes.session_over()
    nodes.start(2)
    nodes.until_told("eligible", led(2, 2, [1, 2, 3], [2], [1, 3]), brokers=(2,))
    nodes.start(3)
    nodes.until_told("eligible", led(2, 2, [1, 2, 3], [2, 3], [1]), brokers=(2, 3))
    told["what may be read"] = get(nodes, 2, "eligible")
    told["taken again"] = put(nodes, 2, "eligible", of_producer(7, 0, 1))
    nodes.start(1)
    nodes.until_told("eligible", led(2, 2, [1, 2, 3], [1, 2, 3], []))
    told["what can be read"] = get(nodes, 2, "eligible")
    return told


def waiting_while_it_moves(nodes: Nodes) -> Told:
    """Fetches that wait at a leader that leads no more."""
    told: Told = {}
    for version, epoch in ((10, -1), (10, 0), (12, 0), (16, 0)):
        topic = f"moves-{version}-{epoch}"
        nodes.create(topic, [1, 2])
        reassign(nodes, topic, [2, 1])
        request = fetch_request({(topic, 0): 0}, max_wait_ms=20_000)
        request.topics[0].partitions[0].current_leader_epoch = epoch
        if version >= 13:
            request.topics[0].topic_id = nodes.topic(1, topic, 12).topic_id
        with nodes.client(1) as client:
            client.send_request(request, version)
            assert client.is_silent(0.3)
            elect(nodes, topic)
            begun = time.monotonic()
            _, answer = client.receive(FetchRequest, version)
            assert time.monotonic() - begun < 10
        told[f"Fetch v{version} epoch {epoch}"] = nodes.plain(answer, version)
    return told


def remembered(nodes: Nodes) -> Told:
    """Which batches of a producer a new leader knows."""
    told: Told = {}
    nodes.create("producer", [1, 2])
    for sequence in range(7):
        assert put(nodes, 1, "producer", of_producer(9, 0, sequence))["error_code"] == 0
    reassign(nodes, "producer", [2, 1])
    elect(nodes, "producer")
    nodes.until_told("producer", led(2, 1, [2, 1], [1, 2], []))
    for sequence in (1, 2, 3, 6, 8, 7):
        told[f"moved, {sequence}"] = put(nodes, 2, "producer", of_producer(9, 0, sequence))
    told["its state"] = nodes.ask(
        2,
        DescribeProducersRequest(topics=[TopicRequest(name="producer", partition_indexes=[0])]),
        0,
    )
    return told


def cut_off(nodes: Nodes) -> Told:
    """A leader that reaches nobody, for less than a session, and clients that reach it."""
    told: Told = {}
    nodes.create("alone", [1, 2])
    told["before"] = put(nodes, 1, "alone")
    nodes.cut_off(1)
    told["acks 1"] = put(nodes, 1, "alone", acks=1)
    told["acks -1, and no time"] = put(nodes, 1, "alone", timeout_ms=300)
    told["what may be read"] = get(nodes, 1, "alone")
    told["who leads"] = nodes.told(1, "alone")
    nodes.heal(1)
    nodes.until(lambda: get(nodes, 1, "alone")["high_watermark"] == 6)
    told["afterwards"] = get(nodes, 1, "alone")
    nodes.until_told("alone", led(1, 0, [1, 2], [1, 2], []))
    return told


def unclean(nodes: Nodes) -> Told:
    """A leader that lacks what the last one took: its end, and the producer that wrote it."""
    told: Told = {}
    nodes.create("tail", [1, 2])
    for sequence in range(3):
        assert put(nodes, 1, "tail", of_producer(5, 0, sequence))["error_code"] == 0
    nodes.stop(2)
    nodes.until_told("tail", led(1, 0, [1, 2], [1], [2]), brokers=(1, 3))
    for sequence in (3, 4):
        assert put(nodes, 1, "tail", of_producer(5, 0, sequence))["error_code"] == 0
    nodes.kill(1)
    nodes.session_over()
    nodes.start(2)
    nodes.until_told("tail", led(-1, 1, [1, 2], [], [1]), brokers=(2, 3))
    told["details"] = details(nodes, 2, "tail")
    told["elected"] = elect(nodes, "tail", UNCLEAN)
    nodes.until_told("tail", led(2, 2, [1, 2], [2], [1]), brokers=(2, 3))
    told["read"] = get(nodes, 2, "tail")
    for sequence in (5, 4, 3):
        told[f"sequence {sequence}"] = put(nodes, 2, "tail", of_producer(5, 0, sequence))
    nodes.start(1)
    nodes.until_told("tail", led(2, 2, [1, 2], [1, 2], []))
    nodes.until(lambda: get(nodes, 1, "tail")["high_watermark"] == 4)
    told["read at who lost it"] = get(nodes, 1, "tail")
    return told


QUESTIONS = (
    who_answers,
    of_the_cluster,
    elections,
    orderly_stop,
    a_crash,
    too_few_in_sync,
    what_only_the_leader_had,
    waiting_while_it_moves,
    remembered,
    cut_off,
    unclean,
)
assert SESSION_MS > 1000

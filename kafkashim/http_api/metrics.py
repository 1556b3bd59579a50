"""``/metrics``: what Apache Kafka's own metrics tell, under the names the JMX exporter gives them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from kafkashim.http_api.prometheus import (
    CONTENT_TYPE,
    NO_LABELS,
    Family,
    Labels,
    Sample,
    text_of,
)
from kafkashim.http_api.route import Call, Reply, World
from kafkashim.state import Broker
from kafkashim.topics import Partition

# BrokerState.RUNNING
RUNNING = 3
CLASSIC, CONSUMER = "classic", "consumer"
CONSUMER_STATES = ("Empty", "Assigning", "Reconciling", "Stable")
CLASSIC_STATES = ("Empty", "PreparingRebalance", "CompletingRebalance", "Stable")


def get_metrics(world: World, call: Call) -> Reply:
    """All metrics, as Prometheus scrapes them."""
    families = (*_broker(world), *_traffic(world), *_logs(world), *_groups(world), *_own(world))
    return Reply(text_of(families), content_type=CONTENT_TYPE)


def _one(name: str, about: str, value: int) -> Family:
    return Family(name, "gauge", about, [(NO_LABELS, value)])


def _partitions(broker: Broker) -> list[Partition]:
    return [partition for topic in broker.topics.values() for partition in topic.partitions]


def _broker(world: World) -> Iterator[Family]:
    broker = world.server.broker
    partitions = _partitions(broker)
    producers = sum(len(partition.producers) for partition in partitions)
    state, server = "kafka_server_kafkaserver_brokerstate", "kafka_server_replicamanager"
    controller = "kafka_controller_kafkacontroller"
    yield _one(state, "3: the broker runs.", RUNNING)
    yield _one(f"{controller}_activecontrollercount", "Controllers that are active.", 1)
    yield _one(f"{controller}_activebrokercount", "Brokers that are active.", 1)
    yield _one(f"{controller}_globaltopiccount", "Topics.", len(broker.topics))
    yield _one(f"{controller}_globalpartitioncount", "Partitions.", len(partitions))
    yield _one(f"{controller}_offlinepartitionscount", "Partitions without a leader.", 0)
    yield _one(f"{server}_partitioncount", "Partitions on the broker.", len(partitions))
    yield _one(f"{server}_leadercount", "Partitions the broker leads.", len(partitions))
    yield _one(f"{server}_underreplicatedpartitions", "Partitions without all replicas.", 0)
    yield _one(f"{server}_produceridcount", "Producers that partitions remember.", producers)
    connections = Counter(connection.listener_name for connection in world.server.connections)
    yield Family(
        "kafka_server_socket_server_metrics_connection_count",
        "gauge",
        "Open connections, by listener.",
        [
            ({"listener": name, "networkprocessor": 0}, connections[name])
            for name in world.server.config.listener_names
        ],
    )


def _traffic(world: World) -> Iterator[Family]:
    journal, topics = world.journal, world.server.broker.topics
    for name, about, counted in (
        ("messagesin", "Records that were written.", journal.messages_in),
        ("bytesin", "Bytes that were written.", journal.bytes_in),
        ("bytesout", "Bytes that were fetched.", journal.bytes_out),
    ):
        samples: list[Sample] = [(NO_LABELS, counted.total())]
        samples += [({"topic": topic}, counted[topic]) for topic in topics]
        yield Family(f"kafka_server_brokertopicmetrics_{name}_total", "counter", about, samples)
    yield Family(
        "kafka_network_requestmetrics_requests_total",
        "counter",
        "Requests, by API and version.",
        [
            ({"request": name, "version": version}, count)
            for (name, version), count in sorted(journal.requests.items())
        ],
    )


def _logs(world: World) -> Iterator[Family]:
    partitions = _partitions(world.server.broker)
    places: list[Labels] = [{"topic": p.topic.name, "partition": p.index} for p in partitions]

    def of_each(name: str, about: str, values: list[int]) -> Family:
        samples = list(zip(places, values, strict=True))
        return Family(f"kafka_log_log_{name}", "gauge", about, samples)

    logs = [partition.log for partition in partitions]
    yield of_each("logstartoffset", "The first offset.", [p.log_start_offset for p in partitions])
    yield of_each(
        "logendoffset", "The offset after the last.", [log.log_end_offset for log in logs]
    )
    yield of_each("size", "Bytes that are kept.", [log.size for log in logs])
    yield of_each("numlogsegments", "Segments.", [len(log.segments) for log in logs])


def _groups(world: World) -> Iterator[Family]:
    groups = world.server.broker.groups.groups.values()
    states = {CLASSIC: Counter[str](), CONSUMER: Counter[str]()}
    for group in groups:
        states[group.type_name][group.state_name] += 1
    manager, metrics = (
        "kafka_coordinator_group_groupmetadatamanager",
        "kafka_server_group_coordinator",
    )
    yield _one(f"{manager}_numgroups", "Classic groups.", states[CLASSIC].total())
    for state in CLASSIC_STATES:
        about = f"Classic groups in the state {state}."
        yield _one(f"{manager}_numgroups{state.lower()}", about, states[CLASSIC][state])
    yield Family(
        f"{metrics}_metrics_group_count",
        "gauge",
        "Groups, by protocol.",
        [({"protocol": protocol}, found.total()) for protocol, found in states.items()],
    )
    yield Family(
        f"{metrics}_metrics_consumer_group_count",
        "gauge",
        "Groups of the consumer protocol, by state.",
        [({"state": state.lower()}, states[CONSUMER][state]) for state in CONSUMER_STATES],
    )


def _own(world: World) -> Iterator[Family]:
    journal = world.journal
    yield Family(
        "kafkashim_faults_fired_total",
        "counter",
        "How often a fault acted.",
        [
            ({"number": fault.number, "action": fault.action.name}, fault.fired)
            for fault in world.servers.faults
        ],
    )
    yield Family(
        "kafkashim_decisions_total",
        "counter",
        "Decisions about batches of idempotent producers, by rule and verdict.",
        _decisions(journal.decisions),
    )
    yield _one("kafkashim_journal_entries", "Requests that the journal has.", len(journal))
    yield Family(
        "kafkashim_journal_forgotten_total",
        "counter",
        "Requests that the journal had no room for any more.",
        [(NO_LABELS, journal.forgotten)],
    )


def _decisions(counted: Mapping[tuple[int, str], int]) -> list[Sample]:
    return [
        ({"rule": rule, "verdict": verdict}, count)
        for (rule, verdict), count in sorted(counted.items())
    ]

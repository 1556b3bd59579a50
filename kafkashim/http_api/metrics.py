"""``/metrics``: what Apache Kafka's own metrics tell, under the names the JMX exporter gives them.

What each broker of Apache Kafka tells of itself has the label ``broker`` here where there are several.
Of those that are stopped there is their state, and what was counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from kafkashim.http_api.prometheus import (
    CONTENT_TYPE,
    NO_LABELS,
    Family,
    Labels,
    Sample,
    text_of,
)
from kafkashim.http_api.route import Call, Reply, World
from kafkashim.server import Server
from kafkashim.state import Broker
from kafkashim.topics import NO_LEADER, Partition, partitions_of

# BrokerState
NOT_RUNNING, RUNNING = 0, 3
CLASSIC, CONSUMER = "classic", "consumer"
CONSUMER_STATES = ("Empty", "Assigning", "Reconciling", "Stable")
CLASSIC_STATES = ("Empty", "PreparingRebalance", "CompletingRebalance", "Stable")
QUANTILES = {"0.50": 0.5, "0.75": 0.75, "0.95": 0.95, "0.98": 0.98, "0.99": 0.99, "0.999": 0.999}


def get_metrics(world: World, call: Call) -> Reply:
    """All metrics, as Prometheus scrapes them."""
    families = (
        *_controller(world),
        *_brokers(world),
        *_replicas(world),
        *_topics(world),
        *_requests(world),
        *_logs(world),
        *_groups(world),
        *_own(world),
    )
    return Reply(text_of(families), content_type=CONTENT_TYPE)


def _one(name: str, about: str, value: int) -> Family:
    return Family(name, "gauge", about, [Sample(NO_LABELS, value)])


def _of(world: World, broker_id: int) -> Labels:
    """The labels that say whose a sample is."""
    return {"broker": broker_id} if len(world.servers.servers) > 1 else NO_LABELS


def _running(world: World) -> list[Server]:
    return [server for server in world.servers.servers.values() if server.uptime_ms is not None]


def _of_each(
    world: World, name: str, about: str, count: Callable[[Broker], Iterable[tuple[Labels, int]]]
) -> Family:
    """A gauge of each broker that runs, with what it counts and the labels of each count."""
    samples = [
        Sample({**_of(world, server.broker.node_id), **labels}, value)
        for server in _running(world)
        for labels, value in count(server.broker)
    ]
    return Family(name, "gauge", about, samples)


def _gauge(world: World, name: str, about: str, count: Callable[[Broker], int]) -> Family:
    """A gauge of each broker that runs, with one number."""
    return _of_each(world, name, about, lambda broker: [(NO_LABELS, count(broker))])


def _controller(world: World) -> Iterator[Family]:
    cluster = world.servers.cluster
    partitions = partitions_of(cluster.topics.values())
    offline = sum(partition.leader == NO_LEADER for partition in partitions)
    moved = sum(partition.leader != partition.replicas[0] for partition in partitions)
    for name, about, value in (
        ("activecontrollercount", "Controllers that are active.", 1),
        ("activebrokercount", "Brokers that are active.", len(cluster.alive)),
        ("fencedbrokercount", "Brokers that are held for dead.", len(cluster.fenced)),
        ("globaltopiccount", "Topics.", len(cluster.topics)),
        ("globalpartitioncount", "Partitions.", len(partitions)),
        ("offlinepartitionscount", "Partitions without a leader.", offline),
        (
            "preferredreplicaimbalancecount",
            "Partitions whose preferred replica does not lead.",
            moved,
        ),
    ):
        yield _one(f"kafka_controller_kafkacontroller_{name}", about, value)


def _brokers(world: World) -> Iterator[Family]:
    servers = world.servers.servers.values()
    yield Family(
        "kafka_server_kafkaserver_brokerstate",
        "gauge",
        "3: the broker runs; 0: it does not.",
        [
            Sample(
                _of(world, server.broker.node_id),
                NOT_RUNNING if server.uptime_ms is None else RUNNING,
            )
            for server in servers
        ],
    )
    samples: list[Sample] = []
    for server in _running(world):
        connections = Counter(connection.listener_name for connection in server.connections)
        for name in server.config.listener_names:
            whose = _of(world, server.broker.node_id)
            labels: Labels = {**whose, "listener": name, "networkprocessor": 0}
            samples.append(Sample(labels, connections[name]))
    yield Family(
        "kafka_server_socket_server_metrics_connection_count",
        "gauge",
        "Open connections, by listener.",
        samples,
    )


def _held(broker: Broker) -> list[Partition]:
    """The partitions a broker has replicas of, as it sees them."""
    partitions = partitions_of(broker.topics.values())
    return [partition for partition in partitions if broker.node_id in partition.replicas]


def _led(broker: Broker) -> list[Partition]:
    return [partition for partition in _held(broker) if partition.leader == broker.node_id]


def _replicas(world: World) -> Iterator[Family]:
    counts: tuple[tuple[str, str, Callable[[Broker], int]], ...] = (
        ("partitioncount", "Partitions on the broker.", lambda b: len(_held(b))),
        ("leadercount", "Partitions the broker leads.", lambda b: len(_led(b))),
        (
            "underreplicatedpartitions",
            "Partitions it leads without all replicas.",
            lambda b: sum(len(p.isr) < len(p.replicas) for p in _led(b)),
        ),
        (
            "underminisrpartitioncount",
            "Partitions it leads with fewer replicas in sync than acks -1 wants.",
            lambda b: sum(len(p.isr) < p.min_isr for p in _led(b)),
        ),
        (
            "atminisrpartitioncount",
            "Partitions it leads with as many replicas in sync as acks -1 wants.",
            lambda b: sum(len(p.isr) == p.min_isr for p in _led(b)),
        ),
        (
            "produceridcount",
            "Producers that partitions remember.",
            lambda b: sum(len(p.producers) for p in _held(b)),
        ),
    )
    for name, about, count in counts:
        yield _gauge(world, f"kafka_server_replicamanager_{name}", about, count)


def _topics(world: World) -> Iterator[Family]:
    journal = world.journal
    for name, about, numbers in (
        ("messagesin", "Records that were written.", journal.messages_in),
        ("bytesin", "Bytes that were written.", journal.bytes_in),
        ("bytesout", "Bytes that were fetched.", journal.bytes_out),
    ):
        samples: list[Sample] = []
        for server in world.servers.servers.values():
            broker = server.broker
            whose = _of(world, broker.node_id)
            total = sum(count for (asked, _), count in numbers.items() if asked == broker.node_id)
            samples.append(Sample(whose, total))
            topics = dict.fromkeys(partition.topic.name for partition in _held(broker))
            samples += [
                Sample({**whose, "topic": topic}, numbers[broker.node_id, topic])
                for topic in topics
            ]
        yield Family(f"kafka_server_brokertopicmetrics_{name}_total", "counter", about, samples)


def _requests(world: World) -> Iterator[Family]:
    journal, metrics = world.journal, "kafka_network_requestmetrics"
    yield Family(
        f"{metrics}_requests_total",
        "counter",
        "Requests, by API and version.",
        [
            Sample({**_of(world, asked), "request": api, "version": version}, count)
            for (asked, api, version), count in sorted(journal.requests.items())
        ],
    )
    yield Family(
        f"{metrics}_errors_total",
        "counter",
        "Errors that were answered, by API; NONE is one of them.",
        [
            Sample({**_of(world, asked), "request": api, "error": error}, count)
            for (asked, api, error), count in sorted(journal.errors.items())
        ],
    )
    samples: list[Sample] = []
    for (asked, api), durations in sorted(journal.durations.items()):
        labels = {**_of(world, asked), "request": api}
        found = durations.quantiles(tuple(QUANTILES.values()))
        for quantile, value in zip(QUANTILES, found, strict=True):
            samples.append(Sample({**labels, "quantile": quantile}, value))
        samples.append(Sample(labels, durations.total, "_sum"))
        samples.append(Sample(labels, durations.count, "_count"))
    about = "Milliseconds from a request to its answer, by the brokers' clock."
    yield Family(f"{metrics}_totaltimems", "summary", about, samples)


def _logs(world: World) -> Iterator[Family]:
    counts: tuple[tuple[str, str, Callable[[Partition, int], int]], ...] = (
        ("logstartoffset", "The first offset.", lambda p, end: min(p.log_start_offset, end)),
        ("logendoffset", "The offset after the last.", lambda p, end: end),
        ("size", "Bytes that are kept.", _size),
        ("numlogsegments", "Segments.", _segments),
    )
    for name, about, count in counts:
        yield _of_logs(world, f"kafka_log_log_{name}", about, count)


def _of_logs(world: World, name: str, about: str, count: Callable[[Partition, int], int]) -> Family:
    """A gauge of each replica, by its partition and where its log ends."""

    def counted(broker: Broker) -> Iterator[tuple[Labels, int]]:
        for partition in _held(broker):
            # A replica that does not follow has less than its leader.
            end = partition.behind.get(broker.node_id, partition.log.log_end_offset)
            labels: Labels = {"topic": partition.topic.name, "partition": partition.index}
            yield labels, count(partition, end)

    return _of_each(world, name, about, counted)


def _size(partition: Partition, end: int) -> int:
    log = partition.log
    if end == log.log_end_offset:
        return log.size
    return sum(batch.size for batch in log.batches() if batch.base_offset < end)


def _segments(partition: Partition, end: int) -> int:
    first, *others = partition.log.segments
    return len([first, *(segment for segment in others if segment.base_offset < end)])


def _group_states(broker: Broker) -> dict[str, Counter[str]]:
    """How many groups are in each state, by protocol."""
    states = {CLASSIC: Counter[str](), CONSUMER: Counter[str]()}
    for group in broker.groups.groups.values():
        states[group.type_name][group.state_name] += 1
    return states


def _groups(world: World) -> Iterator[Family]:
    manager = "kafka_coordinator_group_groupmetadatamanager"
    metrics = "kafka_server_group_coordinator_metrics"

    def classic(broker: Broker) -> Counter[str]:
        return _group_states(broker)[CLASSIC]

    def in_state(state: str) -> Callable[[Broker], int]:
        return lambda broker: classic(broker)[state]

    yield _gauge(
        world, f"{manager}_numgroups", "Classic groups.", lambda broker: classic(broker).total()
    )
    for state in CLASSIC_STATES:
        name, about = f"{manager}_numgroups{state.lower()}", f"Classic groups in the state {state}."
        yield _gauge(world, name, about, in_state(state))
    yield _of_each(
        world,
        f"{metrics}_group_count",
        "Groups, by protocol.",
        lambda broker: [
            ({"protocol": protocol}, found.total())
            for protocol, found in _group_states(broker).items()
        ],
    )
    yield _of_each(
        world,
        f"{metrics}_consumer_group_count",
        "Groups of the consumer protocol, by state.",
        lambda broker: [
            ({"state": state.lower()}, _group_states(broker)[CONSUMER][state])
            for state in CONSUMER_STATES
        ],
    )


def _own(world: World) -> Iterator[Family]:
    journal = world.journal
    yield Family(
        "kafkashim_faults_fired_total",
        "counter",
        "How often a fault acted.",
        [
            Sample({"number": fault.number, "action": fault.action.name}, fault.fired)
            for fault in world.servers.faults
        ],
    )
    yield Family(
        "kafkashim_decisions_total",
        "counter",
        "Decisions about batches of idempotent producers, by rule and verdict.",
        [
            Sample({**_of(world, asked), "rule": rule, "verdict": verdict}, count)
            for (asked, rule, verdict), count in sorted(journal.decisions.items())
        ],
    )
    yield _one("kafkashim_journal_entries", "Requests that the journal has.", len(journal))
    yield Family(
        "kafkashim_journal_forgotten_total",
        "counter",
        "Requests that the journal had no room for any more.",
        [Sample(NO_LABELS, journal.forgotten)],
    )

"""Metrics: names as Apache Kafka's have them behind the JMX exporter, numbers that are true."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from compat_tests.conftest import need
from compat_tests.http_api.asking import HttpClient, Running
from compat_tests.server.asking import fetch, init_producer_id, new_topic, produce, produce_request
from compat_tests.server.batches import GOOD, of_producer
from compat_tests.server.conftest import LogLines
from compat_tests.wire_client import ConnectionClosed
from kafkashim.http_api.durations import REMEMBERED, Durations
from kafkashim.http_api.prometheus import Family, Sample, text_of

SAMPLE = re.compile(
    r'([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (-?\d+(?:\.\d+)?)'
)
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\\n]|\\[\\"n])*)"')
TOPIC = "kafka_server_brokertopicmetrics_"
REQUESTS = "kafka_network_requestmetrics_requests_total"
ERRORS = "kafka_network_requestmetrics_errors_total"
TIMES = "kafka_network_requestmetrics_totaltimems"
CONNECTIONS = "kafka_server_socket_server_metrics_connection_count"
REPLICAS = "kafka_server_replicamanager_"
CONTROLLER = "kafka_controller_kafkacontroller_"

Samples = Mapping[tuple[str, tuple[tuple[str, str], ...]], float]


def parsed(text: str) -> Samples:
    """The samples of the text format; every line of it has to be in order."""
    found: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
    kinds: dict[str, str] = {}
    described = ""
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# HELP "):
            described = line.split()[2]
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            assert name == described
            assert name not in kinds
            assert (kind == "counter") == name.endswith("_total")
            kinds[name] = kind
        else:
            match = SAMPLE.fullmatch(line)
            assert match, line
            assert match[1] in (described, *_more(described, kinds))
            key = (match[1], tuple(sorted(LABEL.findall(match[2] or ""))))
            assert key not in found
            found[key] = float(match[3])
    return found


def _more(name: str, kinds: Mapping[str, str]) -> tuple[str, ...]:
    """What else samples of a metric may be called."""
    return (f"{name}_sum", f"{name}_count") if kinds[name] == "summary" else ()


def scrape(api: HttpClient) -> Samples:
    answer = api.ask("GET", "/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return parsed(answer.body)


def of(samples: Samples, name: str, **labels: object) -> float | None:
    key = tuple(sorted((label, str(value)) for label, value in labels.items()))
    return samples.get((name, key))


def test_a_broker_with_nothing(api: HttpClient) -> None:
    found = scrape(api)
    assert of(found, "kafka_server_kafkaserver_brokerstate") == 3
    assert of(found, "kafka_server_replicamanager_partitioncount") == 0
    assert of(found, "kafka_server_replicamanager_produceridcount") == 0
    assert of(found, TOPIC + "messagesin_total") == 0
    assert of(found, "kafka_coordinator_group_groupmetadatamanager_numgroups") == 0
    connections = "kafka_server_socket_server_metrics_connection_count"
    assert of(found, connections, listener="PLAINTEXT", networkprocessor=0) == 0
    assert not [name for name, _ in found if name.startswith("kafkashim_faults")]


def test_what_is_written_and_read(running: Running) -> None:
    api = running.client
    ten = of_producer(5, 0, 0, 10)
    with running.wire() as client:
        a, b = new_topic(client, 2, name="a"), new_topic(client, name="b")
        produce(client, a, GOOD)
        produce(client, a, ten, 1)
        produce(client, a, ten, 1)
        produce(client, a, of_producer(5, 0, 77), 1)
        client.ask(produce_request({(a, 0): GOOD, (b, 0): GOOD, ("c", 0): GOOD}), 9)
        client.send_request(produce_request({(b, 0): GOOD}, acks=0), 9)
        assert len(fetch(client, a, 0).records) == 2 * len(GOOD)
        assert len(fetch(client, b, 0).records) == 2 * len(GOOD)
        assert len(fetch(client, a, 4).records) == 0
        found = scrape(api)
        connections = "kafka_server_socket_server_metrics_connection_count"
        assert of(found, connections, listener="PLAINTEXT", networkprocessor=0) == 1
    assert of(found, TOPIC + "messagesin_total", topic=a) == 2 + 10 + 10 + 2
    assert of(found, TOPIC + "bytesin_total", topic=a) == 2 * len(GOOD) + 2 * len(ten)
    assert of(found, TOPIC + "bytesout_total", topic=a) == 2 * len(GOOD)
    assert of(found, TOPIC + "messagesin_total", topic=b) == 4
    assert of(found, TOPIC + "messagesin_total") == 28
    assert of(found, TOPIC + "bytesin_total") == 4 * len(GOOD) + 2 * len(ten)
    assert of(found, TOPIC + "bytesout_total") == 4 * len(GOOD)
    assert of(found, REQUESTS, request="Produce", version=9) == 6
    assert of(found, REQUESTS, request="CreateTopics", version=7) == 2
    assert of(found, REQUESTS, request="Fetch", version=12) == 3
    assert of(found, REQUESTS, request="FetchConsumer", version=12) == 3
    assert of(found, "kafka_server_replicamanager_partitioncount") == 3
    assert of(found, "kafka_controller_kafkacontroller_globaltopiccount") == 2
    assert of(found, "kafka_server_replicamanager_produceridcount") == 1
    assert of(found, "kafka_log_log_logendoffset", topic=a, partition=0) == 4
    assert of(found, "kafka_log_log_logendoffset", topic=a, partition=1) == 10
    assert of(found, "kafka_log_log_logstartoffset", topic=b, partition=0) == 0
    assert of(found, "kafka_log_log_size", topic=a, partition=1) == len(ten)
    assert of(found, "kafka_log_log_numlogsegments", topic=a, partition=1) == 1
    assert of(found, "kafkashim_decisions_total", rule=2, verdict="append") == 1
    assert of(found, "kafkashim_decisions_total", rule=3, verdict="duplicate") == 1
    assert of(found, "kafkashim_decisions_total", rule=9, verdict="reject") == 1
    assert of(found, "kafkashim_journal_entries") == 11


def test_topics_by_id_and_twice_in_a_request(running: Running) -> None:
    with running.wire() as client:
        a = new_topic(client, name="a")
        request = produce_request({("", 0): GOOD})
        request.topic_data[0].topic_id = running.call(lambda s: s.first.broker.topics["a"].topic_id)
        request.topic_data.append(request.topic_data[0])
        client.ask(request, 13)
    found = scrape(running.client)
    assert of(found, TOPIC + "messagesin_total", topic=a) == 2
    assert of(found, TOPIC + "bytesin_total", topic=a) == len(GOOD)


def test_what_is_counted_is_not_forgotten(running: Running) -> None:
    api = running.client
    with running.wire() as client:
        a = new_topic(client, name="a")
        produce(client, a, of_producer(5, 0, 0))
        assert api.ask("DELETE", "/api/journal").status == 204
        assert api.ask("DELETE", "/api/topics/a").status == 204
    found = scrape(api)
    assert of(found, TOPIC + "messagesin_total") == 1
    assert of(found, TOPIC + "messagesin_total", topic="a") is None
    assert of(found, REQUESTS, request="Produce", version=9) == 1
    assert of(found, "kafkashim_decisions_total", rule=2, verdict="append") == 1


def test_faults_that_fire(running: Running, log_lines: LogLines) -> None:
    running.client.ask("POST", "/api/faults", {"action": "delay_answer", "ms": 0, "nth": 1})
    running.client.ask("POST", "/api/faults", {"action": "throttle", "ms": 0})
    with running.wire() as client:
        for _ in range(3):
            init_producer_id(client)
    found = scrape(running.client)
    assert of(found, "kafkashim_faults_fired_total", number=1, action="delay_answer") == 1
    assert of(found, "kafkashim_faults_fired_total", number=2, action="throttle") == 2


def test_errors_and_how_long_it_took(running: Running, log_lines: LogLines) -> None:
    api = running.client
    api.ask("POST", "/api/faults", {"action": "delay_answer", "ms": 30, "api": "InitProducerId"})
    failing = {"action": "fail_after_append", "error": 3, "topic": "a", "nth": 2}
    api.ask("POST", "/api/faults", failing)
    api.ask("POST", "/api/faults", {"action": "cut_answer", "api": "Produce", "nth": 3})
    with running.wire() as client:
        a = new_topic(client, name="a")
        produce(client, a, GOOD)
        client.ask(produce_request({(a, 0): GOOD, ("b", 0): GOOD}), 9)
        client.send_request(produce_request({(a, 0): GOOD}, acks=0), 9)
        init_producer_id(client)
        fetch(client, a, 0)
        with pytest.raises(ConnectionClosed):
            client.ask(produce_request({(a, 0): GOOD}), 9)
    found = scrape(api)
    assert of(found, ERRORS, request="CreateTopics", error="NONE") == 1
    assert of(found, ERRORS, request="Produce", error="NONE") == 1
    assert of(found, ERRORS, request="Produce", error="UNKNOWN_TOPIC_OR_PARTITION") == 2
    assert of(found, ERRORS, request="Fetch", error="NONE") == 2
    assert of(found, ERRORS, request="FetchConsumer", error="NONE") is None
    assert of(found, TIMES + "_count", request="Produce") == 3
    assert of(found, TIMES + "_count", request="FetchConsumer") == 1
    assert of(found, TIMES + "_count", request="InitProducerId") == 1
    took = of(found, TIMES + "_sum", request="InitProducerId")
    assert took is not None
    assert took >= 30
    for quantile in ("0.50", "0.75", "0.95", "0.98", "0.99", "0.999"):
        assert of(found, TIMES, request="InitProducerId", quantile=quantile) == took
    assert of(found, TIMES, request="CreateTopics", quantile="0.50") is not None


def test_quantiles() -> None:
    """As yammer's snapshots give them, of the newest only."""
    durations = Durations()
    assert durations.quantiles((0.5,)) == [0]
    for ms in (40, 10, 30, 20):
        durations.add(ms)
    assert durations.quantiles((0.0, 0.1, 0.5, 0.75, 0.95)) == [10, 10, 25, 37.5, 40]
    assert (durations.count, durations.total) == (4, 100)
    for _ in range(REMEMBERED):
        durations.add(7)
    assert durations.quantiles((0.01, 0.999)) == [7, 7]
    assert durations.count == 4 + REMEMBERED


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_groups(running: Running, protocol: str) -> None:
    running.client.topic("orders")
    consumer = need("confluent_kafka").Consumer(
        {
            "bootstrap.servers": running.bootstrap_servers,
            "group.id": "g",
            "group.protocol": protocol,
            "log_level": 0,
        }
    )
    consumer.subscribe(["orders"])
    while not consumer.assignment():
        consumer.poll(0.05)
    found = scrape(running.client)
    consumer.close()
    classic = int(protocol == "classic")
    manager = "kafka_coordinator_group_groupmetadatamanager_numgroups"
    assert of(found, manager) == classic
    assert of(found, manager + "stable") == classic
    metrics = "kafka_server_group_coordinator_metrics_"
    assert of(found, metrics + "group_count", protocol=protocol) == 1
    assert of(found, metrics + "consumer_group_count", state="stable") == 1 - classic


def test_texts_are_escaped() -> None:
    nasty = 'a"b\\c\nd{}=,'
    text = text_of(
        [Family("a_total", "counter", "one\\two\nthree", [Sample({"x": nasty, "y": 1}, 2)])]
    )
    assert text == (
        "# HELP a_total one\\\\two\\nthree\n"
        "# TYPE a_total counter\n"
        'a_total{x="a\\"b\\\\c\\nd{}=,",y="1"} 2\n'
    )
    assert list(parsed(text)) == [("a_total", (("x", 'a\\"b\\\\c\\nd{}=,'), ("y", "1")))]

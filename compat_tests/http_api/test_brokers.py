"""Several brokers over HTTP: they come and go, leaders move, and everything says whose it is."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import pytest

from compat_tests.conftest import need
from compat_tests.http_api.asking import HttpClient, Running
from compat_tests.http_api.test_metrics import (
    CONNECTIONS,
    CONTROLLER,
    ERRORS,
    REPLICAS,
    REQUESTS,
    TIMES,
    TOPIC,
    of,
    scrape,
)
from compat_tests.server.asking import fetch, init_producer_id, produce
from compat_tests.server.batches import GOOD, of_producer
from compat_tests.server.conftest import LogLines
from compat_tests.wire_client import ConnectionClosed, WireClient

LEADER = "/api/topics/orders/partitions/0/leader"
NOT_LEADER = 6


@pytest.fixture
def three(start: Callable[..., Running]) -> Running:
    """Three brokers, and a topic that the first leads."""
    running = start(brokers=3)
    running.client.topic("orders", partitions=1)
    assert running.client.ask("POST", LEADER, {"to": 1}).status == 200
    return running


def states(api: HttpClient) -> list[tuple[int, str, bool]]:
    return [(b["id"], b["state"], b["fenced"]) for b in api.get("/api/brokers")["brokers"]]


def do(api: HttpClient, broker: int, action: str, body: object = None) -> None:
    answer = api.ask("POST", f"/api/brokers/{broker}/{action}", body)
    assert answer.status == 200, answer
    assert answer.body == api.get(f"/api/brokers/{broker}") | {
        "uptime_ms": answer.body["uptime_ms"]
    }


# -- coming and going ----------------------------------------------------------------------------------


def test_each_is_shown(three: Running) -> None:
    api = three.client
    with three.wire(broker=2), three.wire(broker=3), three.wire(broker=3):
        brokers = api.get("/api/brokers")["brokers"]
        assert [b["id"] for b in brokers] == [1, 2, 3]
        assert len({b["port"] for b in brokers}) == 3
        assert len({b["cluster_id"] for b in brokers}) == 1
        assert [[c["number"] for c in b["connections"]] for b in brokers] == [[], [1], [2, 3]]
        assert api.get("/api/brokers/2")["port"] == brokers[1]["port"]
    assert states(api) == [(1, "running", False), (2, "running", False), (3, "running", False)]


def test_one_stops_and_starts(three: Running) -> None:
    api = three.client
    before = api.get("/api/brokers/1")
    with three.wire(broker=1) as client:
        do(api, 1, "stop")
        assert client.closed_by_broker()
    assert states(api)[0] == (1, "stopped", True)
    stopped = api.get("/api/brokers/1")
    assert (stopped["port"], stopped["uptime_ms"]) == (before["port"], 0)
    partition = api.partition("orders")
    assert (partition["leader"], partition["leader_epoch"]) != (1, before)
    assert 1 not in partition["isr"]
    assert api.get("/healthz")["status"] == "ok"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((before["host"], before["port"]))
    do(api, 1, "start")
    assert states(api)[0] == (1, "running", False)
    assert api.get("/api/brokers/1")["port"] == before["port"]
    assert sorted(api.partition("orders")["isr"]) == [1, 2, 3]
    with three.wire(broker=1) as client:
        init_producer_id(client)


def test_a_crash_is_found_out_when_the_session_is_over(three: Running) -> None:
    api = three.client
    do(api, 1, "stop", {"clean": False})
    assert states(api)[0] == (1, "stopped", False)
    assert api.partition("orders")["leader"] == 1
    assert api.ask("POST", "/api/clock", {"seconds": 9}).status == 200
    assert states(api)[0] == (1, "stopped", True)
    assert api.partition("orders")["leader"] != 1


def test_one_is_cut_off_and_comes_back(three: Running) -> None:
    """What it took while it was alone is lost; topics are those of the others."""
    api = three.client
    do(api, 1, "isolate")
    assert states(api)[0] == (1, "isolated", False)
    assert api.ask("POST", "/api/clock", {"seconds": 10}).status == 200
    assert states(api)[0] == (1, "isolated", True)
    with three.wire(broker=1) as client:
        assert produce(client, "orders", GOOD, acks=1).error_code == 0
    partition = api.partition("orders")
    assert partition["leader"] != 1
    assert partition["log_end_offset"] == 0
    api.topic("payments")
    assert {t["name"] for t in api.get("/api/topics")["topics"]} == {"orders", "payments"}
    found = scrape(api)
    assert of(found, REPLICAS + "leadercount", broker=1) == 1
    assert of(found, "kafka_log_log_logendoffset", broker=1, topic="orders", partition=0) == 2
    assert of(found, "kafka_log_log_logendoffset", broker=2, topic="orders", partition=0) == 0
    do(api, 1, "heal")
    assert states(api)[0] == (1, "running", False)
    assert sorted(api.partition("orders")["isr"]) == [1, 2, 3]
    assert api.ask("DELETE", "/api/topics/payments").status == 204


def test_all_stop(three: Running) -> None:
    api = three.client
    for broker in (1, 2, 3):
        do(api, broker, "stop")
    answer = api.ask("GET", "/healthz")
    assert (answer.status, answer.body["status"]) == (503, "down")
    assert api.partition("orders")["leader"] == -1
    found = scrape(api)
    assert of(found, CONTROLLER + "offlinepartitionscount") == 1
    assert of(found, CONTROLLER + "activebrokercount") == 0
    assert of(found, CONTROLLER + "fencedbrokercount") == 3
    refused = api.refused("POST", "/api/topics", 400, {"name": "payments"})
    assert refused["kafka_error"] == "INVALID_REPLICATION_FACTOR"
    do(api, 2, "start")
    assert api.get("/healthz")["status"] == "ok"


def test_what_cannot_be(three: Running) -> None:
    api = three.client
    nobody = {"error": "there is no broker 4: there are 1, 2, 3"}
    assert api.refused("GET", "/api/brokers/4", 404) == nobody
    for action in ("stop", "start", "isolate", "heal"):
        assert api.refused("POST", f"/api/brokers/4/{action}", 404) == nobody
        assert api.refused("POST", f"/api/brokers/x/{action}", 400)["key"] == "id"
    assert api.refused("POST", "/api/brokers/1/start", 409) == {"error": "broker 1 runs"}
    assert api.refused("POST", "/api/brokers/1/heal", 409) == {"error": "broker 1 is not isolated"}
    do(api, 1, "isolate")
    again = {"error": "broker 1 is isolated already"}
    assert api.refused("POST", "/api/brokers/1/isolate", 409) == again
    do(api, 1, "stop")
    again = {"error": "broker 1 is stopped already"}
    assert api.refused("POST", "/api/brokers/1/stop", 409) == again
    assert api.refused("POST", "/api/brokers/1/isolate", 409) == {"error": "broker 1 is stopped"}


@pytest.mark.parametrize("body", [{"clean": "yes"}, {"clean": None}, {"clean": 1}, {"now": True}])
def test_mistakes_about_a_stop(three: Running, body: dict[str, object]) -> None:
    refused = three.client.refused("POST", "/api/brokers/1/stop", 400, body)
    assert refused["key"] == next(iter(body))
    assert states(three.client)[0] == (1, "running", False)


def test_a_port_that_somebody_took(three: Running) -> None:
    api = three.client
    do(api, 3, "stop")
    address = three.servers.server(3).addresses[0]
    with socket.create_server(address):
        refused = api.refused("POST", "/api/brokers/3/start", 409)
    assert refused["error"].startswith("broker 3 cannot listen: ")
    assert states(api)[2] == (3, "stopped", True)


def test_many_at_once(three: Running) -> None:
    """Of requests for the same broker at the same time one is done, and the others find it so."""

    async def ask_all(action: str) -> list[int]:
        asked = (
            asyncio.to_thread(three.client.ask, "POST", f"/api/brokers/2/{action}")
            for _ in range(6)
        )
        return sorted(answer.status for answer in await asyncio.gather(*asked))

    for _ in range(3):
        assert asyncio.run(ask_all("stop")) == [200, 409, 409, 409, 409, 409]
        assert asyncio.run(ask_all("start")) == [200, 409, 409, 409, 409, 409]
    assert states(three.client)[1] == (2, "running", False)


def test_of_one_broker(running: Running) -> None:
    api = running.client
    api.topic("orders")
    do(api, 1, "stop")
    assert api.partition("orders")["leader"] == -1
    do(api, 1, "start")
    assert api.partition("orders")["leader"] == 1


# -- leaders -------------------------------------------------------------------------------------------


def test_a_leader_moves(three: Running) -> None:
    api = three.client
    before = api.partition("orders")
    partition = api.ask("POST", LEADER, {"to": 3}).body
    assert partition == api.partition("orders")
    assert (partition["leader"], partition["replicas"][0]) == (3, 3)
    assert partition["leader_epoch"] == before["leader_epoch"] + 1
    with three.wire(broker=1) as client:
        assert produce(client, "orders", GOOD).error_code == NOT_LEADER
    with three.wire(broker=3) as client:
        assert produce(client, "orders", GOOD).error_code == 0


def test_a_leader_that_lacks_records(three: Running) -> None:
    api = three.client
    with three.wire(broker=1) as client:
        for _ in range(3):
            produce(client, "orders", GOOD)
    assert api.partition("orders")["high_watermark"] == 6
    body = {"to": 2, "unclean": True, "lose": 2}
    assert api.ask("POST", LEADER, body).body["high_watermark"] == 4
    refused = api.refused("POST", LEADER, 409, {**body, "lose": 5})
    assert refused == {"error": "orders-0 has 4 records, not 5"}


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({}, "to"),
        ({"to": None}, "to"),
        ({"to": "2"}, "to"),
        ({"to": True}, "to"),
        ({"to": 4}, "to"),
        ({"to": 2, "unclean": 1}, "unclean"),
        ({"to": 2, "unclean": True, "lose": "2"}, "lose"),
        ({"to": 2, "unclean": True, "lose": -1}, "lose"),
        ({"to": 2, "lose": 2}, "lose"),
        ({"to": 2, "clean": False}, "clean"),
    ],
    ids=str,
)
def test_mistakes_about_leaders(three: Running, body: dict[str, object], key: str) -> None:
    assert three.client.refused("POST", LEADER, 400, body)["key"] == key
    assert three.client.partition("orders")["leader"] == 1


def test_who_cannot_lead(three: Running) -> None:
    api = three.client
    nowhere = api.refused("POST", "/api/topics/nowhere/partitions/0/leader", 404, {"to": 1})
    assert nowhere["kafka_error"] == "UNKNOWN_TOPIC_OR_PARTITION"
    other = "/api/topics/orders/partitions/1/leader"
    assert api.refused("POST", other, 404, {"to": 1}) == {
        "error": "there is no partition 1 of orders"
    }
    do(api, 2, "stop")
    refused = api.refused("POST", LEADER, 409, {"to": 2})
    assert refused["error"].startswith("broker 2 is not in sync for orders-0: ")
    refused = api.refused("POST", LEADER, 409, {"to": 2, "unclean": True})
    assert refused["error"].startswith("broker 2 cannot lead orders-0: ")


def test_replicas_as_many_as_asked_for(three: Running) -> None:
    api = three.client
    api.topic("payments", partitions=6, replication_factor=2)
    partitions = api.get("/api/topics/payments")["partitions"]
    assert {len(p["replicas"]) for p in partitions} == {2}
    assert {p["leader"] for p in partitions} == {1, 2, 3}
    assert all(p["leader"] == p["replicas"][0] and p["isr"] == p["replicas"] for p in partitions)


# -- whose it is ---------------------------------------------------------------------------------------


def test_the_journal_says_who_was_asked(three: Running, log_lines: LogLines) -> None:
    api = three.client
    with three.wire(broker=2) as two, three.wire(broker=3) as other:
        init_producer_id(two)
        init_producer_id(other)
        init_producer_id(two)
    with three.wire(broker=3) as client:
        client.send(b"\x00\x00\x00\x02\x00\x12")
        with pytest.raises(ConnectionClosed):
            client.receive_frame()
    entries = api.get("/api/journal")["entries"]
    assert [(e["broker"], e["connection"]) for e in entries] == [(2, 1), (3, 2), (2, 1), (3, 3)]
    for broker, numbers in ((1, []), (2, [1, 3]), (3, [2, 4])):
        found = api.get("/api/journal", broker=broker)["entries"]
        assert [entry["number"] for entry in found] == numbers
    found = api.get("/api/journal", broker=3, client_id="wire")["entries"]
    assert [entry["number"] for entry in found] == [2]


def test_a_fetch_session_is_that_of_the_broker_asked(three: Running) -> None:
    """The topics of an incremental fetch are in the session that one broker has."""
    consumer = need("confluent_kafka").Consumer(
        {"bootstrap.servers": three.bootstrap_servers, "group.id": "g", "log_level": 0}
    )
    api = three.client
    with three.wire(broker=1) as client:
        produce(client, "orders", GOOD)
    consumer.assign([need("confluent_kafka").TopicPartition("orders", 0, 0)])
    assert len(consumer.consume(2, 10)) == 2
    consumer.close()
    found = api.get("/api/journal", api="Fetch", topic="orders")["entries"]
    assert {entry["broker"] for entry in found} == {1}


def test_metrics_of_each(three: Running) -> None:
    api = three.client
    with three.wire(broker=1) as one, three.wire(broker=2) as two:
        produce(one, "orders", of_producer(5, 0, 0, 3))
        produce(two, "orders", GOOD)
        fetch(one, "orders", 0)
        found = scrape(api)
        for broker, count in ((1, 1), (2, 1), (3, 0)):
            labels = {"broker": broker, "listener": "PLAINTEXT", "networkprocessor": 0}
            assert of(found, CONNECTIONS, **labels) == count
    assert of(found, TOPIC + "messagesin_total", broker=1) == 3
    assert of(found, TOPIC + "messagesin_total", broker=1, topic="orders") == 3
    assert of(found, TOPIC + "messagesin_total", broker=2) == 0
    assert of(found, TOPIC + "bytesout_total", broker=1) == len(of_producer(5, 0, 0, 3))
    assert of(found, REQUESTS, broker=1, request="Produce", version=9) == 1
    assert of(found, REQUESTS, broker=2, request="Produce", version=9) == 1
    assert of(found, REQUESTS, broker=3, request="Produce", version=9) is None
    assert of(found, ERRORS, broker=1, request="Produce", error="NONE") == 1
    refused = {"request": "Produce", "error": "NOT_LEADER_OR_FOLLOWER"}
    assert of(found, ERRORS, broker=2, **refused) == 1
    assert of(found, TIMES + "_count", broker=2, request="Produce") == 1
    assert of(found, "kafkashim_decisions_total", broker=1, rule=2, verdict="append") == 1
    for broker in (1, 2, 3):
        assert of(found, "kafka_server_kafkaserver_brokerstate", broker=broker) == 3
        assert of(found, REPLICAS + "partitioncount", broker=broker) == 1
        assert of(found, REPLICAS + "leadercount", broker=broker) == int(broker == 1)
        assert of(found, REPLICAS + "produceridcount", broker=broker) == 1
        end = of(found, "kafka_log_log_logendoffset", broker=broker, topic="orders", partition=0)
        assert end == 3


def test_metrics_of_what_is_missing(three: Running) -> None:
    api = three.client
    topic = api.topic("payments", partitions=1, configs={"min.insync.replicas": 2})
    place = {"topic": topic, "partition": 0}
    assert api.ask("POST", f"/api/topics/{topic}/partitions/0/leader", {"to": 1}).status == 200
    found = scrape(api)
    for name in (
        "underreplicatedpartitions",
        "underminisrpartitioncount",
        "atminisrpartitioncount",
    ):
        assert of(found, REPLICAS + name, broker=1) == 0
    do(api, 2, "stop")
    with three.wire(broker=1) as client:
        produce(client, topic, GOOD)
    found = scrape(api)
    assert of(found, REPLICAS + "underreplicatedpartitions", broker=1) == 2
    assert of(found, REPLICAS + "atminisrpartitioncount", broker=1) == 1
    assert of(found, REPLICAS + "underreplicatedpartitions", broker=2) is None
    assert of(found, "kafka_server_kafkaserver_brokerstate", broker=2) == 0
    assert of(found, CONTROLLER + "activebrokercount") == 2
    assert of(found, CONTROLLER + "fencedbrokercount") == 1
    assert of(found, CONTROLLER + "preferredreplicaimbalancecount") == 0
    do(api, 3, "stop", {"clean": False})
    with three.wire(broker=1) as client:
        produce(client, topic, GOOD, acks=1)
    found = scrape(api)
    assert of(found, "kafka_log_log_size", broker=1, **place) == 2 * len(GOOD)
    api.ask("POST", "/api/clock", {"seconds": 10})
    assert of(scrape(api), REPLICAS + "underminisrpartitioncount", broker=1) == 1
    do(api, 1, "stop")
    do(api, 3, "start")
    do(api, 2, "start")
    found = scrape(api)
    assert of(found, CONTROLLER + "preferredreplicaimbalancecount") == 2


def test_a_replica_that_is_behind(three: Running) -> None:
    """A broker that is cut off has what it had; the others go on."""
    api = three.client
    with three.wire(broker=1) as client:
        produce(client, "orders", GOOD)
        do(api, 3, "isolate")
        produce(client, "orders", GOOD, acks=1)
    found = scrape(api)
    place = {"topic": "orders", "partition": 0}
    ends = [of(found, "kafka_log_log_logendoffset", broker=b, **place) for b in (1, 2, 3)]
    sizes = [of(found, "kafka_log_log_size", broker=b, **place) for b in (1, 2, 3)]
    assert ends == [4, 4, 2]
    assert sizes == [2 * len(GOOD), 2 * len(GOOD), len(GOOD)]


# -- real clients --------------------------------------------------------------------------------------


def test_a_real_producer_goes_on(three: Running, log_lines: LogLines) -> None:
    """Leaders come and go under a producer, over HTTP; nothing is lost, nothing is there twice."""
    confluent_kafka = need("confluent_kafka")
    api = three.client
    api.topic("many", partitions=6)
    servers = {"bootstrap.servers": three.bootstrap_servers, "log_level": 0}
    producer = confluent_kafka.Producer({**servers, "enable.idempotence": True, "linger.ms": 0})

    def send(numbers: range) -> None:
        for number in numbers:
            producer.produce("many", str(number).encode())
            producer.poll(0)

    send(range(200))
    do(api, 1, "stop")
    send(range(200, 400))
    do(api, 1, "start")
    do(api, 2, "stop")
    send(range(400, 600))
    assert producer.flush(30) == 0
    do(api, 2, "start")
    consumer = confluent_kafka.Consumer(
        {**servers, "group.id": "g", "auto.offset.reset": "earliest"}
    )
    consumer.assign([confluent_kafka.TopicPartition("many", p, 0) for p in range(6)])
    found: list[bytes] = []
    while len(found) < 600:
        got = consumer.consume(600, 5)
        assert got, len(found)
        found += [message.value() for message in got]
    consumer.close()
    assert sorted(found) == sorted(str(n).encode() for n in range(600))


def test_wildcard_listeners(start: Callable[..., Running]) -> None:
    """Brokers that listen on every address are told apart by their ports."""
    running = start(brokers=3, config={"listeners": "PLAINTEXT://0.0.0.0:0"})
    for broker in (3, 1, 2):
        port = running.servers.server(broker).addresses[0][1]
        with WireClient("127.0.0.1", port) as client:
            init_producer_id(client)
    entries = running.client.get("/api/journal")["entries"]
    assert [entry["broker"] for entry in entries] == [3, 1, 2]

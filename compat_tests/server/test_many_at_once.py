"""Requests behind requests: pipelines, parked fetches, sessions shared, clients that keep coming back."""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Callable

import pytest

from compat_tests.server.asking import fetch_request, log_end, new_topic, produce, produce_request
from compat_tests.server.batches import GOOD, NOW
from compat_tests.wire_client import ConnectionClosed, WireClient
from kafka_codecs.frame import decode_response, encode_request
from kafka_codecs.messages.api_00_produce import (
    PartitionProduceData,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
)
from kafka_codecs.messages.api_01_fetch import FetchRequest, ForgottenTopic
from kafka_codecs.messages.api_03_metadata import MetadataRequest
from kafka_codecs.record_batch import Record, RecordBatch, encode_batch, read_batches, seal
from kafkashim.state import Decision
from kafkashim.testing import KafkaShim

Start = Callable[..., KafkaShim]
Connect = Callable[..., WireClient]


def test_a_large_request_behind_a_parked_one_is_handled(client: WireClient) -> None:
    topic = new_topic(client)
    large = encode_batch([(None, b"x" * 900_000)], base_timestamp=NOW)
    client.send_request(fetch_request({(topic, 0): 0}, max_wait_ms=300), 12)
    client.send_request(produce_request({(topic, 0): large}), 9)
    client.receive(FetchRequest, 12)
    _, answer = client.receive(ProduceRequest, 9)
    assert answer.responses[0].partition_responses[0].error_code == 0


def test_a_large_request_behind_answers_nobody_reads_is_handled(client: WireClient) -> None:
    topic = new_topic(client)
    large = encode_batch([(None, b"x" * 900_000)], base_timestamp=NOW)
    produce(client, topic, large)

    def ask() -> None:
        for _ in range(40):
            client.send_request(fetch_request({(topic, 0): 0}), 12)
        client.send_request(produce_request({(topic, 0): large}), 9)

    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(0.3)
    for _ in range(40):
        client.receive_frame()
    _, answer = client.receive(ProduceRequest, 9)
    asking.join()
    assert answer.responses[0].partition_responses[0].base_offset == 1


def test_what_was_answered_before_an_error_without_answer_is_sent(client: WireClient) -> None:
    topic = new_topic(client)
    good = produce_request({(topic, 0): GOOD})
    bad = produce_request({("nowhere", 0): GOOD}, acks=0)
    client.send(b"".join(client_frame(request, n) for n, request in enumerate((good, bad))))
    _, answer = decode_response(ProduceResponse, 9, client.receive_frame())
    assert answer.responses[0].partition_responses[0].error_code == 0
    with pytest.raises(ConnectionClosed):
        client.receive_frame()


def client_frame(request: ProduceRequest, correlation_id: int) -> bytes:
    return encode_request(request, 9, correlation_id)


def test_of_a_partition_named_twice_the_last_batch_counts(client: WireClient) -> None:
    topic = new_topic(client)
    one = encode_batch([(None, b"a")], base_timestamp=NOW)
    three = encode_batch([(None, b"b")] * 3, base_timestamp=NOW)
    data = [PartitionProduceData(index=0, records=batch) for batch in (one, three)]
    request = ProduceRequest(
        transactional_id=None,
        acks=-1,
        timeout_ms=1000,
        topic_data=[TopicProduceData(name=topic, partition_data=data)],
    )
    (answer,) = client.ask(request, 9).responses[0].partition_responses
    assert (answer.error_code, answer.base_offset) == (0, 0)
    assert log_end(client, topic) == 3


def test_a_session_shared_by_two_connections_harms_no_producer(connect: Connect) -> None:
    first, second, producer = connect(), connect(), connect()
    topic = new_topic(producer)
    opened = first.ask(fetch_request({(topic, 0): 0}, session_epoch=0), 12)
    waiting = fetch_request({}, session_id=opened.session_id, session_epoch=1, max_wait_ms=5000)
    first.send_request(waiting, 12)
    time.sleep(0.1)
    forgets = fetch_request({}, session_id=opened.session_id, session_epoch=2)
    forgets.forgotten_topics_data = [ForgottenTopic(topic=topic, partitions=[0])]
    second.ask(forgets, 12)
    assert produce(producer, topic, GOOD).error_code == 0
    assert first.receive(FetchRequest, 12)[1].error_code == 0
    assert produce(producer, topic, GOOD).error_code == 0


def test_it_stops_while_clients_keep_coming_back(start: Start) -> None:
    leave = threading.Event()

    def come_back(address: tuple[str, int]) -> None:
        while not leave.is_set():
            try:
                WireClient(*address, timeout=1).close()
            except OSError:
                time.sleep(0.001)

    for _ in range(15):
        leave.clear()
        with start() as shim:
            address = (shim.host, shim.port)
            clients = [threading.Thread(target=come_back, args=(address,)) for _ in range(3)]
            for thread in clients:
                thread.start()
            time.sleep(0.01)
            before = time.monotonic()
        assert time.monotonic() - before < 5
        leave.set()
        for thread in clients:
            thread.join()


def test_idle_connections_may_stay_for_ever(start: Start) -> None:
    with start(config={"connections.max.idle.ms": "-1"}) as shim:
        client = WireClient(shim.host, shim.port)
        topic = new_topic(client)
        time.sleep(0.3)
        assert produce(client, topic, GOOD).error_code == 0
        client.close()


def test_timestamps_at_the_end_of_time_leave_the_log_whole(
    client: WireClient, fetch_all: Callable[..., bytes]
) -> None:
    after = {"message.timestamp.after.max.ms": "9223372036854775807"}
    topic = new_topic(client, configs=after)
    batch = bytearray(encode_batch([Record(0, 0, None, b"a"), Record(0, 1, None, b"b")]))
    struct.pack_into(">q", batch, 27, 2**63 - 1)
    seal(batch)
    produce(client, topic, bytes(batch))
    end = log_end(client, topic)
    assert produce(client, topic, GOOD).base_offset == end
    found = read_batches(fetch_all(client, topic))
    assert all(kept.crc_matches() for kept in found)
    assert sum(kept.records_count for kept in found) == log_end(client, topic)


def test_decisions_keep_their_bytes(start: Start) -> None:
    seen: list[Decision] = []
    with start(on_decision=seen.append) as shim:
        client = WireClient(shim.host, shim.port)
        topic = new_topic(client)
        for n in range(3):
            produce(client, topic, of(n))
        client.close()
    assert [d.batch.records()[0].value for d in seen] == [b"message-0", b"message-1", b"message-2"]
    assert all(isinstance(d.batch, RecordBatch) and d.batch.crc_matches() for d in seen)


def test_an_observer_that_fails_harms_no_producer(start: Start) -> None:
    def fail(decision: Decision) -> None:
        raise RuntimeError("observer")

    with start(on_decision=fail) as shim:
        client = WireClient(shim.host, shim.port)
        topic = new_topic(client)
        assert [produce(client, topic, of(n)).base_offset for n in range(2)] == [0, 1]
        client.close()


def of(n: int) -> bytes:
    return encode_batch(
        [(None, b"message-%d" % n)],
        base_timestamp=NOW,
        producer_id=5,
        producer_epoch=0,
        base_sequence=n,
    )


def test_each_listener_has_its_own_advertised_address(start: Start) -> None:
    config = {
        "listeners": "PLAINTEXT://127.0.0.1:0,OUTSIDE://127.0.0.1:0",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,OUTSIDE:PLAINTEXT",
        "advertised.listeners": "PLAINTEXT://inside:1,OUTSIDE://localhost:2",
    }
    with start(config=config) as shim:
        told = [told_by(*address) for address in shim.addresses]
    assert told == [("inside", 1), ("localhost", 2)]


def told_by(host: str, port: int) -> tuple[str, int]:
    with WireClient(host, port) as client:
        (node,) = client.ask(MetadataRequest(topics=[]), 12).brokers
        return node.host, node.port

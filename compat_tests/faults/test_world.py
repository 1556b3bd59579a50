"""State that a test sets: producers near the end of the ring, ids, offsets, what consumers may see."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from compat_tests.conftest import need
from compat_tests.server.asking import (
    fetch,
    fetch_request,
    init_producer_id,
    log_end,
    log_start,
    new_topic,
    produce,
    producers,
)
from compat_tests.server.batches import GOOD, of_producer
from compat_tests.wire_client import WireClient
from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_01_fetch import FetchRequest
from kafka_codecs.record_batch import read_batches
from kafkashim.testing import KafkaShim

Start = Callable[..., KafkaShim]
LAST = 2**31 - 1


@pytest.mark.parametrize("rules", ["explicit", "kafka-4.3", "kafka-1.0", "kafka-0.11", "kip-98"])
def test_the_end_of_the_ring(start: Start, rules: str) -> None:
    with start(rules=rules) as shim, WireClient(shim.host, shim.port) as client:
        topic = new_topic(client)
        shim.set_producer_state(topic, 0, producer_id=9, epoch=3, next_sequence=LAST)
        assert producers(client, topic) == {9: (3, LAST - 1)}
        gap = produce(client, topic, of_producer(9, 3, 0))
        assert gap.error_code == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
        assert produce(client, topic, of_producer(9, 3, LAST, 3)).error_code == 0
        assert producers(client, topic) == {9: (3, 1)}
        assert produce(client, topic, of_producer(9, 3, 2)).error_code == 0
        old = produce(client, topic, of_producer(9, 2, 3))
        assert old.error_code == ErrorCode.INVALID_PRODUCER_EPOCH


def test_a_producer_of_librdkafka_gets_the_id_and_epoch(start: Start) -> None:
    confluent = need("confluent_kafka")
    with start() as shim:
        shim.set_next_producer_id(41, epoch=7)
        producer = confluent.Producer(
            {"bootstrap.servers": shim.bootstrap_servers, "enable.idempotence": True}
        )
        producer.produce("orders", b"first")
        assert producer.flush(10) == 0
        (decision,) = shim.journal.decisions("orders")
        assert (decision.batch.producer_id, decision.batch.producer_epoch) == (41, 7)


def test_a_producer_id_that_is_used_up(start: Start) -> None:
    with start() as shim, WireClient(shim.host, shim.port) as client:
        shim.set_next_producer_id(2**62)
        assert init_producer_id(client) == (0, 2**62, 0)
        assert init_producer_id(client) == (0, 2**62 + 1, 0)
        shim.set_transactional_id("tx", producer_id=5, epoch=32_765)
        assert init_producer_id(client, "tx") == (0, 5, 32_766)
        error, producer_id, epoch = init_producer_id(client, "tx")
        assert (error, epoch) == (0, 0)
        assert producer_id != 5


def test_a_log_that_begins_far_out(start: Start) -> None:
    far = 2**40
    with start() as shim, WireClient(shim.host, shim.port) as client:
        topic = new_topic(client)
        produce(client, topic, GOOD)
        shim.set_log_start_offset(topic, 0, 1)
        assert (log_start(client, topic), log_end(client, topic)) == (1, 2)
        shim.set_log_start_offset(topic, 0, far)
        assert (log_start(client, topic), log_end(client, topic)) == (far, far)
        assert produce(client, topic, GOOD).base_offset == far
        (batch,) = read_batches(bytes(fetch(client, topic, far).records))
        assert batch.base_offset == far
        assert fetch(client, topic, 1).error_code == ErrorCode.OFFSET_OUT_OF_RANGE


def test_consumers_are_held_back(start: Start) -> None:
    with start() as shim, WireClient(shim.host, shim.port) as client:
        topic = new_topic(client)
        for _ in range(3):
            produce(client, topic, GOOD)
        shim.set_high_watermark(topic, 0, 4)
        found = fetch(client, topic, 0)
        assert found.high_watermark == found.last_stable_offset == 4
        assert [b.base_offset for b in read_batches(bytes(found.records))] == [0, 2]
        held = fetch(client, topic, 4)
        assert (held.error_code, bytes(held.records)) == (0, b"")
        assert log_end(client, topic) == 4
        # A consumer waits for what it may not see yet.
        sent = client.send_request(fetch_request({(topic, 0): 4}, max_wait_ms=60_000), 12)
        assert client.is_silent(0.05)
        with WireClient(shim.host, shim.port) as other:
            # So does a producer that wants all replicas; its records are there all the same.
            late = produce(other, topic, GOOD, timeout_ms=1)
            assert (late.error_code, late.base_offset) == (ErrorCode.REQUEST_TIMED_OUT, 6)
            assert produce(other, topic, GOOD, acks=1).base_offset == 8
        assert client.is_silent(0.05)
        shim.set_high_watermark(topic, 0, None)
        correlation_id, answer = client.receive(FetchRequest, 12)
        assert correlation_id == sent
        batches = read_batches(bytes(answer.responses[0].partitions[0].records))
        assert [b.base_offset for b in batches] == [4, 6, 8]


def test_what_is_missing_is_made_and_what_cannot_be_is_told(start: Start) -> None:
    with start(config={"num.partitions": "2"}) as shim:
        state: dict[str, Any] = {"producer_id": 1, "epoch": 0, "next_sequence": 0}
        shim.set_producer_state("new", 1, **state)
        with pytest.raises(ValueError, match="there is no partition 2 of new"):
            shim.set_producer_state("new", 2, **state)
        for wrong in ({"producer_id": -1}, {"epoch": 40_000}, {"next_sequence": 2**31}):
            with pytest.raises(ValueError, match=next(iter(wrong))):
                shim.set_producer_state("new", 0, **{**state, **wrong})
        with pytest.raises(ValueError, match="offset is 0 to"):
            shim.set_log_start_offset("new", 0, -1)
        with pytest.raises(ValueError, match="offset is 0 to 0"):
            shim.set_high_watermark("new", 0, 1)
        with pytest.raises(ValueError, match="not empty"):
            shim.set_transactional_id("", producer_id=0, epoch=0)


def test_restart_keeps_the_port_and_the_records(start: Start) -> None:
    with start() as shim, WireClient(shim.host, shim.port) as client:
        topic = new_topic(client)
        produce(client, topic, GOOD)
        port = shim.port
        shim.restart()
        assert shim.port == port
        assert client.closed_by_broker()
        with WireClient(shim.host, port) as again:
            assert log_end(again, topic) == 2


def test_restart_in_the_loop_that_is_there() -> None:
    async def restart() -> tuple[int, int]:
        async with KafkaShim() as shim:
            before = shim.port
            with pytest.raises(RuntimeError, match=r"await broker\.restarted"):
                shim.restart()
            await shim.restarted(clean=False, down_seconds=0.01)
            return before, shim.port

    before, after = asyncio.run(restart())
    assert before == after


def test_a_producer_goes_on_after_a_restart(start: Start) -> None:
    confluent = need("confluent_kafka")
    with start(rules="kafka-4.3") as shim:
        producer = confluent.Producer(
            {
                "bootstrap.servers": shim.bootstrap_servers,
                "enable.idempotence": True,
                "retry.backoff.ms": 10,
                "reconnect.backoff.ms": 10,
                "reconnect.backoff.max.ms": 50,
                "log_level": 0,
            }
        )
        values = [b"%d" % number for number in range(30)]
        for number, value in enumerate(values):
            producer.produce("orders", value)
            producer.poll(0)
            if number % 10 == 5:
                shim.restart(clean=number != 15, down_seconds=0.02)
        assert producer.flush(20) == 0
        shim.journal.assert_produced("orders", values=values)

"""What the journal keeps, and what its assertions say when they fail."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable

import pytest

from compat_tests.server.asking import (
    fetch_request,
    init_producer_id,
    new_topic,
    produce,
    produce_request,
)
from compat_tests.server.batches import GOOD, of_producer
from compat_tests.server.conftest import LogLines
from compat_tests.server.in_process import InProcess
from compat_tests.wire_client import ConnectionClosed, WireClient
from kafka_codecs.frame import encode_request
from kafka_codecs.messages.api_00_produce import ProduceResponse
from kafka_codecs.messages.api_22_init_producer_id import (
    InitProducerIdRequest,
    InitProducerIdResponse,
)
from kafkashim.dispatch import Dispatcher
from kafkashim.journal import ENTRY_BYTES, Journal
from kafkashim.rules.producer_state import Append, Duplicate
from kafkashim.state import Decision
from kafkashim.testing import KafkaShim

Start = Callable[..., KafkaShim]
INIT = InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=0)


def test_requests_answers_and_decisions(start: Start) -> None:
    with start() as shim, WireClient(shim.host, shim.port, client_id="me") as client:
        topic = new_topic(client)
        produce(client, topic, of_producer(5, 0, 0, 2))
        produce(client, topic, of_producer(5, 0, 0, 2))
        first, second = shim.journal.requests(api="Produce", topic=topic)
        assert (first.api, first.version, first.client_id) == ("Produce", 9, "me")
        assert first.connection == second.connection
        assert second.correlation_id == first.correlation_id + 1
        assert first.answered_at_ms is not None
        assert first.answered_at_ms >= first.at_ms
        response = second.response
        assert isinstance(response, ProduceResponse)
        assert response.responses[0].partition_responses[0].base_offset == 0
        kinds = [type(decision.verdict) for decision in shim.journal.decisions(topic)]
        assert kinds == [Append, Duplicate]
        assert [d.batch.producer_id for d in second.decisions] == [5]
        assert shim.journal.decisions("another") == []
        text = shim.journal.transcript()
        assert f"{topic}-0: producer 5 epoch 0 seq 0-1 -> duplicate at 0 (rule 3" in text


def test_entries_outlive_the_buffers_they_came_in(start: Start) -> None:
    with start() as shim, WireClient(shim.host, shim.port) as client:
        for number in range(50):
            init_producer_id(client, f"tx-{number}")
        found = shim.journal.requests(api="InitProducerId")
        names = [entry.request.transactional_id for entry in found]  # type: ignore[union-attr]
        assert names == [f"tx-{number}" for number in range(50)]


def test_an_answer_that_comes_later(start: Start) -> None:
    with start() as shim, WireClient(shim.host, shim.port) as client:
        topic = new_topic(client)
        sent = client.send_request(fetch_request({(topic, 0): 0}, max_wait_ms=60_000), 12)
        with pytest.raises(
            AssertionError, match=r"1 requests .api=Fetch. were to come in 0.05 s, 0"
        ):
            shim.journal.wait_for(api="Fetch", timeout=0.05)
        (waiting,) = shim.journal.requests(api="Fetch")
        assert waiting.correlation_id == sent
        assert waiting.response is None
        with WireClient(shim.host, shim.port) as other:
            produce(other, topic, GOOD)
        assert shim.journal.wait_for(api="Fetch") == [waiting]
        assert len(waiting.response.responses) == 1  # type: ignore[union-attr]


def test_what_faults_did(start: Start, log_lines: LogLines) -> None:
    with start() as shim:
        shim.faults.cut_answer(api="InitProducerId", nth=1)
        shim.faults.drop_request(api="InitProducerId", nth=1)
        with WireClient(shim.host, shim.port) as client, pytest.raises(ConnectionClosed):
            init_producer_id(client)
        with WireClient(shim.host, shim.port) as client:
            client.send_request(INIT, 4)
            sent = client.send_request(INIT, 4)
            assert client.receive(InitProducerIdRequest, 4)[0] == sent
        cut, dropped, answered = shim.journal.requests(api="InitProducerId")
        assert cut.ended == "the answer is cut"
        assert cut.answer is not None
        assert cut.response is None
        assert "cut_answer" in str(cut.fault)
        assert (dropped.ended, dropped.answer) == (None, None)
        assert "drop_request" in str(dropped.fault)
        assert "no answer" in str(dropped)
        assert answered.fault is None


def test_what_cannot_be_read(start: Start, log_lines: LogLines) -> None:
    with start() as shim:
        with WireClient(shim.host, shim.port) as client:
            client.send(struct.pack(">ihhi", 8, 999, 0, 5))
            assert client.closed_by_broker()
        (entry,) = shim.journal
        assert (entry.api, entry.correlation_id) == ("api key 999", 5)
        assert entry.request is None
        assert entry.ended
        assert shim.journal.requests(api="Produce") == []
        assert shim.journal.requests(connection=entry.connection) == [entry]


def test_assertions(start: Start) -> None:
    with start() as shim, WireClient(shim.host, shim.port) as client:
        journal = shim.journal
        topic = new_topic(client, 2)
        with pytest.raises(AssertionError, match="has no records"):
            journal.assert_produced(topic)
        journal.assert_produced(topic, 0)
        produce(client, topic, GOOD, 1)
        journal.assert_produced(topic)
        journal.assert_produced(topic, 2)
        journal.assert_produced(topic, values=[b"v", b"w"])
        journal.assert_produced(topic, 0, partition=0)
        journal.assert_no_duplicates(topic)
        with pytest.raises(AssertionError, match="has 2 records, not 3") as failed:
            journal.assert_produced(topic, 3)
        assert "Produce v9" in str(failed.value)
        with pytest.raises(
            AssertionError, match=r"has 2 records .b'v', b'w'., not 1 records .b'v'."
        ):
            journal.assert_produced(topic, values=[b"v"])
        produce(client, topic, GOOD, 0)
        with pytest.raises(AssertionError, match="twice: partition 0 offset 0, and partition 1"):
            journal.assert_no_duplicates(topic)
        keys = [(r.partition, r.offset, r.key, r.value) for r in journal.records(topic, 1)]
        assert keys == [(1, 0, b"k", b"v"), (1, 1, None, b"w")]
        assert journal.records("nowhere") == []
        journal.clear()
        assert len(journal) == 0


def test_it_works_in_the_loop_that_is_there() -> None:
    async def look() -> str:
        async with KafkaShim() as shim:
            return shim.journal.transcript()

    assert asyncio.run(look()) == ""


def test_the_oldest_are_forgotten(in_process: Callable[..., InProcess]) -> None:
    broker = in_process()
    journal = Journal(most_bytes=20 * ENTRY_BYTES)
    broker.dispatcher = Dispatcher(broker.broker, journal=journal)
    peer = broker.connect()
    topic = new_topic(peer)
    for _ in range(100):
        peer.ask(produce_request({(topic, 0): GOOD}), 9)
    assert journal.forgotten + len(journal) == 101
    assert 10 < len(journal) < 20
    numbers = [entry.number for entry in journal]
    assert numbers == list(range(journal.forgotten + 1, 102))
    peer.ask(produce_request({(topic, 0): of_producer(1, 0, 0, 20_000)}), 9)
    (last,) = journal
    assert last.number == 102
    journal.clear()
    assert len(journal) == 0
    peer.ask(produce_request({(topic, 0): GOOD}), 9)
    assert len(journal) == 1


def test_an_answer_that_comes_when_its_request_is_forgotten(
    in_process: Callable[..., InProcess],
) -> None:
    broker = in_process()
    journal = Journal(most_bytes=5 * ENTRY_BYTES)
    broker.dispatcher = Dispatcher(broker.broker, journal=journal)
    waiting, peer = broker.connect(), broker.connect()
    topic = new_topic(peer)
    waiting.send(encode_request(fetch_request({(topic, 0): 0}, max_wait_ms=1000), 12))
    for _ in range(20):
        init_producer_id(peer)
    broker.clock.advance(1000)
    assert waiting.frames()
    before = len(journal)
    init_producer_id(peer)
    assert len(journal) == before


def test_without_a_journal_nothing_is_kept(
    start: Start, in_process: Callable[..., InProcess]
) -> None:
    assert in_process().dispatcher.journal is None
    decided: list[Decision] = []
    with (
        start(journal=False, on_decision=decided.append) as shim,
        WireClient(shim.host, shim.port) as client,
    ):
        produce(client, new_topic(client), of_producer(5, 0, 0))
        assert [decision.batch.producer_id for decision in decided] == [5]
        with pytest.raises(RuntimeError, match="journal=False"):
            _ = shim.journal


def test_answers_are_decoded_for_their_version(start: Start) -> None:
    with start() as shim, WireClient(shim.host, shim.port) as client:
        for version in (0, 2, 5):
            init_producer_id(client, version=version)
        found = [entry.response for entry in shim.journal.requests(api="InitProducerId")]
        assert all(isinstance(response, InitProducerIdResponse) for response in found)
        assert [response.producer_id for response in found] == [0, 1, 2]  # type: ignore[union-attr]

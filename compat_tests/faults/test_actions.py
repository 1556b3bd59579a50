"""What each action does to the request, to its answer, and to the connection."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import pytest

from compat_tests.server.asking import (
    fetch_request,
    init_producer_id,
    log_end,
    new_topic,
    produce,
    produce_request,
)
from compat_tests.server.batches import GOOD, of_producer
from compat_tests.server.conftest import LogLines
from compat_tests.server.in_process import InProcess, Peer
from kafka_codecs.errors import ErrorCode
from kafka_codecs.frame import decode_response, encode_request
from kafka_codecs.messages import messages
from kafka_codecs.messages.api_20_delete_topics import DeleteTopicsRequest, DeleteTopicState
from kafka_codecs.messages.api_22_init_producer_id import InitProducerIdRequest
from kafka_codecs.messages.api_68_consumer_group_heartbeat import (
    ConsumerGroupHeartbeatRequest,
    OwnedTopicPartitions,
)
from kafka_codecs.schema import Request
from kafkashim.faults import Faults

INIT = InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=0)
GOOD_RECORDS = 2


@pytest.fixture
def faults(broker: InProcess) -> Faults:
    return broker.dispatcher.faults


@pytest.fixture
def topic(peer: Peer) -> str:
    return new_topic(peer, 2)


def sent(peer: Peer, request: Request, version: int, correlation_id: int = 77) -> bytes:
    """Send a request and give the bytes that came for it."""
    peer.send(encode_request(request, version, correlation_id))
    return peer.take()


def read(request: Request, version: int, data: bytes) -> Any:
    """The one answer in some bytes."""
    (size,) = struct.unpack_from(">i", data)
    assert len(data) == size + 4
    return decode_response(messages(request.API_KEY)[1], version, data[4:])[1]


def test_fail_before_append(faults: Faults, peer: Peer, topic: str) -> None:
    fault = faults.fail_before_append("NOT_LEADER_OR_FOLLOWER", api="Produce")
    answer = produce(peer, topic, GOOD)
    assert answer.error_code == ErrorCode.NOT_LEADER_OR_FOLLOWER
    assert (answer.base_offset, answer.log_append_time_ms, answer.log_start_offset) == (-1, -1, -1)
    fault.remove()
    assert log_end(peer, topic) == 0


def test_fail_before_append_and_answer_later(
    faults: Faults, peer: Peer, topic: str, broker: InProcess
) -> None:
    faults.fail_before_append("NOT_LEADER_OR_FOLLOWER", api="Produce", times=1, answer_ms=250)
    request = produce_request({(topic, 0): GOOD})
    assert sent(peer, request, 9) == b""
    broker.clock.advance(249)
    assert peer.take() == b""
    broker.clock.advance(1)
    (answer,) = read(request, 9, peer.take()).responses[0].partition_responses
    assert answer.error_code == ErrorCode.NOT_LEADER_OR_FOLLOWER
    assert log_end(peer, topic) == 0


def test_fail_after_append(faults: Faults, peer: Peer, topic: str) -> None:
    fault = faults.fail_after_append("REQUEST_TIMED_OUT", api="Produce")
    answer = produce(peer, topic, of_producer(1, 0, 0, 2))
    assert (answer.error_code, answer.base_offset) == (ErrorCode.REQUEST_TIMED_OUT, -1)
    fault.remove()
    assert log_end(peer, topic) == 2
    again = produce(peer, topic, of_producer(1, 0, 0, 2))
    assert (again.error_code, again.base_offset) == (0, 0)


@pytest.mark.parametrize("when", ["before", "after"])
def test_of_several_partitions_only_those_that_are_meant_fail(
    faults: Faults, peer: Peer, topic: str, when: str
) -> None:
    other = new_topic(peer)
    fault = faults.add(
        {"action": f"fail_{when}_append", "error": 6, "topic": topic, "partition": 1}
    )
    batches = {(topic, 0): GOOD, (topic, 1): GOOD, (other, 0): GOOD}
    answer = peer.ask(produce_request(batches), 9)
    codes = {
        (t.name, p.index): (p.error_code, p.base_offset)
        for t in answer.responses
        for p in t.partition_responses
    }
    assert codes == {(topic, 0): (0, 0), (topic, 1): (6, -1), (other, 0): (0, 0)}
    fault.remove()
    appended = GOOD_RECORDS if when == "after" else 0
    ends = [log_end(peer, topic), log_end(peer, topic, 1), log_end(peer, other)]
    assert ends == [GOOD_RECORDS, appended, GOOD_RECORDS]


def test_only_the_batch_of_a_producer_fails(faults: Faults, peer: Peer, topic: str) -> None:
    faults.fail_before_append("INVALID_PRODUCER_EPOCH", producer_id=5)
    batches = {(topic, 0): of_producer(4, 0, 0), (topic, 1): of_producer(5, 0, 0)}
    answer = peer.ask(produce_request(batches), 9)
    found = {p.index: p.error_code for t in answer.responses for p in t.partition_responses}
    assert found == {0: 0, 1: ErrorCode.INVALID_PRODUCER_EPOCH}


@pytest.mark.parametrize("when", ["before", "after"])
def test_without_acks_a_failure_closes_the_connection(
    faults: Faults, peer: Peer, topic: str, broker: InProcess, when: str, log_lines: LogLines
) -> None:
    faults.add({"action": f"fail_{when}_append", "error": 6, "api": "Produce"})
    assert sent(peer, produce_request({(topic, 0): GOOD}, acks=0), 9) == b""
    assert peer.transport.closed
    assert log_end(broker.connect(), topic) == (GOOD_RECORDS if when == "after" else 0)
    assert any("acks 0" in line for line in log_lines.take())


def test_without_acks_the_other_partitions_are_appended(
    faults: Faults, peer: Peer, topic: str, broker: InProcess, log_lines: LogLines
) -> None:
    faults.fail_before_append("NOT_LEADER_OR_FOLLOWER", topic=topic, partition=0, times=1)
    batches = {(topic, 0): GOOD, (topic, 1): GOOD}
    assert sent(peer, produce_request(batches, acks=0), 9) == b""
    assert peer.transport.closed
    other = broker.connect()
    assert [log_end(other, topic), log_end(other, topic, 1)] == [0, GOOD_RECORDS]


@pytest.mark.parametrize("version", [4, 6])
def test_of_several_topics_only_those_that_are_meant_are_kept(
    faults: Faults, peer: Peer, broker: InProcess, version: int
) -> None:
    """They are named by a list of names, or by structs with names."""
    for name in "ab":
        new_topic(peer, name=name)
    faults.fail_before_append("POLICY_VIOLATION", topic="a")
    named = (
        {"topic_names": ["a", "b"]}
        if version < 6
        else {"topics": [DeleteTopicState(name=name) for name in "ab"]}
    )
    answer = peer.ask(DeleteTopicsRequest(timeout_ms=1000, **named), version)
    found = sorted((response.name, response.error_code) for response in answer.responses)
    assert found == [("a", ErrorCode.POLICY_VIOLATION), ("b", 0)]
    assert list(broker.broker.topics) == ["a"]


def test_a_request_that_cannot_be_divided_fails_as_a_whole(
    faults: Faults, peer: Peer, topic: str, broker: InProcess
) -> None:
    faults.fail_before_append("COORDINATOR_NOT_AVAILABLE", topic=topic)
    request = ConsumerGroupHeartbeatRequest(
        group_id="g",
        member_id="m",
        member_epoch=0,
        rebalance_timeout_ms=1000,
        subscribed_topic_names=[topic, "another"],
        topic_partitions=[],
    )
    assert peer.ask(request, 1).error_code == ErrorCode.COORDINATOR_NOT_AVAILABLE
    request.member_epoch = 1
    owned = OwnedTopicPartitions(topic_id=broker.broker.topics[topic].topic_id, partitions=[0, 1])
    request.topic_partitions = [owned]
    request.subscribed_topic_names = None
    faults.clear()
    faults.fail_before_append("COORDINATOR_NOT_AVAILABLE", topic=topic, partition=1)
    assert peer.ask(request, 1).error_code == ErrorCode.COORDINATOR_NOT_AVAILABLE


def test_a_fetch_fails_at_once(faults: Faults, peer: Peer, topic: str) -> None:
    faults.fail_before_append("NOT_LEADER_OR_FOLLOWER", api="Fetch", topic=topic, partition=0)
    request = fetch_request({(topic, 0): 0, (topic, 1): 0}, max_wait_ms=60_000)
    answer = peer.ask(request, 12)
    found = {p.partition_index: p.error_code for t in answer.responses for p in t.partitions}
    assert found == {0: ErrorCode.NOT_LEADER_OR_FOLLOWER, 1: 0}
    assert answer.error_code == 0


def test_an_incremental_fetch_fails_though_it_names_nothing(
    faults: Faults, peer: Peer, topic: str
) -> None:
    first = peer.ask(fetch_request({(topic, 0): 0}, session_id=0, session_epoch=0), 12)
    faults.fail_after_append("UNKNOWN_LEADER_EPOCH", api="Fetch", topic=topic, times=1)
    request = fetch_request({}, session_id=first.session_id, session_epoch=1, max_wait_ms=60_000)
    answer = peer.ask(request, 12)
    ((partition,),) = [t.partitions for t in answer.responses]
    assert (partition.partition_index, partition.error_code) == (0, ErrorCode.UNKNOWN_LEADER_EPOCH)
    assert partition.high_watermark == -1


def test_an_error_of_fetch_sessions_is_told_of_the_whole(
    faults: Faults, peer: Peer, topic: str
) -> None:
    faults.fail_before_append("FETCH_SESSION_ID_NOT_FOUND", api="Fetch")
    answer = peer.ask(fetch_request({(topic, 0): 0}), 12)
    assert (answer.error_code, answer.responses) == (70, [])


def test_drop_request(faults: Faults, peer: Peer, topic: str) -> None:
    fault = faults.drop_request(api="Produce")
    assert sent(peer, produce_request({(topic, 0): GOOD}), 9) == b""
    fault.remove()
    assert log_end(peer, topic) == 0


def test_drop_answer(
    faults: Faults, peer: Peer, topic: str, broker: InProcess, log_lines: LogLines
) -> None:
    faults.drop_answer(api="Produce")
    assert sent(peer, produce_request({(topic, 0): GOOD}), 9) == b""
    assert peer.transport.closed
    assert log_end(broker.connect(), topic) == GOOD_RECORDS
    assert "the answer is lost" in log_lines.take()[-1]


def test_drop_answer_and_go_on(faults: Faults, peer: Peer, topic: str) -> None:
    fault = faults.drop_answer(close=False, api="Produce", times=1)
    assert sent(peer, produce_request({(topic, 0): GOOD}), 9) == b""
    assert log_end(peer, topic) == GOOD_RECORDS
    assert fault.fired == 1


def test_drop_the_answer_of_a_fetch_that_waits(
    faults: Faults, peer: Peer, topic: str, broker: InProcess, log_lines: LogLines
) -> None:
    """Answers that come later are lost as well, and the connection goes on or is closed as it should."""
    request = fetch_request({(topic, 0): 0}, max_wait_ms=500)
    with faults.drop_answer(close=False, api="Fetch"):
        assert sent(peer, request, 12) == b""
        broker.clock.advance(500)
        assert peer.take() == b""
    assert log_end(peer, topic) == 0
    with faults.drop_answer(api="Fetch"):
        sent(peer, request, 12)
        assert not peer.transport.closed
        broker.clock.advance(500)
    assert (peer.take(), peer.transport.closed) == (b"", True)
    assert "the answer is lost" in log_lines.take()[-1]


@pytest.mark.parametrize("length", [None, 0, 5, 10_000])
def test_cut_answer(
    faults: Faults, peer: Peer, broker: InProcess, length: int | None, log_lines: LogLines
) -> None:
    whole = sent(broker.connect(), INIT, 4)
    faults.cut_answer(length=length)
    came = sent(peer, INIT, 4)
    expected = len(whole) // 2 if length is None else min(length, len(whole) - 1)
    assert len(came) == expected
    assert came[:8] == whole[: min(expected, 8)]
    assert peer.transport.closed


def test_what_was_answered_before_is_sent_whole(
    faults: Faults, peer: Peer, log_lines: LogLines
) -> None:
    """Three requests in one read: the first has its answer, the second half of one, the third none."""
    faults.cut_answer(nth=2)
    peer.send(b"".join(encode_request(INIT, 4, number) for number in (1, 2, 3)))
    data = peer.take()
    (size,) = struct.unpack_from(">i", data)
    assert struct.unpack_from(">i", data, 4) == (1,)
    assert 0 < len(data) - size - 4 < size + 4
    assert peer.transport.closed


def test_delay_answer(faults: Faults, peer: Peer, topic: str, broker: InProcess) -> None:
    faults.delay_answer(250, api="Produce", times=1)
    request = produce_request({(topic, 0): GOOD})
    assert sent(peer, request, 9) == b""
    assert log_end(broker.connect(), topic) == GOOD_RECORDS
    # The connection waits, so that answers keep their order.
    assert sent(peer, INIT, 4, 78) == b""
    broker.clock.advance(249)
    assert peer.take() == b""
    broker.clock.advance(1)
    peer.transport.run()
    ids = [struct.unpack_from(">i", frame)[0] for frame in peer.frames()]
    assert ids == [77, 78]


def test_delay_the_answer_of_a_fetch_that_waits(
    faults: Faults, peer: Peer, topic: str, broker: InProcess
) -> None:
    faults.delay_answer(100, api="Fetch")
    request = fetch_request({(topic, 0): 0}, max_wait_ms=500)
    sent(peer, request, 12)
    broker.clock.advance(500)
    assert peer.take() == b""
    broker.clock.advance(100)
    assert read(request, 12, peer.take()).error_code == 0


def test_a_client_that_goes_while_its_answer_is_delayed(
    faults: Faults, peer: Peer, broker: InProcess
) -> None:
    faults.delay_answer(100)
    sent(peer, INIT, 4)
    peer.connection.lost()
    broker.clock.advance(1000)
    assert peer.take() == b""


def test_slow_answer(faults: Faults, peer: Peer, broker: InProcess) -> None:
    whole = sent(broker.connect(), INIT, 4)
    faults.slow_answer(100, times=1)
    assert sent(peer, INIT, 4) == b""
    assert sent(peer, INIT, 4, 78) == b""
    came = b""
    for _ in range(len(whole) * 10 // 20):
        assert len(came) < len(whole)
        broker.clock.advance(20)
        came += peer.take()
    assert len(came) == len(whole)
    assert read(INIT, 4, came).error_code == 0
    peer.transport.run()
    (frame,) = peer.frames()
    assert struct.unpack_from(">i", frame)[0] == 78


def test_close_connection(
    faults: Faults, peer: Peer, topic: str, broker: InProcess, log_lines: LogLines
) -> None:
    faults.close_connection(api="Produce")
    assert sent(peer, produce_request({(topic, 0): GOOD}), 9) == b""
    assert peer.transport.closed
    assert log_end(broker.connect(), topic) == 0
    (line,) = log_lines.take()
    assert "a fault asks for it" in line


def test_half_open(faults: Faults, peer: Peer, topic: str, broker: InProcess) -> None:
    faults.half_open(api="Produce", times=1)
    sent(peer, produce_request({(topic, 0): GOOD}), 9)
    taken = peer.send(bytes(1 << 20), 4096)
    broker.clock.advance(3_600_000)
    assert peer.take() == b""
    assert not peer.transport.closed
    assert not peer.transport.reading
    assert taken < 1 << 20
    other = broker.connect()
    assert log_end(other, topic) == 0
    assert init_producer_id(other)[0] == 0


def test_throttle(faults: Faults, peer: Peer, topic: str, broker: InProcess) -> None:
    faults.throttle(300, api="Produce", times=1)
    request = produce_request({(topic, 0): GOOD})
    answer = read(request, 9, sent(peer, request, 9))
    assert answer.throttle_time_ms == 300
    assert answer.responses[0].partition_responses[0].error_code == 0
    assert sent(peer, INIT, 4, 78) == b""
    broker.clock.advance(300)
    peer.transport.run()
    assert read(INIT, 4, peer.take()).throttle_time_ms == 0


def test_other_connections_go_on(
    faults: Faults, peer: Peer, broker: InProcess, log_lines: LogLines
) -> None:
    other = broker.connect()
    faults.close_connection(connection=peer.connection.id)
    sent(peer, INIT, 4)
    assert peer.transport.closed
    assert init_producer_id(other)[0] == 0


def test_it_is_logged_what_a_fault_does(faults: Faults, peer: Peer, log_lines: LogLines) -> None:
    faults.throttle(0, times=1)
    init_producer_id(peer)
    (line,) = log_lines.take(20)
    assert line.startswith("InitProducerId v5 of kafkashim: throttle(ms=0, times=1)")


def test_without_faults_nothing_of_them_is_loaded(
    in_process: Callable[..., InProcess], faults: Faults
) -> None:
    broker = in_process()
    assert not broker.dispatcher._watched
    fault = broker.dispatcher.faults.half_open()
    assert broker.dispatcher._watched
    fault.remove()
    assert not broker.dispatcher._watched

"""Bytes in, bytes out: order, back-pressure, memory. Without sockets, but for the idle connection."""

from __future__ import annotations

import logging
import struct
import tracemalloc
from collections.abc import Callable

import pytest

from compat_tests.server.asking import (
    fetch_request,
    init_producer_id,
    log_end,
    new_topic,
    produce,
    produce_request,
)
from compat_tests.server.batches import GOOD, of_size
from compat_tests.server.conftest import LogLines
from compat_tests.server.in_process import InProcess, Peer, split_frames
from compat_tests.wire_client import WireClient
from kafka_codecs.frame import encode_request
from kafka_codecs.messages.api_18_api_versions import ApiVersionsRequest
from kafkashim.connection import GROWTH, READ_AHEAD, SHARED_BUFFER_SIZE, WRITE_AT_ONCE
from kafkashim.testing import KafkaShim

KIB = 1024
API_VERSIONS = ApiVersionsRequest(client_software_name="wire", client_software_version="1")


@pytest.fixture
def broker(in_process: Callable[..., InProcess]) -> InProcess:
    return in_process(config={"message.max.bytes": "20000000"})


def numbered(number: int) -> bytes:
    """A small request with this correlation id."""
    return encode_request(API_VERSIONS, 0, number, client_id=None)


def ids(frames: list[bytes]) -> list[int]:
    return [struct.unpack_from(">i", frame)[0] for frame in frames]


def long_poll(topic: str, number: int, max_wait_ms: int = 1000) -> bytes:
    """A fetch that waits, with this correlation id."""
    request = fetch_request({(topic, 0): 0}, max_wait_ms=max_wait_ms)
    return encode_request(request, 12, number)


def test_frames_may_be_split_anywhere(peer: Peer) -> None:
    data = numbered(1) + encode_request(API_VERSIONS, 3, 2, client_id="split") + numbered(3)
    peer.send(data)
    whole = peer.take()
    assert ids(split_frames(whole)) == [1, 2, 3]
    for at in range(1, len(data)):
        peer.send(data[:at])
        peer.send(data[at:])
        assert peer.take() == whole, f"split at {at}"


@pytest.mark.parametrize("at_once", [1, 2, 3, 7, 64])
def test_bytes_may_come_in_any_portions(at_once: int, peer: Peer) -> None:
    data = b"".join(map(numbered, range(40)))
    peer.send(data, at_once)
    assert ids(peer.frames()) == list(range(40))


def test_frames_of_one_read_are_answered_early_and_in_few_writes(peer: Peer) -> None:
    peer.send(b"".join(map(numbered, range(100))))
    assert [len(buffers) for buffers in peer.transport.writes] == [2, 4, 8, 16, 32, 38]
    assert ids(peer.frames()) == list(range(100))


def test_more_frames_than_fit_into_the_shared_buffer(peer: Peer) -> None:
    def long(number: int) -> bytes:
        return encode_request(API_VERSIONS, 0, number, client_id="x" * 300)

    count = 3 * SHARED_BUFFER_SIZE // len(long(0))
    peer.send(b"".join(map(long, range(count))))
    assert ids(peer.frames()) == list(range(count))


@pytest.mark.parametrize("size", [SHARED_BUFFER_SIZE - 100, SHARED_BUFFER_SIZE, 5_000_000])
@pytest.mark.parametrize("at_once", [1000, 65_536, 1 << 30])
def test_large_frames_arrive_whole(size: int, at_once: int, peer: Peer) -> None:
    topic = new_topic(peer)
    records = of_size(size)
    request = encode_request(produce_request({(topic, 0): records}), 9, 1)
    peer.send(numbered(0) + request + numbered(2), at_once)
    assert ids(peer.frames()) == [0, 1, 2]
    (stored,) = (bytes(b.buffer) for b in log_of(peer, topic))
    assert stored[16:] == records[16:]


def log_of(peer: Peer, topic: str) -> list[object]:
    broker = peer.connection._dispatcher._broker
    return list(broker.topics[topic].partitions[0].log.batches())


def test_a_large_frame_takes_the_memory_it_needs(broker: InProcess, peer: Peer) -> None:
    """Received into one buffer that grows with what came; not copied together in the end."""
    topic = new_topic(peer)
    data = encode_request(produce_request({(topic, 0): of_size(10_000_000)}), 9, 1)[:-1]
    tracemalloc.start()
    try:
        peer.send(data, 64 * KIB)
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held <= peak <= len(data) * 9 // 8 + GROWTH


def test_small_frames_keep_nothing(peer: Peer) -> None:
    peer.send(b"".join(map(numbered, range(1000))), 1000)
    peer.take()
    assert peer.connection._own is None


# -- answers that come later ------------------------


def test_answers_leave_in_the_order_of_the_requests(broker: InProcess, peer: Peer) -> None:
    topic = new_topic(peer)
    peer.send(numbered(1) + long_poll(topic, 2) + numbered(3) + long_poll(topic, 4) + numbered(5))
    assert ids(peer.frames()) == [1]
    broker.clock.advance(999)
    peer.transport.run()
    assert peer.frames() == []
    broker.clock.advance(1)
    peer.transport.run()
    assert ids(peer.frames()) == [2, 3]
    broker.clock.advance(1000)
    peer.transport.run()
    assert ids(peer.frames()) == [4, 5]


def test_requests_that_come_while_one_is_parked_wait_their_turn(
    broker: InProcess, peer: Peer
) -> None:
    topic = new_topic(peer)
    peer.send(long_poll(topic, 1))
    for number in range(2, 50):
        peer.send(numbered(number), 5)
    assert peer.frames() == []
    produce(broker.connect(), topic, GOOD)
    peer.transport.run()
    assert ids(peer.frames()) == list(range(1, 50))


def test_one_connection_waits_and_others_are_served(broker: InProcess, peer: Peer) -> None:
    topic = new_topic(peer)
    peer.send(long_poll(topic, 1))
    other = broker.connect()
    other.send(numbered(7))
    assert ids(other.frames()) == [7]
    assert peer.frames() == []


def test_an_answer_from_within_anothers_request_comes_after_it(
    broker: InProcess, peer: Peer
) -> None:
    """What follows a parked request is handled in a turn of its own, not inside the producer's."""
    topic = new_topic(peer)
    peer.send(long_poll(topic, 1) + numbered(2))
    produce(broker.connect(), topic, GOOD)
    assert ids(peer.frames()) == [1]
    peer.transport.run()
    assert ids(peer.frames()) == [2]


def test_a_lost_connection_cancels_what_it_waits_for(broker: InProcess, peer: Peer) -> None:
    topic = new_topic(peer)
    partition = broker.broker.topics[topic].partitions[0]
    peer.send(long_poll(topic, 1) + numbered(2))
    assert len(partition.waiting) == 1
    timers = running_timers(broker)
    peer.connection.lost()
    assert not partition.waiting
    assert running_timers(broker) == timers - 1
    produce(broker.connect(), topic, GOOD)
    broker.clock.advance(5000)
    peer.transport.run()
    assert peer.take() == b""


def running_timers(broker: InProcess) -> int:
    return sum(1 for _, _, timer in broker.clock._timers if timer.callback is not None)


def test_a_closed_connection_answers_nothing_more(broker: InProcess, peer: Peer) -> None:
    topic = new_topic(peer)
    peer.send(long_poll(topic, 1) + numbered(2))
    peer.connection.close()
    assert peer.transport.closed
    broker.clock.advance(5000)
    peer.transport.run()
    assert peer.take() == b""
    peer.connection.lost()


def test_nothing_behind_a_bad_frame_is_looked_at(peer: Peer, log_lines: LogLines) -> None:
    peer.send(numbered(1) + struct.pack(">i", -1) + numbered(2))
    assert ids(peer.frames()) == [1]
    assert peer.transport.closed
    peer.connection.received(0)
    assert len(log_lines.take()) == 1


# -- a peer that does not read, or asks for more than it waits for ------------------------


def test_reading_stops_behind_a_parked_request(broker: InProcess, peer: Peer) -> None:
    topic = new_topic(peer)
    peer.send(long_poll(topic, 1))
    flood = b"".join(map(numbered, range(2, 10_000)))
    tracemalloc.start()
    try:
        taken = peer.send(flood, 16 * KIB)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert READ_AHEAD <= taken <= READ_AHEAD + 16 * KIB
    assert peak <= 4 * READ_AHEAD
    assert not peer.transport.reading
    broker.clock.advance(1000)
    peer.transport.run()
    assert peer.transport.reading
    assert taken + peer.send(flood[taken:]) == len(flood)
    assert ids(peer.frames()) == list(range(1, 10_000))


def test_a_peer_that_does_not_read_is_not_read(peer: Peer) -> None:
    peer.transport.capacity = 64 * KIB
    peer.transport.connection = peer.connection
    flood = b"".join(map(numbered, range(100_000)))
    taken = peer.send(flood, 16 * KIB)
    assert taken < len(flood)
    assert not peer.transport.reading
    unsent = len(peer.take())
    assert unsent <= 64 * KIB + 2 * WRITE_AT_ONCE


def test_a_peer_that_reads_again_gets_all_its_answers(peer: Peer) -> None:
    peer.transport.capacity = 64 * KIB
    peer.transport.connection = peer.connection
    flood = b"".join(map(numbered, range(20_000)))
    taken, answers = 0, b""
    pauses = 0
    while taken < len(flood) or peer.connection._filled:
        taken += peer.send(flood[taken:], 16 * KIB)
        sent = peer.take()
        assert sent
        answers += sent
        pauses += not peer.connection._writable
        peer.connection.resume_writing()
        peer.transport.run()
    answers += peer.take()
    assert ids(split_frames(answers)) == list(range(20_000))
    assert pauses > 10


def test_large_answers_to_small_requests_stop_in_the_middle_of_a_read(
    broker: InProcess, peer: Peer
) -> None:
    """One read holds requests for gigabytes; they are not answered before somebody reads."""
    topic = new_topic(peer)
    produce(peer, topic, of_size(1_000_000))
    peer.take()
    peer.transport.capacity = 64 * KIB
    peer.transport.connection = peer.connection
    one = encode_request(fetch_request({(topic, 0): 0}), 12, 1)
    peer.send(one * (SHARED_BUFFER_SIZE // len(one)))
    assert len(peer.frames()) == 1
    peer.connection.resume_writing()
    peer.transport.run()
    assert len(peer.frames()) == 1


def test_a_peer_that_is_lost_while_it_does_not_read(peer: Peer) -> None:
    peer.connection.pause_writing()
    peer.send(numbered(1))
    peer.connection.lost()
    peer.connection.resume_writing()
    peer.transport.run()
    assert peer.take() == b""


# -- over sockets ------------------------


def test_a_client_that_does_not_read_does_not_fill_the_memory(
    start: Callable[..., KafkaShim],
) -> None:
    with start(rules="kafka-4.3") as shim, WireClient(shim.host, shim.port) as client:
        topic = new_topic(client)
        produce(client, topic, of_size(1_000_000))
        one = encode_request(fetch_request({(topic, 0): 0}), 12, 1)
        count = 2000
        tracemalloc.start()
        try:
            client.send(one * count)
            # Another client is served meanwhile, and then what the first one asked for is all there.
            with WireClient(shim.host, shim.port) as other:
                for _ in range(100):
                    assert log_end(other, topic) == 1
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak <= 16 * 1024 * KIB
        for _ in range(20):
            assert len(client.receive_frame()) > 1_000_000


def test_pipelined_requests_are_answered_in_order(client: WireClient) -> None:
    numbers = range(1, 500)
    client.send(b"".join(map(numbered, numbers)))
    assert ids([client.receive_frame() for _ in numbers]) == list(numbers)


def test_idle_connections_are_closed(start: Callable[..., KafkaShim], log_lines: LogLines) -> None:
    with (
        start(config={"connections.max.idle.ms": "500"}) as shim,
        WireClient(shim.host, shim.port) as idle,
        WireClient(shim.host, shim.port) as busy,
    ):
        init_producer_id(idle)
        while idle.is_silent(0.01):
            init_producer_id(busy)
        assert idle.closed_by_broker()
        init_producer_id(busy)
        # Brokers of other tests may run as well.
        lines = [line for line in log_lines.take(level=logging.INFO) if "Closing" in line]
        (line,) = lines
        assert line == "Closing connection {}:{}: idle for more than 500 ms".format(*idle.address)

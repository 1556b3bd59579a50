"""Whatever comes in: an answer or a closed connection, and a broker that serves the next one.

Without sockets for the volume, over sockets for what only sockets show. ``--random-frames N`` says how
many random frames are tried.
"""

from __future__ import annotations

import random
import struct
import tracemalloc
from collections.abc import Callable

import pytest

from compat_tests.server.asking import new_topic
from compat_tests.server.conftest import Connect, LogLines
from compat_tests.server.golden_requests import (
    GoldenRequest,
    all_request_frames,
    golden_requests,
    with_wrong_lengths,
)
from compat_tests.server.in_process import InProcess, Peer, framed, split_frames
from compat_tests.wire.golden_frames import recordings
from compat_tests.wire_client import ConnectionClosed, WireClient
from kafka_codecs.errors import ErrorCode
from kafka_codecs.flat import put_uvarint
from kafka_codecs.frame import decode_response, encode_request
from kafka_codecs.messages.api_00_produce import (
    PartitionProduceData,
    ProduceRequest,
    TopicProduceData,
)
from kafka_codecs.messages.api_18_api_versions import ApiVersionsRequest, ApiVersionsResponse
from kafkashim.testing import KafkaShim

MIB = 1024 * 1024
API_VERSIONS = ApiVersionsRequest(client_software_name="wire", client_software_version="1")
PRODUCE = 0
TELEMETRY = {"metric.reporters": "a.Reporter", "group.initial.rebalance.delay.ms": "0"}
MAX_REQUEST = 104_857_600

every_request = pytest.mark.parametrize("golden", golden_requests(), ids=str)


@pytest.fixture
def broker(in_process: Callable[..., InProcess]) -> InProcess:
    return in_process(config=TELEMETRY)


def assert_closed(peer: Peer, log_lines: LogLines, what: bytes) -> str:
    """The connection was closed without an answer, and one line of the log says why."""
    assert peer.transport.closed, what.hex()
    assert not peer.take(), what.hex()
    lines = log_lines.take()
    assert len(lines) == 1, lines
    assert lines[0].startswith("Closing connection 127.0.0.1:40000: ")
    assert "\n" not in lines[0]
    return lines[0]


def assert_handled(peer: Peer, log_lines: LogLines, what: bytes) -> None:
    """Answered, left waiting, or closed with one line in the log."""
    answers = peer.frames()
    # A group that is stuck with its members is no matter of the connection.
    lines = [line for line in log_lines.take() if "subscribes to what cannot be read" not in line]
    if peer.transport.closed:
        assert len(lines) <= 1
    else:
        assert len(answers) <= 1, what.hex()
        assert not lines, what.hex()
    peer.connection.lost()


@every_request
def test_a_request_cut_at_any_byte_closes_the_connection(
    golden: GoldenRequest, broker: InProcess, log_lines: LogLines
) -> None:
    for cut in range(1, len(golden.frame)):
        peer = broker.connect()
        frame = framed(golden.frame[:cut])
        peer.send(frame)
        assert_closed(peer, log_lines, frame)


@every_request
def test_a_request_that_has_not_arrived_as_a_whole_is_waited_for(
    golden: GoldenRequest, broker: InProcess, log_lines: LogLines
) -> None:
    whole = framed(golden.frame)
    for cut in range(len(whole)):
        peer = broker.connect()
        peer.send(whole[:cut])
        assert not peer.take()
        assert not peer.transport.closed
        peer.connection.lost()
    assert not log_lines.take()


@every_request
def test_wrong_lengths_are_refused_or_answered(
    golden: GoldenRequest, broker: InProcess, log_lines: LogLines
) -> None:
    for frame in with_wrong_lengths(golden):
        peer = broker.connect()
        peer.send(framed(frame))
        assert_handled(peer, log_lines, frame)


@every_request
def test_a_refused_request_takes_no_more_memory_than_it_sent(
    golden: GoldenRequest, broker: InProcess
) -> None:
    frames = [framed(frame) for frame in with_wrong_lengths(golden)]
    frames += [framed(golden.frame[:cut]) for cut in range(1, len(golden.frame), 7)]
    broker.connect().send(framed(golden.frame[:-1]))  # imports and compiles
    tracemalloc.start()
    try:
        for frame in frames:
            peer = broker.connect()
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            peer.send(frame)
            peak = tracemalloc.get_traced_memory()[1] - before
            if peer.transport.closed:
                assert peak <= len(frame) + MIB, frame.hex()
            peer.connection.lost()
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("sent", [0, 1, 100, 5000, 300_000, 3_000_000, 30_000_000])
def test_an_announced_frame_takes_no_more_memory_than_came(broker: InProcess, sent: int) -> None:
    data = struct.pack(">i", MAX_REQUEST) + bytes(sent)
    peer = broker.connect()
    tracemalloc.start()
    try:
        peer.send(data, 64 * 1024)
        peer.connection.get_buffer()  # the event loop is ready for more
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert not peer.transport.closed
    # A bytearray that grows by little at a time reserves an eighth more than it was asked for.
    assert peak <= len(data) + max(MIB, len(data) // 8) + 64 * 1024


def random_frame(chance: random.Random, recorded: tuple[bytes, ...]) -> bytes:
    """Noise, noise behind a good header, or a recorded frame with some bytes changed."""
    kind = chance.randrange(10)
    if kind == 0:
        return chance.randbytes(chance.randint(1, 200))
    frame = bytearray(chance.choice(recorded))
    if kind < 3:
        # Small numbers make small counts, and so get further into a message.
        top = chance.choice((2, 4, 16, 256))
        return bytes(frame[:10]) + bytes(
            chance.randrange(top) for _ in range(chance.randrange(120))
        )
    for _ in range(chance.randint(1, 4)):
        at = chance.randint(0, len(frame))
        until = min(len(frame), at + chance.randint(0, 4))
        match chance.randrange(4):
            case 0:
                frame[at:until] = chance.randbytes(until - at)
            case 1:
                del frame[at:until]
            case 2:
                frame[at:at] = chance.randbytes(chance.randint(1, 6))
            case _:
                frame[at:at] = frame[chance.randint(0, len(frame)) :][:8]
    return bytes(frame) or b"\0"


def test_random_frames_do_no_harm(
    in_process: Callable[..., InProcess], log_lines: LogLines, pytestconfig: pytest.Config
) -> None:
    chance = random.Random(pytestconfig.getoption("random_frames", 20_000))
    recorded = all_request_frames()
    broker = in_process(config=TELEMETRY)
    for number in range(pytestconfig.getoption("random_frames", 20_000)):
        if number % 2000 == 0:
            # What was created meanwhile would only slow the rest down.
            broker = in_process(config=TELEMETRY)
        frame = random_frame(chance, recorded)
        peer = broker.connect()
        peer.send(framed(frame))
        broker.clock.advance(chance.choice((0, 1, 1000)))
        assert_handled(peer, log_lines, frame)
    answer = broker.connect().ask(API_VERSIONS, 3)
    assert answer.error_code == ErrorCode.NONE


# -- over sockets ------------------------------------------------------------------------------------

HTTP = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: browser\r\n\r\n"
TLS_CLIENT_HELLO = bytes.fromhex("160301020001 0001fc0303".replace(" ", "")) + bytes(512)
UNKNOWN_API = framed(struct.pack(">hhih", 999, 0, 1, -1))
PRIVATE_API = framed(struct.pack(">hhih", 7, 0, 1, -1))  # ControlledShutdown, for brokers only

CLOSED = {
    "size 0": struct.pack(">i", 0),
    "size -1": struct.pack(">i", -1),
    "smallest size": struct.pack(">i", -(2**31)),
    "size above the limit": struct.pack(">i", MAX_REQUEST + 1),
    "largest size": struct.pack(">i", 2**31 - 1),
    "HTTP": HTTP,
    "TLS": TLS_CLIENT_HELLO,
    "unknown api": UNKNOWN_API,
    "api for brokers": PRIVATE_API,
    "negative api": framed(struct.pack(">hhih", -1, 0, 1, -1)),
    "header of 1 byte": framed(b"\0"),
    "header of 8 bytes": framed(struct.pack(">hhi", 18, 0, 1)),
    "client id longer than the frame": framed(struct.pack(">hhih", 18, 0, 1, 100)),
    "fetch v3": framed(struct.pack(">hhih", 1, 3, 1, -1)),
    "fetch v99": framed(struct.pack(">hhih", 1, 99, 1, -1)),
    "fetch v-1": framed(struct.pack(">hhih", 1, -1, 1, -1)),
    "produce v0": framed(struct.pack(">hhih", 0, 0, 1, -1) + bytes(20)),
    "produce v2": framed(struct.pack(">hhih", 0, 2, 1, -1) + bytes(20)),
    "api versions at an unknown version, tagged fields cut": framed(
        struct.pack(">hhih", 18, 99, 1, -1) + b"\x05"
    ),
}


def serves(connect: Connect) -> bool:
    """Whether a new connection is answered."""
    answer = connect().ask(API_VERSIONS, 3)
    return bool(answer.error_code == ErrorCode.NONE and answer.api_keys)


@pytest.mark.parametrize("data", CLOSED.values(), ids=CLOSED)
def test_the_connection_is_closed_and_the_next_is_served(
    data: bytes, client: WireClient, connect: Connect, log_lines: LogLines
) -> None:
    client.send(data)
    assert client.closed_by_broker()
    lines = log_lines.take()
    assert len(lines) == 1, lines
    assert lines[0].startswith("Closing connection {}:{}: ".format(*client.address))
    assert serves(connect)


def test_what_came_before_the_bad_frame_is_answered(client: WireClient) -> None:
    client.send(encode_request(API_VERSIONS, 3, 1) + UNKNOWN_API + encode_request(API_VERSIONS, 3))
    answer = client.receive_frame()
    assert decode_response(ApiVersionsResponse, 3, answer)[0] == 1
    with pytest.raises(ConnectionClosed) as closed:
        client.receive_frame()
    assert closed.value.rest == b""


def test_the_size_limit_is_the_configured_one(
    start: Callable[..., KafkaShim], log_lines: LogLines
) -> None:
    with start(config={"socket.request.max.bytes": "100"}) as shim:
        frame = encode_request(API_VERSIONS, 3, client_id="x" * (100 - 10 - 1 - 5 - 2 - 1))
        assert len(frame) == 104
        with WireClient(shim.host, shim.port) as client:
            client.send(frame)
            assert client.receive_frame()
            client.send(struct.pack(">i", 101))
            assert client.closed_by_broker()
    assert len(log_lines.take()) == 1


def test_a_frame_that_stops_half_way_holds_nobody_up(
    client: WireClient, connect: Connect, log_lines: LogLines
) -> None:
    client.send(struct.pack(">i", MAX_REQUEST) + b"\0\x12")
    assert serves(connect)
    client.close()
    assert serves(connect)
    assert not log_lines.take()


def test_every_spoiled_request_leaves_the_broker_serving(
    connect: Connect, log_lines: LogLines
) -> None:
    """One socket for each request that is cut in the middle; all of them at the same time."""
    clients = [connect() for _ in golden_requests()]
    for client, golden in zip(clients, golden_requests(), strict=True):
        client.send(framed(golden.frame[: len(golden.frame) // 2]))
    for client in clients:
        assert client.closed_by_broker()
    assert len(log_lines.take()) == len(clients)
    assert serves(connect)


# -- ApiVersions -------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [5, 6, 99, 32767, -1, -32768])
def test_api_versions_at_an_unknown_version_is_answered_in_version_0(
    version: int, client: WireClient
) -> None:
    client.send(framed(struct.pack(">hhih", 18, version, 7, -1) + b"\0" + b"whatever"))
    # Correlation id, error, one row: ApiVersions itself, 0 to 4; no throttle time, no tagged fields.
    assert client.receive_frame() == struct.pack(">ihihhh", 7, 35, 1, 18, 0, 4)
    assert client.ask(API_VERSIONS, 4).error_code == ErrorCode.NONE


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize(
    ("name", "software_version"),
    [
        ("", "1"),
        ("name", ""),
        ("-name", "1"),
        ("name-", "1"),
        ("a name", "1"),
        ("näme", "1"),
        ("name", "1\n"),
        ("name\n", "1"),
        ("na_me", "1"),
        ("name", ".1"),
    ],
)
def test_an_illegal_software_name_is_refused(
    name: str, software_version: str, version: int, client: WireClient
) -> None:
    request = ApiVersionsRequest(
        client_software_name=name, client_software_version=software_version
    )
    client.send(encode_request(request, version, 24))
    (recorded,) = (
        bytes.fromhex(pair["response"])
        for pair in recordings()[18]
        if pair["version"] == version and "an empty software name" in pair["about"]
    )
    answer = client.receive_frame()
    assert answer[4:] == recorded[4:]
    assert decode_response(ApiVersionsResponse, version, answer)[1].error_code == 42


@pytest.mark.parametrize("name", ["a", "kafka-python", "librdkafka", "a.b-c", "0", "A--.9"])
def test_a_legal_software_name_is_taken(name: str, client: WireClient) -> None:
    request = ApiVersionsRequest(client_software_name=name, client_software_version="2.0.0-rc1")
    assert client.ask(request, 3).error_code == ErrorCode.NONE


# -- requests that Apache Kafka takes though they look wrong --------------------------------------------


def test_produce_with_null_records_is_never_answered(
    broker: InProcess, log_lines: LogLines, client: WireClient
) -> None:
    request = ProduceRequest(
        acks=-1,
        timeout_ms=1000,
        topic_data=[
            TopicProduceData(name="t", partition_data=[PartitionProduceData(records=None)])
        ],
    )
    for asks in (client, peer := broker.connect()):
        new_topic(asks, name="t")
    peer.send(encode_request(request, 9) + encode_request(API_VERSIONS, 3))
    broker.clock.advance(3_600_000)
    assert not peer.take()
    assert not peer.transport.closed
    peer.connection.lost()
    client.send(encode_request(request, 9) + encode_request(API_VERSIONS, 3))
    assert client.is_silent(0.2)
    assert not log_lines.take()


@every_request
def test_bytes_left_over_after_a_request_are_ignored(
    golden: GoldenRequest, broker: InProcess, log_lines: LogLines
) -> None:
    peer = broker.connect()
    peer.send(framed(golden.frame + b"left over"))
    assert not peer.transport.closed
    assert len(split_frames(peer.take())) <= 1
    assert not log_lines.take()
    peer.connection.lost()


def test_a_client_id_that_is_not_utf_8_is_taken(client: WireClient) -> None:
    client.send(framed(struct.pack(">hhih", 18, 0, 1, 2) + b"\xff\xfe"))
    assert decode_response(ApiVersionsResponse, 0, client.receive_frame())[1].api_keys


def test_an_unknown_tagged_field_in_the_header_is_skipped(client: WireClient) -> None:
    tags = put_uvarint(1) + put_uvarint(77) + put_uvarint(3) + b"abc"
    body = API_VERSIONS.encode(3)
    client.send(framed(struct.pack(">hhih", 18, 3, 5, -1) + tags + body))
    answer = client.receive_frame()
    assert decode_response(ApiVersionsResponse, 3, answer)[1].error_code == ErrorCode.NONE

"""Each of the relay's actions, seen from both sides: what the broker and what the client gets."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator

import pytest

from kafkashim.relay import (
    METADATA,
    PRODUCE,
    Action,
    DelayAnswers,
    RandomProgram,
    Relay,
    Request,
    Step,
)


class EchoBroker:
    """Answers each frame with its correlation id and its own payload, and remembers all bytes."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._listener.getsockname()
        self.connections: list[bytearray] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        received = bytearray()
        self.connections.append(received)
        answered = 0
        with connection:
            while True:
                try:
                    data = connection.recv(65536)
                except OSError:
                    return
                if not data:
                    return
                received += data
                while len(received) >= answered + 4:
                    (length,) = struct.unpack_from(">i", received, answered)
                    if len(received) < answered + 4 + length:
                        break
                    frame = bytes(received[answered + 4 : answered + 4 + length])
                    answered += 4 + length
                    connection.sendall(_framed(frame[4:]))

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)


def _framed(payload: bytes) -> bytes:
    return struct.pack(">i", len(payload)) + payload


def _request(api_key: int, correlation_id: int, payload: bytes = b"payload") -> bytes:
    return _framed(struct.pack(">hhi", api_key, 9, correlation_id) + payload)


def _answer(correlation_id: int, payload: bytes = b"payload") -> bytes:
    return _framed(struct.pack(">i", correlation_id) + payload)


class OneStep:
    """Does `step` to the request with that correlation id and lets the others pass."""

    def __init__(self, correlation_id: int, step: Step) -> None:
        self._correlation_id = correlation_id
        self._step = step

    def step(self, request: Request) -> Step:
        return self._step if request.correlation_id == self._correlation_id else Step()


@pytest.fixture
def echo() -> Iterator[EchoBroker]:
    broker = EchoBroker()
    yield broker
    broker.close()


@pytest.fixture
def relay(echo: EchoBroker) -> Iterator[Relay]:
    with Relay() as relay:
        relay.upstream = echo.address
        yield relay


def _talk(relay: Relay, *requests: bytes, expect: int) -> tuple[bytes, BaseException | None]:
    """Send the requests, read `expect` bytes or to the end; give the bytes and what ended it."""
    got = b""
    with socket.create_connection(("127.0.0.1", relay.port), timeout=5) as client:
        try:
            client.sendall(b"".join(requests))
            while len(got) < expect:
                data = client.recv(expect - len(got))
                if not data:
                    return got, EOFError()
                got += data
        except ConnectionError as error:
            return got, error
    return got, None


def _await_bytes(echo: EchoBroker, connection: int, length: int) -> bytes:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if len(echo.connections) > connection and len(echo.connections[connection]) >= length:
            break
        time.sleep(0.005)
    return bytes(echo.connections[connection])


THREE = [_request(PRODUCE, number) for number in (1, 2, 3)]
ANSWERS = [_answer(number) for number in (1, 2, 3)]
ALL_ANSWERS = sum(len(answer) for answer in ANSWERS)


def test_a_calm_relay_passes_everything_and_counts_what_is_under_way(
    echo: EchoBroker, relay: Relay
) -> None:
    large = _request(METADATA, 4, bytes(3_000_000))
    expected = b"".join(ANSWERS) + _answer(4, bytes(3_000_000))
    assert _talk(relay, *THREE, large, expect=len(expected)) == (expected, None)
    assert bytes(echo.connections[0]) == b"".join(THREE) + large
    assert relay.events == []
    assert 1 <= relay.most_in_flight[PRODUCE] <= 3
    assert relay.most_in_flight[METADATA] == 1


@pytest.mark.parametrize("reset", [False, True], ids=["fin", "rst"])
def test_lose_answer(echo: EchoBroker, relay: Relay, reset: bool) -> None:
    relay.play(OneStep(2, Step(Action.LOSE_ANSWER, reset=reset)))
    got, end = _talk(relay, *THREE, expect=ALL_ANSWERS)
    # A reset may overtake the first answer; what was swallowed must not come in any case.
    assert got in ((b"", ANSWERS[0]) if reset else (ANSWERS[0],))
    assert isinstance(end, ConnectionResetError if reset else EOFError)
    assert _await_bytes(echo, 0, 2 * len(THREE[0])).startswith(THREE[0] + THREE[1])
    assert [(event.request.correlation_id, event.step.action) for event in relay.events] == [
        (2, Action.LOSE_ANSWER)
    ]


def test_cut_before_request(echo: EchoBroker, relay: Relay) -> None:
    relay.play(OneStep(2, Step(Action.CUT_BEFORE_REQUEST)))
    _, end = _talk(relay, *THREE, expect=ALL_ANSWERS)
    assert isinstance(end, EOFError)
    assert _await_bytes(echo, 0, len(THREE[0])) == THREE[0]


@pytest.mark.parametrize("fraction", [0, 0.5, 1])
def test_cut_in_request(echo: EchoBroker, relay: Relay, fraction: float) -> None:
    relay.play(OneStep(1, Step(Action.CUT_IN_REQUEST, fraction=fraction)))
    got, end = _talk(relay, *THREE, expect=ALL_ANSWERS)
    assert got == b""
    assert isinstance(end, EOFError)
    length = {0: 1, 0.5: 1 + (len(THREE[0]) - 2) // 2, 1: len(THREE[0]) - 1}[fraction]
    assert _await_bytes(echo, 0, length) == THREE[0][:length]


@pytest.mark.parametrize("fraction", [0, 0.5, 1])
def test_cut_in_answer(echo: EchoBroker, relay: Relay, fraction: float) -> None:
    relay.play(OneStep(2, Step(Action.CUT_IN_ANSWER, fraction=fraction)))
    got, end = _talk(relay, *THREE, expect=ALL_ANSWERS)
    assert isinstance(end, EOFError)
    length = {0: 1, 0.5: 1 + (len(ANSWERS[1]) - 2) // 2, 1: len(ANSWERS[1]) - 1}[fraction]
    assert got == ANSWERS[0] + ANSWERS[1][:length]


def test_delay_keeps_the_order(relay: Relay) -> None:
    relay.play(DelayAnswers(PRODUCE, delay_ms=40))
    started = time.monotonic()
    got, end = _talk(relay, *THREE, _request(METADATA, 4), expect=ALL_ANSWERS + len(_answer(4)))
    assert (got, end) == (b"".join(ANSWERS) + _answer(4), None)
    assert time.monotonic() - started >= 0.12
    assert relay.most_in_flight[PRODUCE] == 3


def test_after_a_cut_the_next_connection_is_served(relay: Relay) -> None:
    relay.play(OneStep(1, Step(Action.CUT_BEFORE_REQUEST)))
    assert isinstance(_talk(relay, THREE[0], expect=1)[1], EOFError)
    relay.calm()
    assert _talk(relay, THREE[0], expect=len(ANSWERS[0])) == (ANSWERS[0], None)


def test_without_a_broker_the_client_is_cut(echo: EchoBroker, relay: Relay) -> None:
    relay.upstream = None
    assert isinstance(_talk(relay, THREE[0], expect=1)[1], EOFError | ConnectionResetError)
    unused = socket.create_server(("127.0.0.1", 0))
    relay.upstream = unused.getsockname()
    unused.close()
    assert isinstance(_talk(relay, THREE[0], expect=1)[1], EOFError | ConnectionResetError)


def test_close_leaves_no_thread_and_no_listener(echo: EchoBroker) -> None:
    before = set(threading.enumerate())
    relay = Relay()
    relay.upstream = echo.address
    started = [thread for thread in threading.enumerate() if thread not in before]
    with socket.create_connection(("127.0.0.1", relay.port), timeout=5) as client:
        client.sendall(THREE[0])
        assert client.recv(1) == ANSWERS[0][:1]
        relay.close()
        client.recv(len(ANSWERS[0]))
        assert client.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", relay.port), timeout=5)
    assert [thread.name for thread in started] == ["relay"]
    assert not started[0].is_alive()


def test_random_programs_repeat_with_their_seed_and_end() -> None:
    requests = [Request(1, PRODUCE, 9, number, 100) for number in range(500)]

    def steps(seed: int) -> list[Step]:
        program = RandomProgram(seed, cuts=6)
        return [program.step(request) for request in requests]

    assert steps(1) == steps(1)
    assert steps(1) != steps(2)
    every = {step.action for seed in range(50) for step in steps(seed)}
    assert every == set(Action)
    for seed in range(50):
        cuts = [s for s in steps(seed) if s.action not in (Action.FORWARD, Action.DELAY_ANSWER)]
        assert len(cuts) == 6
        assert Action.LOSE_ANSWER in {step.action for step in steps(seed)[:6]}
        assert steps(seed)[-1].action is Action.FORWARD

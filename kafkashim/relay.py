"""A TCP relay between Kafka clients and a broker: loses answers, cuts connections, on purpose.

The relay reads whole Kafka frames (a length of four bytes, then that many bytes), so it knows
which request it holds and which answer belongs to it. A `Program` is asked about every request,
in the order in which requests arrive, and says what becomes of it: see `Action`.

What matters to an idempotent producer is `Action.LOSE_ANSWER`: the broker has appended the batch,
the client cannot know it, sends it again on a new connection, and the batch must not appear twice.

    with Relay() as relay:                    # bound to a free port, in a thread of its own
        relay.upstream = ("127.0.0.1", 9092)  # a broker that advertises the relay's address
        relay.play(RandomProgram(seed=7))
        ...                                   # a client that talks to relay.port
        relay.calm()                          # from here on everything is passed through
        print(relay.events)                   # what was done to whom
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import random
import socket
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, Self

PRODUCE = 0
METADATA = 3
API_VERSIONS = 18
INIT_PRODUCER_ID = 22

_LENGTH = struct.Struct(">i")
_REQUEST_START = struct.Struct(">hhi")


class Action(enum.Enum):
    """What becomes of one request."""

    FORWARD = "forward"
    """The request goes to the broker and the answer to the client, as if there were no relay."""
    DELAY_ANSWER = "delay the answer"
    """The answer is held back; those behind it wait too, as Kafka's answers come in order."""
    CUT_BEFORE_REQUEST = "cut before forwarding"
    """The broker never sees the request; the connection ends."""
    CUT_IN_REQUEST = "cut in the middle of the request"
    """The broker sees a part of the frame, then the end of the connection."""
    LOSE_ANSWER = "swallow the answer, cut"
    """The broker has answered; the client gets the end of the connection instead."""
    CUT_IN_ANSWER = "cut in the middle of the answer"
    """The client gets a part of the answer's bytes, then the end of the connection."""


@dataclass(frozen=True, slots=True)
class Request:
    """The start of a request's header: the part that is the same in every version."""

    connection: int
    """Counts the connections that the relay accepted, from 1."""
    api_key: int
    api_version: int
    correlation_id: int
    size: int
    """Bytes of the frame, without the four of its length."""


@dataclass(frozen=True, slots=True)
class Step:
    """What to do with one request, and the details that its action needs."""

    action: Action = Action.FORWARD
    fraction: float = 0.5
    """How much of the frame still passes, from 0 to 1 (the two cuts in the middle)."""
    delay_ms: float = 0
    reset: bool = False
    """End the client's connection with RST instead of FIN."""


FORWARD = Step()


@dataclass(frozen=True, slots=True)
class Event:
    """One request that did not simply pass."""

    request: Request
    step: Step


class Program(Protocol):
    """Decides; called in the relay's thread only, never twice at once."""

    def step(self, request: Request) -> Step:
        """What becomes of ``request``."""
        ...


class PassThrough:
    """Harms nothing."""

    def step(self, request: Request) -> Step:
        """Let the request and its answer pass."""
        return FORWARD


@dataclass
class RandomProgram:
    """Harm chosen by a seed: the same seed and the same order of requests give the same harm.

    One of the first six Produce requests surely loses its answer; the rest is left to chance.
    """

    seed: int
    cuts: int = 6
    """When so many connections were cut all else passes, so that retries come to an end."""
    produce_chance: float = 0.3
    """How often a Produce request is harmed, from 0 to 1."""
    other_chance: Mapping[int, float] = field(
        default_factory=lambda: {METADATA: 0.05, INIT_PRODUCER_ID: 0.1}
    )
    """API key -> the same for other requests; those with a key that is not here pass."""
    longest_delay_ms: float = 20

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._cuts_left = self.cuts
        self._produce_requests_to_pass = self._random.randrange(6)

    def step(self, request: Request) -> Step:
        """Let chance decide."""
        action = self._choose(request.api_key)
        if action not in (Action.FORWARD, Action.DELAY_ANSWER):
            self._cuts_left -= 1
        return Step(
            action,
            fraction=self._random.random(),
            delay_ms=self._random.uniform(0, self.longest_delay_ms),
            reset=self._random.random() < 0.3,
        )

    def _choose(self, api_key: int) -> Action:
        chance = self.other_chance.get(api_key, 0)
        if api_key == PRODUCE:
            chance = self.produce_chance
            self._produce_requests_to_pass -= 1
            if self._produce_requests_to_pass == -1:
                return Action.LOSE_ANSWER
        if self._cuts_left <= 0 or self._random.random() >= chance:
            return Action.FORWARD
        return self._random.choices(list(_HARM), weights=list(_HARM.values()))[0]


# How often each kind of harm is chosen, relative to the others.
_HARM = {
    Action.LOSE_ANSWER: 4,
    Action.CUT_BEFORE_REQUEST: 2,
    Action.CUT_IN_REQUEST: 1,
    Action.CUT_IN_ANSWER: 2,
    Action.DELAY_ANSWER: 2,
}


@dataclass(frozen=True)
class DelayAnswers:
    """Holds every answer of one API back, so that a client shows how far it sends ahead."""

    api_key: int
    delay_ms: float

    def step(self, request: Request) -> Step:
        """Delay the answer when the request is of the API."""
        if request.api_key != self.api_key:
            return FORWARD
        return Step(Action.DELAY_ANSWER, delay_ms=self.delay_ms)


class Relay:
    """Listens on 127.0.0.1 from construction until `close`, in a thread of its own."""

    def __init__(self, port: int = 0) -> None:
        self.upstream: tuple[str, int] | None = None
        """Host and port of the broker; connections made before it is known are closed."""
        self.events: list[Event] = []
        """What was done since the last `play`, in order."""
        self.most_in_flight: dict[int, int] = {}
        """API key -> most requests of it that waited for answers on one connection at once."""
        self._program: Program = PassThrough()
        self._connections = 0
        self._socket = socket.create_server(("127.0.0.1", port), backlog=64)
        self.port: int = self._socket.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)
        self._thread.start()
        self._started.wait()

    @property
    def bootstrap_servers(self) -> str:
        """What a client's ``bootstrap.servers`` wants."""
        return f"127.0.0.1:{self.port}"

    def play(self, program: Program) -> None:
        """Let `program` decide from the next request on, and forget what was counted before."""
        self.events = []
        self.most_in_flight = {}
        self._program = program

    def calm(self) -> None:
        """Pass everything through from the next request on; `events` stays readable."""
        self._program = PassThrough()

    def close(self) -> None:
        """Stop listening, cut what is open, end the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._accept, sock=self._socket)
        )
        self._loop.call_soon(self._started.set)
        try:
            self._loop.run_forever()
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            # Once for the cancelled tasks to end, and once for their transports to be closed.
            self._loop.run_until_complete(asyncio.gather(*self._tasks, return_exceptions=True))
            self._loop.run_until_complete(asyncio.sleep(0))
            self._loop.close()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        link = _Link(self, self._connections, reader, writer)
        task = self._loop.create_task(link.run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def decide(self, request: Request) -> Step:
        """Ask the program, and keep what it harms in ``events``."""
        step = self._program.step(request)
        if step.action is not Action.FORWARD:
            self.events.append(Event(request, step))
        return step

    def count_in_flight(self, api_key: int, waiting: int) -> None:
        """Remember how many requests of an API waited at once."""
        self.most_in_flight[api_key] = max(waiting, self.most_in_flight.get(api_key, 0))


class _Cut(Exception):
    """Ends a link: the program said so, or one side is gone."""

    def __init__(self, *, reset: bool = False) -> None:
        super().__init__()
        self.reset = reset


class _Link:
    """One client connection and the connection to the broker that belongs to it."""

    def __init__(
        self,
        relay: Relay,
        number: int,
        client_reader: asyncio.StreamReader,
        client_writer: asyncio.StreamWriter,
    ) -> None:
        self._relay = relay
        self._number = number
        self._client_reader = client_reader
        self._client_writer = client_writer
        self._waiting: dict[int, tuple[Request, Step]] = {}

    async def run(self) -> None:
        reset = False
        broker_writer = None
        try:
            if self._relay.upstream is None:
                return
            broker_reader, broker_writer = await asyncio.open_connection(*self._relay.upstream)
            ways = [
                asyncio.ensure_future(self._carry_requests(broker_writer)),
                asyncio.ensure_future(self._carry_answers(broker_reader)),
            ]
            try:
                done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                ends = await asyncio.gather(*ways, return_exceptions=True)
            reset = any(isinstance(end, _Cut) and end.reset for end in ends)
            for way in done:
                error = way.exception()
                if not isinstance(error, _Cut | asyncio.IncompleteReadError | OSError):
                    raise error or AssertionError("a way of the relay cannot simply end")
        except OSError:
            pass  # the broker takes no connections: the client sees its own closed
        finally:
            if broker_writer is not None:
                broker_writer.close()
            self._end_client(reset=reset)

    def _end_client(self, *, reset: bool) -> None:
        sock = self._client_writer.get_extra_info("socket")
        if reset and sock is not None:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._client_writer.transport.abort()
        else:
            self._client_writer.close()

    async def _carry_requests(self, broker: asyncio.StreamWriter) -> None:
        while True:
            frame = await _read_frame(self._client_reader)
            api_key, api_version, correlation_id = _REQUEST_START.unpack_from(frame)
            request = Request(self._number, api_key, api_version, correlation_id, len(frame))
            step = self._relay.decide(request)
            if step.action is Action.CUT_BEFORE_REQUEST:
                raise _Cut(reset=step.reset)
            if step.action is Action.CUT_IN_REQUEST:
                await _write_part(broker, frame, step.fraction)
                raise _Cut(reset=step.reset)
            self._waiting[correlation_id] = (request, step)
            same = sum(waiting.api_key == api_key for waiting, _ in self._waiting.values())
            self._relay.count_in_flight(api_key, same)
            await _write_frame(broker, frame)

    async def _carry_answers(self, broker: asyncio.StreamReader) -> None:
        while True:
            frame = await _read_frame(broker)
            (correlation_id,) = _LENGTH.unpack_from(frame)
            _, step = self._waiting[correlation_id]
            if step.action is Action.LOSE_ANSWER:
                raise _Cut(reset=step.reset)
            if step.action is Action.CUT_IN_ANSWER:
                await _write_part(self._client_writer, frame, step.fraction)
                raise _Cut(reset=step.reset)
            if step.action is Action.DELAY_ANSWER:
                await asyncio.sleep(step.delay_ms / 1000)
            del self._waiting[correlation_id]
            await _write_frame(self._client_writer, frame)


async def _read_frame(reader: asyncio.StreamReader) -> bytes:
    (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
    return await reader.readexactly(length)


async def _write_frame(writer: asyncio.StreamWriter, frame: bytes) -> None:
    writer.write(_LENGTH.pack(len(frame)) + frame)
    await writer.drain()


async def _write_part(writer: asyncio.StreamWriter, frame: bytes, fraction: float) -> None:
    """Write at least the first byte of the length and never the last byte of the frame."""
    whole = _LENGTH.pack(len(frame)) + frame
    writer.write(whole[: 1 + int(fraction * (len(whole) - 2))])
    await writer.drain()

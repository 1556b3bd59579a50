"""A broker for the time of a block, in a thread of its own or in the loop that is there."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self, TypeVar

from kafkashim.config import Config
from kafkashim.faults import Faults
from kafkashim.ids import IdSource
from kafkashim.journal import Journal
from kafkashim.rules.producer_state import BOOKS
from kafkashim.server import Server, run_loop
from kafkashim.state import Broker, Decision
from kafkashim.testing import world
from kafkashim.testing.clock import ShimClock
from kafkashim.testing.journal import ShimJournal

T = TypeVar("T")


class KafkaShim:
    """A broker for the time of a ``with`` or ``async with`` block.

    Args:
        rules: the rule book for idempotent producers: ``explicit``, ``kafka-4.3``, ``kafka-1.0``,
            ``kafka-0.11`` or ``kip-98``.
        decoder: ``flat``, or ``construct`` to serve every request through construct.
        config: Kafka's own broker properties, e.g. ``{"num.partitions": "3"}``.
        host: the address to listen on.
        port: the port to listen on; 0 takes any free one.
        seed: makes ids repeatable.
        journal: whether every request is kept for :attr:`journal`; without it a broker is twice as fast.
        on_decision: called in the broker's thread with every decision about a producer's batch.

    Raises:
        ValueError: an unknown rule book or decoder.
        ConfigError: a property Kafka would not start with.
        OSError: the port is in use.
    """

    def __init__(
        self,
        *,
        rules: str = "explicit",
        decoder: str = "flat",
        config: Mapping[str, str] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        seed: int | None = None,
        journal: bool = True,
        on_decision: Callable[[Decision], None] | None = None,
    ) -> None:
        if rules not in BOOKS:
            raise ValueError(f"rules is one of {', '.join(BOOKS)}, not {rules!r}")
        overrides = {"listeners": f"PLAINTEXT://{host}:{port}", **(config or {})}
        self._book = BOOKS[rules]
        self._decoder = decoder
        self._config = Config.from_overrides(overrides)
        self._seed = seed
        self._journal = Journal() if journal else None
        self._on_decision = on_decision
        self._server: Server | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    def __repr__(self) -> str:
        running = self._server is not None
        where = f"{self.bootstrap_servers}, {self.rules}" if running else "not running"
        return f"<KafkaShim {where}>"

    @property
    def rules(self) -> str:
        """The rule book for idempotent producers."""
        return self._book.name

    @property
    def host(self) -> str:
        """The address the broker listens on."""
        return self._running().addresses[0][0]

    @property
    def port(self) -> int:
        """The port the broker listens on."""
        return self._running().addresses[0][1]

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Host and port of every listener, in the order of ``listeners``."""
        return list(self._running().addresses)

    @property
    def bootstrap_servers(self) -> str:
        """What a client's ``bootstrap.servers`` wants."""
        return f"{self.host}:{self.port}"

    @property
    def broker(self) -> Broker:
        """The broker's state; from another thread, look at it only through :meth:`call`."""
        return self._running().broker

    @property
    def faults(self) -> Faults:
        """What goes wrong on purpose: ``broker.faults.drop_answer(api="Produce", times=1)``."""
        return self._running().faults

    @property
    def clock(self) -> ShimClock:
        """The broker's time: ``broker.clock.advance(hours=25)``."""
        return ShimClock(self._running().clock, self.call)

    @property
    def journal(self) -> ShimJournal:
        """What happened: every request, decision and fault.

        Raises:
            RuntimeError: the broker keeps no journal.
        """
        if self._journal is None:
            raise RuntimeError("the broker was made with journal=False")
        return ShimJournal(self._journal, self.call)

    def set_producer_state(
        self, topic: str, partition: int, *, producer_id: int, epoch: int, next_sequence: int
    ) -> None:
        """Have a partition know a producer, as if a batch of one record had come before.

        ``next_sequence=2147483647`` and two records more show what happens at the end of the ring.

        Raises:
            ValueError: the numbers are none that a producer can have, or there is no such partition.
        """
        self.call(
            lambda broker: world.set_producer_state(
                broker, topic, partition, producer_id, epoch, next_sequence
            )
        )

    def set_next_producer_id(self, producer_id: int, *, epoch: int = 0) -> None:
        """Let the next producer without a transactional id get this id and epoch.

        At epoch 32766 a client that raises its epoch by itself (KIP-360) has used it up at once.

        Raises:
            ValueError: the numbers are none that a producer can have.
        """
        self.call(lambda broker: world.set_next_producer_id(broker, producer_id, epoch))

    def set_transactional_id(self, transactional_id: str, *, producer_id: int, epoch: int) -> None:
        """Have a transactional id known; its next producer gets the epoch, or the id, that follows.

        Raises:
            ValueError: the numbers are none that a producer can have, or the id is empty.
        """
        self.call(
            lambda broker: world.set_transactional_id(broker, transactional_id, producer_id, epoch)
        )

    def set_log_start_offset(self, topic: str, partition: int, offset: int) -> None:
        """Let the log begin at an offset: what lies before is deleted; beyond the end it goes on there.

        Raises:
            ValueError: the offset is negative, or there is no such partition.
        """
        self.call(lambda broker: world.set_log_start_offset(broker, topic, partition, offset))

    def set_high_watermark(self, topic: str, partition: int, offset: int | None) -> None:
        """Let consumers read up to an offset only, as while followers are behind; ``None`` ends it.

        Producers are answered as before, whatever their acks.

        Raises:
            ValueError: the offset does not lie in the log, or there is no such partition.
        """
        self.call(lambda broker: world.set_high_watermark(broker, topic, partition, offset))

    def restart(self, *, clean: bool = True, down_seconds: float = 0) -> None:
        """Restart the broker on its port, with what Apache Kafka would still know.

        Records, topics, groups and committed offsets stay. Of each producer only the newest batch is
        still known; leader epochs rise by two, fetch sessions end, producer ids go on in a new block.

        Args:
            clean: as after a controlled shutdown; otherwise as after a crash of the process.
            down_seconds: for how long nothing listens, in seconds of the machine.

        Raises:
            RuntimeError: in ``async with``, where ``await broker.restarted()`` does it.
            OSError: somebody took the port meanwhile.
        """
        server = self._running()
        if self._thread is None:
            raise RuntimeError("in async with: await broker.restarted()")
        assert self._loop is not None
        work = server.restart(clean=clean, down_seconds=down_seconds)
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def restarted(self, *, clean: bool = True, down_seconds: float = 0) -> None:
        """What :meth:`restart` does, in the loop that is there."""
        await self._running().restart(clean=clean, down_seconds=down_seconds)

    def call(self, work: Callable[[Broker], T]) -> T:
        """Run ``work(broker)`` in the broker's thread and give its result."""
        server = self._running()
        if self._thread is None:
            return work(server.broker)
        loop = self._loop
        assert loop is not None

        async def run() -> T:
            return work(server.broker)

        return asyncio.run_coroutine_threadsafe(run(), loop).result()

    def _running(self) -> Server:
        if self._server is None:
            raise RuntimeError("the broker runs only inside its with block")
        return self._server

    async def _start(self) -> Server:
        ids = IdSource(self._seed) if self._seed is not None else None
        server = Server(
            self._config, book=self._book, decoder=self._decoder, ids=ids, journal=self._journal
        )
        if self._journal is not None:
            server.broker.on_decision = self._decided
        else:
            server.broker.on_decision = self._on_decision
        await server.start()
        return server

    def _decided(self, decision: Decision) -> None:
        if self._journal is not None:
            self._journal.decided(decision)
        if self._on_decision is not None:
            self._on_decision(decision)

    async def __aenter__(self) -> Self:
        self._server = await self._start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        server, self._server = self._running(), None
        await server.stop()

    def __enter__(self) -> Self:
        started = threading.Event()
        failure: list[BaseException] = []

        async def main() -> None:
            self._loop = asyncio.get_running_loop()
            self._stopping = asyncio.Event()
            try:
                self._server = await self._start()
            except BaseException as error:
                failure.append(error)
                return
            finally:
                started.set()
            await self._stopping.wait()
            server, self._server = self._server, None
            await server.stop()

        self._thread = threading.Thread(
            target=lambda: run_loop(main()), name="kafkashim", daemon=True
        )
        self._thread.start()
        started.wait()
        if failure:
            self._thread.join()
            self._thread = None
            raise failure[0]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        loop, stopping, thread = self._loop, self._stopping, self._thread
        assert loop is not None
        assert stopping is not None
        assert thread is not None
        loop.call_soon_threadsafe(stopping.set)
        thread.join()
        self._thread = self._loop = self._stopping = None

"""A broker for the time of a block, in a thread of its own or in the loop that is there."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

from kafkashim.config import Config
from kafkashim.faults import Faults
from kafkashim.ids import IdSource
from kafkashim.journal import Journal
from kafkashim.rules.producer_state import BOOKS
from kafkashim.server import run_loop
from kafkashim.servers import Servers
from kafkashim.state import Broker, Decision
from kafkashim.testing import world
from kafkashim.testing.clock import ShimClock
from kafkashim.testing.journal import ShimJournal

T = TypeVar("T")


class KafkaShim:
    """A broker for the time of a ``with`` or ``async with`` block.

    Args:
        brokers: how many brokers; their ids count from ``node.id``, which is 1.
        rules: the rule book for idempotent producers: ``explicit``, ``kafka-4.3``, ``kafka-1.0``,
            ``kafka-0.11`` or ``kip-98``.
        decoder: ``flat``, or ``construct`` to serve every request through construct.
        config: Kafka's own broker properties, e.g. ``{"num.partitions": "3"}``.
        host: the address to listen on.
        port: the port to listen on, that of the first of several; 0 takes any free ones.
        seed: makes ids repeatable.
        journal: whether every request is kept for :attr:`journal`; without it a broker is twice as fast.
        on_decision: called in the broker's thread with every decision about a producer's batch.

    Raises:
        ValueError: an unknown rule book or decoder, or no number of brokers.
        ConfigError: a property Kafka would not start with.
        OSError: the port is in use.
    """

    def __init__(
        self,
        *,
        brokers: int = 1,
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
        if brokers < 1:
            raise ValueError(f"brokers is 1 or more, not {brokers}")
        overrides = {"listeners": f"PLAINTEXT://{host}:{port}", **(config or {})}
        self._book = BOOKS[rules]
        self._decoder = decoder
        self._configs = Config.from_overrides(overrides).of_brokers(brokers)
        self._seed = seed
        self._journal = Journal() if journal else None
        self._on_decision = on_decision
        self._servers: Servers | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    def __repr__(self) -> str:
        running = self._servers is not None
        where = f"{self.bootstrap_servers}, {self.rules}" if running else "not running"
        return f"<KafkaShim {where}>"

    @property
    def rules(self) -> str:
        """The rule book for idempotent producers."""
        return self._book.name

    @property
    def host(self) -> str:
        """The address the broker listens on; of several, the first."""
        return self._running().first.addresses[0][0]

    @property
    def port(self) -> int:
        """The port the broker listens on; of several, the first."""
        return self._running().first.addresses[0][1]

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Host and port of every listener, in the order of ``listeners``."""
        return list(self._running().first.addresses)

    @property
    def brokers(self) -> dict[int, tuple[str, int]]:
        """Host and port of each broker, by its id."""
        servers = self._running().servers
        return {broker_id: server.addresses[0] for broker_id, server in servers.items()}

    @property
    def bootstrap_servers(self) -> str:
        """What a client's ``bootstrap.servers`` wants."""
        return ",".join(f"{host}:{port}" for host, port in self.brokers.values())

    @property
    def broker(self) -> Broker:
        """The state of the broker, or the first; from another thread, look only through :meth:`call`."""
        return self._running().first.broker

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

        Producers with acks -1 wait as long, at most their request's timeout.

        Raises:
            ValueError: the offset does not lie in the log, or there is no such partition.
        """
        self.call(lambda broker: world.set_high_watermark(broker, topic, partition, offset))

    def restart(self, *, clean: bool = True, down_seconds: float = 0) -> None:
        """Restart all brokers on their ports, with what Apache Kafka would still know.

        Records, topics, groups and committed offsets stay. Of each producer only the newest batch is
        still known; leader epochs rise by two, fetch sessions end, producer ids go on in a new block.

        Args:
            clean: as after a controlled shutdown; otherwise as after a crash of the process.
            down_seconds: for how long nothing listens, in seconds of the machine.

        Raises:
            RuntimeError: in ``async with``, where ``await broker.restarted()`` does it.
            OSError: somebody took the port meanwhile.
        """
        self._wait(self._running().restart(clean=clean, down_seconds=down_seconds), "restarted")

    async def restarted(self, *, clean: bool = True, down_seconds: float = 0) -> None:
        """What :meth:`restart` does, in the loop that is there."""
        await self._running().restart(clean=clean, down_seconds=down_seconds)

    def stop_broker(self, broker_id: int, *, clean: bool = True) -> None:
        """Let a broker go, and its connections with it.

        After a controlled shutdown (``clean``) others lead at once what it led. After a crash it keeps
        its partitions until ``broker.session.timeout.ms``, nine seconds of the :attr:`clock`, are over.

        Raises:
            ValueError: there is no such broker, or it is stopped already.
            RuntimeError: in ``async with``, where ``await broker.stopped_broker(...)`` does it.
        """
        self._wait(self._running().stop_broker(broker_id, clean=clean), "stopped_broker")

    async def stopped_broker(self, broker_id: int, *, clean: bool = True) -> None:
        """What :meth:`stop_broker` does, in the loop that is there."""
        await self._running().stop_broker(broker_id, clean=clean)

    def start_broker(self, broker_id: int) -> None:
        """Let a broker that was stopped come back on its port, in sync with the leaders there are.

        Raises:
            ValueError: there is no such broker, or it runs.
            RuntimeError: in ``async with``, where ``await broker.started_broker(...)`` does it.
            OSError: somebody took the port meanwhile.
        """
        self._wait(self._running().start_broker(broker_id), "started_broker")

    async def started_broker(self, broker_id: int) -> None:
        """What :meth:`start_broker` does, in the loop that is there."""
        await self._running().start_broker(broker_id)

    def isolate(self, broker_id: int) -> None:
        """Cut a broker off from the others; clients still reach it, and it goes on with what it knows.

        The others hold it for dead after ``broker.session.timeout.ms``, nine seconds of the
        :attr:`clock`. What it acknowledged with acks 1 after that is lost when it comes back.

        Raises:
            ValueError: there is no such broker, or it is stopped or cut off already.
        """
        servers = self._running()
        self.call(lambda _: servers.isolate(broker_id))

    def heal(self, broker_id: int) -> None:
        """Let a broker that was cut off reach the others again.

        Raises:
            ValueError: there is no such broker, or it is not cut off.
        """
        servers = self._running()
        self.call(lambda _: servers.heal(broker_id))

    def move_leader(
        self, topic: str, partition: int, to: int, *, unclean: bool = False, lose: int | None = None
    ) -> None:
        """Have another broker lead a partition, and prefer it from now on unless it is unclean.

        Args:
            topic: of the partition.
            partition: its index.
            to: the id of a broker that has a replica in sync.
            unclean: the replica need not be in sync: what it has not is lost.
            lose: with ``unclean``, how many records it has not. Batches are lost as a whole.

        Raises:
            ValueError: there is no such partition, or the broker cannot lead it.
        """
        servers = self._running()
        self.call(lambda _: servers.move_leader(topic, partition, to, unclean=unclean, lose=lose))

    def leader(self, topic: str, partition: int) -> int:
        """The id of the broker that leads a partition, -1 while none does.

        Raises:
            ValueError: there is no such partition.
        """
        servers = self._running()
        return self.call(lambda _: servers.partition(topic, partition).leader)

    def _wait(self, work: Coroutine[Any, Any, None], instead: str) -> None:
        """Have something done in the broker's thread."""
        if self._thread is None:
            work.close()
            raise RuntimeError(f"in async with: await broker.{instead}()")
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def call(self, work: Callable[[Broker], T]) -> T:
        """Run ``work(broker)`` in the broker's thread and give its result; of several, the first's."""
        broker = self._running().first.broker
        if self._thread in (None, threading.current_thread()):
            # It is the loop that is there, or an observer asks.
            return work(broker)
        loop = self._loop
        assert loop is not None

        async def run() -> T:
            return work(broker)

        return asyncio.run_coroutine_threadsafe(run(), loop).result()

    def _running(self) -> Servers:
        if self._servers is None:
            raise RuntimeError("the broker runs only inside its with block")
        return self._servers

    async def _start(self) -> Servers:
        ids = IdSource(self._seed) if self._seed is not None else None
        servers = Servers(
            self._configs, book=self._book, decoder=self._decoder, ids=ids, journal=self._journal
        )
        for server in servers.servers.values():
            noted = self._journal is not None
            server.broker.on_decision = self._decided if noted else self._on_decision
        await servers.start()
        return servers

    def _decided(self, decision: Decision) -> None:
        if self._journal is not None:
            self._journal.decided(decision)
        if self._on_decision is not None:
            self._on_decision(decision)

    async def __aenter__(self) -> Self:
        self._servers = await self._start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        servers, self._servers = self._running(), None
        await servers.stop()

    def __enter__(self) -> Self:
        started = threading.Event()
        failure: list[BaseException] = []

        async def main() -> None:
            self._loop = asyncio.get_running_loop()
            self._stopping = asyncio.Event()
            try:
                self._servers = await self._start()
            except BaseException as error:
                failure.append(error)
                return
            finally:
                started.set()
            await self._stopping.wait()
            servers, self._servers = self._servers, None
            await servers.stop()

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

"""The brokers of a cluster in one event loop, and what may happen to them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from itertools import count
from typing import TYPE_CHECKING

from kafkashim.clock import LoopClock
from kafkashim.cluster import Cluster
from kafkashim.config import Config
from kafkashim.dispatch import Dispatcher
from kafkashim.faults import Faults
from kafkashim.ids import IdSource
from kafkashim.rules.producer_state import BOOKS, Book
from kafkashim.server import Server
from kafkashim.state import Broker
from kafkashim.topics import Partition

if TYPE_CHECKING:
    from kafkashim.journal import Journal

log = logging.getLogger("kafkashim.servers")


class Servers:
    """One broker, or several that are a cluster.

    Args:
        configs: the configuration of each broker (:meth:`Config.of_brokers`).
        book: the rule book for idempotent producers.
        decoder: ``flat`` or ``construct``.
        ids: where ids come from.
        journal: where requests are noted down.
    """

    def __init__(
        self,
        configs: Sequence[Config],
        *,
        book: Book = BOOKS["explicit"],
        decoder: str = "flat",
        ids: IdSource | None = None,
        journal: Journal | None = None,
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.clock = LoopClock(self.loop)
        alone = len(configs) == 1
        # What brokers are set to differ in must not change the topics of all of them.
        own = configs[0] if alone else Config(configs[0].given, warn=False)
        self.cluster = Cluster(own, self.clock, book=book, ids=ids)
        self.faults = Faults()
        self.servers: dict[int, Server] = {}
        numbers = count(1)
        for config in configs:
            broker = Broker(config, self.clock, book=book, cluster=self.cluster)
            dispatcher = Dispatcher(broker, decoder, journal, self.faults)
            self.servers[broker.node_id] = Server(broker, dispatcher, numbers)
        # Those that were stopped and not started again.
        self._stopped: dict[int, bool] = {}

    @property
    def first(self) -> Server:
        """The broker with the lowest id."""
        return self.servers[min(self.servers)]

    def server(self, broker_id: int) -> Server:
        """The sockets of a broker.

        Raises:
            ValueError: there is no such broker.
        """
        found = self.servers.get(broker_id)
        if found is None:
            ids = ", ".join(map(str, sorted(self.servers)))
            raise ValueError(f"there is no broker {broker_id}: there are {ids}")
        return found

    async def start(self) -> None:
        """Bind every listener of every broker and serve.

        Raises:
            OSError: a port is in use, or an address is not this machine's.
            UnicodeError: an address cannot be a name.
        """
        try:
            for server in self.servers.values():
                await server.start()
        except (OSError, UnicodeError):
            await self.stop()
            raise
        self.cluster.start()

    async def stop(self) -> None:
        """Stop listening, close every connection, stop every timer."""
        self.cluster.close()
        for server in self.servers.values():
            await server.stop()

    async def restart(self, *, clean: bool = True, down_seconds: float = 0) -> None:
        """Let all brokers go at once, and come back on the same ports with what they would still know.

        Args:
            clean: as after a controlled shutdown; otherwise as after a crash of the processes, whose
                writes the operating system still had.
            down_seconds: for how long nothing listens, in seconds of the machine.

        Raises:
            OSError: somebody took a port meanwhile.
        """
        running = [broker_id for broker_id in self.servers if broker_id not in self._stopped]
        for broker_id in running:
            await self.stop_broker(broker_id, clean=clean)
        for broker_id in running:
            self.cluster.controller.fence(broker_id)
        await asyncio.sleep(down_seconds)
        for broker_id in running:
            await self.start_broker(broker_id)

    async def stop_broker(self, broker_id: int, *, clean: bool = True) -> None:
        """Let a broker go.

        After a controlled shutdown others lead at once what it led. After a crash it keeps its partitions
        until ``broker.session.timeout.ms`` of the clock is over, and whoever waits for its replicas waits
        as long.

        Raises:
            ValueError: there is no such broker, or it is stopped already.
        """
        server = self.server(broker_id)
        if broker_id in self._stopped:
            raise ValueError(f"broker {broker_id} is stopped already")
        if server.broker.isolated:
            self._rejoin(server.broker)
        self._stopped[broker_id] = clean
        await server.stop()
        controller = self.cluster.controller
        if clean:
            controller.fence(broker_id)
        else:
            controller.silent(broker_id)
        log.info("Broker %d stopped, %s", broker_id, "clean" if clean else "unclean")

    async def start_broker(self, broker_id: int) -> None:
        """Let a broker that was stopped come back on its ports, in sync with the leaders there are.

        Raises:
            ValueError: there is no such broker, or it runs.
            OSError: somebody took a port meanwhile.
        """
        server = self.server(broker_id)
        if broker_id not in self._stopped:
            raise ValueError(f"broker {broker_id} runs")
        await server.start()
        clean = self._stopped.pop(broker_id)
        controller = self.cluster.controller
        # The controller takes nobody of the same id while it waits for the old one.
        controller.fence(broker_id)
        server.broker.restarted()
        controller.restarted(broker_id, clean=clean)
        log.info("Broker %d started, after a %s stop", broker_id, "clean" if clean else "unclean")

    def isolate(self, broker_id: int) -> None:
        """Cut a broker off from the controller and the other brokers; clients still reach it.

        It goes on with what it knows. The others hold it for dead after ``broker.session.timeout.ms``.

        Raises:
            ValueError: there is no such broker, or it is stopped or cut off already.
        """
        broker = self.server(broker_id).broker
        if broker.isolated or broker_id in self._stopped:
            state = "isolated already" if broker.isolated else "stopped"
            raise ValueError(f"broker {broker_id} is {state}")
        broker.cut_off()
        self.cluster.controller.silent(broker_id)
        log.info("Broker %d is cut off from the others", broker_id)

    def heal(self, broker_id: int) -> None:
        """Let a broker that was cut off reach the others again.

        What it took meanwhile is lost where somebody else was made leader.

        Raises:
            ValueError: there is no such broker, or it is not cut off.
        """
        broker = self.server(broker_id).broker
        if not broker.isolated:
            raise ValueError(f"broker {broker_id} is not isolated")
        self._rejoin(broker)
        self.cluster.controller.unfence(broker_id)
        log.info("Broker %d reaches the others again", broker_id)

    def _rejoin(self, broker: Broker) -> None:
        broker.rejoin()

    def move_leader(
        self,
        topic: str,
        partition: int,
        broker_id: int,
        *,
        unclean: bool = False,
        lose: int | None = None,
    ) -> None:
        """Have a broker lead a partition; unless it is unclean it becomes the preferred leader.

        Args:
            topic: of the partition.
            partition: its index.
            broker_id: one of its replicas.
            unclean: the broker need not be in sync, and what it has not is lost.
            lose: with ``unclean``, how many records it has not.

        Raises:
            ValueError: there is no such partition, the broker cannot lead it, or there are not so many
                records.
        """
        found = self.partition(topic, partition)
        self.server(broker_id)
        controller = self.cluster.controller
        if not unclean:
            if lose is not None:
                raise ValueError("only an unclean move loses records")
            controller.move_leader(found, broker_id)
            return
        end = found.log.log_end_offset
        if not 0 <= (lose or 0) <= end - found.log_start_offset:
            raise ValueError(f"{found.name} has {end - found.log_start_offset} records, not {lose}")
        controller.move_leader_uncleanly(found, broker_id, None if lose is None else end - lose)

    def partition(self, topic: str, index: int) -> Partition:
        """A partition.

        Raises:
            ValueError: there is none.
        """
        found = self.cluster.topics.get(topic)
        partition = None if found is None else found.partition(index)
        if partition is None:
            raise ValueError(f"there is no partition {index} of {topic}")
        return partition

"""Several nodes of Apache Kafka on loopback, as one cluster for the time of a ``with`` block.

One node is the controller and nothing else, the others are brokers and nothing else, so that any of
them can be stopped, killed or frozen by itself. Everything else is as in :mod:`apache_kafka`.
"""

from __future__ import annotations

import contextlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from compat_tests.real_broker.apache_kafka import (
    PROPERTIES,
    SETTLING,
    VERSION,
    classpath,
    java,
    terminate,
)
from compat_tests.wire_client import ConnectionClosed, WireClient
from kafka_codecs.messages.api_09_offset_fetch import OffsetFetchRequest, OffsetFetchRequestGroup
from kafka_codecs.messages.api_10_find_coordinator import FindCoordinatorRequest
from kafka_codecs.messages.api_22_init_producer_id import InitProducerIdRequest
from kafka_codecs.messages.api_60_describe_cluster import DescribeClusterRequest
from kafkashim.ids import IdSource, base64_id

CONTROLLER = 100
HOST = "127.0.0.1"
HEAP = "320m"
START_SECONDS = 120
# The system takes the ports of its own connections from 32768 on: one that a stopped broker has to
# get back lies below.
PORTS = range(20000, 32000)
# Enough names to meet every partition of the topics the coordinators keep, which are few.
NAMES = [SETTLING, *(f"{SETTLING}-{n}" for n in range(11))]


def _ports(count: int) -> list[int]:
    """Ports nobody listens on."""
    found: list[int] = []
    with contextlib.ExitStack() as stack:
        for port in random.sample(PORTS, len(PORTS)):
            try:
                stack.enter_context(socket.create_server((HOST, port)))
            except OSError:
                continue
            found.append(port)
            if len(found) == count:
                return found
    raise RuntimeError(f"no {count} free ports")


class ApacheKafkaCluster:
    """A controller (:data:`CONTROLLER`) and so many brokers, 1 and up.

    ``properties`` are those of every node, ``of_node`` those of one. The methods take the id of any
    node, the controller's as well.
    """

    def __init__(
        self,
        brokers: int = 3,
        properties: Mapping[str, str] | None = None,
        of_node: Mapping[int, Mapping[str, str]] | None = None,
        *,
        settle: bool = True,
        heap: str = HEAP,
    ) -> None:
        self._classpath = classpath("apache-kafka.pom.xml", VERSION)
        self._folder = Path(tempfile.mkdtemp(prefix="apache-kafka-cluster-"))
        self._settle, self._heap = settle, heap
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._frozen: set[int] = set()
        self.brokers = list(range(1, brokers + 1))
        self.nodes = [CONTROLLER, *self.brokers]
        controller, *ports = _ports(1 + brokers)
        self.controller_address = (HOST, controller)
        self.addresses = {
            node: (HOST, port) for node, port in zip(self.brokers, ports, strict=True)
        }
        for node in self.nodes:
            self._write(node, {**(properties or {}), **(of_node or {}).get(node, {})})

    def _write(self, node: int, properties: Mapping[str, str]) -> None:
        address = f"{HOST}:{self.controller_address[1]}"
        listener = f"CONTROLLER://{address}"
        if node != CONTROLLER:
            listener = f"PLAINTEXT://{HOST}:{self.addresses[node][1]}"
        copies = str(min(3, len(self.brokers)))
        of_all = {
            "process.roles": "controller" if node == CONTROLLER else "broker",
            "listeners": listener,
            "advertised.listeners": listener,
            "controller.quorum.voters": f"{CONTROLLER}@{address}",
            "controller.listener.names": "CONTROLLER",
            "log.dirs": str(self._folder / f"data-{node}"),
            **PROPERTIES,
            "node.id": str(node),
            "offsets.topic.replication.factor": copies,
            "offsets.topic.num.partitions": "3",
            "transaction.state.log.replication.factor": copies,
            "transaction.state.log.num.partitions": "3",
            "share.coordinator.state.topic.num.partitions": "3",
            "share.coordinator.state.topic.replication.factor": copies,
        }
        if node != CONTROLLER:
            of_all["inter.broker.listener.name"] = "PLAINTEXT"
        of_all.update(properties)
        self._file(node).write_text("".join(f"{key}={of_all[key]}\n" for key in of_all))

    def _file(self, node: int) -> Path:
        return self._folder / f"server-{node}.properties"

    def log_file(self, node: int) -> Path:
        """What the node wrote, warnings and worse."""
        return self._folder / f"node-{node}.log"

    def data(self, node: int) -> Path:
        """The node's log directory."""
        return self._folder / f"data-{node}"

    def __enter__(self) -> Self:
        try:
            self._format()
            for node in self.nodes:
                self.start(node, wait=False)
            for broker in self.brokers:
                self.wait(broker)
            if self._settle:
                self._until("the coordinators", self._settled)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _format(self) -> None:
        cluster_id = base64_id(IdSource().uuid())
        tool = ("kafka.tools.StorageTool", "format", "-t", cluster_id, "-c")
        tools = [
            subprocess.Popen(
                java(self._classpath, *tool, str(self._file(node))),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            for node in self.nodes
        ]
        said = [tool.communicate()[0] for tool in tools]
        for tool_, text in zip(tools, said, strict=True):
            if tool_.returncode:
                raise RuntimeError(f"cannot be formatted: {text.decode()}")

    def start(self, node: int, *, wait: bool = True) -> None:
        """Start a node that does not run, and wait until the cluster takes it as a living broker.

        Raises:
            RuntimeError: it ended, or that did not come in time; the text is the end of its log.
        """
        assert node not in self._processes
        with self.log_file(node).open("ab") as out:
            self._processes[node] = subprocess.Popen(
                java(self._classpath, "kafka.Kafka", str(self._file(node)), heap=self._heap),
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        if wait:
            self.wait(node)

    def wait(self, node: int) -> None:
        """Wait until a node that was started is there: a broker unfenced, as it says itself."""
        self._until(f"node {node}", lambda: self._alive(node), node)

    def _until(self, what: str, holds: Callable[[], bool], node: int = CONTROLLER) -> None:
        end = time.monotonic() + START_SECONDS
        while not holds():
            ended = self._processes[node].poll() is not None
            if ended or time.monotonic() > end:
                log = self.log_file(node).read_text()[-3000:]
                raise RuntimeError(f"Apache Kafka's cluster lacks {what}: {log}")
            time.sleep(0.05)

    def _alive(self, node: int) -> bool:
        try:
            if node == CONTROLLER:
                socket.create_connection(self.controller_address, timeout=5).close()
                return True
            with self.client(node, timeout=5) as client:
                request = DescribeClusterRequest(include_cluster_authorized_operations=False)
                return any(broker.broker_id == node for broker in client.ask(request, 1).brokers)
        except (OSError, ConnectionClosed):
            return False

    def client(self, node: int, *, timeout: float = 10.0) -> WireClient:
        """A new connection to a broker."""
        return WireClient(*self.addresses[node], timeout=timeout)

    def _settled(self) -> bool:
        """Whether every broker knows the coordinators, and these are through with loading."""
        try:
            with contextlib.ExitStack() as stack:
                clients = {
                    broker: stack.enter_context(self.client(broker, timeout=30))
                    for broker in self.brokers
                    if broker in self._processes
                }
                return all(self._coordinated(clients))
        except (OSError, ConnectionClosed):
            return False

    def _coordinated(self, clients: dict[int, WireClient]) -> Iterator[bool]:
        share = [f"{name}:{base64_id(uuid.uuid4())}:0" for name in NAMES]
        for key_type, keys in ((0, NAMES), (1, NAMES[:1]), (2, share)):
            request = FindCoordinatorRequest(key_type=key_type, coordinator_keys=keys)
            for client in clients.values():
                found = client.ask(request, 6).coordinators
                yield not any(coordinator.error_code for coordinator in found)
            for coordinator in found:
                if key_type == 0:
                    group = OffsetFetchRequestGroup(group_id=coordinator.key, topics=[])
                    offsets = OffsetFetchRequest(groups=[group])
                    answer = clients[coordinator.node_id].ask(offsets, 8)
                    yield not answer.groups[0].error_code
                elif key_type == 1:
                    # One name only, because each that is asked for takes a producer id.
                    init = InitProducerIdRequest(
                        transactional_id=coordinator.key, transaction_timeout_ms=1000
                    )
                    yield not clients[coordinator.node_id].ask(init, 4).error_code

    def stop(self, node: int, seconds: float = 30) -> None:
        """Stop it as an operator does: SIGTERM, and SIGKILL when that is not enough."""
        self.resume(node)
        process = self._processes.pop(node, None)
        if process is not None:
            terminate(process, seconds)

    def kill(self, node: int) -> None:
        """End it without a word, as the operating system does."""
        self._frozen.discard(node)
        process = self._processes.pop(node, None)
        if process is not None:
            process.kill()
            process.wait()

    def pause(self, *nodes: int) -> None:
        """Freeze nodes, one right after the other: to the others they are a network that is cut."""
        for node in nodes:
            self._processes[node].send_signal(signal.SIGSTOP)
            self._frozen.add(node)

    def resume(self, *nodes: int) -> None:
        """Let nodes go on."""
        for node in nodes:
            if node in self._frozen:
                self._processes[node].send_signal(signal.SIGCONT)
                self._frozen.discard(node)

    def close(self) -> None:
        """End every node and remove what they wrote."""
        for node in list(self._processes):
            self.kill(node)
        shutil.rmtree(self._folder, ignore_errors=True)

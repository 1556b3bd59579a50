"""Apache Kafka itself, started from Maven Central for the time of a ``with`` block.

One node, KRaft, everything in a temporary folder, on free ports. It needs ``java`` (17 or later) and
``mvn``; the jars stay in Maven's own repository, so that only the first run fetches them.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from compat_tests.wire_client import ConnectionClosed, WireClient
from kafka_codecs.messages.api_09_offset_fetch import OffsetFetchRequest, OffsetFetchRequestGroup
from kafka_codecs.messages.api_10_find_coordinator import FindCoordinatorRequest
from kafka_codecs.messages.api_22_init_producer_id import InitProducerIdRequest
from kafkashim.ids import IdSource, base64_id

VERSION = "4.3.1"
TOOLS = ("java", "mvn")
START_SECONDS = 60
# What both brokers are started with, so that they answer as one: a single node, groups that do not wait
# for more members, nor between assignments, and nothing that is deleted because of its age.
PROPERTIES = {
    "node.id": "1",
    "group.initial.rebalance.delay.ms": "0",
    "group.consumer.assignment.interval.ms": "0",
    "log.retention.ms": "-1",
    "producer.id.expiration.check.interval.ms": "2147483647",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.num.partitions": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
}

# The group and the transactional id that are asked for until the coordinators are there.
SETTLING = "settled"
# Who is asked: the broker as it is, or one that has ACLs (and lets everybody do everything).
PLAIN, AUTHORIZER = "plain", "authorizer"
VARIANTS: dict[str, dict[str, str]] = {
    PLAIN: {},
    AUTHORIZER: {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
    },
}


def classpath(pom: str, version: str) -> str:
    """The class path of a broker, its jars fetched when they are not there yet.

    Raises:
        RuntimeError: Maven did not bring them; the text is what it said.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "classpath"
        file = str(Path(__file__).with_name(pom))
        command = ["mvn", "-q", "-B", "-f", file, "dependency:build-classpath"]
        found = subprocess.run(
            [*command, f"-Dkafka.version={version}", f"-Dmdep.outputFile={out}"],
            capture_output=True,
            text=True,
        )
        if found.returncode:
            raise RuntimeError(f"mvn: {found.stdout[-2000:]}{found.stderr[-2000:]}")
        return out.read_text().strip()


def free_port() -> int:
    """A port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def java(class_path: str, *arguments: str, heap: str = "1g") -> list[str]:
    """The command that runs a class of the broker's jars."""
    # The serial collector and the first compiler start faster, and two cores are enough for both
    # brokers and the tests.
    options = [f"-Xmx{heap}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"]
    logging = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
    return ["java", *options, logging, "-cp", class_path, *arguments]


def terminate(process: subprocess.Popen[bytes], seconds: float = 20) -> None:
    """End a process as an operator does: SIGTERM, and SIGKILL when that is not enough."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class ApacheKafka:
    """A running broker; its ``address`` is where clients find it."""

    def __init__(self, properties: Mapping[str, str] | None = None) -> None:
        self._classpath = classpath("apache-kafka.pom.xml", VERSION)
        self._folder = Path(tempfile.mkdtemp(prefix="apache-kafka-"))
        self._process: subprocess.Popen[bytes] | None = None
        self.address = ("127.0.0.1", free_port())
        controller = f"127.0.0.1:{free_port()}"
        self._write(
            {
                "process.roles": "broker,controller",
                "listeners": f"PLAINTEXT://127.0.0.1:{self.address[1]},CONTROLLER://{controller}",
                "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.address[1]}",
                "controller.quorum.voters": f"1@{controller}",
                "controller.listener.names": "CONTROLLER",
                "inter.broker.listener.name": "PLAINTEXT",
                "log.dirs": str(self._folder / "data"),
                **PROPERTIES,
                **(properties or {}),
            }
        )

    def _write(self, properties: Mapping[str, str]) -> None:
        self._properties = self._folder / "server.properties"
        self._properties.write_text("".join(f"{k}={v}\n" for k, v in properties.items()))

    def __enter__(self) -> Self:
        try:
            cluster_id = base64_id(IdSource().uuid())
            tool = ("kafka.tools.StorageTool", "format", "-t", cluster_id)
            command = java(self._classpath, *tool, "-c", str(self._properties))
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                raise RuntimeError(f"cannot be formatted: {done.stdout}{done.stderr}")
            self.start()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
        self._remove()

    def start(self) -> None:
        """Start the formatted broker and wait until it answers.

        Raises:
            RuntimeError: it ended, or did not answer in time; the text is the end of its log.
        """
        log = self._folder / "broker.log"
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                java(self._classpath, "kafka.Kafka", str(self._properties)),
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        end = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"Apache Kafka did not start: {log.read_text()[-3000:]}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            with WireClient(*self.address, timeout=5) as client:
                return _settled(client)
        except (OSError, ConnectionClosed):
            return False

    def stop(self) -> None:
        """Stop it as an operator does: SIGTERM, and SIGKILL when that is not enough."""
        if self._process is not None:
            terminate(self._process)
            self._process = None

    def kill(self) -> None:
        """End it without a word, as the operating system does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _remove(self) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


def _settled(client: WireClient) -> bool:
    """Whether the broker is through with what it does once: the coordinators and their topics.

    Until then it answers COORDINATOR_NOT_AVAILABLE and COORDINATOR_LOAD_IN_PROGRESS, which says
    something of its start and nothing of the protocol.
    """
    share = f"{SETTLING}:{base64_id(uuid.uuid4())}:0"
    for key_type, key in ((0, SETTLING), (1, SETTLING), (2, share)):
        request = FindCoordinatorRequest(key_type=key_type, coordinator_keys=[key])
        if client.ask(request, 6).coordinators[0].error_code:
            return False
    offsets = OffsetFetchRequest(groups=[OffsetFetchRequestGroup(group_id=SETTLING, topics=[])])
    if client.ask(offsets, 8).groups[0].error_code:
        return False
    for transactional_id in (SETTLING, None):
        init = InitProducerIdRequest(transactional_id=transactional_id, transaction_timeout_ms=1000)
        if client.ask(init, 4).error_code:
            return False
    return True

"""A short-lived Apache Kafka in KRaft mode, one process a node, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

CLUSTER_ID = "Z29sZGVuLWZyYW1lcy0tMQ"  # base64 of sixteen bytes, as StorageTool wants it

# A broker offers GetTelemetrySubscriptions and PushTelemetry only when one of its metric reporters
# also implements ClientTelemetry (KIP-714); Kafka ships none, so the recorder compiles one.
TELEMETRY_CLASS = "AcceptingTelemetry"
TELEMETRY_SOURCE = """
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.metrics.KafkaMetric;
import org.apache.kafka.common.metrics.MetricsReporter;
import org.apache.kafka.server.telemetry.ClientTelemetry;
import org.apache.kafka.server.telemetry.ClientTelemetryReceiver;

public class AcceptingTelemetry implements MetricsReporter, ClientTelemetry {
    public void configure(Map<String, ?> configs) {}
    public void init(List<KafkaMetric> metrics) {}
    public void metricChange(KafkaMetric metric) {}
    public void metricRemoval(KafkaMetric metric) {}
    public void close() {}
    public ClientTelemetryReceiver clientReceiver() { return (context, payload) -> {}; }
}
"""


@dataclass(frozen=True)
class Ports:
    """Loopback ports of one node: three it binds, and the one it tells clients to come to."""

    client: int
    internal: int
    controller: int
    advertised: int


@dataclass
class RealBroker:
    """One node of Apache Kafka; node 1 is broker and controller, any other only broker."""

    libs: Path
    folder: Path
    node_id: int
    ports: Ports
    java: str = "java"
    extra: dict[str, str] = field(default_factory=dict)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def class_path(self) -> str:
        """Kafka's jars and the folder of compiled helper classes."""
        return os.pathsep.join([f"{self.libs}/*", str(self.folder.parent / "classes")])

    def properties(self) -> dict[str, str]:
        """Kafka's own property names; everything a single node needs to answer every API."""
        ports = self.ports
        listeners = f"CLIENT://127.0.0.1:{ports.client},INTERNAL://127.0.0.1:{ports.internal}"
        if self.node_id == 1:
            listeners += f",CONTROLLER://127.0.0.1:{ports.controller}"
        return {
            "process.roles": "broker,controller" if self.node_id == 1 else "broker",
            "node.id": str(self.node_id),
            "listeners": listeners,
            # The relay is advertised only for clients: what brokers say to themselves is no golden.
            "advertised.listeners": f"CLIENT://127.0.0.1:{ports.advertised},"
            f"INTERNAL://127.0.0.1:{ports.internal}",
            "listener.security.protocol.map": "CLIENT:PLAINTEXT,INTERNAL:PLAINTEXT,"
            "CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "INTERNAL",
            "controller.listener.names": "CONTROLLER",
            "controller.quorum.voters": f"1@127.0.0.1:{ports.controller}",
            "log.dirs": str(self.folder / "data"),
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.num.partitions": "1",
            "transaction.state.log.min.isr": "1",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.num.partitions": "1",
            "share.coordinator.state.topic.min.isr": "1",
            "group.initial.rebalance.delay.ms": "0",
            "auto.create.topics.enable": "true",
            "metric.reporters": TELEMETRY_CLASS,
            **self.extra,
        }

    def format(self) -> None:
        """Write the configuration and format the log folder for KRaft."""
        self.folder.mkdir(parents=True)
        lines = [f"{name}={value}" for name, value in self.properties().items()]
        self._properties_file.write_text("\n".join(lines) + "\n")
        self._compile_telemetry()
        self.run("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", self._properties_file)

    def start(self, timeout_s: float = 60.0) -> None:
        """Start the node and return when its client listener accepts connections."""
        log = (self.folder / "broker.log").open("ab")
        command = [self.java, "-Xmx512m", "-cp", self.class_path, "kafka.Kafka"]
        self._process = subprocess.Popen(
            [*command, str(self._properties_file)], stdout=log, stderr=subprocess.STDOUT
        )
        log.close()
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.ports.client), 1).close()
                return
            except OSError:
                time.sleep(0.1)
        self.stop()
        raise RuntimeError(f"node {self.node_id} did not start; see {self.folder}/broker.log")

    def stop(self) -> None:
        """End the node cleanly; harmless when it is not running."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def run(self, main_class: str, *arguments: object, timeout_s: float = 60.0) -> str:
        """Run a Java tool from Kafka's jars and return what it printed."""
        command = [self.java, "-Xmx256m", "-cp", self.class_path, main_class]
        done = subprocess.run(
            [*command, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout_s,
            check=False,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"{main_class} ended with {done.returncode}:\n{done.stdout}")
        return done.stdout

    @property
    def _properties_file(self) -> Path:
        return self.folder / "server.properties"

    def _compile_telemetry(self) -> None:
        classes = self.folder.parent / "classes"
        if classes.exists():
            return
        if shutil.which("javac") is None:
            raise RuntimeError("a JDK is needed: javac was not found")
        source = self.folder.parent / f"{TELEMETRY_CLASS}.java"
        source.write_text(TELEMETRY_SOURCE)
        subprocess.run(
            [
                "javac",
                "-nowarn",
                "-Xlint:-removal",
                "-cp",
                f"{self.libs}/*",
                "-d",
                str(classes),
                str(source),
            ],
            check=True,
        )

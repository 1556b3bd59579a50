"""Apache Kafka 0.11 and 1.0, which judge the rule books that bear their names.

They keep their metadata in ZooKeeper, whose server is among their jars, and they start on today's Java.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from compat_tests.real_broker.apache_kafka import START_SECONDS, classpath, free_port
from compat_tests.wire_client import ConnectionClosed, WireClient
from kafka_codecs.messages.api_03_metadata import MetadataRequest
from kafka_codecs.messages.api_22_init_producer_id import InitProducerIdRequest

LOG4J = """\
log4j.rootLogger=WARN, stdout
log4j.appender.stdout=org.apache.log4j.ConsoleAppender
log4j.appender.stdout.layout=org.apache.log4j.PatternLayout
log4j.appender.stdout.layout.ConversionPattern=[%d] %p %m (%c)%n
"""
# The topics of its own are as small as they may be: each partition costs it time when it starts.
PROPERTIES = """\
broker.id=1
log.retention.ms=-1
delete.topic.enable=true
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.min.isr=1
"""


class OldApacheKafka:
    """A running broker of an old release, with a ZooKeeper of its own."""

    def __init__(self, version: str) -> None:
        self._classpath = classpath("old-apache-kafka.pom.xml", version)
        self._folder = Path(tempfile.mkdtemp(prefix=f"apache-kafka-{version}-"))
        self._processes: list[subprocess.Popen[bytes]] = []
        self.address = ("127.0.0.1", free_port())
        zookeeper = free_port()
        (self._folder / "log4j.properties").write_text(LOG4J)
        (self._folder / "zoo.cfg").write_text(
            f"tickTime=2000\ndataDir={self._folder}/zookeeper\n"
            f"clientPort={zookeeper}\nclientPortAddress=127.0.0.1\n"
        )
        (self._folder / "server.properties").write_text(
            f"{PROPERTIES}listeners=PLAINTEXT://127.0.0.1:{self.address[1]}\n"
            f"log.dirs={self._folder}/data\nzookeeper.connect=127.0.0.1:{zookeeper}\n"
        )

    def _start(self, main: str, configuration: str) -> subprocess.Popen[bytes]:
        log4j = f"-Dlog4j.configuration=file:{self._folder}/log4j.properties"
        options = ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", log4j]
        with (self._folder / f"{main}.log").open("ab") as out:
            process = subprocess.Popen(
                ["java", *options, "-cp", self._classpath, main, f"{self._folder}/{configuration}"],
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def __enter__(self) -> Self:
        try:
            self._start("org.apache.zookeeper.server.quorum.QuorumPeerMain", "zoo.cfg")
            broker = self._start("kafka.Kafka", "server.properties")
            end = time.monotonic() + START_SECONDS
            while not self._answers():
                if time.monotonic() > end or broker.poll() is not None:
                    log = (self._folder / "kafka.Kafka.log").read_text()
                    raise RuntimeError(f"Apache Kafka did not start: {log[-3000:]}")
                time.sleep(0.1)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop()

    def _answers(self) -> bool:
        """Whether producer ids are given out, and the broker knows that it is one."""
        request = InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=1000)
        try:
            with WireClient(*self.address, timeout=5) as client:
                ready = not client.ask(request, 0).error_code
                return ready and bool(client.ask(MetadataRequest(topics=[]), 1).brokers)
        except (OSError, ConnectionClosed):
            return False

    def _stop(self) -> None:
        for process in reversed(self._processes):
            process.kill()
            process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

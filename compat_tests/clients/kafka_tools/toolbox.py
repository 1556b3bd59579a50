"""Apache Kafka's command-line tools: how they are built, started, and asked."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from compat_tests.clients.driven import DrivenClient, Driver

# The serial collector and the first compiler make a process that lives for seconds start faster. What the
# tools log (not what they print) goes elsewhere.
_JAVA = ("java", "-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")

CLIENT = DrivenClient(
    name="kafka_tools",
    needs=("java", "javac", "mvn"),
    build=(
        (
            *("mvn", "-q", "-B", "-f", "{source}/pom.xml", "dependency:copy-dependencies"),
            "-DoutputDirectory={out}/lib",
        ),
        ("javac", "-cp", "{out}/lib/*", "-d", "{out}/classes", "{source}/Tools.java"),
    ),
    run=(
        *_JAVA,
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
        "-Dorg.slf4j.simpleLogger.cacheOutputStream=true",
        *("-cp", "{out}/classes:{out}/lib/*", "Tools"),
    ),
    sends_ahead_on_one_partition=5,
    sends_ahead=5,
    abilities=frozenset(),
)

# What the scripts in Apache Kafka's bin folder start.
_TOOLS = "org.apache.kafka.tools"
SCRIPTS = {
    "kafka-acls": f"{_TOOLS}.AclCommand",
    "kafka-broker-api-versions": f"{_TOOLS}.BrokerApiVersionsCommand",
    "kafka-client-metrics": f"{_TOOLS}.ClientMetricsCommand",
    "kafka-cluster": f"{_TOOLS}.ClusterTool",
    "kafka-configs": "kafka.admin.ConfigCommand",
    "kafka-console-consumer": f"{_TOOLS}.consumer.ConsoleConsumer",
    "kafka-console-producer": f"{_TOOLS}.ConsoleProducer",
    "kafka-consumer-groups": f"{_TOOLS}.consumer.group.ConsumerGroupCommand",
    "kafka-consumer-perf-test": f"{_TOOLS}.ConsumerPerformance",
    "kafka-delegation-tokens": f"{_TOOLS}.DelegationTokenCommand",
    "kafka-delete-records": f"{_TOOLS}.DeleteRecordsCommand",
    "kafka-e2e-latency": f"{_TOOLS}.EndToEndLatency",
    "kafka-features": f"{_TOOLS}.FeatureCommand",
    "kafka-get-offsets": f"{_TOOLS}.GetOffsetShell",
    "kafka-groups": f"{_TOOLS}.GroupsCommand",
    "kafka-leader-election": f"{_TOOLS}.LeaderElectionCommand",
    "kafka-log-dirs": f"{_TOOLS}.LogDirsCommand",
    "kafka-metadata-quorum": f"{_TOOLS}.MetadataQuorumCommand",
    "kafka-producer-perf-test": f"{_TOOLS}.ProducerPerformance",
    "kafka-reassign-partitions": f"{_TOOLS}.reassign.ReassignPartitionsCommand",
    "kafka-share-groups": f"{_TOOLS}.consumer.group.ShareGroupCommand",
    "kafka-streams-application-reset": f"{_TOOLS}.StreamsResetter",
    "kafka-streams-groups": f"{_TOOLS}.streams.StreamsGroupCommand",
    "kafka-topics": f"{_TOOLS}.TopicCommand",
    "kafka-transactions": f"{_TOOLS}.TransactionsCommand",
    "kafka-verifiable-consumer": f"{_TOOLS}.VerifiableConsumer",
    "kafka-verifiable-producer": f"{_TOOLS}.VerifiableProducer",
}

STEP_MS = 30_000


@dataclass(frozen=True)
class Outcome:
    """How a tool ended, and what it wrote."""

    exit: int | None
    """None: it did not end in time."""
    out: str
    err: str


@dataclass(frozen=True)
class Step:
    """One command, or the end of one that runs."""

    name: str
    command: str
    """As typed in a shell: ``$AT`` is ``--bootstrap-server`` and the broker, ``$BROKER`` its address,
    ``$FOLDER`` where ``files`` are, ``$ID`` the last topic id that a step showed."""
    typed: str = ""
    """Its standard input."""
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    runs_as: str = ""
    """It is left running under this name, from when it has said ``until`` on."""
    until: str = ""
    ends: str = ""
    """The name of a running command, which is terminated; ``command`` is then its tool."""
    own_process: bool = False
    """It does not leave through Kafka's own Exit."""
    authorizer: bool = False
    """Asked of a broker that has ACLs."""


class Toolbox:
    """A JVM in which tools run, and a broker they are pointed at."""

    def __init__(self, driver: Driver, address: str, folder: Path) -> None:
        self._driver = driver
        self._folder = folder
        self._values = {"$AT": f"--bootstrap-server {address}", "$BROKER": address}
        self._values["$FOLDER"] = str(folder)

    def play(self, step: Step) -> Outcome | None:
        """The outcome of a step; None for one that is left running."""
        for name, text in step.files.items():
            (self._folder / name).write_text(self._filled(text))
        if step.ends:
            return _outcome(self._driver.ask(do="stop", name=step.ends))
        tool, *arguments = shlex.split(self._filled(step.command))
        command: dict[str, Any] = {
            "tool": SCRIPTS[tool],
            "arguments": arguments,
            "stdin": step.typed,
            "timeout_ms": STEP_MS,
        }
        if step.runs_as:
            self._driver.ask(do="start", name=step.runs_as, until=step.until, **command)
            return None
        do = "run_apart" if step.own_process else "run"
        outcome = _outcome(self._driver.ask(do=do, **command))
        _, found, rest = outcome.out.partition("TopicId: ")
        if found:
            self._values["$ID"] = rest.split()[0]
        return outcome

    def _filled(self, text: str) -> str:
        for name, value in self._values.items():
            text = text.replace(name, value)
        return text


def _outcome(told: Mapping[str, Any]) -> Outcome:
    return Outcome(told["exit"], told["out"], told["err"])

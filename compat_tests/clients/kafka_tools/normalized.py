"""Outcomes of tools in a form in which two runs can be compared; the reason for each change."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from compat_tests.clients.kafka_tools.toolbox import Outcome, Step
from compat_tests.real_broker.normalize import PLACES

_ID = r"[A-Za-z0-9_-]{22}"


@dataclass(frozen=True)
class Rule:
    """What is replaced, in the output of which tools, and why."""

    reason: str
    pattern: str
    replacement: str
    tools: str = ".*"


RULES = (
    Rule(
        "where the exception was thrown says nothing of the broker", r"(?m)^\t(at|\.\.\.) .*\n", ""
    ),
    Rule("time", r"(?<!\d)1[789]\d{11}(?!\d)", "<time>"),
    Rule("time", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d:\d{3}", "<time>"),
    Rule("members have made-up ids", r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<uuid>"),
    Rule("members have made-up ids", rf"(?<= ){_ID}(?= /)", "<member id>", "kafka-consumer-groups"),
    Rule("topics have made-up ids", rf"(?<=TopicId: ){_ID}", "<topic id>", "kafka-topics"),
    Rule("clusters have made-up ids", rf"(Cluster ?I[dD]: +){_ID}", r"\1<cluster id>"),
    Rule(
        "rates and latencies",
        r"[\d.]+ (records/sec|MB/sec|ms)",
        r"<rate> \1",
        "kafka-producer-perf-test|kafka-e2e-latency",
    ),
    Rule("latencies", r"(?m)^(\d+\t)[\d.]+$", r"\1<rate>", "kafka-e2e-latency"),
    Rule("latencies", r"(th = )\d+", r"\1<rate>", "kafka-e2e-latency"),
    Rule(
        # start.time, end.time, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, and times
        "all but what was consumed are rates and times",
        r"(?m)^(<time>, <time>, [\d.]+), [\d.]+, (\d+), .*$",
        r"\1, <rate>, \2, <rates>",
        "kafka-consumer-perf-test",
    ),
    Rule(
        "rate",
        r'"avg_throughput":[\d.]+',
        '"avg_throughput":<rate>',
        "kafka-verifiable-producer",
    ),
    Rule(
        "the brokers do not share their directories",
        r'("logDir":"|"log_dirs":\[")[^"]*',
        r"\1<directory>",
    ),
    Rule(
        "records that go in one batch or in two take different room",
        r'"size":[1-9]\d*',
        '"size":<bytes>',
        "kafka-log-dirs",
    ),
    Rule(
        "the brokers live in different places",
        rf"(?m)^  ({'|'.join(map(re.escape, sorted(PLACES)))})=.*$",
        r"  \1=<place>",
        "kafka-configs",
    ),
    Rule(
        "how much was written to the cluster's own log depends on how it started",
        r"(Epoch|HighWatermark|MaxFollowerLagTimeMs):( +)\d+",
        r"\1:\2<count>",
        "kafka-features|kafka-metadata-quorum",
    ),
    Rule(
        "how much was written to the cluster's own log depends on how it started",
        r"(?m)^(1 +\t\S+\t)\d+ *",
        r"\1<count>",
        "kafka-metadata-quorum",
    ),
    Rule("a free port", r"(?<=CONTROLLER://127.0.0.1:)\d+", "<port>", "kafka-metadata-quorum"),
    Rule(
        "how the test knew that Apache Kafka is ready",
        r"(?m)^settled .*\n",
        "",
        "kafka-transactions",
    ),
    # TransactionalId, Coordinator, ProducerId; or CoordinatorId, TransactionalId, ProducerId
    Rule(
        "producer ids depend on how many were given out before",
        r"(?m)^(measured +\t1 +\t|1 +\tmeasured +\t)\d+ *\t",
        r"\1<producer id>\t",
        "kafka-transactions",
    ),
    # ProducerId, ProducerEpoch, LatestCoordinatorEpoch
    Rule(
        "producer ids depend on how many were given out before",
        r"(?m)^\d+ *\t(\d+ +\t-1 +\t)",
        r"<producer id>\t\1",
        "kafka-transactions",
    ),
    # CurrentTransactionStartTimeMs, TransactionDurationMs
    Rule("time", r"(<time> *\t)\d+ +\t", r"\1<duration>\t", "kafka-transactions"),
)


def _sorted_lines(lines: Sequence[str]) -> list[str]:
    header = [line for line in lines[:1] if line.startswith(("GROUP", "ProducerId"))]
    return header + sorted(lines[len(header) :])


def _sorted_blocks(lines: Sequence[str]) -> list[str]:
    """Blocks of a heading and its entries, which are indented."""
    blocks: list[list[str]] = []
    for line in lines:
        text = line.strip()
        if line[:1].isspace() and text and blocks:
            blocks[-1].append(f"  {text}")
        elif text:
            blocks.append([text])
    ordered = sorted([block[0], *sorted(block[1:])] for block in blocks)
    return [line for block in ordered for line in block]


def _at_once(lines: Sequence[str]) -> list[str]:
    """A verifiable consumer's lines as if all had come with one poll: what it consumed, and what it
    committed last, are told when it commits for the last time.

    With the consumer protocol a member may hear that it is one before it hears of its partitions, and
    tells so; that line is left out.
    """
    told: list[dict[str, Any]] = [json.loads(line) for line in lines]
    told = [line for line in told if line["name"] != "partitions_assigned" or line["partitions"]]
    consumed = [line for line in told if line["name"] == "records_consumed"]
    committed = [line for line in told if line["name"] == "offsets_committed"]
    if not consumed or not committed:
        return [_compact(line) for line in told]
    found: dict[str, dict[str, Any]] = {}
    for part in (part for line in consumed for part in line["partitions"]):
        whole = found.setdefault(f"{part['topic']}-{part['partition']}", {**part, "count": 0})
        whole["count"] += part["count"]
        whole["maxOffset"] = part["maxOffset"]
    total = {
        **consumed[0],
        "count": sum(line["count"] for line in consumed),
        "partitions": list(found.values()),
    }
    kept: list[dict[str, Any]] = []
    for line in told:
        if line is committed[-1]:
            kept += [total, line]
        elif line["name"] not in ("records_consumed", "offsets_committed"):
            kept.append(line)
    return [_compact(line) for line in kept]


def _compact(line: dict[str, Any]) -> str:
    return json.dumps(line, separators=(",", ":"))


@dataclass(frozen=True)
class Order:
    """What comes in the order of a hash map, and how it is put in order."""

    command: str
    put: Callable[[Sequence[str]], list[str]]


# Both the tools and Apache Kafka keep these in hash maps, some of them by the identity of an object.
UNORDERED = (
    Order(r"kafka-(consumer-|share-|streams-)?groups .*--list.*", _sorted_lines),
    Order(
        r"kafka-topics .*--describe --(exclude-internal|topics-with-overrides).*", _sorted_blocks
    ),
    Order(r"kafka-configs .*topics --describe", _sorted_blocks),
    Order(r"kafka-acls .*", _sorted_blocks),
)


def normalized(step: Step, outcome: Outcome, address: str) -> dict[str, Any]:
    """An outcome as it is recorded and compared."""
    told: dict[str, Any] = {"exit": outcome.exit}
    for name, text in (("out", outcome.out), ("err", outcome.err)):
        if name == "out" and step.command.startswith("kafka-verifiable-consumer"):
            text = "\n".join(_at_once(text.splitlines()))
        lines = _text(step, text, address).splitlines()
        for order in UNORDERED:
            if name == "out" and re.fullmatch(order.command, step.command):
                lines = order.put(lines)
        told[name] = lines
    return told


def _text(step: Step, text: str, address: str) -> str:
    port = address.rpartition(":")[2]
    text = re.sub(rf"(127\.0\.0\.1[: ]){port}\b", r"\1<port>", text)
    tool = step.command.partition(" ")[0]
    for rule in RULES:
        if re.fullmatch(rule.tools, tool):
            text = re.sub(rule.pattern, rule.replacement, text)
    return text

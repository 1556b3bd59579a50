"""Three brokers that are asked one by one: those of Apache Kafka, or those here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from compat_tests.real_broker.apache_kafka import PROPERTIES
from compat_tests.real_broker.apache_kafka_cluster import ApacheKafkaCluster
from compat_tests.real_broker.normalize import Normalizer
from compat_tests.wire_client import ConnectionClosed, WireClient
from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_03_metadata import MetadataRequest, MetadataRequestTopic
from kafka_codecs.messages.api_19_create_topics import (
    CreatableReplicaAssignment,
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
)
from kafka_codecs.schema import Field, Request, Struct
from kafkashim.testing import KafkaShim

APACHE_KAFKA, KAFKASHIM = "apache-kafka", "kafkashim"
BROKERS = (1, 2, 3)
SESSION_MS = 3000
HEARTBEAT_MS = 500
SECONDS = 40


class ClusterNormalizer(Normalizer):
    """Besides what one broker makes up: three ports, and whom a client may take for the controller."""

    def __init__(self, addresses: Mapping[int, tuple[str, int]]) -> None:
        super().__init__(-1)
        self._ports = {port: broker for broker, (_, port) in addresses.items()}

    def _field(self, struct: Struct, field: Field, version: int) -> Any:
        value = getattr(struct, field.name)
        if field.name == "port" and value in self._ports:
            return f"<port of {self._ports[value]}>"
        if field.name == "controller_id" and value in BROKERS:
            return "<some broker>"
        return super()._field(struct, field, version)


class Nodes:
    """The brokers of a cluster, and what can be done to them."""

    def __init__(self, addresses: Mapping[int, tuple[str, int]]) -> None:
        self.addresses = addresses
        self.begin()

    def begin(self) -> None:
        """Begin with names for what brokers make up from the first on."""
        self._normalizer = ClusterNormalizer(self.addresses)

    def client(self, broker: int) -> WireClient:
        """A new connection to a broker."""
        return WireClient(*self.addresses[broker], timeout=SECONDS)

    def raw(self, broker: int, request: Request, version: int) -> Any:
        """The answer of a broker."""
        with self.client(broker) as client:
            return client.ask(request, version)

    def ask(self, broker: int, request: Request, version: int) -> Any:
        """The answer of a broker as plain data."""
        try:
            return self._normalizer.answer(self.raw(broker, request, version), version)
        except ConnectionClosed:
            return "<closed>"

    def plain(self, answer: Struct, version: int) -> Any:
        """An answer as plain data."""
        return self._normalizer.answer(answer, version)

    def create(self, name: str, *replicas: list[int], at: int = 1, **configs: str) -> None:
        """Create a topic with these replicas, and wait until every broker knows it."""
        topic = CreatableTopic(
            name=name,
            num_partitions=-1,
            replication_factor=-1,
            assignments=[
                CreatableReplicaAssignment(partition_index=index, broker_ids=ids)
                for index, ids in enumerate(replicas)
            ],
            configs=[
                CreatableTopicConfig(name=key.replace("_", "."), value=value)
                for key, value in configs.items()
            ],
        )
        request = CreateTopicsRequest(topics=[topic], timeout_ms=10_000)
        answer = self.raw(at, request, 5).topics[0]
        assert answer.error_code == 0, (answer.error_code, answer.error_message)
        for broker in self.running:
            self.until(lambda b=broker: not self.topic(b, name).error_code)  # type: ignore[misc]

    def topic(self, broker: int, name: str, version: int = 9) -> Any:
        """A topic as a broker knows it."""
        request = MetadataRequest(
            topics=[MetadataRequestTopic(name=name)], allow_auto_topic_creation=False
        )
        return self.raw(broker, request, version).topics[0]

    def told(self, broker: int, name: str) -> list[str]:
        """Its partitions, a line each."""
        return [
            f"{ErrorCode(p.error_code).name} leader {p.leader_id} epoch {p.leader_epoch}"
            f" replicas {list(p.replica_nodes)} isr {list(p.isr_nodes)}"
            f" offline {list(p.offline_replicas)}"
            for p in sorted(self.topic(broker, name).partitions, key=lambda p: p.partition_index)
        ]

    def until_told(self, name: str, *lines: str, brokers: tuple[int, ...] = BROKERS) -> None:
        """Wait until some brokers tell of a topic what they are to."""
        for broker in brokers:
            self.until(lambda b=broker: self.told(b, name) == list(lines))  # type: ignore[misc]

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait for what comes to Apache Kafka's brokers a moment later."""
        end = time.monotonic() + SECONDS
        while not holds():
            assert time.monotonic() < end, "it did not come about"
            time.sleep(0.05)

    running = BROKERS

    def stop(self, broker: int) -> None:
        """Let a broker go as an operator does."""
        raise NotImplementedError

    def kill(self, broker: int) -> None:
        """Let a broker go as the operating system does."""
        raise NotImplementedError

    def session_over(self) -> None:
        """Wait until the controller holds for dead who does not answer it."""
        raise NotImplementedError

    def start(self, broker: int) -> None:
        """Let a broker come back."""
        raise NotImplementedError

    def cut_off(self, broker: int) -> None:
        """Let a broker reach none of the others, nor the controller."""
        raise NotImplementedError

    def heal(self, broker: int) -> None:
        """End that."""
        raise NotImplementedError


class ApacheKafkaNodes(Nodes):
    """Those of Apache Kafka."""

    def __init__(self, cluster: ApacheKafkaCluster) -> None:
        super().__init__(cluster.addresses)
        self._cluster = cluster
        self.stop, self.kill, self.start = cluster.stop, cluster.kill, cluster.start

    def session_over(self) -> None:
        time.sleep((SESSION_MS + 2 * HEARTBEAT_MS) / 1000)

    def cut_off(self, broker: int) -> None:
        # Whoever does not run is not reached.
        self._cluster.pause(*(node for node in self._cluster.nodes if node != broker))

    def heal(self, broker: int) -> None:
        self._cluster.resume(*(node for node in self._cluster.nodes if node != broker))


class KafkaShimNodes(Nodes):
    """Those here."""

    def __init__(self, shim: KafkaShim) -> None:
        super().__init__(shim.brokers)
        self._shim = shim
        self.stop, self.start, self.cut_off, self.heal = (
            shim.stop_broker,
            shim.start_broker,
            shim.isolate,
            shim.heal,
        )

    def kill(self, broker: int) -> None:
        self._shim.stop_broker(broker, clean=False)

    def session_over(self) -> None:
        self._shim.clock.advance(seconds=SESSION_MS / 1000)


@contextmanager
def running(name: str, decoder: str) -> Iterator[Nodes]:
    """Three brokers of Apache Kafka, or here."""
    properties = {
        "broker.session.timeout.ms": str(SESSION_MS),
        "broker.heartbeat.interval.ms": str(HEARTBEAT_MS),
        "auto.leader.rebalance.enable": "false",
    }
    if name == APACHE_KAFKA:
        with ApacheKafkaCluster(properties=properties) as cluster:
            yield ApacheKafkaNodes(cluster)
        return
    config = {**PROPERTIES, **properties, "default.replication.factor": "1"}
    for topic in ("offsets.topic", "transaction.state.log", "share.coordinator.state.topic"):
        # As ApacheKafkaCluster has them.
        config |= {f"{topic}.replication.factor": "3", f"{topic}.num.partitions": "3"}
    with KafkaShim(brokers=3, rules="kafka-4.3", decoder=decoder, config=config) as shim:
        yield KafkaShimNodes(shim)

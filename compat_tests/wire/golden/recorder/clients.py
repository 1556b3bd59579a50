"""Conversations of real clients through the relay, each under the client's name and release."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import aiokafka
import kafka
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition, admin
from kafka.admin import ConfigResource as KafkaPythonResource
from kafka.admin import ConfigResourceType
from kafka.admin import NewTopic as KafkaPythonTopic

from .broker import RealBroker
from .relay import Relay
from .world import OPEN_TRANSACTION, TRANSACTIONS

CONFLUENT = f"confluent-kafka {version('confluent-kafka')}"
KAFKA_PYTHON = f"kafka-python {version('kafka-python')}"
AIOKAFKA = f"aiokafka {version('aiokafka')}"
JAVA = "Apache Kafka Java 4.3.1"
WAIT_S = 20.0

confluent_admin: Any = admin  # its annotations cover only a part of it


@dataclass
class Clients:
    """What the conversations need: where to connect, and what keeps the frames."""

    broker: RealBroker
    relay: Relay

    @property
    def servers(self) -> str:
        """Bootstrap servers: the relay."""
        return f"127.0.0.1:{self.relay.port}"

    def subscribe_to_metrics(self) -> None:
        """Have the broker ask every client for its metrics, so that PushTelemetry is sent."""
        with self.relay.conversation(JAVA, "kafka-configs subscribes to client metrics"):
            self.broker.run(
                "kafka.admin.ConfigCommand",
                *("--bootstrap-server", self.servers, "--alter"),
                *("--entity-type", "client-metrics", "--entity-name", "golden"),
                *("--add-config", "interval.ms=1000,metrics=[org.apache.kafka.producer.node]"),
            )

    def transactions(self) -> list[Producer]:
        """A committed, an aborted and an open transaction; the open one's producer is returned."""
        with self.relay.conversation(CONFLUENT, "transactional producer: commits, then aborts"):
            producer = self._transactional("golden-tx")
            for end in (producer.commit_transaction, producer.abort_transaction):
                producer.begin_transaction()
                producer.produce(TRANSACTIONS, key=b"k", value=end.__name__.encode())
                producer.flush(WAIT_S)  # aborting drops what was not sent yet
                end(WAIT_S)
            open_producer = self._transactional("golden-tx-open")
            open_producer.begin_transaction()
            open_producer.produce(OPEN_TRANSACTION, b"not decided yet")
            open_producer.flush(WAIT_S)
        return [open_producer]

    def _transactional(self, name: str) -> Producer:
        producer = Producer(
            {
                "bootstrap.servers": self.servers,
                "transactional.id": name,
                "transaction.timeout.ms": 600_000,
                "client.id": CONFLUENT.split()[0],
            }
        )
        producer.init_transactions(WAIT_S)
        return producer

    def confluent(self) -> None:
        """librdkafka: idempotent producer, two consumers of a group, admin."""
        topic = "golden-librdkafka"
        common = {"bootstrap.servers": self.servers, "client.id": "librdkafka"}
        with self.relay.conversation(CONFLUENT, "AdminClient"):
            client = confluent_admin.AdminClient(common)
            _results(
                client.create_topics(
                    [confluent_admin.NewTopic(topic, 2, 1, config={"retention.ms": "-1"})]
                )
            )
            _results(
                client.describe_configs(
                    [confluent_admin.ConfigResource(confluent_admin.ResourceType.TOPIC, topic)]
                )
            )
            client.describe_cluster(include_authorized_operations=True).result(WAIT_S)
        with self.relay.conversation(CONFLUENT, "idempotent producer, zstd, with headers"):
            producer = Producer(
                {**common, "enable.idempotence": True, "compression.type": "zstd", "linger.ms": 5}
            )
            for number in range(20):
                producer.produce(topic, b"value" * 8, str(number), headers={"n": str(number)})
            producer.flush(WAIT_S)
        with self.relay.conversation(CONFLUENT, "producer with acks=0"):
            quick = Producer({**common, "acks": 0})
            quick.produce(topic, b"unanswered")
            quick.flush(WAIT_S)
        del producer, quick
        with self.relay.conversation(CONFLUENT, "AdminClient"):
            first, last = TopicPartition(topic, 0), TopicPartition(topic, 1)
            _results(
                client.list_offsets(
                    {
                        first: confluent_admin.OffsetSpec.earliest(),
                        last: confluent_admin.OffsetSpec.latest(),
                    }
                )
            )
            _results(client.delete_records([TopicPartition(topic, 0, 1)]))
        with self.relay.conversation(CONFLUENT, "two consumers of one group, one static"):
            self._confluent_consumers(common, topic)
        with self.relay.conversation(CONFLUENT, "AdminClient"):
            _results(client.delete_topics([topic]))

    def _confluent_consumers(self, common: dict[str, Any], topic: str) -> None:
        settings = {
            **common,
            "group.id": "golden-librdkafka",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "heartbeat.interval.ms": 500,
            "isolation.level": "read_committed",
        }
        consumers = [Consumer(settings), Consumer({**settings, "group.instance.id": "static-1"})]
        for consumer in consumers:
            consumer.subscribe([topic])
        deadline = time.monotonic() + 6
        while time.monotonic() < deadline:
            for consumer in consumers:
                consumer.poll(0.2)
        with contextlib.suppress(KafkaException):
            consumers[0].commit(offsets=[TopicPartition(topic, 0, 3, "note")], asynchronous=False)
        consumers[0].committed([TopicPartition(topic, 0), TopicPartition(topic, 1)], WAIT_S)
        consumers[0].offsets_for_times([TopicPartition(topic, 0, 1_000)], WAIT_S)
        for consumer in consumers:
            consumer.close()

    def kafka_python(self, api_version: tuple[int, ...] | None) -> None:
        """kafka-python, as new as it can be or holding back to what an older broker knew."""
        held = "" if api_version is None else f" held to broker {'.'.join(map(str, api_version))}"
        suffix = "" if api_version is None else "-" + "-".join(map(str, api_version))
        topic = f"golden-kafka-python{suffix}"
        common: dict[str, Any] = {"bootstrap_servers": self.servers}
        if api_version is not None:
            common["api_version"] = api_version
        with self.relay.conversation(KAFKA_PYTHON, f"admin client, producer, consumer{held}"):
            self._kafka_python(topic, common)

    def _kafka_python(self, topic: str, common: dict[str, Any]) -> None:
        admin = kafka.KafkaAdminClient(**common)
        admin.create_topics([KafkaPythonTopic(topic, 2, 1)])
        with contextlib.suppress(kafka.errors.KafkaError):  # not every release held to has both
            admin.describe_configs([KafkaPythonResource(ConfigResourceType.TOPIC, topic)])
            admin.describe_cluster()
        producer = kafka.KafkaProducer(**common, compression_type="gzip", enable_idempotence=True)
        for number in range(10):
            producer.send(topic, b"v" * 30, str(number).encode(), headers=[("h", b"1")])
        producer.flush(WAIT_S)
        producer.close(WAIT_S)
        consumer = kafka.KafkaConsumer(
            topic,
            **common,
            group_id=topic,
            auto_offset_reset="earliest",
            heartbeat_interval_ms=300,
            enable_auto_commit=False,
        )
        _poll_for(lambda: consumer.poll(300), 3)
        consumer.commit()
        partition = kafka.TopicPartition(topic, 0)
        consumer.committed(partition)
        consumer.offsets_for_times({partition: 1000})
        consumer.close()
        admin.delete_records({partition: 1})
        admin.delete_topics([topic])
        admin.close()

    def aiokafka(self) -> None:
        """aiokafka: an idempotent producer and a consumer of a group."""
        asyncio.run(self._aiokafka("golden-aiokafka"))

    async def _aiokafka(self, topic: str) -> None:
        with self.relay.conversation(AIOKAFKA, "idempotent producer, lz4, with headers"):
            producer = aiokafka.AIOKafkaProducer(
                bootstrap_servers=self.servers, enable_idempotence=True, compression_type="lz4"
            )
            await producer.start()
            for number in range(5):
                await producer.send_and_wait(
                    topic, b"v" * 30, headers=[("h", str(number).encode())]
                )
            await producer.stop()
        with self.relay.conversation(AIOKAFKA, "consumer of a group"):
            consumer = aiokafka.AIOKafkaConsumer(
                topic,
                bootstrap_servers=self.servers,
                group_id=topic,
                auto_offset_reset="earliest",
                enable_auto_commit=False,
                heartbeat_interval_ms=300,
            )
            await consumer.start()
            await asyncio.wait_for(consumer.getone(), WAIT_S)
            await asyncio.sleep(0.7)
            await consumer.commit()
            await consumer.committed(aiokafka.TopicPartition(topic, 0))
            await consumer.stop()

    def java(self) -> None:
        """The tools of Apache Kafka's own distribution, as its shell scripts start them."""
        topic = "golden-java"
        at = ("--bootstrap-server", self.servers)
        tools = "org.apache.kafka.tools"
        run = self.broker.run
        with self._java("kafka-topics: creates and describes"):
            run(f"{tools}.TopicCommand", *at, "--create", "--topic", topic, "--partitions", 2)
            run(f"{tools}.TopicCommand", *at, "--describe", "--topic", topic)
        with self._java("kafka-verifiable-producer"):
            run(
                f"{tools}.VerifiableProducer",
                *(*at, "--topic", topic, "--max-messages", 30, "--throughput", 10),
            )
        with self._java("kafka-producer-perf-test: idempotent, in a transaction"):
            properties = f"bootstrap.servers={self.servers}"
            run(
                f"{tools}.ProducerPerformance",
                *("--topic", topic, "--num-records", 6, "--record-size", 20, "--throughput", -1),
                *("--transactional-id", topic, "--producer-props", properties),
            )
        with self._java("kafka-verifiable-consumer"):
            self._verifiable_consumer(topic)
        with self._java("kafka-get-offsets"):
            for stamp in ("latest", "earliest", "max-timestamp"):
                run(f"{tools}.GetOffsetShell", *at, "--topic", topic, "--time", stamp)
        with self._java("kafka-configs: describes"):
            run("kafka.admin.ConfigCommand", *at, "--describe", "--topic", topic)
        with self._java("kafka-transactions: describes producers"):
            run(
                f"{tools}.TransactionsCommand",
                *(*at, "describe-producers", "--topic", TRANSACTIONS, "--partition", 0),
            )
        with self._java("kafka-cluster: lists the brokers"):
            run(f"{tools}.ClusterTool", "list-endpoints", *at)
        with self._java("kafka-topics: deletes"):
            run(f"{tools}.TopicCommand", *at, "--delete", "--topic", topic)

    def _verifiable_consumer(self, topic: str) -> None:
        arguments = ["--bootstrap-server", self.servers, "--topic", topic, "--group-id", topic]
        command = [self.broker.java, "-Xmx256m", "-cp", self.broker.class_path]
        process = subprocess.Popen(
            [*command, "org.apache.kafka.tools.VerifiableConsumer", *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        # Long enough for a heartbeat, which the Java client sends every three seconds.
        stop = threading.Timer(9, process.terminate)
        stop.start()
        process.wait(60)
        stop.cancel()

    @contextmanager
    def _java(self, about: str) -> Iterator[None]:
        with self.relay.conversation(JAVA, about):
            yield


def _results(futures: dict[Any, Any]) -> None:
    for future in futures.values():
        future.result(WAIT_S)


def _poll_for(poll: Callable[[], Any], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        poll()

"""kafka-python 3.x, written in Python with a thread of its own for sending."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import CommitFailedError, KafkaError, RebalanceInProgressError

from compat_tests.clients.client_under_test import Delivery, Message, ProducerSettings, Record


class KafkaPython:
    name = "kafka_python"
    # An idempotent producer mutes a partition while a batch of it is under way, as the Java
    # client does with max.in.flight.requests.per.connection=1.
    sends_ahead_on_one_partition = 1
    sends_ahead = 5
    codec_packages: Mapping[str, str] = {"snappy": "snappy", "lz4": "lz4", "zstd": "zstandard"}

    def create_topic(self, bootstrap: str, topic: str, partitions: int) -> None:
        admin = KafkaAdminClient(bootstrap_servers=bootstrap)
        try:
            admin.create_topics({topic: {"num_partitions": partitions, "replication_factor": 1}})
        finally:
            admin.close()

    def produce(
        self, bootstrap: str, topic: str, messages: Sequence[Message], settings: ProducerSettings
    ) -> list[Delivery]:
        producer = KafkaProducer(**_producer_config(bootstrap, settings))
        try:
            sent = [
                producer.send(
                    topic,
                    value=message.value,
                    key=message.key,
                    partition=message.partition,
                    headers=list(message.headers),
                )
                for message in messages
            ]
            producer.flush(timeout=120)
            return [_delivery(future) for future in sent]
        finally:
            producer.close(timeout=10)

    def read(self, bootstrap: str, topic: str, partitions: Sequence[int]) -> list[Record]:
        consumer = KafkaConsumer(
            bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
        )
        try:
            assigned = [TopicPartition(topic, partition) for partition in partitions]
            consumer.assign(assigned)
            ends = consumer.end_offsets(assigned)
            records: list[Record] = []
            while any(consumer.position(tp) < ends[tp] for tp in assigned):
                records += _records(consumer.poll(timeout_ms=200, max_records=10_000))
            return records
        finally:
            consumer.close()

    def join(self, bootstrap: str, group: str, topic: str) -> KafkaPythonMember:
        return KafkaPythonMember(bootstrap, group, topic)


class KafkaPythonMember:
    def __init__(self, bootstrap: str, group: str, topic: str) -> None:
        self._consumer = KafkaConsumer(
            bootstrap_servers=bootstrap,
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            heartbeat_interval_ms=200,
            session_timeout_ms=10_000,
            fetch_max_wait_ms=100,
        )
        self._consumer.subscribe([topic])
        # kafka-python 3.0.12 assigns nothing, and never looks again, when it leads a group before it
        # knows the topic; Apache Kafka sees the same (7 of 60 starts under load), only less often,
        # because its joins take longer. And when it learns the topic while it leads, it joins again
        # later and, if another update comes meanwhile, never finishes. So it learns the topic now.
        self._consumer.topics()

    def poll(self, timeout_s: float) -> list[Record]:
        return _records(self._consumer.poll(timeout_ms=int(timeout_s * 1000)))

    def assigned(self) -> frozenset[int]:
        return frozenset(tp.partition for tp in self._consumer.assignment())

    def commit(self) -> bool:
        # A leader joins again, without being asked to, when its metadata grew after its assignment.
        try:
            self._consumer.commit()
        except (CommitFailedError, RebalanceInProgressError):
            return False
        return True

    def close(self) -> None:
        self._consumer.close()


def _producer_config(bootstrap: str, settings: ProducerSettings) -> dict[str, Any]:
    config: dict[str, Any] = {
        "bootstrap_servers": bootstrap,
        "enable_idempotence": True,
        "acks": "all",
        "max_in_flight_requests_per_connection": 5,
        "compression_type": None if settings.compression == "none" else settings.compression,
    }
    if settings.batch_bytes is not None:
        config["batch_size"] = settings.batch_bytes
    if settings.linger_ms is not None:
        config["linger_ms"] = settings.linger_ms
    if settings.largest_message is not None:
        config["max_request_size"] = settings.largest_message
    if settings.backoff_ms is not None:
        config |= {
            "retry_backoff_ms": settings.backoff_ms,
            "reconnect_backoff_ms": settings.backoff_ms,
            "reconnect_backoff_max_ms": 4 * settings.backoff_ms,
        }
    return config


def _delivery(future: Any) -> Delivery:
    try:
        metadata = future.get(timeout=1)
    except KafkaError as error:
        return Delivery(None, None, error.errno, repr(error))
    return Delivery(metadata.partition, metadata.offset)


def _records(polled: dict[TopicPartition, list[Any]]) -> list[Record]:
    return [
        Record(
            record.partition,
            record.offset,
            record.key,
            record.value,
            tuple((name, value) for name, value in record.headers),
        )
        for records in polled.values()
        for record in records
    ]

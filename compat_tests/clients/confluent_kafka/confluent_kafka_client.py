"""confluent-kafka, that is librdkafka."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

import confluent_kafka
from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from compat_tests.clients.client_under_test import Delivery, Message, ProducerSettings, Record


class ConfluentKafka:
    group_protocol = "classic"
    """With which its members join."""
    name = "confluent_kafka"
    sends_ahead_on_one_partition = 5
    sends_ahead = 5
    codec_packages: Mapping[str, str] = {}

    def create_topic(self, bootstrap: str, topic: str, partitions: int) -> None:
        admin = AdminClient({"bootstrap.servers": bootstrap})
        created = admin.create_topics([NewTopic(topic, partitions, 1)])
        created[topic].result(timeout=30)

    def produce(
        self, bootstrap: str, topic: str, messages: Sequence[Message], settings: ProducerSettings
    ) -> list[Delivery]:
        producer = confluent_kafka.Producer(producer_config(bootstrap, settings))
        if settings.backoff_ms is not None:
            # A first look at the topic spares the fixed 500 ms that librdkafka waits before it asks
            # for a producer id again when its first connection was not up in time.
            with contextlib.suppress(KafkaException):
                producer.list_topics(topic, timeout=5)
        deliveries = [Delivery(None, None, KafkaError._TIMED_OUT, "never reported")] * len(messages)
        for index, message in enumerate(messages):

            def delivered(
                error: KafkaError | None, sent: confluent_kafka.Message, index: int = index
            ) -> None:
                deliveries[index] = _delivery(error, sent)

            while True:
                try:
                    producer.produce(
                        topic,
                        message.value,
                        message.key,
                        partition=-1 if message.partition is None else message.partition,
                        headers=list(message.headers),
                        on_delivery=delivered,
                    )
                    break
                except BufferError:
                    # queue.buffering.max.messages is 100,000 and the queue has the reports too.
                    producer.poll(0.1)
        producer.flush(120)
        return deliveries

    def read(self, bootstrap: str, topic: str, partitions: Sequence[int]) -> list[Record]:
        consumer = confluent_kafka.Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": "not used: partitions are assigned",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "enable.partition.eof": True,
                # The end of a partition is only told by an empty answer, which takes this long.
                "fetch.wait.max.ms": 20,
            }
        )
        records: list[Record] = []
        unfinished = set(partitions)
        try:
            # Not OFFSET_BEGINNING: before the leader is known that costs a fixed 500 ms.
            consumer.assign([TopicPartition(topic, partition, 0) for partition in partitions])
            while unfinished:
                got = consumer.consume(10_000, timeout=0.2)
                for message in got:
                    error = message.error()
                    if error is None:
                        records.append(_record(message))
                    elif error.code() == KafkaError._PARTITION_EOF:
                        unfinished.discard(message.partition())
                    else:
                        raise KafkaException(error)
        finally:
            consumer.close()
        return records

    def join(self, bootstrap: str, group: str, topic: str) -> ConfluentMember:
        return ConfluentMember(bootstrap, group, topic, protocol=self.group_protocol)


class ConfluentMember:
    def __init__(
        self,
        bootstrap: str,
        group: str,
        topic: str,
        assignor: str = "range,roundrobin",
        protocol: str = "classic",
    ) -> None:
        settings: dict[str, str | int | bool] = {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "group.protocol": protocol,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }
        if protocol == "classic":
            # The broker has these of the other protocol's members.
            settings |= {
                "heartbeat.interval.ms": 200,
                "session.timeout.ms": 10_000,
                "partition.assignment.strategy": assignor,
            }
        self._consumer = confluent_kafka.Consumer(settings)
        self._consumer.subscribe([topic])

    def poll(self, timeout_s: float) -> list[Record]:
        records = []
        for message in self._consumer.consume(500, timeout=timeout_s):
            error = message.error()
            if error is not None:
                raise KafkaException(error)
            records.append(_record(message))
        return records

    def assigned(self) -> frozenset[int]:
        return frozenset(partition.partition for partition in self._consumer.assignment())

    def commit(self) -> bool:
        try:
            self._consumer.commit(asynchronous=False)
        except KafkaException as error:
            if error.args[0].code() not in (
                KafkaError.REBALANCE_IN_PROGRESS,
                KafkaError.ILLEGAL_GENERATION,
            ):
                raise
            return False
        return True

    def close(self) -> None:
        self._consumer.close()


def producer_config(bootstrap: str, settings: ProducerSettings) -> dict[str, str | int]:
    """The library's own property names for `settings`."""
    config: dict[str, str | int] = {
        "bootstrap.servers": bootstrap,
        "enable.idempotence": "true",
        "acks": "all",
        "max.in.flight.requests.per.connection": 5,
        "compression.type": settings.compression,
    }
    if settings.batch_bytes is not None:
        config["batch.size"] = settings.batch_bytes
    if settings.linger_ms is not None:
        config["linger.ms"] = settings.linger_ms
    if settings.largest_message is not None:
        config["message.max.bytes"] = settings.largest_message
    if settings.backoff_ms is not None:
        config |= {
            "retry.backoff.ms": settings.backoff_ms,
            "retry.backoff.max.ms": 4 * settings.backoff_ms,
            "reconnect.backoff.ms": settings.backoff_ms,
            "reconnect.backoff.max.ms": 4 * settings.backoff_ms,
            "topic.metadata.refresh.fast.interval.ms": settings.backoff_ms,
        }
    return config


def _delivery(error: KafkaError | None, message: confluent_kafka.Message) -> Delivery:
    if error is not None:
        return Delivery(message.partition(), message.offset(), error.code(), error.str())
    return Delivery(message.partition(), message.offset())


def _record(message: confluent_kafka.Message) -> Record:
    return Record(
        message.partition(),
        message.offset(),
        message.key(),
        message.value(),
        tuple(message.headers() or ()),
    )

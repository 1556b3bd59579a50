"""aiokafka; every call runs an event loop until the work is done."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import CommitFailedError, KafkaConnectionError, KafkaError, for_code

from compat_tests.clients.client_under_test import Delivery, Message, ProducerSettings, Record


class AioKafka:
    name = "aiokafka"
    # The sender waits for a broker's answer before it sends to that broker again.
    sends_ahead_on_one_partition = 1
    sends_ahead = 1
    codec_packages: Mapping[str, str] = {"snappy": "cramjam", "lz4": "cramjam", "zstd": "cramjam"}

    def create_topic(self, bootstrap: str, topic: str, partitions: int) -> None:
        async def create() -> None:
            admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
            await admin.start()
            try:
                answer = await admin.create_topics([NewTopic(topic, partitions, 1)])
                for _, code, *_ in answer.topic_errors:
                    if code:
                        raise for_code(code)(f"creating {topic}")
            finally:
                await admin.close()

        asyncio.run(create())

    def produce(
        self, bootstrap: str, topic: str, messages: Sequence[Message], settings: ProducerSettings
    ) -> list[Delivery]:
        async def produce() -> list[Delivery]:
            producer = await _started(_producer_config(bootstrap, settings))
            try:
                sent = [
                    await producer.send(
                        topic,
                        value=message.value,
                        key=message.key,
                        partition=message.partition,
                        headers=list(message.headers),
                    )
                    for message in messages
                ]
                await asyncio.wait(sent, timeout=120)
                return [_delivery(future) for future in sent]
            finally:
                await producer.stop()

        return asyncio.run(produce())

    def read(self, bootstrap: str, topic: str, partitions: Sequence[int]) -> list[Record]:
        async def read() -> list[Record]:
            # Not seek_to_beginning(): assign() starts a reset of its own, and the later one wins.
            consumer = AIOKafkaConsumer(
                bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
            )
            await consumer.start()
            try:
                assigned = [TopicPartition(topic, partition) for partition in partitions]
                consumer.assign(assigned)
                ends = await consumer.end_offsets(assigned)
                records: list[Record] = []
                while any([await consumer.position(tp) < ends[tp] for tp in assigned]):
                    records += _records(await consumer.getmany(timeout_ms=200, max_records=10_000))
                return records
            finally:
                await consumer.stop()

        return asyncio.run(read())

    def join(self, bootstrap: str, group: str, topic: str) -> AioKafkaMember:
        return AioKafkaMember(bootstrap, group, topic)


class AioKafkaMember:
    """Owns an event loop that runs while a call runs; heartbeats go on as long as it is polled."""

    def __init__(self, bootstrap: str, group: str, topic: str) -> None:
        self._runner = asyncio.Runner()

        async def start() -> AIOKafkaConsumer:
            consumer = AIOKafkaConsumer(
                topic,
                bootstrap_servers=bootstrap,
                group_id=group,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                heartbeat_interval_ms=200,
                session_timeout_ms=10_000,
            )
            await consumer.start()
            return consumer

        self._consumer = self._runner.run(start())

    def poll(self, timeout_s: float) -> list[Record]:
        return _records(self._runner.run(self._consumer.getmany(timeout_ms=int(timeout_s * 1000))))

    def assigned(self) -> frozenset[int]:
        return frozenset(tp.partition for tp in self._consumer.assignment())

    def commit(self) -> bool:
        try:
            self._runner.run(self._consumer.commit())
        except CommitFailedError:
            return False
        return True

    def close(self) -> None:
        self._runner.run(self._consumer.stop())
        self._runner.close()


async def _started(config: dict[str, Any]) -> AIOKafkaProducer:
    """start() asks each bootstrap server once; when its answer is lost, the application repeats."""
    attempts = 0
    while True:
        producer = AIOKafkaProducer(**config)
        try:
            await producer.start()
        except KafkaConnectionError:
            await producer.stop()
            attempts += 1
            if attempts == 10:
                raise
        else:
            return producer


def _producer_config(bootstrap: str, settings: ProducerSettings) -> dict[str, Any]:
    config: dict[str, Any] = {
        "bootstrap_servers": bootstrap,
        "enable_idempotence": True,
        "acks": "all",
        "compression_type": None if settings.compression == "none" else settings.compression,
    }
    if settings.batch_bytes is not None:
        config["max_batch_size"] = settings.batch_bytes
    if settings.linger_ms is not None:
        config["linger_ms"] = settings.linger_ms
    if settings.largest_message is not None:
        config["max_request_size"] = settings.largest_message
        config.setdefault("max_batch_size", settings.largest_message)
    if settings.backoff_ms is not None:
        config["retry_backoff_ms"] = settings.backoff_ms
    return config


def _delivery(future: asyncio.Future[Any]) -> Delivery:
    if not future.done():
        return Delivery(None, None, -1, "never reported")
    error = future.exception()
    if isinstance(error, KafkaError):
        return Delivery(None, None, error.errno, repr(error))
    metadata = future.result()
    return Delivery(metadata.partition, metadata.offset)


def _records(polled: dict[TopicPartition, list[Any]]) -> list[Record]:
    return [
        Record(record.partition, record.offset, record.key, record.value, tuple(record.headers))
        for records in polled.values()
        for record in records
    ]

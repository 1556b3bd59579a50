"""Unmodified clients meet the faults; the log has everything once all the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from compat_tests.conftest import need
from compat_tests.server.conftest import LogLines
from kafkashim.testing import KafkaShim

Start = Callable[..., KafkaShim]
VALUES = [b"%d" % number for number in range(20)]


def producer(shim: KafkaShim, **settings: Any) -> Any:
    """A librdkafka producer that does not wait long."""
    return need("confluent_kafka").Producer(
        {
            "bootstrap.servers": shim.bootstrap_servers,
            "enable.idempotence": True,
            "linger.ms": 0,
            "batch.num.messages": 5,
            "request.timeout.ms": 1000,
            "socket.timeout.ms": 1000,
            "retry.backoff.ms": 10,
            "reconnect.backoff.ms": 10,
            "reconnect.backoff.max.ms": 20,
            "log_level": 0,
            **settings,
        }
    )


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("fail_before_append", {"error": "NOT_LEADER_OR_FOLLOWER"}),
        ("fail_after_append", {"error": "REQUEST_TIMED_OUT"}),
        ("drop_answer", {}),
        ("cut_answer", {}),
        ("cut_answer", {"length": 3}),
        ("delay_answer", {"ms": 200}),
        ("slow_answer", {"bytes_per_second": 500}),
        ("close_connection", {}),
        ("throttle", {"ms": 200}),
    ],
)
def test_an_idempotent_producer_of_librdkafka(
    start: Start, action: str, words: dict[str, Any], log_lines: LogLines
) -> None:
    with start(rules="kafka-4.3") as shim:
        client = producer(shim)
        client.produce("orders", b"first")
        assert client.flush(10) == 0
        fault = shim.faults.add(
            {"action": action, "api": "Produce", "topic": "orders", "times": 2, **words}
        )
        failed: list[Any] = []
        for value in VALUES:
            client.produce("orders", value, on_delivery=lambda e, m: e and failed.append(e))
            client.poll(0)
        assert client.flush(20) == 0
        assert fault.fired == 2, fault
        assert not failed
        shim.journal.assert_produced("orders", values=[b"first", *VALUES])
        shim.journal.assert_no_duplicates("orders")


def test_a_lost_answer_is_a_duplicate_that_is_dropped(start: Start, log_lines: LogLines) -> None:
    with start() as shim:
        client = producer(shim)
        shim.faults.drop_answer(api="Produce", topic="orders", times=1)
        client.produce("orders", b"once")
        assert client.flush(10) == 0
        kinds = [type(d.verdict).__name__ for d in shim.journal.decisions("orders")]
        assert kinds == ["Append", "Duplicate"]
        shim.journal.assert_produced("orders", values=[b"once"])


def test_without_idempotence_a_lost_answer_is_a_duplicate_in_the_log(
    start: Start, log_lines: LogLines
) -> None:
    with start() as shim:
        client = producer(shim, **{"enable.idempotence": False, "acks": "all"})
        shim.faults.drop_answer(api="Produce", topic="orders", times=1)
        client.produce("orders", b"once")
        assert client.flush(10) == 0
        with pytest.raises(AssertionError, match="has b'once' twice"):
            shim.journal.assert_no_duplicates("orders")


def test_a_consumer_of_kafka_python(start: Start, log_lines: LogLines) -> None:
    kafka = need("kafka")
    with start() as shim:
        client = producer(shim)
        for value in VALUES:
            client.produce("orders", value)
        assert client.flush(10) == 0
        fault = shim.faults.fail_before_append(
            "NOT_LEADER_OR_FOLLOWER", api="Fetch", topic="orders", times=3
        )
        consumer = kafka.KafkaConsumer(
            "orders",
            bootstrap_servers=shim.bootstrap_servers,
            auto_offset_reset="earliest",
            consumer_timeout_ms=10_000,
            retry_backoff_ms=10,
        )
        try:
            found = [record.value for record, _ in zip(consumer, VALUES, strict=False)]
        finally:
            consumer.close()
        assert found == VALUES
        assert fault.fired == 3, fault

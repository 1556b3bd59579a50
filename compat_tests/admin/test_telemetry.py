"""Client telemetry (KIP-714) where nothing is subscribed to.

Apache Kafka answers so with a ``metric.reporters`` class that takes client telemetry.
"""

from __future__ import annotations

import gzip
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest

from compat_tests.admin.conftest import Start
from compat_tests.wire_client import WireClient
from kafka_codecs.compression import compress
from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_18_api_versions import ApiVersionsRequest
from kafka_codecs.messages.api_71_get_telemetry_subscriptions import (
    GetTelemetrySubscriptionsRequest,
)
from kafka_codecs.messages.api_72_push_telemetry import PushTelemetryRequest
from kafka_codecs.schema import ZERO_UUID
from kafkashim.clock import ManualClock
from kafkashim.ids import IdSource
from kafkashim.telemetry import ClientTelemetry, Push, subscription_id

MOST = 1024 * 1024
FIVE_MINUTES = 300_000
LATE = ErrorCode.THROTTLING_QUOTA_EXCEEDED
REPORTER = {"metric.reporters": "org.example.Telemetry"}


class TestOverTheWire:
    @pytest.fixture
    def client(self, start: Start) -> WireClient:
        return start(REPORTER)

    def test_offered_only_with_a_reporter(self, client: WireClient, start: Start) -> None:
        request = ApiVersionsRequest(client_software_name="a", client_software_version="1")
        with_reporter = {key.api_key for key in client.ask(request, 3).api_keys}
        without = {
            key.api_key
            for key in start({"metric.reporters": "org.apache.kafka.common.metrics.JmxReporter"})
            .ask(request, 3)
            .api_keys
        }
        assert with_reporter - without == {71, 72}

    def test_what_a_client_is_told(self, client: WireClient) -> None:
        answer = client.ask(GetTelemetrySubscriptionsRequest(client_instance_id=ZERO_UUID), 0)
        assert answer.error_code == 0
        assert answer.client_instance_id != ZERO_UUID
        assert answer.subscription_id == subscription_id(answer.client_instance_id)
        assert answer.accepted_compression_types == [4, 3, 1, 2]
        assert answer.push_interval_ms == FIVE_MINUTES
        assert answer.telemetry_max_bytes == MOST
        assert answer.delta_temporality is True
        assert answer.requested_metrics == []

    def test_a_client_that_asks_too_soon_is_told_nothing(self, client: WireClient) -> None:
        request = GetTelemetrySubscriptionsRequest(client_instance_id=uuid4())
        client.ask(request, 0)
        answer = client.ask(request, 0)
        assert (answer.error_code, answer.client_instance_id) == (LATE, ZERO_UUID)
        assert (answer.subscription_id, answer.push_interval_ms) == (0, 0)
        assert (answer.accepted_compression_types, answer.delta_temporality) == ([], False)

    def test_a_push(self, client: WireClient) -> None:
        instance = uuid4()
        client.ask(GetTelemetrySubscriptionsRequest(client_instance_id=instance), 0)
        push = PushTelemetryRequest(
            client_instance_id=instance,
            subscription_id=subscription_id(instance),
            terminating=False,
            compression_type=0,
            metrics=b"",
        )
        assert client.ask(push, 0).error_code == 0
        assert client.ask(push, 0).error_code == LATE

    def test_telemetry_max_bytes(self, start: Start) -> None:
        client = start({**REPORTER, "telemetry.max.bytes": "10"})
        instance = uuid4()
        told = client.ask(GetTelemetrySubscriptionsRequest(client_instance_id=instance), 0)
        assert told.telemetry_max_bytes == 10
        push = PushTelemetryRequest(
            client_instance_id=instance,
            subscription_id=told.subscription_id,
            terminating=False,
            compression_type=0,
            metrics=bytes(11),
        )
        assert client.ask(push, 0).error_code == ErrorCode.TELEMETRY_TOO_LARGE


class Client:
    """One client of a broker whose time stands still."""

    def __init__(self, instance: UUID | None = None) -> None:
        self.clock = ManualClock(1_000_000)
        self.telemetry = ClientTelemetry(self.clock, IdSource(1))
        self.instance = instance or uuid4()
        self.connection = SimpleNamespace(closed=False)

    def get(self) -> int:
        return self.telemetry.subscribe(self.connection, self.instance)[0]

    def push(
        self,
        *,
        wrong_id: bool = False,
        terminating: bool = False,
        codec: int = 0,
        data: bytes = b"",
    ) -> int:
        expected = subscription_id(self.instance)
        push = Push(expected ^ wrong_id, terminating, codec, data)
        return self.telemetry.push(self.connection, self.instance, push, MOST)


@pytest.mark.parametrize(
    ("instance", "expected"),
    [
        ("00112233-4455-6677-8899-aabbccddeeff", -725132322),
        ("ffffffff-0000-0000-0000-000000000000", 725132321),
    ],
)
def test_the_subscription_id_is_the_one_kafka_computes(instance: str, expected: int) -> None:
    assert subscription_id(UUID(instance)) == expected


def test_the_first_push_may_come_early_and_the_next_may_not() -> None:
    client = Client()
    client.get()
    client.clock.advance(1)
    assert [client.push(), client.push()] == [0, LATE]
    client.clock.advance(FIVE_MINUTES - 1)
    assert client.push() == LATE
    client.clock.advance(1)
    assert client.push() == 0


def test_a_get_waits_for_the_interval_after_get_and_push() -> None:
    client = Client()
    assert [client.get(), client.get()] == [0, LATE]
    client.clock.advance(FIVE_MINUTES - 1)
    assert client.push() == 0
    client.clock.advance(1)
    assert client.get() == LATE
    client.clock.advance(FIVE_MINUTES - 1)
    assert client.get() == 0


def test_a_client_that_terminates_may_push_at_once_and_then_no_more() -> None:
    client = Client()
    client.get()
    assert [client.push(), client.push(terminating=True)] == [0, 0]
    assert client.push(terminating=True) == ErrorCode.INVALID_REQUEST
    assert client.get() == LATE


def test_an_unknown_instance_is_known_from_then_on() -> None:
    client = Client()
    assert client.push(wrong_id=True) == ErrorCode.UNKNOWN_SUBSCRIPTION_ID
    assert client.push(wrong_id=True) == LATE


@pytest.mark.parametrize("wrong", [{"wrong_id": True}, {"codec": 9}, {"codec": -1}])
def test_after_these_errors_a_client_may_ask_again_once(wrong: dict[str, int]) -> None:
    client = Client()
    client.get()
    client.clock.advance(1)
    error = client.push(**wrong)
    assert error in (ErrorCode.UNKNOWN_SUBSCRIPTION_ID, ErrorCode.UNSUPPORTED_COMPRESSION_TYPE)
    assert [client.get(), client.get()] == [0, LATE]
    assert client.push() == LATE


def test_a_later_error_takes_that_leave_away() -> None:
    client = Client()
    client.get()
    client.clock.advance(1)
    client.push(wrong_id=True)
    assert [client.push(), client.get()] == [LATE, LATE]


@pytest.mark.parametrize("instance", [ZERO_UUID, UUID(int=1)])
def test_reserved_instance_ids(instance: UUID) -> None:
    assert Client(instance).push() == ErrorCode.INVALID_REQUEST


@pytest.mark.parametrize("codec", range(5))
@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", ErrorCode.NONE),
        (b"x" * 100, ErrorCode.NONE),
        (bytes(2 * MOST), ErrorCode.INVALID_RECORD),
    ],
    ids=["nothing", "something", "too much"],
)
def test_metrics_are_unpacked_and_dropped(codec: int, data: bytes, error: int) -> None:
    client = Client()
    client.get()
    client.clock.advance(1)
    if codec == 0 and len(data) > MOST:
        error = ErrorCode.TELEMETRY_TOO_LARGE
    assert client.push(codec=codec, data=compress(codec, data) if data else b"") == error


@pytest.mark.parametrize("codec", range(1, 5))
@pytest.mark.parametrize("data", [b"garbage", gzip.compress(bytes(range(256)))[:-20]])
def test_metrics_that_cannot_be_unpacked(codec: int, data: bytes) -> None:
    client = Client()
    client.get()
    client.clock.advance(1)
    assert client.push(codec=codec, data=data) == ErrorCode.INVALID_RECORD


def test_metrics_are_not_looked_into() -> None:
    client = Client()
    client.get()
    client.clock.advance(1)
    assert client.push(data=b"garbage") == 0


def test_those_unseen_for_longest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kafkashim.telemetry.MOST_INSTANCES", 100)
    client = Client()
    first, second = client.instance, uuid4()
    for instance in (first, second, first, *(uuid4() for _ in range(99))):
        client.instance = instance
        client.get()
    assert client.get() == LATE
    client.instance = first
    assert client.get() == LATE
    client.instance = second
    assert client.get() == 0


@pytest.mark.parametrize(
    ("waited", "error"), [(-1, ErrorCode.INVALID_REQUEST), (0, ErrorCode.NONE)]
)
def test_a_client_that_was_silent_for_three_intervals_is_forgotten(waited: int, error: int) -> None:
    client = Client()
    client.push(terminating=True)
    client.clock.advance(3 * FIVE_MINUTES + waited)
    assert client.push() == error


def test_a_connection_takes_the_client_it_brought_last_with_it() -> None:
    client = Client()
    earlier = client.instance
    client.get()
    client.instance = uuid4()
    client.get()
    client.connection.closed = True
    client.connection = SimpleNamespace(closed=False)
    assert client.get() == 0
    client.instance = earlier
    assert client.get() == LATE

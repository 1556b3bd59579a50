"""Quotas over time: how long clients wait, what a muted connection does, and what is left in the end."""

from __future__ import annotations

import time

import pytest

from compat_tests.conftest import need
from compat_tests.server.batches import NOW
from compat_tests.server.in_process import InProcess, Peer
from compat_tests.wire_client import WireClient
from kafka_codecs.frame import decode_response, encode_request
from kafka_codecs.messages.api_00_produce import (
    PartitionProduceData,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
)
from kafka_codecs.messages.api_01_fetch import (
    FetchPartition,
    FetchRequest,
    FetchResponse,
    FetchTopic,
)
from kafka_codecs.messages.api_03_metadata import MetadataRequest
from kafka_codecs.messages.api_18_api_versions import ApiVersionsRequest, ApiVersionsResponse
from kafka_codecs.messages.api_49_alter_client_quotas import (
    AlterClientQuotasRequest,
    EntityData,
    EntryData,
    OpData,
)
from kafka_codecs.record_batch import encode_batch, read_batches
from kafka_codecs.schema import Request
from kafkashim.clock import ManualClock
from kafkashim.connection import READ_AHEAD
from kafkashim.testing import KafkaShim
from kafkashim.throttling import FIRST_LOOK_FOR_FORGOTTEN, FORGOTTEN_AFTER_MS, ByteRates

TOPIC = "throttled"
CLIENT = "c"
PRODUCE, FETCH, API_VERSIONS, ALTER = 9, 12, 0, 1
SECOND = 1000


def limit(quota: str, rate: float | None, client_id: str | None = CLIENT) -> Request:
    entity = [EntityData(entity_type="client-id", entity_name=client_id)]
    op = OpData(key=quota, value=rate or 0.0, remove=rate is None)
    entry = EntryData(entity=entity, ops=[op])
    return AlterClientQuotasRequest(entries=[entry], validate_only=False)


def produce(size: int, acks: int = -1) -> ProduceRequest:
    records = encode_batch([(None, b"v" * size)], base_timestamp=NOW)
    data = PartitionProduceData(index=0, records=records)
    topic = TopicProduceData(name=TOPIC, partition_data=[data])
    return ProduceRequest(acks=acks, timeout_ms=1000, topic_data=[topic])


def fetch(offset: int, max_wait_ms: int = 0) -> FetchRequest:
    part = FetchPartition(partition=0, fetch_offset=offset, partition_max_bytes=1 << 20)
    topics = [FetchTopic(topic=TOPIC, partitions=[part])]
    return FetchRequest(
        replica_id=-1, max_wait_ms=max_wait_ms, min_bytes=1, max_bytes=1 << 20, topics=topics
    )


def frame(request: Request, version: int) -> bytes:
    """A request with its size in front."""
    return encode_request(request, version, 1, CLIENT)


def size_of(request: Request, version: int) -> int:
    """The bytes of a request that count: all but its size."""
    return len(frame(request, version)) - 4


@pytest.fixture
def broker(pytestconfig: pytest.Config) -> InProcess:
    shim = InProcess(decoder=pytestconfig.getoption("--decoder"))
    shim.broker.cluster.create_topic_with_defaults(TOPIC)
    return shim


def say(peer: Peer, request: Request, version: int) -> list[bytes]:
    """Send as the client with the quota; gives the answers there are at once."""
    peer.send(frame(request, version))
    return peer.frames()


def produced(peer: Peer, size: int) -> int:
    """Produce, and give for how long the client is told to wait."""
    (answer,) = say(peer, produce(size), PRODUCE)
    response = decode_response(ProduceResponse, PRODUCE, answer)[1]
    assert not response.responses[0].partition_responses[0].error_code
    return response.throttle_time_ms


def fetched(peer: Peer, offset: int) -> FetchResponse:
    (answer,) = say(peer, fetch(offset), FETCH)
    return decode_response(FetchResponse, FETCH, answer)[1]


class TestProducers:
    @pytest.mark.parametrize(("samples", "seconds"), [(11, 1), (2, 1), (1, 1), (5, 7)])
    def test_wait_until_the_rate_is_kept(
        self, samples: int, seconds: int, pytestconfig: pytest.Config
    ) -> None:
        config = {
            "quota.window.num": str(samples),
            "quota.window.size.seconds": str(seconds),
        }
        broker = InProcess(decoder=pytestconfig.getoption("--decoder"), config=config)
        broker.broker.cluster.create_topic_with_defaults(TOPIC)
        broker.connect().ask(limit("producer_byte_rate", 100.0), ALTER)
        total, begun = 0, broker.clock.now_ms()
        for pause in (0, 10, 100, 37):
            broker.clock.advance(pause)
            peer = broker.connect()
            total += size_of(produce(20_000), PRODUCE)
            # All windows but the one that is filling count as whole.
            elapsed = broker.clock.now_ms() - begun
            window = max((samples - 1) * seconds * SECOND + elapsed, 1)
            expected = total * SECOND / 100 - window
            assert produced(peer, 20_000) == pytest.approx(expected, abs=1)

    def test_those_who_wait_as_told_keep_to_the_rate(self, broker: InProcess) -> None:
        rate, begun = 10_000, broker.clock.now_ms()
        broker.connect().ask(limit("producer_byte_rate", float(rate)), ALTER)
        peer = broker.connect()
        sent = waits = 0
        while broker.clock.now_ms() - begun < 60 * SECOND:
            delay_ms = produced(peer, 4000)
            sent += size_of(produce(4000), PRODUCE)
            waits += delay_ms > 0
            broker.clock.advance(max(delay_ms, 10))
            peer.transport.run()
        # The first ten seconds' worth may be had at once.
        assert rate * 60 * 0.9 < sent < rate * 72
        assert waits > 10

    def test_those_slower_than_the_rate_never_wait(self, broker: InProcess) -> None:
        broker.connect().ask(limit("producer_byte_rate", 10_000.0), ALTER)
        peer = broker.connect()
        for _ in range(100):
            assert produced(peer, 4000) == 0
            broker.clock.advance(500)

    def test_a_rate_that_is_gone_holds_nobody(self, broker: InProcess) -> None:
        admin = broker.connect()
        assert broker.broker.producer_rates is None
        admin.ask(limit("producer_byte_rate", 1.0), ALTER)
        assert broker.broker.producer_rates is not None
        assert produced(broker.connect(), 1000)
        admin.ask(limit("producer_byte_rate", None), ALTER)
        assert broker.broker.producer_rates is None
        assert not produced(broker.connect(), 1000)

    def test_quotas_that_are_not_byte_rates_hold_nobody(self, broker: InProcess) -> None:
        broker.connect().ask(limit("request_percentage", 1e-9), ALTER)
        broker.connect().ask(limit("controller_mutation_rate", 1e-9), ALTER)
        assert broker.broker.producer_rates is broker.broker.consumer_rates is None


class TestMutedConnections:
    @pytest.fixture
    def muted(self, broker: InProcess) -> tuple[Peer, int]:
        """A connection, and for how long it is muted."""
        broker.connect().ask(limit("producer_byte_rate", 100.0), ALTER)
        peer = broker.connect()
        delay_ms = produced(peer, 1000)
        assert delay_ms
        return peer, delay_ms

    def test_answer_when_the_time_is_over(self, broker: InProcess, muted: tuple[Peer, int]) -> None:
        peer, delay_ms = muted
        assert not say(peer, ApiVersionsRequest(), API_VERSIONS)
        broker.clock.advance(delay_ms - 1)
        peer.transport.run()
        assert not peer.frames()
        broker.clock.advance(1)
        peer.transport.run()
        (answer,) = peer.frames()
        assert decode_response(ApiVersionsResponse, API_VERSIONS, answer)[1].api_keys

    def test_answer_in_order_what_came_at_once(self, broker: InProcess) -> None:
        """Each of them has to wait for the one before."""
        broker.connect().ask(limit("producer_byte_rate", 100.0), ALTER)
        peer = broker.connect()
        offsets: list[int] = []
        peer.send(frame(produce(1000), PRODUCE) * 3)
        for _ in range(3):
            (answer,) = peer.frames()
            response = decode_response(ProduceResponse, PRODUCE, answer)[1]
            offsets.append(response.responses[0].partition_responses[0].base_offset)
            broker.clock.advance(response.throttle_time_ms)
            peer.transport.run()
        assert offsets == [0, 1, 2]
        assert not peer.frames()

    def test_are_muted_without_an_answer_too(self, broker: InProcess) -> None:
        broker.connect().ask(limit("producer_byte_rate", 100.0), ALTER)
        peer = broker.connect()
        assert not say(peer, produce(1000, acks=0), PRODUCE)
        assert not say(peer, ApiVersionsRequest(), API_VERSIONS)
        broker.clock.advance(size_of(produce(1000, acks=0), PRODUCE) * 10 - 10_000)
        peer.transport.run()
        assert len(peer.frames()) == 1

    def test_read_no_more_than_a_little(self, broker: InProcess, muted: tuple[Peer, int]) -> None:
        peer, delay_ms = muted
        question = frame(ApiVersionsRequest(), API_VERSIONS)
        many = 2 * READ_AHEAD // len(question)
        taken = peer.send(question * many, at_once=4096)
        assert READ_AHEAD <= taken < len(question) * many
        assert not peer.transport.reading
        broker.clock.advance(delay_ms)
        peer.transport.run()
        assert peer.transport.reading
        assert len(peer.frames()) == taken // len(question)

    def test_that_are_lost_wait_for_nothing(
        self, broker: InProcess, muted: tuple[Peer, int]
    ) -> None:
        peer, delay_ms = muted
        say(peer, ApiVersionsRequest(), API_VERSIONS)
        peer.connection.lost()
        broker.clock.advance(delay_ms)
        peer.transport.run()
        assert not peer.frames()

    def test_do_not_mute_others(self, broker: InProcess, muted: tuple[Peer, int]) -> None:
        assert say(broker.connect(), ApiVersionsRequest(), API_VERSIONS)


class TestConsumers:
    def test_get_all_there_is_at_the_rate(self, broker: InProcess) -> None:
        count, rate = 200, 10_000
        for _ in range(count):
            produced(broker.connect(), 3000)
        broker.connect().ask(limit("consumer_byte_rate", float(rate)), ALTER)
        begun, offset, waits = broker.clock.now_ms(), 0, 0
        peer = broker.connect()
        while offset < count:
            response = fetched(peer, offset)
            if response.throttle_time_ms:
                waits += 1
                assert not response.responses
                broker.clock.advance(response.throttle_time_ms)
                peer.transport.run()
                continue
            records = response.responses[0].partitions[0].records
            batches = read_batches(records)
            assert batches[0].base_offset == offset
            offset += len(batches)
        seconds = (broker.clock.now_ms() - begun) / SECOND
        # Slower than it might be, because what was too much is read again after the wait.
        assert count * 3000 / rate - 12 < seconds < count * 3000 / rate * 2
        assert waits > 5

    def test_that_waited_for_data_wait_because_of_it(self, broker: InProcess) -> None:
        broker.connect().ask(limit("consumer_byte_rate", 100.0), ALTER)
        peer = broker.connect()
        assert not say(peer, fetch(0, max_wait_ms=5000), FETCH)
        produced(broker.connect(), 2000)
        (answer,) = peer.frames()
        response = decode_response(FetchResponse, FETCH, answer)[1]
        assert response.throttle_time_ms
        assert not response.responses
        assert not say(peer, ApiVersionsRequest(), API_VERSIONS)
        broker.clock.advance(response.throttle_time_ms)
        peer.transport.run()
        assert len(peer.frames()) == 1


def test_clients_that_are_silent_for_long_are_forgotten() -> None:
    rates, clock = ByteRates(11, 1), ManualClock(NOW)
    rates.limit("", None, 1e9)
    for number in range(FIRST_LOOK_FOR_FORGOTTEN):
        rates.record(f"client {number}", 1, clock.now_ms())
    clock.advance(FORGOTTEN_AFTER_MS)
    rates.record("one more", 1, clock.now_ms())
    assert len(rates._rates) == 1  # pyright: ignore[reportPrivateUsage]


def test_librdkafka_is_told(pytestconfig: pytest.Config) -> None:
    """A client that nobody changed learns of the wait, and all it sends arrives."""
    confluent_kafka = need("confluent_kafka")
    told: list[float] = []
    reports: list[object] = []
    decoder = pytestconfig.getoption("--decoder")
    with KafkaShim(decoder=decoder, config={"quota.window.num": "2"}) as shim:
        with WireClient(shim.host, shim.port) as admin:
            admin.ask(MetadataRequest(topics=None), 12)
            admin.ask(limit("producer_byte_rate", 4000.0, "slow"), ALTER)
        producer = confluent_kafka.Producer(
            {
                "bootstrap.servers": shim.bootstrap_servers,
                "client.id": "slow",
                "enable.idempotence": True,
                "linger.ms": 0,
                "batch.num.messages": 1,
                "throttle_cb": lambda event: told.append(event.throttle_time),
            }
        )
        begun = time.monotonic()
        for _ in range(10):
            producer.produce(TOPIC, b"v" * 1000, on_delivery=lambda error, _: reports.append(error))
        assert producer.flush(20) == 0
        seconds = time.monotonic() - begun
    assert reports == [None] * 10
    assert any(told)
    # Some 11 kB at 4 kB a second, of which the first window is free.
    assert seconds > 1

"""An unmodified idempotent producer writes; its library reads all of it once and in order."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from compat_tests.clients.client_under_test import ClientUnderTest, Message, ProducerSettings
from compat_tests.clients.driven import DrivenClient
from compat_tests.clients.exactly_once import assert_all_delivered, assert_exactly_once_in_order
from compat_tests.conftest import BrokerUnderTest, RelayedBroker, need
from kafkashim.relay import PRODUCE, DelayAnswers

MESSAGE_TOO_LARGE = 10

# max.message.bytes is 1048588 by default and bounds the batch. A v2 batch of one record without key
# and headers takes 61 bytes of batch header and 11 bytes around a value of this length.
LARGEST_VALUE = 1_048_588 - 61 - 11


def _written_and_read(
    client: ClientUnderTest,
    broker: BrokerUnderTest,
    topic: str,
    messages: list[Message],
    settings: ProducerSettings,
    partitions: int = 1,
) -> None:
    client.create_topic(broker.bootstrap_servers, topic, partitions)
    deliveries = client.produce(broker.bootstrap_servers, topic, messages, settings)
    records = client.read(broker.bootstrap_servers, topic, range(partitions))
    assert_exactly_once_in_order(messages, deliveries, records)


@pytest.mark.parametrize("count", [1, 100, 100_000])
def test_every_message_is_read_once_and_in_order(
    client: ClientUnderTest, broker: BrokerUnderTest, unique: Callable[[str], str], count: int
) -> None:
    messages = [Message(b"message %d" % number, partition=0) for number in range(count)]
    _written_and_read(client, broker, unique("count"), messages, ProducerSettings(linger_ms=5))


@pytest.mark.parametrize("compression", ["gzip", "snappy", "lz4", "zstd"])
def test_compressed_batches(
    client: ClientUnderTest, broker: BrokerUnderTest, unique: Callable[[str], str], compression: str
) -> None:
    """Batches that compress well, one record that does not, and one far above snappy's blocks."""
    if isinstance(client, DrivenClient) and compression not in client.codecs:
        pytest.skip(f"{client.name} has no {compression}")
    if compression in client.codec_packages:
        need(client.codec_packages[compression])
    noise = random.Random(4).randbytes(20_000)
    messages = [Message(b"%d " % number * 50, b"key", partition=0) for number in range(500)]
    messages += [Message(noise, partition=0), Message(b"a long run of it " * 20_000, partition=0)]
    settings = ProducerSettings(compression, linger_ms=5)
    _written_and_read(client, broker, unique(compression), messages, settings)


def test_several_partitions_chosen_by_the_application(
    client: ClientUnderTest, broker: BrokerUnderTest, unique: Callable[[str], str]
) -> None:
    messages = [Message(b"%d" % number, partition=number % 7) for number in range(7_000)]
    settings = ProducerSettings(batch_bytes=2_000, linger_ms=5)
    _written_and_read(client, broker, unique("partitions"), messages, settings, partitions=7)


def test_several_partitions_chosen_by_key(
    client: ClientUnderTest, broker: BrokerUnderTest, unique: Callable[[str], str]
) -> None:
    messages = [Message(b"%d" % number, b"key %d" % (number % 40)) for number in range(4_000)]
    settings = ProducerSettings(linger_ms=5)
    _written_and_read(client, broker, unique("keys"), messages, settings, partitions=5)


def test_nulls_empty_strings_and_headers(
    client: ClientUnderTest, broker: BrokerUnderTest, unique: Callable[[str], str]
) -> None:
    messages = [
        Message(None, b"a tombstone", 0),
        Message(b"", b"an empty value", 0),
        Message(b"an empty key", b"", 0),
        Message(b"no key", None, 0),
        Message(b"headers", b"k", 0, (("name", b"value"), ("name", b"again"), ("empty", b""))),
        Message(b"not ASCII", b"k", 0, (("größe", "straße".encode()),)),
        Message(bytes(range(256)), bytes(range(255, -1, -1)), 0),
    ]
    _written_and_read(client, broker, unique("nulls"), messages, ProducerSettings())


def test_messages_of_one_mebibyte(
    client: ClientUnderTest, broker: BrokerUnderTest, unique: Callable[[str], str]
) -> None:
    """The largest value that fits max.message.bytes is written; one byte more is refused."""
    topic = unique("mebibyte")
    noise = random.Random(5).randbytes(LARGEST_VALUE)
    messages = [Message(b"%d" % number + noise[1:], partition=0) for number in range(6)]
    settings = ProducerSettings(largest_message=2_000_000)
    _written_and_read(client, broker, topic, messages, settings)

    (refused,) = client.produce(
        broker.bootstrap_servers, topic, [Message(noise + b"!", partition=0)], settings
    )
    assert refused.error == MESSAGE_TOO_LARGE, refused
    assert len(client.read(broker.bootstrap_servers, topic, [0])) == len(messages)


@pytest.mark.parametrize("partitions", [1, 8])
def test_requests_in_flight(
    client: ClientUnderTest,
    relayed_broker: RelayedBroker,
    unique: Callable[[str], str],
    partitions: int,
) -> None:
    """Answers come late, so that the producer sends ahead: librdkafka five, the others fewer."""
    topic = unique("in-flight")
    bootstrap = relayed_broker.bootstrap_servers
    client.create_topic(bootstrap, topic, partitions)
    messages = [Message(b"%d" % i + bytes(600), partition=i % partitions) for i in range(50)]
    relayed_broker.relay.play(DelayAnswers(PRODUCE, delay_ms=20))
    # One message a batch: librdkafka (2.16) counts messages where it means to count requests. One
    # batch a request: kafka-python otherwise sends a batch of each partition in one request.
    settings = ProducerSettings(batch_bytes=700, linger_ms=0, largest_message=1_000)
    deliveries = client.produce(bootstrap, topic, messages, settings)
    most_in_flight = relayed_broker.relay.most_in_flight[PRODUCE]
    relayed_broker.relay.calm()

    assert_all_delivered(deliveries)
    records = client.read(bootstrap, topic, range(partitions))
    assert_exactly_once_in_order(messages, deliveries, records)
    expected = client.sends_ahead_on_one_partition if partitions == 1 else client.sends_ahead
    assert most_in_flight == expected

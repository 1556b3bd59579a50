"""Clients that have no idempotent producer write and read all the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from compat_tests.clients.client_under_test import Message, ProducerSettings
from compat_tests.clients.conftest import DRIVEN_CLIENTS, driven_client, driven_with
from compat_tests.clients.driven import DrivenClient
from compat_tests.clients.exactly_once import assert_all_delivered, assert_exactly_once_in_order
from compat_tests.conftest import BrokerUnderTest


@pytest.fixture(params=[name for name in DRIVEN_CLIENTS if name not in driven_with("producer")])
def plain(request: pytest.FixtureRequest) -> DrivenClient:
    return driven_client(request.param)


@pytest.mark.parametrize("compression", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_every_message_is_read_once_and_in_order(
    plain: DrivenClient, broker: BrokerUnderTest, unique: Callable[[str], str], compression: str
) -> None:
    bootstrap, topic = broker.bootstrap_servers, unique("plain")
    plain.create_topic(bootstrap, topic, 2)
    messages = [Message(b"message %d " % n * 9, b"k", partition=n % 2) for n in range(2000)]
    deliveries = plain.produce(bootstrap, topic, messages, ProducerSettings(compression))
    assert_all_delivered(deliveries)
    assert_exactly_once_in_order(messages, deliveries, plain.read(bootstrap, topic, range(2)))


def test_headers_and_nulls(
    plain: DrivenClient, broker: BrokerUnderTest, unique: Callable[[str], str]
) -> None:
    bootstrap, topic = broker.bootstrap_servers, unique("headers")
    plain.create_topic(bootstrap, topic, 1)
    headers: tuple[tuple[str, bytes | None], ...] = (("one", b"1"), ("two", b"\xff\0"))
    messages = [
        Message(b"v", b"k", partition=0, headers=headers),
        Message(b"no key", partition=0),
        Message(None, b"no value", partition=0),
    ]
    assert_all_delivered(plain.produce(bootstrap, topic, messages, ProducerSettings()))
    records = plain.read(bootstrap, topic, [0])
    assert [(r.key, r.value) for r in records] == [(m.key, m.value) for m in messages]
    assert dict(records[0].headers) == dict(headers)

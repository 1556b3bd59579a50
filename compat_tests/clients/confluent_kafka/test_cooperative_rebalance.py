"""librdkafka's cooperative-sticky assignor: members keep partitions through a rebalance (KIP-429)."""

from __future__ import annotations

from collections.abc import Callable

from compat_tests.clients.client_under_test import Message, ProducerSettings
from compat_tests.clients.conftest import load_client
from compat_tests.clients.exactly_once import assert_exactly_once_in_order
from compat_tests.clients.group_member import GroupMember, wait_for
from compat_tests.conftest import BrokerUnderTest, need

PARTITIONS = frozenset(range(4))


def test_two_cooperative_members(broker: BrokerUnderTest, unique: Callable[[str], str]) -> None:
    need("confluent_kafka")
    from compat_tests.clients.confluent_kafka.confluent_kafka_client import ConfluentMember

    client = load_client("confluent_kafka")
    bootstrap, topic, group = broker.bootstrap_servers, unique("cooperative"), unique("group")
    client.create_topic(bootstrap, topic, len(PARTITIONS))

    def join() -> GroupMember:
        return GroupMember(lambda: ConfluentMember(bootstrap, group, topic, "cooperative-sticky"))

    with join() as first, join() as second:
        wait_for(
            "each of two members has two partitions",
            lambda: (
                len(first.assigned) == len(second.assigned) == 2
                and first.assigned | second.assigned == PARTITIONS
            ),
            [first, second],
        )
        messages = [Message(b"%d" % number, partition=number % 4) for number in range(400)]
        deliveries = client.produce(bootstrap, topic, messages, ProducerSettings(linger_ms=5))
        wait_for(
            "both consume all",
            lambda: len(first.records) + len(second.records) >= 400,
            [first, second],
        )
        kept = first.assigned
        with join() as third:
            everybody = [first, second, third]
            wait_for(
                "three members share",
                lambda: (
                    sorted(len(member.assigned) for member in everybody) == [1, 1, 2]
                    and frozenset().union(*(m.assigned for m in everybody)) == PARTITIONS
                ),
                everybody,
            )
            assert first.assigned <= kept
            third.leave()
        first.leave()
        second.leave()
    assert_exactly_once_in_order(messages, deliveries, first.records + second.records)
    assert third.records == []

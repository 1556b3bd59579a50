"""Two members share a topic: who gets which partitions, and no message twice or never."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from compat_tests.clients.client_under_test import (
    ClientUnderTest,
    Delivery,
    Message,
    ProducerSettings,
    Record,
)
from compat_tests.clients.exactly_once import assert_exactly_once_in_order
from compat_tests.clients.group_member import GroupMember, join, wait_for
from compat_tests.conftest import BrokerUnderTest

PARTITIONS = frozenset(range(4))


class _Writer:
    """Writes numbered messages round the partitions and remembers all of them."""

    def __init__(self, client: ClientUnderTest, bootstrap: str, topic: str) -> None:
        self._client = client
        self._bootstrap = bootstrap
        self._topic = topic
        self.messages: list[Message] = []
        self.deliveries: list[Delivery] = []

    def write(self, count: int) -> None:
        start = len(self.messages)
        more = [
            Message(b"%d" % number, partition=number % len(PARTITIONS))
            for number in range(start, start + count)
        ]
        settings = ProducerSettings(linger_ms=5)
        self.deliveries += self._client.produce(self._bootstrap, self._topic, more, settings)
        self.messages += more


def _consumed(members: Sequence[GroupMember]) -> list[Record]:
    return [record for member in members for record in member.records]


def test_two_members_and_their_rebalances(
    group_client: ClientUnderTest, broker: BrokerUnderTest, unique: Callable[[str], str]
) -> None:
    bootstrap, topic, group = broker.bootstrap_servers, unique("shared"), unique("group")
    group_client.create_topic(bootstrap, topic, len(PARTITIONS))
    writer = _Writer(group_client, bootstrap, topic)
    with join(group_client, bootstrap, group, topic) as first:
        wait_for("one member has all partitions", lambda: first.assigned == PARTITIONS, [first])
        writer.write(400)
        wait_for("it consumes all", lambda: len(first.records) >= 400, [first])

        with join(group_client, bootstrap, group, topic) as second:
            both = [first, second]
            wait_for(
                "each of two members has two partitions",
                lambda: (
                    len(first.assigned) == len(second.assigned) == 2
                    and first.assigned | second.assigned == PARTITIONS
                ),
                both,
            )
            second_has = second.assigned
            writer.write(400)
            wait_for("both consume the rest", lambda: len(_consumed(both)) >= 800, both)
            assert {record.partition for record in second.records} == second_has
            assert len(second.records) == 200

            second.leave()
            wait_for("the first has all again", lambda: first.assigned == PARTITIONS, both)
            writer.write(400)
            wait_for("it consumes all again", lambda: len(_consumed(both)) >= 1200, both)
        first.leave()

    # Only partitions that moved were consumed by both, and the second had them in the middle.
    records = sorted(_consumed([first, second]), key=lambda record: record.offset)
    assert_exactly_once_in_order(writer.messages, writer.deliveries, records)
    for member in (first, second):
        for partition in PARTITIONS:
            offsets = [r.offset for r in member.records if r.partition == partition]
            assert offsets == sorted(offsets), f"partition {partition} out of order"


def test_a_group_goes_on_where_it_stopped(
    group_client: ClientUnderTest, broker: BrokerUnderTest, unique: Callable[[str], str]
) -> None:
    """Committed offsets outlive the members; another group begins at the beginning."""
    bootstrap, topic, group = broker.bootstrap_servers, unique("resumed"), unique("group")
    group_client.create_topic(bootstrap, topic, len(PARTITIONS))
    writer = _Writer(group_client, bootstrap, topic)
    writer.write(100)
    with join(group_client, bootstrap, group, topic) as member:
        wait_for("the group consumes all", lambda: len(member.records) >= 100, [member])
        member.leave()
    writer.write(50)
    with join(group_client, bootstrap, group, topic) as member:
        wait_for("the group consumes the rest", lambda: len(member.records) >= 50, [member])
        member.leave()
    with join(group_client, bootstrap, unique("another-group"), topic) as other:
        wait_for("the other group consumes all", lambda: len(other.records) >= 150, [other])
        other.leave()

    values = sorted(int(record.value or b"") for record in member.records)
    assert values == list(range(100, 150))
    assert_exactly_once_in_order(writer.messages, writer.deliveries, other.records)

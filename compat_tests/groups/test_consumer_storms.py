"""Members of the consumer protocol that come, go and die at random, and what they read meanwhile."""

from __future__ import annotations

import random

import pytest

from compat_tests.groups.fake_clients import FakeBroker
from compat_tests.groups.fake_consumers import DEFAULTS, FakeConsumer, settle
from compat_tests.groups.storms import Ledger, Reader, assert_none_twice

STORMS = 200
STEPS = 60
TOPICS = ("a", "b", "c")


class StormyConsumer(FakeConsumer):
    """A consumer that reads what it owns."""

    def __init__(self, broker: FakeBroker, ledger: Ledger, member_id: str, *topics: str) -> None:
        super().__init__(broker, member_id, *topics, group=ledger.group)
        self.reader = Reader(ledger)
        self.join()

    def look(self) -> None:
        """Begin and end reading as the last answer said."""
        names = {
            topic_id: topic.name for topic_id, topic in self.broker.broker.topics_by_id.items()
        }
        self.reader.owns((names[topic_id], index) for topic_id, index in self.owned)

    def read(self) -> None:
        """Read and commit."""
        self.reader.read()
        self.reader.commit(self.epoch, self.member_id)


@pytest.mark.parametrize("seed", range(STORMS))
def test_storm(seed: int) -> None:
    chance = random.Random(seed)
    broker = FakeBroker(DEFAULTS)
    ledger = Ledger(broker, {name: chance.randint(1, 12) for name in TOPICS}, "group")
    members: list[StormyConsumer] = []
    for number in range(STEPS):
        what = chance.random()
        ledger.write(chance.choice(list(ledger.written)), chance.randrange(9))
        if what < 0.2 or not members:
            topics = TOPICS if seed % 2 else chance.sample(TOPICS, chance.randint(1, 3))
            members.append(StormyConsumer(broker, ledger, f"member-{number}", *topics))
        elif what < 0.3:
            members.pop(chance.randrange(len(members))).leave()
        elif what < 0.35:
            # Its process is gone; it reads nothing more, and nobody knows yet.
            members.pop(chance.randrange(len(members)))
        elif what < 0.37:
            members.clear()
            broker.clock.advance(45_001)
        else:
            broker.clock.advance(chance.randrange(3000))
            member = chance.choice(members)
            if member.beat(give_up=chance.random() < 0.8).error_code:
                member.join()
        _read_all(ledger, members)
    members.append(StormyConsumer(broker, ledger, "everywhere", *TOPICS))
    for _ in range(6):
        broker.clock.advance(20_000)
        settle(*members, rounds=2)
        _read_all(ledger, members)
    assert set().union(*(member.reader.positions for member in members)) == set(ledger.written)
    ledger.assert_all_read()
    assert ledger.committed() == ledger.written
    broker.broker.cluster.close()


def _read_all(ledger: Ledger, members: list[StormyConsumer]) -> None:
    for member in members:
        member.look()
    assert_none_twice(member.reader for member in members)
    for member in members:
        member.read()
    ledger.committed()

"""Members that come, go and die at random: nothing is owned twice at any time, and nothing by nobody."""

from __future__ import annotations

import random

import pytest

from compat_tests.groups.fake_clients import FakeBroker
from compat_tests.groups.fake_consumers import DEFAULTS, FakeConsumer, settle

STORMS = 200
TOPICS = ("a", "b", "c")


@pytest.mark.parametrize("seed", range(STORMS))
def test_storm(seed: int) -> None:
    chance = random.Random(seed)
    broker = FakeBroker(DEFAULTS)
    for name in TOPICS:
        broker.broker.create_topic_with_defaults(name)
        broker.broker.add_partitions(broker.broker.topics[name], chance.randrange(12))
    members: list[FakeConsumer] = []
    for number in range(60):
        what = chance.random()
        if what < 0.2 or not members:
            topics = TOPICS if seed % 2 else chance.sample(TOPICS, chance.randint(1, 3))
            member = FakeConsumer(broker, f"member-{number}", *topics)
            member.join()
            members.append(member)
        elif what < 0.3:
            members.pop(chance.randrange(len(members))).leave()
        elif what < 0.35:
            # Its process is gone; it reads nothing more, and nobody knows yet.
            members.pop(chance.randrange(len(members)))
        elif what < 0.37:
            for member in members:
                member.owned = set()
            members.clear()
            broker.clock.advance(45_001)
        else:
            broker.clock.advance(chance.randrange(3000))
            chance.choice(members).beat(give_up=chance.random() < 0.8)
        _assert_none_owned_twice(members)
    everywhere = FakeConsumer(broker, "everywhere", *TOPICS)
    everywhere.join()
    members.append(everywhere)
    for _ in range(6):
        broker.clock.advance(20_000)
        settle(*members, rounds=2)
        _assert_none_owned_twice(members)
    owned = set().union(*(member.owned for member in members))
    assert owned == {
        (topic.topic_id, partition.index)
        for topic in broker.broker.topics.values()
        for partition in topic.partitions
    }
    broker.broker.close()


def _assert_none_owned_twice(members: list[FakeConsumer]) -> None:
    owned = [partition for member in members for partition in member.owned]
    assert len(owned) == len(set(owned))

"""Members of the classic protocol that come, go and die at random, and what they read meanwhile."""

from __future__ import annotations

import json
import random

import pytest

from compat_tests.groups.fake_clients import SESSION_MS, FakeBroker, FakeMember, Pending
from compat_tests.groups.storms import Ledger, Place, Reader, assert_none_twice
from kafka_codecs.errors import ErrorCode

STORMS = 200
STEPS = 80
FORGOTTEN = (ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.FENCED_INSTANCE_ID)


class StormyMember(FakeMember):
    """A consumer that gives everything back before it joins again, as eager assignors have it."""

    def __init__(self, broker: FakeBroker, ledger: Ledger, instance: str | None = None) -> None:
        super().__init__(broker, ledger.group, instance=instance)
        self._ledger = ledger
        self._syncing: Pending | None = None
        self.reader = Reader(ledger)
        self.rejoin()

    def rejoin(self) -> None:
        self.reader.owns(())
        self._syncing = None
        self.begin_join()

    def step(self) -> None:
        """Do what is to be done next: take an answer, or read, commit and send a heartbeat."""
        if self.joining is not None:
            if not self.joining.waits:
                self._take_join()
        elif self._syncing is not None:
            if not self._syncing.waits:
                self._take_sync()
        else:
            self.reader.read()
            self.reader.commit(self.generation, self.member_id)
            self._again_after(self.heartbeat())

    def _again_after(self, error: int) -> None:
        if error in FORGOTTEN:
            self.member_id = ""
        if error:
            self.rejoin()

    def _take_join(self) -> None:
        assert self.joining is not None
        answer = self.joining.response
        self.joining = None
        if answer.error_code:
            self._again_after(answer.error_code)
            return
        self.member_id, self.generation = answer.member_id, answer.generation_id
        assignments: dict[str, bytes] = {}
        if answer.leader == answer.member_id:
            ids = sorted(member.member_id for member in answer.members)
            shares: dict[str, list[Place]] = {member_id: [] for member_id in ids}
            for number, place in enumerate(self._ledger.written):
                shares[ids[number % len(ids)]].append(place)
            assignments = {key: json.dumps(share).encode() for key, share in shares.items()}
        self._syncing = self.sync(assignments)

    def _take_sync(self) -> None:
        assert self._syncing is not None
        answer = self._syncing.response
        self._syncing = None
        if answer.error_code:
            self._again_after(answer.error_code)
        else:
            self.reader.owns((topic, index) for topic, index in json.loads(answer.assignment))


@pytest.mark.parametrize("seed", range(STORMS))
def test_storm(seed: int) -> None:
    chance = random.Random(seed)
    broker = FakeBroker({"group.initial.rebalance.delay.ms": str(chance.choice((0, 500)))})
    ledger = Ledger(broker, {name: chance.randint(1, 8) for name in "ab"}, "group")
    members: list[StormyMember] = []
    for number in range(STEPS):
        what = chance.random()
        ledger.write(chance.choice(list(ledger.written)), chance.randrange(5))
        if what < 0.15 or not members:
            instance = f"instance-{number}" if chance.random() < 0.3 else None
            members.append(StormyMember(broker, ledger, instance))
        elif what < 0.2:
            # Its process is gone, and only its silence tells.
            members.pop(chance.randrange(len(members)))
        elif what < 0.25:
            at = chance.randrange(len(members))
            if members[at].instance is not None:
                members[at] = StormyMember(broker, ledger, members[at].instance)
        elif what < 0.3:
            leaving = members.pop(chance.randrange(len(members)))
            if leaving.member_id and leaving.instance is None:
                leaving.leave()
        broker.clock.advance(chance.randrange(3000))
        for member in chance.sample(members, len(members)):
            member.step()
        ledger.committed()
        assert_none_twice(member.reader for member in members)
    if not members:
        members.append(StormyMember(broker, ledger))
    for _ in range(90):
        broker.clock.advance(SESSION_MS // 20)
        for member in members:
            member.step()
        assert_none_twice(member.reader for member in members)
    assert set().union(*(member.reader.positions for member in members)) == set(ledger.written)
    ledger.assert_all_read()
    assert ledger.committed() == ledger.written
    broker.broker.cluster.close()

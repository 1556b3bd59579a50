"""What members of a stormy group read: every record at least once, no partition by two at a time.

Records are only counted, so that a storm is a matter of milliseconds; the positions members begin at and
the offsets they commit go through the broker.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from compat_tests.groups.fake_clients import FakeBroker
from kafka_codecs.messages.api_08_offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from kafka_codecs.messages.api_09_offset_fetch import OffsetFetchRequest, OffsetFetchRequestGroup

COMMIT, FETCH = 9, 9
Place = tuple[str, int]


class Ledger:
    """How many records each partition has, which of them were read, and how far is committed."""

    def __init__(self, broker: FakeBroker, partitions: Mapping[str, int], group: str) -> None:
        self._broker = broker
        self.group = group
        for name, count in partitions.items():
            topic = broker.broker.cluster.create_topic_with_defaults(name)
            assert topic is not None
            broker.broker.cluster.add_partitions(topic, [[1]] * (count - len(topic.partitions)))
        self.written = {(topic, i): 0 for topic, n in partitions.items() for i in range(n)}
        self._read: dict[Place, set[int]] = {place: set() for place in self.written}
        self._committed: dict[Place, int] = {}

    def write(self, place: Place, count: int) -> None:
        """More records for a partition."""
        self.written[place] += count

    def read(self, place: Place, start: int) -> int:
        """Read a partition to its end; gives where that is."""
        end = self.written[place]
        self._read[place].update(range(start, end))
        return end

    def committed(self) -> dict[Place, int]:
        """What the group has committed by now, which never goes back."""
        asked = OffsetFetchRequestGroup(group_id=self.group, topics=None)
        answer = self._broker.ask(OffsetFetchRequest(groups=[asked], require_stable=False), FETCH)
        found = {
            (topic.name, partition.partition_index): partition.committed_offset
            for topic in answer.groups[0].topics
            for partition in topic.partitions
        }
        for place, offset in self._committed.items():
            assert found[place] >= offset, f"{place} went back from {offset} to {found[place]}"
        self._committed = found
        return found

    def commit(self, positions: Mapping[Place, int], generation: int, member_id: str) -> None:
        """Commit what a member has read; one that is not current is told so, and nothing changes."""
        topics: dict[str, list[OffsetCommitRequestPartition]] = {}
        for (topic, index), offset in positions.items():
            topics.setdefault(topic, []).append(
                OffsetCommitRequestPartition(partition_index=index, committed_offset=offset)
            )
        request = OffsetCommitRequest(
            group_id=self.group,
            generation_id_or_member_epoch=generation,
            member_id=member_id,
            topics=[OffsetCommitRequestTopic(name=n, partitions=p) for n, p in topics.items()],
        )
        self._broker.ask(request, COMMIT)

    def assert_all_read(self) -> None:
        """Every record was read by somebody."""
        for place, count in self.written.items():
            assert self._read[place] == set(range(count)), place


class Reader:
    """What one member reads of the partitions it owns."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.positions: dict[Place, int] = {}

    def owns(self, places: Iterable[Place]) -> None:
        """Begin with new partitions where the group has committed, and let go of the others."""
        wanted = set(places)
        if wanted - self.positions.keys():
            committed = self._ledger.committed()
        else:
            committed = {}
        self.positions = {
            place: self.positions[place] if place in self.positions else committed.get(place, 0)
            for place in wanted
        }

    def read(self) -> None:
        """Read all there is."""
        for place, start in self.positions.items():
            self.positions[place] = self._ledger.read(place, start)

    def commit(self, generation: int, member_id: str) -> None:
        """Commit all of it."""
        self._ledger.commit(self.positions, generation, member_id)


def assert_none_twice(readers: Iterable[Reader]) -> None:
    """No partition is owned by two at once."""
    owned = [place for reader in readers for place in reader.positions]
    assert len(owned) == len(set(owned))

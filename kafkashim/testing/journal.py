"""What happened at a broker, or at several, to be looked at and asserted by a test."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from kafka_codecs.record_batch import Header
from kafkashim.faults.conditions import Conditions
from kafkashim.faults.past import held_for
from kafkashim.journal import Entry, Journal
from kafkashim.state import Broker, Decision

POLL_SECONDS = 0.005
# How long the brokers are waited for to say where they listen; they do at once.
LEARN_SECONDS = 1
# How many entries a failed assertion shows: the last ones.
SHOWN = 40


class StoredRecord(NamedTuple):
    """A record as the log has it. ``timestamp`` is in milliseconds since the epoch."""

    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[Header] = ()


class ShimJournal:
    """The journal of a broker, with the questions a test asks of it.

    Conditions are those of faults: ``journal.requests(api="Produce", topic="orders")``. Assertions that
    fail show the conversation.
    """

    def __init__(self, journal: Journal, call: Callable[[Callable[[Broker], Any]], Any]) -> None:
        self._journal = journal
        self._call = call

    def __len__(self) -> int:
        return len(self._journal)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._journal)

    @property
    def forgotten(self) -> int:
        """How many entries there was no room for any more; the journal keeps the newest 64 MiB."""
        return self._journal.forgotten

    def clear(self) -> None:
        """Forget what happened so far."""
        self._call(lambda broker: self._journal.clear())

    def requests(self, **conditions: object) -> list[Entry]:
        """The entries all conditions hold for.

        Raises:
            FaultError: a condition cannot mean what is written.
        """
        asked = Conditions.read(conditions)
        entries = list(self._journal)

        found: list[Entry] = self._call(
            lambda broker: [entry for entry in entries if held_for(asked, entry, broker)]
        )
        return found

    def decisions(self, topic: str | None = None) -> list[Decision]:
        """What was decided about batches of idempotent producers, in order."""
        return [
            decision
            for entry in self._journal
            for decision in entry.decisions
            if topic in (None, decision.topic)
        ]

    def records(self, topic: str, partition: int | None = None) -> list[StoredRecord]:
        """What the log has, partition by partition; nothing where there is no such topic."""
        found: list[StoredRecord] = self._call(
            lambda broker: list(_records(broker, topic, partition))
        )
        return found

    def wait_for(
        self, *, count: int = 1, timeout: float = 10.0, **conditions: object
    ) -> list[Entry]:
        """Wait until ``count`` requests came and were answered that the conditions hold for.

        Args:
            count: how many at least.
            timeout: how long to wait, in seconds of the machine.
            **conditions: those of faults.

        Raises:
            AssertionError: they did not come in time; the text has the conversation.
        """
        __tracebackhide__ = True
        end = time.monotonic() + timeout
        while True:
            found = [e for e in self.requests(**conditions) if e.answer is not None or e.ended]
            if len(found) >= count:
                return found
            if time.monotonic() > end:
                asked = ", ".join(f"{key}={value}" for key, value in conditions.items())
                raise self._failed(
                    f"{count} requests ({asked or 'any'}) were to come in {timeout:g} s, "
                    f"{len(found)} came"
                )
            time.sleep(POLL_SECONDS)

    def assert_produced(
        self,
        topic: str,
        count: int | None = None,
        *,
        values: Iterable[bytes | None] | None = None,
        partition: int | None = None,
    ) -> None:
        """The topic has records: any, exactly ``count``, or exactly these values.

        Values are in the order of the log, one partition after the other.

        Raises:
            AssertionError: it has others; the text has the conversation.
        """
        __tracebackhide__ = True
        found = [record.value for record in self.records(topic, partition)]
        if values is not None:
            wanted = list(values)
            if found != wanted:
                raise self._failed(f"{topic} has {_shown(found)}, not {_shown(wanted)}")
        if count is not None and len(found) != count:
            raise self._failed(f"{topic} has {len(found)} records, not {count}")
        if not found and count is None and values is None:
            raise self._failed(f"{topic} has no records")

    def assert_no_duplicates(self, topic: str) -> None:
        """No two records of the topic have the same key, value and headers.

        Raises:
            AssertionError: some have; the text has the conversation.
        """
        __tracebackhide__ = True
        seen: dict[Any, StoredRecord] = {}
        for record in self.records(topic):
            same = (record.key, record.value, tuple(record.headers))
            first = seen.setdefault(same, record)
            if first is not record:
                raise self._failed(
                    f"{topic} has {record.value!r} twice: partition {first.partition} offset "
                    f"{first.offset}, and partition {record.partition} offset {record.offset}"
                )

    def transcript(self, last: int | None = None) -> str:
        """The conversation as text, of the ``last`` entries or all.

        Of several brokers it says which was asked.
        """
        entries = list(self._journal)
        left_out = 0 if last is None else max(len(entries) - last, 0)
        head = [f"({left_out} earlier requests)"] if left_out else []
        return "\n".join([*head, *map(str, entries[left_out:])])

    def _failed(self, text: str) -> AssertionError:
        return AssertionError(f"{text}\n{self.transcript(SHOWN) or '(no request came)'}")


def _records(broker: Broker, topic: str, partition: int | None) -> Iterator[StoredRecord]:
    found = broker.cluster.topics.get(topic)
    for each in () if found is None else found.partitions:
        if partition not in (None, each.index):
            continue
        for batch in each.log.batches():
            for record in () if batch.is_control else batch.iterate():
                if record.offset >= each.log_start_offset:
                    yield StoredRecord(each.index, *record)


def _shown(values: list[bytes | None]) -> str:
    return f"{len(values)} records {values[:10]!r}{'…' if len(values) > 10 else ''}"

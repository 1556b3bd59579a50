"""What happened: every request with its answer, what was decided, the fault that acted.

Entries keep the bytes as they came and went, and are decoded when somebody looks. Together they take no
more than so many bytes: the oldest are forgotten, and counted. One thread writes, any may read.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

from kafka_codecs.frame import decode_request, decode_response
from kafka_codecs.messages import messages
from kafka_codecs.schema import Buffer, MalformedMessage, Request, Response
from kafkashim.apis import Peer, RequestContext
from kafkashim.parked import Ending, Given, Parked
from kafkashim.state import Decision

MOST_BYTES = 64 * 1024 * 1024
# What an entry takes besides its bytes, roughly.
ENTRY_BYTES = 1000


class Head(NamedTuple):
    """What a request's header says."""

    api_key: int
    version: int
    correlation_id: int
    client_id: str | None


class Entry:
    """A request and what came of it.

    Attributes:
        number: counted from 1.
        at_ms: when it came, by the broker's clock.
        broker: the id of the broker that was asked.
        connection: the number of the connection, which no two brokers share.
        api_key: the API asked.
        version: at which version.
        client_id: as the request's header tells it.
        correlation_id: likewise.
        frame: the request, without its size.
        answer: the bytes that were sent for it, size included; ``None`` while there are none.
        answered_at_ms: when they were.
        fault: the fault that acted on it, as it was described.
        decisions: what was decided about its batches.
        ended: why the connection was closed instead of an answer, or in the middle of it.
        size: bytes it takes, roughly.
    """

    def __init__(
        self,
        number: int,
        at_ms: int,
        broker: int,
        connection: int,
        frame: bytes,
        head: Head,
        journal: Journal,
    ) -> None:
        self.number = number
        self.at_ms = at_ms
        self.broker = broker
        self.connection = connection
        self.frame = frame
        self.api_key, self.version, self.correlation_id, self.client_id = head
        self.answer: bytes | None = None
        self.answered_at_ms: int | None = None
        self.fault: str | None = None
        self.decisions: list[Decision] = []
        self.ended: str | None = None
        self.size = 0
        self._journal = journal

    @property
    def api(self) -> str:
        """The API's name."""
        try:
            return messages(self.api_key)[0].NAME
        except KeyError:
            return f"api key {self.api_key}"

    @cached_property
    def request(self) -> Request | None:
        """The request; ``None`` when it cannot be read."""
        try:
            return decode_request(self.frame)[1]
        except (MalformedMessage, ValueError):
            return None

    @property
    def response(self) -> Response | None:
        """The answer; ``None`` while there is none, and when it was cut."""
        if self.answer is None or self.ended is not None:
            return None
        found = messages(self.api_key)[1]
        assert issubclass(found, Response)
        return decode_response(found, self.version, memoryview(self.answer)[4:])[1]

    def given(self, answer: Any, at_ms: int) -> None:
        """Note what was answered; an answer that comes later is noted then."""
        if isinstance(answer, Ending):
            self.ended = answer.reason
            self._sent(answer.cut() if answer.frame else [], at_ms)
        elif isinstance(answer, Given):
            self._sent(answer.frame, at_ms)
        elif isinstance(answer, bytes):
            self._sent([answer], at_ms)
        elif isinstance(answer, list):
            self._sent(answer, at_ms)  # pyright: ignore[reportUnknownArgumentType]
        else:
            assert answer is None or isinstance(answer, Parked)

    def _sent(self, buffers: list[Buffer], at_ms: int) -> None:
        self.answer = b"".join(buffers) or None
        self.answered_at_ms = at_ms
        if self.answer is not None:
            self._journal.answered(self)

    def __str__(self) -> str:
        broker = f"broker {self.broker} " if len(self._journal.brokers) > 1 else ""
        who = f"#{self.number} {broker}connection {self.connection} {self.client_id or '-'}"
        text = f"{who}: {self.api} v{self.version}"
        for decision in self.decisions:
            text += f"\n    {told(decision)}"
        if self.fault is not None:
            text += f"\n    fault {self.fault}"
        if self.ended is not None:
            text += f"\n    connection closed: {self.ended}"
        elif self.answer is None:
            text += "\n    no answer"
        return text


def told(decision: Decision) -> str:
    """A decision in one line."""
    batch = decision.batch
    came = (
        f"{decision.topic}-{decision.partition}: producer {batch.producer_id} "
        f"epoch {batch.producer_epoch} seq {batch.base_sequence}-{batch.last_sequence}"
    )
    outcome = (
        f"error {decision.error}"
        if decision.error
        else f"{type(decision.verdict).__name__.lower()}"
    )
    return f"{came} -> {outcome} at {decision.offset} ({decision.verdict.reason})"


class Journal:
    """The entries of a broker, or of several, the oldest first.

    Args:
        most_bytes: how much they may take together.

    Attributes:
        brokers: the ids of those that keep it.
        forgotten: how many entries there is no room for any more.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._entries: deque[Entry] = deque()
        self._bytes = 0
        self._count = 0
        self._now: Entry | None = None
        self.brokers: set[int] = set()
        self.forgotten = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        # The copy is made without a chance for the writer to come in between.
        return iter(tuple(self._entries))

    def came(
        self,
        broker: int,
        frame: memoryview,
        context: RequestContext,
        correlation_id: int,
        at_ms: int,
        request: Request,
    ) -> Entry:
        """A request came, and is handled now."""
        (api_key,) = struct.unpack_from(">h", frame)
        head = Head(api_key, context.version, correlation_id, context.client_id)
        self._now = entry = self._add(broker, context.connection.id, frame, head, at_ms)
        return entry

    def unreadable(
        self, broker: int, frame: memoryview, peer: Peer, at_ms: int, reason: str
    ) -> None:
        """A request came that cannot be read."""
        head = Head(-1, -1, -1, None)
        if len(frame) >= 8:
            api_key, version, correlation_id = struct.unpack_from(">hhi", frame)
            head = Head(api_key, version, correlation_id, None)
        self._add(broker, peer.id, frame, head, at_ms).ended = reason

    def _add(
        self, broker: int, connection: int, frame: memoryview, head: Head, at_ms: int
    ) -> Entry:
        self._count += 1
        entry = Entry(self._count, at_ms, broker, connection, bytes(frame), head, self)
        self._entries.append(entry)
        self._grow(entry, len(frame) + ENTRY_BYTES)
        return entry

    def answered(self, entry: Entry) -> None:
        """An entry has the bytes of its answer."""
        self._grow(entry, len(entry.answer or b""))

    def _grow(self, entry: Entry, size: int) -> None:
        entry.size += size
        if not self._entries or entry.number < self._entries[0].number:
            return  # it was forgotten before its answer came
        self._bytes += size
        while self._bytes > self._most_bytes and len(self._entries) > 1:
            self._bytes -= self._entries.popleft().size
            self.forgotten += 1

    def over(self) -> None:
        """The request that came last is handled."""
        self._now = None

    def decided(self, decision: Decision) -> None:
        """Something was decided about a batch of the request that is handled now."""
        if self._now is not None:
            self._now.decisions.append(decision)
            self._grow(self._now, len(decision.batch.buffer))

    def clear(self) -> None:
        """Forget all entries."""
        self._entries.clear()
        self._bytes = 0

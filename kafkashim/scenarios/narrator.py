"""Tells live what happens at the broker of a scenario: batches, decisions, faults, other events."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Self, cast

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_00_produce import ProduceRequest, ProduceResponse
from kafka_codecs.record_batch import RecordBatch
from kafka_codecs.schema import Buffer
from kafkashim.faults.about import batch_of
from kafkashim.journal import Entry
from kafkashim.scenarios.screen import CYAN, Screen, told_batch
from kafkashim.scenarios.stage import Stage

POLL_SECONDS = 0.05


class Narrator:
    """Tells for the time of a ``with`` block, in a thread of its own; the rest is told at its end.

    The next block goes on where the last one ended.
    """

    def __init__(self, screen: Screen, stage: Stage) -> None:
        self._screen = screen
        self._stage = stage
        self._told = 0
        self._seen = 0
        self._events = 0
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._over.clear()
        self._thread = threading.Thread(target=self._run, name="narrator", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over.set()
        assert self._thread is not None
        self._thread.join()
        self._tell(last=True)

    def _run(self) -> None:
        while not self._over.wait(POLL_SECONDS):
            self._tell()

    def _tell(self, *, last: bool = False) -> None:
        entries = list(self._stage.shim.journal)
        # What came since the last look may be in the middle of being handled.
        complete = entries if last else [each for each in entries if each.number <= self._seen]
        if entries:
            self._seen = entries[-1].number
        for entry in complete:
            if entry.number > self._told:
                self._tell_events(entry.number - 1)
                self._tell_entry(entry)
                self._told = entry.number
        self._tell_events(self._seen if last else self._told)

    def _tell_events(self, until: int) -> None:
        events = self._stage.events
        while self._events < len(events) and events[self._events].after <= until:
            event = events[self._events]
            if event.told:
                self._screen.say(event.told, 4, CYAN)
            if event.decision is not None:
                self._screen.decision(event.decision)
            self._events += 1

    def _tell_entry(self, entry: Entry) -> None:
        request = entry.request
        if not isinstance(request, ProduceRequest):
            return
        told = next(
            (each.told for each in self._stage.armed if each.fault.title == entry.fault), None
        )
        for decision in entry.decisions:
            self._screen.decision(decision)
        if told is None and not entry.decisions and (told := _refused(entry)) is None:
            return
        if told is None:
            return
        if not entry.decisions:
            for batch in _batches(request):
                self._screen.came(told_batch(batch), told, CYAN)
        else:
            self._screen.say(told, 6, CYAN)


def _refused(entry: Entry) -> str | None:
    """The error of a batch that was refused before the rule book was asked."""
    response = entry.response
    if not isinstance(response, ProduceResponse):
        return None
    codes = [data.error_code for topic in response.responses for data in topic.partition_responses]
    return next((f"{ErrorCode.name_of(code)} ({code})" for code in codes if code), None)


def _batches(request: ProduceRequest) -> Iterator[RecordBatch]:
    for topic in request.topic_data:
        for data in topic.partition_data:
            if data.records is not None and batch_of(data.records) is not None:
                yield RecordBatch(cast("Buffer", data.records))

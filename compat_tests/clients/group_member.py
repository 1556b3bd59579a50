"""A member of a consumer group that polls and commits in a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Self

from compat_tests.clients.client_under_test import ClientUnderTest, GroupConsumer, Record


class GroupMember:
    """Runs from construction until `leave`; commits after each poll that brought records."""

    def __init__(self, open_consumer: Callable[[], GroupConsumer]) -> None:
        self.records: list[Record] = []
        """What was consumed so far, in order."""
        self.assigned: frozenset[int] = frozenset()
        self._error: BaseException | None = None
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(open_consumer,), daemon=True)
        self._thread.start()

    def _run(self, open_consumer: Callable[[], GroupConsumer]) -> None:
        try:
            consumer = open_consumer()
            try:
                while not self._leaving.is_set():
                    got = consumer.poll(0.05)
                    if got and consumer.commit():
                        self.records += got
                    self.assigned = consumer.assigned()
            finally:
                consumer.close()
        except BaseException as error:
            self._error = error

    def check(self) -> None:
        """Raise what ended the thread, if anything did."""
        if self._error is not None:
            raise self._error

    def leave(self) -> None:
        self._leaving.set()
        self._thread.join(timeout=30)
        assert not self._thread.is_alive(), "the consumer does not close"
        self.check()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._leaving.set()
        self._thread.join(timeout=30)


def join(client: ClientUnderTest, bootstrap: str, group: str, topic: str) -> GroupMember:
    return GroupMember(lambda: client.join(bootstrap, group, topic))


def wait_for(what: str, condition: Callable[[], bool], members: Sequence[GroupMember]) -> None:
    """Wait up to 30 seconds; say how things stood when it did not come true."""
    deadline = time.monotonic() + 30
    while not condition():
        for member in members:
            member.check()
        if time.monotonic() > deadline:
            state = [(sorted(m.assigned), len(m.records)) for m in members]
            raise AssertionError(f"never happened: {what}; (assigned, consumed) {state}")
        time.sleep(0.01)

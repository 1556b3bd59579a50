"""What may be made to go wrong, and when.

    faults.drop_answer(api="Produce", topic="orders", times=1)
    faults.fail_before_append(error="NOT_LEADER_OR_FOLLOWER", partition=3, every=2)
    faults.add({"action": "delay_answer", "ms": 250, "api": "Fetch", "probability": 0.1, "seed": 7})

Every fault has conditions, all of which have to hold (:class:`~kafkashim.faults.conditions.Conditions`),
acts until its ``times`` are used up, counts, and says why it did not act. The first fault that acts on a
request is the only one. Only :mod:`kafkashim.dispatch` asks here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # A broker without faults starts without what they are made of.
    from kafkashim.faults.about import About
    from kafkashim.faults.fault import Fault


class Faults:
    """The faults of a broker, or of all brokers of a cluster, in the order in which they were set.

    Any thread may set and remove them: what the broker goes through is replaced, never changed. Besides
    their own words the methods take those of :class:`~kafkashim.faults.conditions.Conditions`.
    """

    def __init__(self) -> None:
        self._faults: tuple[Fault, ...] = ()
        self._numbers = count(1)
        self._told: list[Callable[[], None]] = []

    def tell(self, changed: Callable[[], None]) -> None:
        """Have somebody told whenever there are other faults."""
        self._told.append(changed)

    def _changed(self) -> None:
        for changed in self._told:
            changed()

    def __repr__(self) -> str:
        return f"<Faults: {', '.join(fault.title for fault in self._faults) or 'none'}>"

    def __len__(self) -> int:
        return len(self._faults)

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._faults)

    def add(self, words: Mapping[str, object]) -> Fault:
        """Set a fault by its description, as JSON and YAML have it.

        Raises:
            FaultError: the description has a mistake.
        """
        from kafkashim.faults.fault import read_fault

        fault = read_fault(words, self._numbers, self.remove)
        self._faults = (*self._faults, fault)
        self._changed()
        return fault

    def fail_before_append(self, error: str | int, **conditions: object) -> Fault:
        """Do nothing, and answer the error (a name as ``NOT_LEADER_OR_FOLLOWER``, or a code).

        Of a request for several partitions only those that the conditions mean are refused. With acks 0
        the connection is closed, as Kafka does it. APIs that only tell are asked, then refused.
        """
        return self.add({"action": "fail_before_append", "error": error, **conditions})

    def fail_after_append(self, error: str | int, **conditions: object) -> Fault:
        """Do what is asked for, but answer the error."""
        return self.add({"action": "fail_after_append", "error": error, **conditions})

    def drop_request(self, **conditions: object) -> Fault:
        """Lose the request: nothing is done, nothing answered, and the connection goes on."""
        return self.add({"action": "drop_request", **conditions})

    def drop_answer(self, *, close: bool = True, **conditions: object) -> Fault:
        """Do what is asked for, and lose the answer.

        The connection is closed, as when the network fails in between; with ``close=False`` it goes on
        with the answers behind it, which no network does, and the client waits until its time is over.
        """
        return self.add({"action": "drop_answer", "close": close, **conditions})

    def cut_answer(self, *, length: int | None = None, **conditions: object) -> Fault:
        """Close the connection in the middle of the answer, after ``length`` bytes of it or half."""
        given = {} if length is None else {"length": length}
        return self.add({"action": "cut_answer", **given, **conditions})

    def delay_answer(self, ms: float, **conditions: object) -> Fault:
        """Do what is asked for at once, and answer ``ms`` milliseconds later."""
        return self.add({"action": "delay_answer", "ms": ms, **conditions})

    def slow_answer(self, bytes_per_second: float, **conditions: object) -> Fault:
        """Send the answer at so many bytes a second."""
        words = {"action": "slow_answer", "bytes_per_second": bytes_per_second}
        return self.add({**words, **conditions})

    def close_connection(self, **conditions: object) -> Fault:
        """Do nothing, and close the connection."""
        return self.add({"action": "close_connection", **conditions})

    def half_open(self, **conditions: object) -> Fault:
        """From this request on handle and answer nothing more on its connection, but keep it open."""
        return self.add({"action": "half_open", **conditions})

    def throttle(self, ms: int, **conditions: object) -> Fault:
        """Say that the client is throttled for ``ms`` milliseconds, and mute it so long (KIP-219)."""
        return self.add({"action": "throttle", "ms": ms, **conditions})

    def get(self, number: int) -> Fault | None:
        """A fault by its number."""
        return next((fault for fault in self._faults if fault.number == number), None)

    def remove(self, number: int) -> bool:
        """Remove a fault; whether there was one of that number."""
        left = tuple(fault for fault in self._faults if fault.number != number)
        removed = len(left) < len(self._faults)
        self._faults = left
        self._changed()
        return removed

    def clear(self) -> None:
        """Remove all faults."""
        self._faults = ()
        self._changed()

    def acting_on(self, about: About) -> Fault | None:
        """The fault that acts on a request, which all are asked about."""
        acting: Fault | None = None
        for fault in self._faults:
            if acting is not None:
                fault.looked_at += 1
                fault.miss("another fault", acting.number)
            elif fault.fires(about):
                acting = fault
        return acting

"""What happens in a random program beside its faults: brokers of a cluster go, come back, and lead.

Nothing of it may lose what was acknowledged, on Apache Kafka either: one broker at least always reaches
clients and the others, and is in sync.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from kafkashim.state import Broker
from kafkashim.testing import KafkaShim

BROKERS = (1, 2, 3)
# Longer than broker.session.timeout.ms.
SESSION_SECONDS = 10
STOPPED, CUT_OFF = "stopped", "cut off"

Event = Callable[[], None]


class Events:
    """Has one thing after the other happen to three brokers, as chance will have it.

    Args:
        shim: the brokers.
        topic: whose leaders are moved.
        chance: what decides.
        restarts: whether who was stopped may come back before :meth:`over`.

    Attributes:
        told: what happened, in order.
    """

    def __init__(
        self, shim: KafkaShim, topic: str, chance: random.Random, *, restarts: bool
    ) -> None:
        self._shim = shim
        self._topic = topic
        self._chance = chance
        self._restarts = restarts
        self._gone: dict[int, str] = {}
        self.told: list[str] = []

    def happen(self) -> None:
        """Have one of those things happen that may."""
        kinds = [kind for kind in (self._moves(), self._leaves(), self._returns()) if kind]
        waits = [("the sessions of those that are gone are over", self._session_over)]
        told, event = self._chance.choice(self._chance.choice([*kinds, waits]))
        self.told.append(told)
        event()

    def over(self) -> None:
        """Let whoever may reach the others again, and somebody lead every partition."""
        for broker, how in list(self._gone.items()):
            if how == CUT_OFF:
                self._heal(broker)
            elif self._restarts:
                self._start(broker)
        self._session_over()
        self._restarts = True

    def _moves(self) -> list[tuple[str, Event]]:
        return [
            (
                f"{to} leads partition {partition} instead of {leader}",
                lambda p=partition, to=to: self._shim.move_leader(self._topic, p, to=to),
            )
            for partition, (leader, in_sync) in enumerate(self._led())
            for to in in_sync
            if to != leader and to not in self._gone
        ]

    def _leaves(self) -> list[tuple[str, Event]]:
        found: list[tuple[str, Event]] = []
        led = self._led()
        for broker in BROKERS:
            left = set(BROKERS) - {broker, *self._gone}
            if broker in self._gone or not all(left & set(in_sync) for _, in_sync in led):
                continue
            found += [
                (f"{broker} is stopped", lambda b=broker: self._stop(b, clean=True)),
                (f"{broker} crashes", lambda b=broker: self._stop(b, clean=False)),
                (f"{broker} is cut off", lambda b=broker: self._isolate(b)),
            ]
        return found

    def _returns(self) -> list[tuple[str, Event]]:
        found: list[tuple[str, Event]] = []
        for broker, how in self._gone.items():
            if how == CUT_OFF:
                found.append((f"{broker} reaches the others", lambda b=broker: self._heal(b)))
            elif self._restarts:
                found.append((f"{broker} is started", lambda b=broker: self._start(b)))
        return found

    def _led(self) -> list[tuple[int, list[int]]]:
        """Of each partition the leader, and who has all of it."""

        def look(broker: Broker) -> list[tuple[int, list[int]]]:
            return [
                (each.leader, [replica for replica in each.isr if replica not in each.behind])
                for each in broker.cluster.topics[self._topic].partitions
            ]

        return self._shim.call(look)

    def _stop(self, broker: int, *, clean: bool) -> None:
        self._gone[broker] = STOPPED
        self._shim.stop_broker(broker, clean=clean)

    def _start(self, broker: int) -> None:
        del self._gone[broker]
        self._shim.start_broker(broker)

    def _isolate(self, broker: int) -> None:
        self._gone[broker] = CUT_OFF
        self._shim.isolate(broker)

    def _heal(self, broker: int) -> None:
        del self._gone[broker]
        self._shim.heal(broker)

    def _session_over(self) -> None:
        self._shim.clock.advance(seconds=SESSION_SECONDS)

"""A broker on which a scenario is armed, and what is noted of the play.

What has to happen in the middle of a client's work is brought about by the broker's own decisions, and
not by the clock: a client whose whole work is one call can be played as well. It happens in the broker's
loop, after the request whose batch was decided about is handled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, NamedTuple, Self

from kafka_codecs.errors import ErrorCode
from kafka_codecs.record_batch import RecordBatch
from kafkashim.apis import RequestContext
from kafkashim.clock import LoopClock
from kafkashim.faults.fault import Fault
from kafkashim.rules.producer_state import Append, Duplicate
from kafkashim.scenarios.raw import produce_request, raw_batch
from kafkashim.scenarios.scenario import NOT_SENT, Scenario
from kafkashim.state import Decision
from kafkashim.testing import KafkaShim, world

TOPIC = "scenario"
CLIENT, BY_HAND = "client", "by hand"
# For how long nothing may come before a client is thought to have sent all it sends without an answer.
QUIET_MS = 400
# For how long the broker looks at nothing of a client that is to send ahead.
HELD_MS = 100
PRODUCE_VERSION = 9

Act = Callable[[], Awaitable[None] | None]


class Decided(NamedTuple):
    """A decision, and whose batch it was about."""

    who: str
    decision: Decision


@dataclass
class Event:
    """Something that happened beside the requests.

    Attributes:
        told: what, in a sentence.
        after: the number of the journal's last entry before it.
        decision: about the batch that was written then, where one was.
    """

    told: str
    after: int
    decision: Decision | None = None


@dataclass
class Trigger:
    """What is to happen once, and whether it has."""

    told: str
    act: Act
    sequence: int | None = None
    began: bool = False
    done: bool = False
    timer: asyncio.TimerHandle | None = None


@dataclass
class Armed:
    """A fault of a scenario, and what a person is told when it acts."""

    told: str
    fault: Fault


def has_sequence(batch: RecordBatch, sequence: int) -> bool:
    """Whether a record of the batch has the sequence."""
    first, last = batch.base_sequence, batch.last_sequence
    if last < first:  # over the end of the ring
        return sequence >= first or sequence <= last
    return first <= sequence <= last


def answer_of(decision: Decision) -> str:
    """What was answered, with the number of the rule: ``appended (7)``."""
    verdict = decision.verdict
    if isinstance(verdict, Append):
        what = "appended"
    elif isinstance(verdict, Duplicate):
        what = "duplicate"
    else:
        what = ErrorCode.name_of(decision.error)
    return f"{what} ({verdict.reason.rule.number})"


class _Nobody:
    """The connection of a batch that came on none."""

    id = 0
    peer_host = listener_name = listener_host = ""
    listener_port = 0
    closed = False

    def close(self) -> None:
        """There is nothing to be closed."""


class Stage:
    """The broker of a scenario, for the time of a ``with`` block.

    Args:
        scenario: what is armed.
        rules: the rule book.
        port: where to listen; 0 takes any free port.

    Raises:
        OSError: the port is in use.

    Attributes:
        decided: all decisions, in order.
        events: what happened beside the requests.
        armed: the faults.
        failures: what of the scenario went wrong by itself.
    """

    def __init__(self, scenario: Scenario, rules: str, port: int = 0) -> None:
        self.scenario = scenario
        self.rules = rules
        self.shim = KafkaShim(
            brokers=scenario.brokers,
            rules=rules,
            port=port,
            config=scenario.config,
            on_decision=self._decide,
        )
        self.decided: list[Decided] = []
        self.events: list[Event] = []
        self.armed: list[Armed] = []
        self.failures: list[str] = []
        self._triggers: list[Trigger] = []
        self._who = CLIENT
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self.shim.__enter__()
        try:
            self.shim.call(lambda broker: broker.cluster.create_missing_topic(TOPIC))
            self.scenario.arm(self)
        except BaseException as error:
            self.shim.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.shim.__exit__(kind, error, traceback)

    # What scenarios are armed with.

    def fault(self, told: str, action: str, **words: Any) -> Armed:
        """Let Produce requests go wrong; once, unless ``times`` says otherwise."""
        words = {"action": action, "api": "Produce", "times": 1, **words}
        armed = Armed(told, self.shim.faults.add(words))
        self.armed.append(armed)
        return armed

    def hold(self, sequence: int, **where: Any) -> None:
        """Answer a batch a moment later, and look at nothing of its connection meanwhile.

        What a client sends ahead is there then, so that what comes of it is not left to chance.
        """
        told = "its answer is held back for a moment"
        self.fault(told, "delay_answer", sequence=sequence, ms=HELD_MS, **where)

    def after(self, sequence: int, told: str, act: Act) -> None:
        """Do something when the client's record of that sequence was appended for the first time."""
        self._triggers.append(Trigger(told, act, sequence))

    def when_quiet(self, told: str, act: Act) -> None:
        """Do something when the client has sent all it sends without having an answer."""
        self._triggers.append(Trigger(told, act))

    # What may happen in between; all of it in the broker's loop.

    def advance(self, milliseconds: float) -> None:
        """Move the broker's clock ahead."""
        clock = self.shim.broker.clock
        assert isinstance(clock, LoopClock)
        clock.advance(milliseconds)

    def delete_records(self, before: int) -> None:
        """Delete what lies before an offset, as DeleteRecords does."""
        for topic in self.shim.broker.topics.values():
            for partition in topic.partitions:
                partition.delete_records(min(before, partition.log.log_end_offset))

    def give_id(self, producer_id: int, epoch: int = 0) -> None:
        """Let the next producer get this id and epoch."""
        world.set_next_producer_id(self.shim.broker, producer_id, epoch)

    async def restart(self, *, clean: bool) -> None:
        """Stop the broker and start it again."""
        await self.shim.restarted(clean=clean)

    async def stop_leader(self) -> None:
        """Stop the broker that leads, in an orderly way; another one leads then."""
        await self.shim.stopped_broker(self.shim.leader(TOPIC, 0))

    def move_leader_uncleanly(self, lose: int) -> int:
        """Have another broker lead, which has not so many of the newest records; gives its id."""
        leader = self.shim.leader(TOPIC, 0)
        to = next(broker for broker in self.shim.brokers if broker != leader)
        self.shim.move_leader(TOPIC, 0, to, unclean=True, lose=lose)
        return to

    def send_by_hand(self, producer_id: int, epoch: int, sequence: int) -> None:
        """Have one batch written by somebody else, between two requests of the client."""
        from kafkashim.apis.api_00_produce import handle

        topic = next((each.decision.topic for each in self.decided), TOPIC)
        batch = memoryview(raw_batch(producer_id, epoch, sequence, 1))
        request = produce_request(topic, batch)
        before = len(self.decided)
        with self.by_hand():
            handle(request, self.shim.broker, RequestContext(PRODUCE_VERSION, None, _Nobody(), 0))
        for each in self.decided[before:]:
            # No request of the journal has them.
            self._note("", each.decision)

    @contextmanager
    def by_hand(self) -> Generator[None]:
        """What is decided meanwhile is about batches of no client."""
        self._who, before = BY_HAND, self._who
        try:
            yield
        finally:
            self._who = before

    # What came of it.

    def found(self) -> tuple[str, ...]:
        """What the broker answered where it matters; ``not sent`` for a batch that did not come."""
        decided = tuple(self.decided)
        mine = [each.decision for each in decided if each.who == CLIENT]
        first = mine[0].batch if mine else None
        of_first = [
            decision
            for decision in mine
            if first is not None
            and decision.batch.producer_id == first.producer_id
            and decision.batch.producer_epoch == first.producer_epoch
        ]
        answers: list[str] = []
        for sequence, nth in self.scenario.watched:
            there = [d for d in of_first if has_sequence(d.batch, sequence)]
            answers.append(answer_of(there[nth - 1]) if len(there) >= nth else NOT_SENT)
        return (*answers, *(answer_of(each.decision) for each in decided if each.who == BY_HAND))

    def not_done(self) -> list[str]:
        """What of the scenario did not come about, in sentences."""
        idle = [f"it never happened: {each.told}" for each in self.armed if not each.fault.fired]
        idle += [f"it never happened: {each.told}" for each in self._triggers if not each.done]
        return [*self.failures, *idle]

    def _note(self, told: str, decision: Decision | None = None) -> None:
        journal = self.shim.journal
        self.events.append(Event(told, journal.forgotten + len(journal), decision))

    def _decide(self, decision: Decision) -> None:
        """Asked by the broker, in its thread, in the middle of a request."""
        self.decided.append(Decided(self._who, decision))
        if self._who == BY_HAND:
            return
        loop = asyncio.get_running_loop()
        for trigger in self._triggers:
            if trigger.began:
                continue
            if trigger.sequence is None:
                if trigger.timer is not None:
                    trigger.timer.cancel()
                trigger.timer = loop.call_later(QUIET_MS / 1000, self._begin, trigger)
            elif isinstance(decision.verdict, Append) and has_sequence(
                decision.batch, trigger.sequence
            ):
                trigger.began = True
                loop.call_soon(self._begin, trigger)

    def _begin(self, trigger: Trigger) -> None:
        trigger.began = True
        self._note(trigger.told)
        try:
            # At once, so that no request comes in between.
            work = trigger.act()
        except Exception as error:
            self._failed(trigger, error)
            return
        if work is None:
            trigger.done = True
            return
        task = asyncio.get_running_loop().create_task(self._finish(trigger, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _finish(self, trigger: Trigger, work: Awaitable[None]) -> None:
        try:
            await work
        except Exception as error:
            self._failed(trigger, error)
        else:
            trigger.done = True

    def _failed(self, trigger: Trigger, error: Exception) -> None:
        self.failures.append(f"{trigger.told}: {type(error).__name__}: {error}")

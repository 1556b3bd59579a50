"""What a scenario is made of; each of the files beside this one declares one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kafkashim.scenarios.stage import Stage

CONFLUENT_KAFKA = "confluent-kafka"
# Of a batch that is watched for and did not come.
NOT_SENT = "not sent"
KAFKA_PYTHON = "kafka-python"
AIOKAFKA = "aiokafka"


def messages(count: int, name: str = "message") -> tuple[str, ...]:
    """So many messages, counted from 0; each is a batch of its own."""
    return tuple(f"{name} {number}" for number in range(count))


@dataclass(frozen=True)
class HandBatch:
    """A batch that no client sends, but a raw producer of a few lines."""

    sequence: int
    records: int = 1
    epoch: int = 0


@dataclass(frozen=True)
class ByHand:
    """What a raw producer sends, one batch after the answer to the other.

    Attributes:
        batches: what it sends.
        about: what that is, in a sentence.
        producer_id: as which producer; ``None`` asks the broker for an id.
    """

    batches: tuple[HandBatch, ...]
    about: str
    producer_id: int | None = None


@dataclass(frozen=True)
class Patience:
    """How long a client waits, in milliseconds; shorter than by default, so that nobody else waits.

    Attributes:
        request_ms: for the answer to a request.
        delivery_ms: for a message to be delivered.
        backoff_ms: before it connects and sends again.
    """

    request_ms: int = 3000
    delivery_ms: int = 9000
    backoff_ms: int = 20


@dataclass(frozen=True)
class Scenario:
    """What goes wrong, who does what, and what the broker answers.

    Attributes:
        name: as ``kafkashim run`` takes it.
        sentence: what happens, in one sentence.
        shows: what can be learned from it.
        arm: sets the faults and what happens in between on a broker that is up.
        answers: rule book -> what the broker answers where it matters, as it was measured: what was
            decided about ``watched``, then about each batch that was sent by hand.
        watched: the batches that matter of the first producer: a sequence, and whether the first, the
            second … batch that has it.
        producers: what the client is told to send, one producer after the other.
        deleted: messages that are deleted on purpose.
        by_hand: what is sent without a client, at the end.
        bugs: publicly known bugs that are seen here: number -> what it is about.
        spared: client -> why it does not get into it.
        may_give_up: rule books with which a client may give up before it has sent all that is watched.
        config: properties of the broker.
        brokers: how many there are.
        patience: how long clients wait.
    """

    name: str
    sentence: str
    shows: str
    arm: Callable[[Stage], None]
    answers: Mapping[str, tuple[str, ...]]
    watched: tuple[tuple[int, int], ...] = ()
    producers: tuple[tuple[str, ...], ...] = (messages(8),)
    deleted: tuple[str, ...] = ()
    by_hand: ByHand | None = None
    bugs: Mapping[str, str] = field(default_factory=dict[str, str])
    spared: Mapping[str, str] = field(default_factory=dict[str, str])
    may_give_up: frozenset[str] = frozenset()
    config: Mapping[str, str] = field(default_factory=dict[str, str])
    brokers: int = 1
    patience: Patience = Patience()

    def fits(self, rules: str, wanted: Sequence[str], found: Sequence[str]) -> bool:
        """Whether what the broker answered is what it was to answer."""
        if rules in self.may_give_up:
            sent = tuple(found)
            while sent and sent[-1] == NOT_SENT:
                sent = sent[:-1]
            return tuple(wanted[: len(sent)]) == sent
        return tuple(wanted) == tuple(found)

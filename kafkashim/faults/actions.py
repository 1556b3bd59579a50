"""What a fault does to a request, and what is answered then.

An action is given an exchange, which it may have handled or not, and gives what the connection is to get:
an answer, or one of the things that stand for it (:mod:`kafkashim.parked`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Protocol, TypeGuard

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_00_produce import ProduceRequest
from kafka_codecs.messages.api_01_fetch import (
    FetchableTopicResponse,
    FetchRequest,
    FetchResponse,
    PartitionData,
)
from kafka_codecs.messages.api_03_metadata import MetadataRequest
from kafka_codecs.schema import Request
from kafkashim.apis import RequestContext
from kafkashim.faults.about import Item
from kafkashim.faults.conditions import FaultError
from kafkashim.faults.refusals import (
    TELLING,
    class_of,
    coded_arrays,
    everything,
    refusal,
    refuse,
    split,
)
from kafkashim.parked import Ending, Given, Parked, Silence, Slow, Throttled
from kafkashim.state import Broker

FIRST_FETCH_WITH_TOPIC_IDS = 13
# What a throttle_time_ms can say; as a delay it is 24 days.
MOST = 2**31 - 1
Answer = Any  # Response | Parked[Response] | None, as handlers give it
Change = Callable[[Any], Any]


class Exchange(Protocol):
    """A request on its way: what an action may look at, and have done."""

    request: Request
    context: RequestContext
    broker: Broker
    hits: list[Item]
    partly: bool

    def handle(self, request: Request) -> Answer:
        """Have the API do what the request asks for."""
        ...


def is_parked(answer: Any) -> TypeGuard[Parked[Any]]:
    """Whether it is one of the things that stand for an answer."""
    return isinstance(answer, Parked)


def is_given(answer: Any) -> TypeGuard[Given[Any]]:
    """Whether it is an answer that is there, and sent in a way of its own."""
    return isinstance(answer, Given)


def then(answer: Answer, change: Change) -> Answer:
    """What becomes of an answer, now or when it is there."""
    if answer is None:
        return None
    if is_given(answer):
        if answer.given is None:
            return answer
        changed = change(answer.given)
        if is_parked(changed):
            return changed
        answer.given = changed
        return answer
    if not is_parked(answer):
        return change(answer)
    if answer.response is not None:
        return then(answer.response, change)
    later: Parked[Any] = Parked()
    later.on_cancel = answer.cancel

    def changed_later(response: Any) -> None:
        _settle(later, then(response, change))

    answer.deliver_to(changed_later)
    return later


def _settle(later: Parked[Any], answer: Any) -> None:
    if is_parked(answer) and not is_given(answer):
        later.on_cancel = answer.cancel
        answer.deliver_to(later.answer)
    else:
        later.answer(answer)


def _refused_without_answer(error: ErrorCode) -> Ending[Any]:
    return Ending(None, f"Produce with acks 0, to be answered {error.name}")


@dataclass(frozen=True)
class Action:
    """Something that goes wrong; its attributes are what it wants to be told."""

    name: ClassVar[str]

    def act(self, exchange: Exchange) -> Answer:
        """Do it; gives what the connection is to get."""
        return self._act(exchange)

    def _act(self, exchange: Exchange) -> Answer:
        raise NotImplementedError

    def words(self) -> dict[str, object]:
        """Its attributes as a description has them."""
        found = {each.name: getattr(self, each.name) for each in fields(self)}
        return {
            name: value.name if isinstance(value, ErrorCode) else value
            for name, value in found.items()
            if value is not None
        }


@dataclass(frozen=True)
class FailBeforeAppend(Action):
    """Nothing is done of what is asked for; the error is answered. ``error`` is a code or its name.

    It is answered at once, or ``answer_ms`` milliseconds later, as :class:`DelayAnswer` does it. Of a
    request for several partitions only those that are meant are refused. APIs that only tell something
    are asked all the same, and refused then.
    """

    name = "fail_before_append"
    error: ErrorCode
    answer_ms: float | None = None

    def _act(self, exchange: Exchange) -> Answer:
        answer = self._refused(exchange)
        if self.answer_ms is None or is_given(answer):
            return answer
        return then(answer, _later(exchange, self.answer_ms))

    def _refused(self, exchange: Exchange) -> Answer:
        request, version = exchange.request, exchange.context.version
        if request.API_KEY in TELLING:
            return _fail_what_tells(exchange, self.error)
        meant, rest = split(request, version, exchange.broker, _means(exchange))
        if isinstance(request, ProduceRequest) and not request.acks:
            if rest is not None:
                exchange.handle(rest)
            return _refused_without_answer(self.error)
        response = refusal(meant, version, self.error, exchange.broker)
        if rest is None:
            return response
        return then(exchange.handle(rest), lambda handled: _joined(handled, response, version))


def _later(exchange: Exchange, ms: float) -> Change:
    """Answer some milliseconds later."""

    def later(response: Any) -> Parked[Any]:
        parked: Parked[Any] = Parked()
        timer = exchange.broker.clock.call_later(ms, lambda: parked.answer(response))
        parked.on_cancel = timer.cancel
        return parked

    return later


def _joined(handled: Any, refused: Any, version: int) -> Any:
    for array in coded_arrays(class_of(handled), version):
        setattr(handled, array.name, [*getattr(handled, array.name), *getattr(refused, array.name)])
    return handled


def _means(exchange: Exchange) -> Callable[[Item], bool]:
    """Which partitions are meant: all, unless the conditions are about single ones."""
    if not exchange.partly:
        return everything
    hits = {(item.topic, item.partition) for item in exchange.hits}
    return lambda item: (item.topic, item.partition) in hits


def _fail_what_tells(exchange: Exchange, error: ErrorCode) -> Answer:
    request = exchange.request
    if isinstance(request, MetadataRequest):
        request.allow_auto_topic_creation = False
    if isinstance(request, FetchRequest):
        # An error is answered at once, as by ReplicaManager.fetchMessages.
        request.max_wait_ms = 0
    return then(exchange.handle(request), lambda response: _refused(exchange, response, error))


def _refused(exchange: Exchange, response: Any, error: ErrorCode) -> Any:
    version, broker = exchange.context.version, exchange.broker
    if isinstance(response, FetchResponse):
        _tell_all(exchange, response)
    return refuse(response, version, error, broker, _means(exchange))


def _tell_all(exchange: Exchange, response: FetchResponse) -> None:
    """Have an incremental answer tell of the partitions that are meant, though nothing is new there."""
    ids = {name: topic.topic_id for name, topic in exchange.broker.topics.items()}
    told = {
        (topic.topic or topic.topic_id, partition.partition_index)
        for topic in response.responses
        for partition in topic.partitions
    }
    by_id = exchange.context.version >= FIRST_FETCH_WITH_TOPIC_IDS
    for item in exchange.hits:
        if item.topic not in ids or item.partition is None:
            continue
        if (ids[item.topic] if by_id else item.topic, item.partition) not in told:
            data = PartitionData(
                partition_index=item.partition,
                high_watermark=-1,
                aborted_transactions=None,
                records=b"",
            )
            response.responses.append(
                FetchableTopicResponse(
                    topic=item.topic, topic_id=ids[item.topic], partitions=[data]
                )
            )


@dataclass(frozen=True)
class FailAfterAppend(Action):
    """What is asked for is done, but the error is answered. ``error`` is a code or its name."""

    name = "fail_after_append"
    error: ErrorCode

    def _act(self, exchange: Exchange) -> Answer:
        request = exchange.request
        if isinstance(request, FetchRequest):
            return _fail_what_tells(exchange, self.error)
        if isinstance(request, ProduceRequest) and not request.acks:
            exchange.handle(request)
            return _refused_without_answer(self.error)
        return then(
            exchange.handle(request), lambda response: _refused(exchange, response, self.error)
        )


@dataclass(frozen=True)
class DropRequest(Action):
    """The request is lost: nothing is done, nothing answered, and the connection goes on."""

    name = "drop_request"

    def _act(self, exchange: Exchange) -> Answer:
        silence: Silence[Any] = Silence()
        return silence


@dataclass(frozen=True)
class DropAnswer(Action):
    """What is asked for is done, but no answer comes.

    The connection is closed, as when the network fails in between; with ``close=False`` it goes on, and
    the client waits until its own time is over.
    """

    name = "drop_answer"
    close: bool = True

    def _act(self, exchange: Exchange) -> Answer:
        lost: Parked[Any] = Ending(None, "the answer is lost") if self.close else Silence()
        handled = then(exchange.handle(exchange.request), lambda response: lost)
        return lost if handled is None else handled


@dataclass(frozen=True)
class CutAnswer(Action):
    """The connection is closed in the middle of the answer's bytes, after ``length`` of them or half."""

    name = "cut_answer"
    length: int | None = None

    def _act(self, exchange: Exchange) -> Answer:
        return then(
            exchange.handle(exchange.request),
            lambda response: Ending(response, "the answer is cut", self.length),
        )


@dataclass(frozen=True)
class DelayAnswer(Action):
    """What is asked for is done at once, and answered ``ms`` milliseconds later.

    Later requests of the connection wait, so that the answers keep their order.
    """

    name = "delay_answer"
    ms: float

    def _act(self, exchange: Exchange) -> Answer:
        return then(exchange.handle(exchange.request), _later(exchange, self.ms))


@dataclass(frozen=True)
class SlowAnswer(Action):
    """The answer leaves at ``bytes_per_second``."""

    name = "slow_answer"
    bytes_per_second: float

    def _act(self, exchange: Exchange) -> Answer:
        return then(
            exchange.handle(exchange.request),
            lambda response: Slow(response, self.bytes_per_second),
        )


@dataclass(frozen=True)
class CloseConnection(Action):
    """Nothing is done; the connection is closed at once."""

    name = "close_connection"

    def _act(self, exchange: Exchange) -> Answer:
        ending: Ending[Any] = Ending(None, "a fault asks for it")
        return ending


@dataclass(frozen=True)
class HalfOpen(Action):
    """From this request on the connection is open, but nothing more is handled or answered."""

    name = "half_open"

    def _act(self, exchange: Exchange) -> Answer:
        never: Parked[Any] = Parked()
        return never


@dataclass(frozen=True)
class Throttle(Action):
    """The answer says that the client is throttled for ``ms`` milliseconds, and it is (KIP-219)."""

    name = "throttle"
    ms: int

    def __post_init__(self) -> None:
        if int(self.ms) != self.ms:
            raise FaultError(f"ms is a whole number, not {self.ms!r}", "ms")
        object.__setattr__(self, "ms", int(self.ms))

    def _act(self, exchange: Exchange) -> Answer:
        def throttled(response: Any) -> Any:
            if hasattr(response, "throttle_time_ms"):
                response.throttle_time_ms = self.ms
            return Throttled(response, self.ms) if self.ms else response

        return then(exchange.handle(exchange.request), throttled)


ACTIONS: Mapping[str, type[Action]] = {
    action.name: action
    for action in (
        FailBeforeAppend,
        FailAfterAppend,
        DropRequest,
        DropAnswer,
        CutAnswer,
        DelayAnswer,
        SlowAnswer,
        CloseConnection,
        HalfOpen,
        Throttle,
    )
}


def error_code(value: object) -> ErrorCode:
    """An error by its name or code.

    Raises:
        FaultError: there is no such error, or it is none.
    """
    try:
        if isinstance(value, bool):
            raise ValueError
        found = ErrorCode[value.upper()] if isinstance(value, str) else ErrorCode(value)  # type: ignore[arg-type]
    except (KeyError, ValueError):
        raise FaultError(
            f"unknown error {value!r}: a name as NOT_LEADER_OR_FOLLOWER, or its code", "error"
        ) from None
    if found is ErrorCode.NONE:
        raise FaultError("error is one, not NONE", "error")
    return found


def _milliseconds(key: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= MOST:
        raise FaultError(f"{key} is a number from 0 to {MOST}, not {value!r}", key)
    return value


def _rate(key: str, value: object) -> float:
    if not _milliseconds(key, value):
        raise FaultError(f"{key} is above 0", key)
    return _milliseconds(key, value)


def _length(key: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise FaultError(f"{key} is a number of bytes, not {value!r}", key)
    return value


def _yes_or_no(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise FaultError(f"{key} is true or false, not {value!r}", key)
    return value


_READ: Mapping[str, Callable[[str, object], Any]] = {
    "error": lambda key, value: error_code(value),
    "ms": _milliseconds,
    "answer_ms": _milliseconds,
    "bytes_per_second": _rate,
    "length": _length,
    "close": _yes_or_no,
}


def read_action(name: object, words: dict[str, object]) -> Action:
    """An action from a description, whose words for it are taken out of ``words``.

    Raises:
        FaultError: there is no such action, a word is missing or cannot mean what is written.
    """
    found = ACTIONS.get(name) if isinstance(name, str) else None
    if found is None:
        wrong = "the action is missing" if name is None else f"unknown action {name!r}"
        raise FaultError(f"{wrong}: {', '.join(ACTIONS)}", "action")
    given: dict[str, Any] = {}
    for each in fields(found):
        if each.name in words:
            given[each.name] = _READ[each.name](each.name, words.pop(each.name))
        elif each.name in ("error", "ms", "bytes_per_second"):
            raise FaultError(f"{name} needs {each.name}", "action")
    return found(**given)

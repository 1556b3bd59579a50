"""Answers that refuse: an error code in the place where an API's answers have it.

The codes go to the partitions that are meant where there are such, and else to the answer as a whole; the
rest of what is refused has the values that ``AbstractRequest.getErrorResponse`` gives it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages import messages
from kafka_codecs.messages.api_55_describe_quorum import DescribeQuorumResponse, QuorumPartition
from kafka_codecs.schema import Field, Request, Response, Struct
from kafka_codecs.types import ArrayType, FieldType
from kafkashim.faults.about import (
    PARTITION_FIELDS,
    PARTITION_LISTS,
    TOPIC_FIELDS,
    TOPIC_LISTS,
    WALKED,
    Item,
    partition_of,
    topic_of,
)
from kafkashim.state import Broker

# What is -1 in an answer that is an error, though the declaration has no default for it.
UNKNOWN = frozenset(
    {
        "base_offset",
        "committed_offset",
        "end_offset",
        "generation_id",
        "high_watermark",
        "last_stable_offset",
        "leader_id",
        "low_watermark",
        "node_id",
        "offset",
        "producer_epoch",
        "producer_id",
        "timestamp",
    }
)
# What tells which item an error is about. The first field that is none of an error's does so too.
IDENTITY = PARTITION_FIELDS | {*TOPIC_FIELDS, "topic_id", "group_id", "partition_id"}
ERROR_FIELDS = frozenset({"error_code", "error_message"})
# What a whole answer tells beside what was asked for.
OF_CLUSTER = frozenset(
    {"throttle_time_ms", "cluster_id", "controller_id", "brokers", "node_endpoints"}
)
# Those whose answer to an error has the message of the declaration, which is an empty one.
OF_QUORUM = (DescribeQuorumResponse, QuorumPartition)
FETCH, ALTER_REPLICA_LOG_DIRS, JOIN_GROUP = 1, 34, 11
# Errors of a fetch that are told of the whole, because its session is meant.
OF_FETCH_SESSIONS = frozenset(
    {
        ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
        ErrorCode.INVALID_FETCH_SESSION_EPOCH,
        ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR,
    }
)
# APIs that only tell: asked first and refused then, so that the answer has the rest of what it has.
TELLING = frozenset(
    {1, 2, 3, 9, 10, 15, 16, 18, 23, 29, 32, 35, 46, 48, 50, 55, 60, 61, 65, 66, 69, 71, 74, 75}
)

Means = Callable[[Item], bool]


def class_of(struct: object) -> type[Struct]:
    """The class of a struct, as its declaration."""
    return cast("type[Struct]", struct.__class__)


def everything(_: Item) -> bool:
    """All items are meant."""
    return True


def refuse(
    response: Response, version: int, error: ErrorCode, broker: Broker, means: Means = everything
) -> Response:
    """Put an error in the place of what an answer says.

    Args:
        response: an answer to the request; it is changed.
        version: that of the API.
        error: what to say.
        broker: knows the names of topics that have ids.
        means: which partitions and topics; those of others keep what they have.
    """
    whole = _field(class_of(response), "error_code")
    for_items = means is not everything or (
        response.API_KEY == FETCH and error not in OF_FETCH_SESSIONS
    )
    if whole is not None and whole.versions.holds(version) and not for_items:
        _reset(response, error)
        return response
    marked = False
    for array in coded_arrays(class_of(response), version):
        for item in getattr(response, array.name) or ():
            marked = _mark(item, None, version, error, broker, means) or marked
    if not marked and whole is not None and whole.versions.holds(version):
        _reset(response, error)
    return response


def _mark(
    struct: Any, topic: str | None, version: int, error: ErrorCode, broker: Broker, means: Means
) -> bool:
    """Put the error into an item, or into those below it; whether any was meant."""
    topic = topic_of(struct, broker) or topic
    partition = partition_of(struct)
    below = coded_arrays(class_of(struct), version)
    own = _field(class_of(struct), "error_code") is not None
    if own and (means(Item(topic, partition)) or (partition is None and not below)):
        _reset(struct, error)
        return True
    found = [
        _mark(item, topic, version, error, broker, means)
        for array in below
        for item in getattr(struct, array.name) or ()
    ]
    return any(found)


def _reset(struct: Any, error: ErrorCode) -> None:
    """Let a struct say nothing but the error and what it is about."""
    kept = {"member_id"} if getattr(struct, "API_KEY", None) == JOIN_GROUP else set[str]()
    first = _first_field(class_of(struct))
    for field in class_of(struct).FIELDS:
        name = field.name
        if isinstance(struct, Response):
            if name in OF_CLUSTER or name in kept:
                continue
        elif name in IDENTITY or (field is first and not isinstance(field.type, ArrayType)):
            continue
        setattr(struct, name, int(error) if name == "error_code" else _nothing(struct, field))


def _nothing(struct: object, field: Field) -> Any:
    if field.name in UNKNOWN:
        return -1
    if field.name == "error_message" and field.nullable and not isinstance(struct, OF_QUORUM):
        # What ApiError says of an error without words of its own.
        return None
    if field.type.name == "RECORDS":
        return b""
    return [] if isinstance(field.type, ArrayType) and field.default is not None else field.default


def refusal(request: Request, version: int, error: ErrorCode, broker: Broker) -> Response:
    """The answer of an API that does nothing of what it was asked for."""
    response_class = messages(request.API_KEY)[1]
    response = response_class()
    for field in response_class.FIELDS:
        if field.name in UNKNOWN:
            setattr(response, field.name, -1)
    if request.API_KEY == JOIN_GROUP:
        response.member_id = request.member_id  # type: ignore[attr-defined]
    fill(response, request, version)
    assert isinstance(response, Response)
    return refuse(response, version, error, broker)


def fill(response: Any, request: Any, version: int) -> None:
    """Give an answer, or a part of one, an item for each that was asked for."""
    for array in coded_arrays(class_of(response), version):
        assert isinstance(array.type, ArrayType)
        item_class = cast("type[Struct]", array.type.item)
        items: list[Struct] = []
        for asked in _asked(request, version):
            item = item_class()
            _copy_identity(item, asked)
            if isinstance(asked, Struct):
                fill(item, asked, version)
            items.append(item)
        setattr(response, array.name, items)


def _asked(request: Any, version: int) -> Iterator[Any]:
    """The items of the arrays of a request, or of one of its items."""
    if getattr(request, "API_KEY", None) == ALTER_REPLICA_LOG_DIRS:
        for directory in request.dirs:
            yield from directory.topics
        return
    for field in request.FIELDS:
        if isinstance(field.type, ArrayType) and field.versions.holds(version):
            yield from getattr(request, field.name) or ()


def _copy_identity(item: Any, asked: Any) -> None:
    """Let an item of an answer say what it is about, under its own names for it."""
    first = _first_field(class_of(item))
    if first is None:  # CreateAcls tells its results by their order
        return
    if not isinstance(asked, Struct):
        setattr(item, first.name, asked)
        return
    same = False
    for field in item.FIELDS:
        if field.name in ERROR_FIELDS or not hasattr(asked, field.name):
            continue
        if not isinstance(field.type, ArrayType) or field.name == "entity":
            setattr(item, field.name, getattr(asked, field.name))
            same = True
    own = _first_field(class_of(asked))
    if not same and own is not None and isinstance(first.type, FieldType):
        setattr(item, first.name, getattr(asked, own.name))


def _first_field(cls: type[Struct]) -> Field | None:
    return next((field for field in cls.FIELDS if field.name not in ERROR_FIELDS), None)


def _field(cls: type[Struct], name: str) -> Field | None:
    return next((field for field in cls.FIELDS if field.name == name), None)


def coded_arrays(cls: type[Struct], version: int) -> tuple[Field, ...]:
    """The arrays of a struct whose items, or theirs, have error codes."""
    return tuple(
        field
        for field in cls.FIELDS
        if isinstance(field.type, ArrayType)
        and isinstance(field.type.item, type)
        and field.versions.holds(version)
        and _is_coded(field.type.item, version)
    )


def _is_coded(cls: type[Struct], version: int) -> bool:
    code = _field(cls, "error_code")
    return (code is not None and code.versions.holds(version)) or bool(coded_arrays(cls, version))


def split(
    request: Request, version: int, broker: Broker, means: Means
) -> tuple[Request, Request | None]:
    """What of a request is meant, and the rest; ``None`` when nothing is left.

    A request whose items are not answered one by one, as a heartbeat, is meant as a whole.
    """
    if means is everything or not coded_arrays(messages(request.API_KEY)[1], version):
        return request, None
    meant = _select(request, None, broker, means)
    rest = _select(request, None, broker, lambda item: not means(item))
    return (request if meant is None else meant), rest


def _select(struct: Any, topic: str | None, broker: Broker, keep: Means) -> Any:
    """A copy with the items that are kept; ``None`` when none of its items is."""
    if not isinstance(struct, Request):
        topic = topic_of(struct, broker) or topic
        partition = partition_of(struct)
        if partition is not None:
            return struct if keep(Item(topic, partition)) else None
    copied = type(struct)()
    had = left = False
    for field in struct.FIELDS:
        value = getattr(struct, field.name)
        if isinstance(field.type, ArrayType) and value:
            if field.name in PARTITION_LISTS and not isinstance(field.type.item, type):
                value = [index for index in value if keep(Item(topic, index))]
            elif field.name in TOPIC_LISTS:
                value = [name for name in value if keep(Item(name))]
            elif field.name in WALKED:
                parts = (_select(item, topic, broker, keep) for item in value)
                value = [part for part in parts if part is not None]
            else:
                setattr(copied, field.name, value)
                continue
            had, left = True, left or bool(value)
        setattr(copied, field.name, value)
    if had:
        return copied if left else None
    return struct if isinstance(struct, Request) or keep(Item(topic)) else None

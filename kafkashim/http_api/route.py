"""What a route is made of, and what its handler is given and gives. Nothing here knows a socket."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

from kafkashim.http_api.traffic import Traffic
from kafkashim.servers import Servers
from kafkashim.state import Broker
from kafkashim.topics import Topic

Schema = Mapping[str, Any]
JSON_TYPE = "application/json"
TEXT_TYPE = "text/plain"
# As many digits as any number of the protocol has.
_INTEGER = re.compile(r"-?[0-9]{1,19}")


class Problem(Exception):
    """The request is answered with an error.

    Attributes:
        status: that of HTTP.
        key: the word of the request that is wrong, where it is one.
        kafka_error: Kafka's name of the error, where a handler of its protocol gave one.
    """

    def __init__(
        self, status: int, text: str, *, key: str | None = None, kafka_error: str | None = None
    ) -> None:
        super().__init__(text)
        self.status = status
        self.key = key
        self.kafka_error = kafka_error

    def body(self) -> dict[str, object]:
        """What is answered."""
        found: dict[str, object] = {"error": str(self)}
        if self.key is not None:
            found["key"] = self.key
        if self.kafka_error is not None:
            found["kafka_error"] = self.kafka_error
        return found


@dataclass(frozen=True, slots=True)
class World:
    """What handlers look at and change.

    Attributes:
        coming_and_going: held while a broker is stopped or started, which takes a while.
    """

    servers: Servers
    journal: Traffic
    coming_and_going: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def topics(self) -> Mapping[str, Topic]:
        """The topics of the cluster, whatever a broker that is cut off knows of them."""
        return self.servers.cluster.topics

    @property
    def broker(self) -> Broker:
        """The first broker that runs and reaches the others; if there is none, the first."""
        for server in self.servers.servers.values():
            if server.uptime_ms is not None and not server.broker.isolated:
                return server.broker
        return self.servers.first.broker


@dataclass(frozen=True, slots=True)
class Call:
    """A request that fits its route.

    Attributes:
        path: the parameters in the path, by name; numbers are numbers.
        query: the parameters of the query that are there, likewise.
        body: the JSON, where the route takes some.
    """

    path: Mapping[str, Any] = field(default_factory=dict[str, Any])
    query: Mapping[str, Any] = field(default_factory=dict[str, Any])
    body: object = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered: JSON, or the text of a ``str``; ``None`` is no body at all."""

    body: object = None
    status: int = 200
    content_type: str = JSON_TYPE


class Parameter(NamedTuple):
    """A parameter of a path or a query; ``schema`` has ``type`` and bounds."""

    name: str
    schema: Schema
    about: str


class Answer(NamedTuple):
    """What a status means, and the schema of its body; without one there is none."""

    about: str
    schema: Schema | None = None
    content_type: str = JSON_TYPE


class Route(NamedTuple):
    """A row of the table.

    Attributes:
        path: with its parameters in braces.
        name: of the operation, unique.
        body: the schema of the JSON it takes; ``None`` when it takes none.
        may_be_empty: whether no body at all stands for ``{}``.
        answers: by status; what can go wrong with every request is added to them.
    """

    method: str
    path: str
    name: str
    summary: str
    handle: Callable[[World, Call], Reply | Awaitable[Reply]]
    answers: Mapping[int, Answer]
    in_path: tuple[Parameter, ...] = ()
    in_query: tuple[Parameter, ...] = ()
    body: Schema | None = None
    may_be_empty: bool = False


def read_path(route: Route, given: Mapping[str, str]) -> dict[str, Any]:
    """The parameters in a path.

    Raises:
        Problem: one is not what it is to be.
    """
    return {p.name: _parameter(p, given[p.name]) for p in route.in_path}


def read_query(route: Route, given: list[tuple[str, str]]) -> dict[str, Any]:
    """The parameters of a query.

    Raises:
        Problem: one that is unknown, stands there twice, or is not what it is to be.
    """
    known = {parameter.name: parameter for parameter in route.in_query}
    found: dict[str, Any] = {}
    for name, text in given:
        if name not in known:
            takes = ", ".join(known) or "none"
            raise Problem(400, f"unknown parameter {name!r}: {takes}", key=name)
        if name in found:
            raise Problem(400, f"{name} stands in the query twice", key=name)
        found[name] = _parameter(known[name], text)
    return found


def _parameter(parameter: Parameter, text: str) -> Any:
    name, schema, _ = parameter
    if schema["type"] != "integer":
        return text
    if _INTEGER.fullmatch(text) is None:
        raise Problem(400, f"{name} is a whole number, not {text!r}", key=name)
    value = int(text)
    low, high = schema["minimum"], schema["maximum"]
    if not low <= value <= high:
        raise Problem(400, f"{name} is {low} to {high}, not {value}", key=name)
    return value


def read_json(data: bytes) -> object:
    """A body.

    Raises:
        Problem: it is no JSON.
    """
    try:
        text = data.decode("utf-8")
        found = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_once)
        # A text with half a surrogate pair can be written in JSON, but not sent to a client.
        if "\\u" in text:
            json.dumps(found, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        raise Problem(400, "the body is no JSON: it is nested too deep") from None
    except ValueError as error:
        raise Problem(400, f"the body is no JSON: {error}") from None
    return cast("object", found)


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands in an object twice")
    return found


def flag(body: Mapping[str, object], key: str, *, default: bool) -> bool:
    """A key of a body that is true or false.

    Raises:
        Problem: it is neither.
    """
    found = body.get(key, default)
    if not isinstance(found, bool):
        raise Problem(400, f"{key} is true or false", key=key)
    return found


def as_object(body: object, allowed: tuple[str, ...]) -> dict[str, object]:
    """A body that is an object with some of these keys.

    Raises:
        Problem: it is not.
    """
    if not isinstance(body, dict):
        raise Problem(400, "the body is not an object")
    found = cast("dict[str, object]", body)
    for key in found:
        if key not in allowed:
            raise Problem(400, f"unknown key {key!r}: {', '.join(allowed)}", key=key)
    return found

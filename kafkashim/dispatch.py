"""The one table: which APIs are offered, at which versions, and who answers them.

A row is all an API needs here; its messages are declared in ``kafka_codecs/messages`` and handled in
``kafkashim/apis``, in files of the same name, which are imported when the API is first asked for.
"""

from __future__ import annotations

import importlib
import logging
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from kafka_codecs.codegen import decoder, encoder
from kafka_codecs.flat import Malformed
from kafka_codecs.header import (
    decode_request_header,
    request_header_version,
    response_header_version,
    skip_tagged_fields,
)
from kafka_codecs.messages import messages
from kafka_codecs.schema import Buffer, MalformedMessage, Message
from kafkashim.apis import Peer, RequestContext
from kafkashim.faults import Faults
from kafkashim.forwarding import forwarded
from kafkashim.parked import Given, Parked, Silence
from kafkashim.state import Broker

if TYPE_CHECKING:
    from kafkashim.faults.about import Item
    from kafkashim.faults.fault import Fault
    from kafkashim.journal import Entry, Journal

log = logging.getLogger("kafkashim.dispatch")


class Api(NamedTuple):
    """A row of the table: key, file name, versions, and the condition for offering it.

    What is not offered is answered all the same when it is asked, as Apache Kafka does. What is
    ``forwarded`` the controller answers.
    """

    key: int
    name: str
    low: int
    high: int
    when: Callable[[Broker], bool] | None = None
    forwarded: bool = False


def _telemetry(broker: Broker) -> bool:
    # Apache Kafka offers client telemetry only when a metrics reporter takes it (KIP-714).
    return bool(broker.config.metric_reporters)


# fmt: off
TABLE = (
    Api( 0, "produce",                     0, 13),  # 0-2: only offered, see api_00_produce
    Api( 1, "fetch",                       4, 18),
    Api( 2, "list_offsets",                1, 11),
    Api( 3, "metadata",                    0, 13),
    Api( 8, "offset_commit",               2, 10),
    Api( 9, "offset_fetch",                1, 10),
    Api(10, "find_coordinator",            0,  6),
    Api(11, "join_group",                  0,  9),
    Api(12, "heartbeat",                   0,  4),
    Api(13, "leave_group",                 0,  5),
    Api(14, "sync_group",                  0,  5),
    Api(15, "describe_groups",             0,  6),
    Api(16, "list_groups",                 0,  5),
    Api(18, "api_versions",                0,  4),
    Api(19, "create_topics",               2,  7, forwarded=True),
    Api(20, "delete_topics",               1,  6, forwarded=True),
    Api(21, "delete_records",              0,  2),
    Api(22, "init_producer_id",            0,  5),
    Api(23, "offset_for_leader_epoch",     2,  4),
    Api(29, "describe_acls",               1,  3),
    Api(30, "create_acls",                 1,  3, forwarded=True),
    Api(31, "delete_acls",                 1,  3, forwarded=True),
    Api(32, "describe_configs",            1,  4),
    Api(33, "alter_configs",               0,  2),
    Api(34, "alter_replica_log_dirs",      1,  2),
    Api(35, "describe_log_dirs",           1,  5),
    Api(37, "create_partitions",           0,  3, forwarded=True),
    Api(42, "delete_groups",               0,  2),
    Api(43, "elect_leaders",               0,  2, forwarded=True),
    Api(44, "incremental_alter_configs",   0,  1, forwarded=True),
    Api(45, "alter_partition_reassignments", 0,  1, forwarded=True),
    Api(46, "list_partition_reassignments", 0,  0, forwarded=True),
    Api(47, "offset_delete",               0,  0),
    Api(48, "describe_client_quotas",      0,  1),
    Api(49, "alter_client_quotas",         0,  1, forwarded=True),
    Api(50, "describe_user_scram_credentials", 0,  0),
    Api(51, "alter_user_scram_credentials", 0,  0, forwarded=True),
    Api(55, "describe_quorum",             0,  2, forwarded=True),
    Api(57, "update_features",             0,  2, forwarded=True),
    Api(60, "describe_cluster",            0,  2),
    Api(61, "describe_producers",          0,  0),
    Api(65, "describe_transactions",       0,  0),
    Api(66, "list_transactions",           0,  2),
    Api(68, "consumer_group_heartbeat",    0,  1),
    Api(69, "consumer_group_describe",     0,  1),
    Api(71, "get_telemetry_subscriptions", 0,  0, _telemetry),
    Api(72, "push_telemetry",              0,  0, _telemetry),
    Api(74, "list_config_resources",       0,  1),
    Api(75, "describe_topic_partitions",   0,  0),
)
# fmt: on

FETCH = 1
API_VERSIONS = 18
DECODERS = ("flat", "construct")

_put_size_and_id = struct.Struct(">ii").pack
_head = struct.Struct(">Iih").unpack_from


# The bytes of an answer with its size in front; a list of buffers where stored batches are among them.
Answer = bytes | list[Buffer]
# Takes an answer that comes later.
Later = Callable[[Answer | Parked[Any]], None]


class CloseConnection(Exception):
    """The request gets no answer: the connection is closed, as Kafka closes it.

    The text says why, in one line, for the log.
    """


class Route(NamedTuple):
    """An API at one version: its codecs, its handler, its headers.

    ``joined`` answers are small and leave as one buffer; those of Fetch carry stored batches, which
    are sent from where they lie.
    """

    decode: Callable[[Buffer, int], tuple[Any, int]]
    handle: Callable[[Any, Broker, RequestContext], Any]
    encode: Callable[[Any, list[Buffer]], None]
    version: int
    tagged_request_header: bool
    tagged_response_header: bool
    joined: bool


class Exchange:
    """A request on its way through a fault.

    Attributes:
        hits: what of the request the fault means.
        partly: whether it means single partitions rather than whole requests.
    """

    __slots__ = ("broker", "context", "hits", "partly", "request", "route")

    def __init__(self, route: Route, request: Any, broker: Broker, context: RequestContext) -> None:
        self.route = route
        self.request = request
        self.broker = broker
        self.context = context
        self.hits: list[Item] = []
        self.partly = False

    def handle(self, request: Any) -> Any:
        """Have the API do what a request asks for."""
        return self.route.handle(request, self.broker, self.context)


class Dispatcher:
    """From a request frame to the buffers of its answer."""

    def __init__(
        self,
        broker: Broker,
        decoder: str = "flat",
        journal: Journal | None = None,
        faults: Faults | None = None,
    ) -> None:
        if decoder not in DECODERS:
            raise ValueError(f"decoder is one of {', '.join(DECODERS)}, not {decoder!r}")
        self._broker = broker
        self.clock = broker.clock
        self._construct = decoder == "construct"
        self._routes: dict[int, Route] = {}
        self._rows = {row.key: row for row in TABLE}
        self.faults = Faults() if faults is None else faults
        self.journal = journal
        if journal is not None:
            journal.brokers.add(broker.node_id)
        self._watched = False
        self.faults.tell(self._watch)
        self._watch()
        broker.offered = {
            row.key: (row.low, row.high) for row in TABLE if row.when is None or row.when(broker)
        }

    def _watch(self) -> None:
        # The one question that every request costs while nothing goes wrong and nobody takes notes.
        self._watched = len(self.faults) > 0 or self.journal is not None

    def dispatch(self, frame: memoryview, peer: Peer, later: Later) -> Answer | Parked[Any] | None:
        """Answer a frame.

        Gives the bytes of the answer; ``None`` when the request wants none; the parked answer, whose
        bytes go to ``later`` when it is there; or the throttled one, which has its bytes.

        Raises:
            CloseConnection: the connection is to be closed without an answer.
        """
        try:
            # The header as decode_request_header reads it, but without making an object of it.
            key_version, correlation_id, length = _head(frame, 0)
            o = 10
            client_id = None
            if length >= 0:
                o += length
                if o > len(frame):
                    raise Malformed("client_id reaches beyond the frame")
                client_id = str(frame[10:o], "utf-8", "replace")
            route = self._routes.get(key_version)
            if route is None:
                route = self._route(key_version >> 16, key_version & 0xFFFF)
                if route is None:
                    return self._unsupported_api_versions(frame, key_version & 0x8000 != 0)
            if route.tagged_request_header:
                if frame[o]:
                    o = skip_tagged_fields(frame, o)
                else:
                    o += 1
            request, _ = route.decode(frame, o)
        except MalformedMessage as error:
            raise self._unreadable(frame, peer, f"malformed {_title(frame)}: {error}") from None
        except (struct.error, IndexError, Malformed) as error:
            raise self._unreadable(frame, peer, f"malformed request header: {error}") from None
        context = RequestContext(route.version, client_id, peer, len(frame))
        try:
            if self._watched:
                return self._dispatch_watched(
                    Exchange(route, request, self._broker, context), frame, correlation_id, later
                )
            response = route.handle(request, self._broker, context)
            if response is None or isinstance(response, Parked):
                return _answer(route, correlation_id, response, later)
            return _frame_response(route, correlation_id, response)
        except Exception as error:
            log.exception("Unexpected error while handling %s", _title(frame))
            raise CloseConnection(f"unexpected {type(error).__name__}") from error

    def _unreadable(self, frame: memoryview, peer: Peer, reason: str) -> CloseConnection:
        if self.journal is not None:
            self.journal.unreadable(self._broker.node_id, frame, peer, self.clock.now_ms(), reason)
        return CloseConnection(reason)

    def _dispatch_watched(
        self, exchange: Exchange, frame: memoryview, correlation_id: int, later: Later
    ) -> Answer | Parked[Any] | None:
        """Answer a request that a fault may act on, and note what came of it."""
        fault: Fault | None = None
        if len(self.faults):
            from kafkashim.faults.about import About

            about = About(exchange.request, self._broker, exchange.context)
            fault = self.faults.acting_on(about)
            if fault is not None:
                exchange.hits = fault.conditions.hits(about)
                exchange.partly = fault.conditions.asks_for_items
                log.info("%s v%d of %s: %s", about.name, about.version, about.client_id, fault)
        entry: Entry | None = None
        if self.journal is not None:
            now, request = self.clock.now_ms(), exchange.request
            broker_id, context = self._broker.node_id, exchange.context
            entry = self.journal.came(broker_id, frame, context, correlation_id, now, request)
            later = self._noted(entry, later)
            if fault is not None:
                entry.fault = fault.title
        try:
            if fault is None:
                response = exchange.handle(exchange.request)
            else:
                response = fault.action.act(exchange)
            answer = _answer(exchange.route, correlation_id, response, later)
        finally:
            if self.journal is not None:
                self.journal.over()
        if entry is not None:
            entry.given(answer, self.clock.now_ms())
        return answer

    def _noted(self, entry: Entry, later: Later) -> Later:
        def note(answer: Answer | Parked[Any]) -> None:
            entry.given(answer, self.clock.now_ms())
            later(answer)

        return note

    def _route(self, key: int, version: int) -> Route | None:
        """The route of an API version that is offered; ``None`` for an unknown ApiVersions one.

        Raises:
            CloseConnection: an unknown API, or a version of it that is not served.
        """
        row = self._rows.get(key)
        if row is None:
            raise CloseConnection(f"unknown api key {key}")
        request, response = messages(key)
        if not (row.low <= version <= row.high and request.VERSIONS.holds(version)):
            if key == API_VERSIONS:
                return None
            raise CloseConnection(f"unsupported version {version} of {request.NAME}")
        module = importlib.import_module(f"kafkashim.apis.api_{row.key:02d}_{row.name}")
        if self._construct:
            decode, encode = _construct_codecs(request, response, version)
        else:
            decode, encode = decoder(request, version), encoder(response, version)
        route = Route(
            decode,
            forwarded(module.handle) if row.forwarded else module.handle,
            encode,
            version,
            request_header_version(request, version) >= 2,
            response_header_version(response, version) >= 1,
            key != FETCH,
        )
        self._routes[key << 16 | version] = route
        return route

    def _unsupported_api_versions(self, frame: memoryview, negative: bool) -> bytes:
        """ApiVersions at a version nobody knows is answered in version 0 (KIP-511).

        Its header is read as that of the newest version, but as that of the oldest for a negative
        one (``ApiMessageType.requestHeaderVersion``).
        """
        from kafkashim.apis.api_18_api_versions import unsupported

        header, _ = decode_request_header(frame, 1 if negative else 2)
        body = unsupported(self._broker).encode(0)
        return _put_size_and_id(len(body) + 4, header.correlation_id) + body


def _construct_codecs(
    request: type[Message], response: type[Message], version: int
) -> tuple[Callable[[Buffer, int], tuple[Any, int]], Callable[[Any, list[Buffer]], None]]:
    from construct import ConstructError

    from kafka_codecs import layout
    from kafka_codecs.explain import malformed

    def decode(frame: Buffer, o: int) -> tuple[Any, int]:
        body = memoryview(frame)[o:]
        try:
            return layout.decode(request, version, body), len(frame)
        except ConstructError as error:
            raise malformed(request, version, body, str(error)) from None

    def encode(message: Any, out: list[Buffer]) -> None:
        out.append(layout.encode(message, version))

    return decode, encode


def _answer(
    route: Route, correlation_id: int, response: Any, later: Later
) -> Answer | Parked[Any] | None:
    """What the connection gets; the bytes of an answer that comes later go to ``later``."""
    if response is None:
        return None
    if not isinstance(response, Parked):
        return _frame_response(route, correlation_id, response)
    parked: Parked[Any] = response  # pyright: ignore[reportUnknownVariableType]
    if isinstance(parked, Given):
        return None if isinstance(parked, Silence) else _frame_given(route, correlation_id, parked)
    if parked.response is not None:
        return _answer(route, correlation_id, parked.response, later)

    def deliver(response: Any) -> None:
        if isinstance(response, Silence):
            later([])
        elif response is not None:
            framed = _answer(route, correlation_id, response, later)
            assert framed is not None
            later(framed)

    parked.deliver_to(deliver)
    return parked


def _frame_given(route: Route, correlation_id: int, given: Given[Any]) -> Given[Any]:
    """An answer that is sent in a way of its own, with its bytes."""
    if given.given is not None:
        framed = _frame_response(route, correlation_id, given.given)
        given.frame = [framed] if isinstance(framed, bytes) else framed
    return given


def _frame_response(route: Route, correlation_id: int, response: Any) -> Answer:
    out: list[Buffer] = [b"\0"] if route.tagged_response_header else []
    route.encode(response, out)
    if route.joined:
        body = b"".join(out)
        return _put_size_and_id(len(body) + 4, correlation_id) + body
    return [_put_size_and_id(sum(map(len, out)) + 4, correlation_id), *out]


def _title(frame: memoryview) -> str:
    """The request's API and version, for the log."""
    key, version = struct.unpack_from(">hh", frame, 0)
    for row in TABLE:
        if row.key == key:
            return f"{messages(key)[0].NAME} v{version}"
    return f"api key {key} v{version}"

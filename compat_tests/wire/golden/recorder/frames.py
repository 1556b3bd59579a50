"""Frames: the APIs that are recorded, how requests are made, and how both sides are verified.

Bytes are made and read with kafka-python's protocol schemas, an implementation independent of the
codecs these goldens test. Telemetry is not in kafka-python and is written out by hand.
"""

from __future__ import annotations

import importlib
import socket
import struct
import uuid
from dataclasses import dataclass
from typing import Any

CLIENT_ID = "golden"
HAND_MADE = frozenset({71, 72})


@dataclass(frozen=True)
class Api:
    """One API with the versions Apache Kafka 4.3.1 offers and serves, both ends included."""

    key: int
    name: str
    first: int
    last: int

    @property
    def file_name(self) -> str:
        """``09_offset_fetch.json``."""
        snake = "".join(
            f"_{letter.lower()}" if letter.isupper() else letter for letter in self.name
        )
        return f"{self.key:02d}{snake}.json"


APIS = {
    api.key: api
    for api in (
        Api(0, "Produce", 3, 13),
        Api(1, "Fetch", 4, 18),
        Api(2, "ListOffsets", 1, 11),
        Api(3, "Metadata", 0, 13),
        Api(8, "OffsetCommit", 2, 10),
        Api(9, "OffsetFetch", 1, 10),
        Api(10, "FindCoordinator", 0, 6),
        Api(11, "JoinGroup", 0, 9),
        Api(12, "Heartbeat", 0, 4),
        Api(13, "LeaveGroup", 0, 5),
        Api(14, "SyncGroup", 0, 5),
        Api(18, "ApiVersions", 0, 4),
        Api(19, "CreateTopics", 2, 7),
        Api(20, "DeleteTopics", 1, 6),
        Api(21, "DeleteRecords", 0, 2),
        Api(22, "InitProducerId", 0, 5),
        Api(23, "OffsetForLeaderEpoch", 2, 4),
        Api(32, "DescribeConfigs", 1, 4),
        Api(60, "DescribeCluster", 0, 2),
        Api(61, "DescribeProducers", 0, 0),
        Api(71, "GetTelemetrySubscriptions", 0, 0),
        Api(72, "PushTelemetry", 0, 0),
    )
}


@dataclass(frozen=True)
class Exchange:
    """A request and its answer as they were on the wire, without their size prefixes."""

    api_key: int
    version: int
    client: str
    about: str
    request: bytes
    response: bytes | None


def schema(name: str) -> Any:
    """Kafka-python's class for a message such as ``FetchRequest``."""
    for package in ("producer", "consumer", "metadata", "admin"):
        module = importlib.import_module(f"kafka.protocol.{package}")
        if hasattr(module, name):
            return getattr(module, name)
    raise LookupError(name)


def encode_request(key: int, version: int, correlation_id: int, fields: dict[str, Any]) -> bytes:
    """Header and body of a request; ``fields`` are nested dicts and lists of schema fields."""
    message = schema(f"{APIS[key].name}Request")
    values = {
        name: _instance(message._struct.fields[name], value) for name, value in fields.items()
    }
    request = message[version](**values)
    request.with_header(correlation_id, CLIENT_ID)
    return bytes(request.encode(header=True))


def _instance(field: Any, value: Any) -> Any:
    if isinstance(value, list) and field.is_struct_array():
        return [_instance_of(field, item) for item in value]
    return _instance_of(field, value) if isinstance(value, dict) else value


def _instance_of(field: Any, values: dict[str, Any]) -> Any:
    return field.data_class(
        **{name: _instance(field.fields[name], value) for name, value in values.items()}
    )


def decode_response(key: int, version: int, response: bytes) -> Any:
    """The answer as kafka-python reads it."""
    return _read(schema(f"{APIS[key].name}Response"), version, response)[0]


def leftover(exchange: Exchange) -> list[str]:
    """What is wrong with a pair: bytes that no field claims, or numbers that do not match."""
    if exchange.response is not None and exchange.response[:4] != exchange.request[4:8]:
        return ["correlation ids differ"]
    if exchange.api_key in HAND_MADE:
        return []
    wrong = []
    for suffix, frame in (("Request", exchange.request), ("Response", exchange.response)):
        if frame is not None:
            message = schema(APIS[exchange.api_key].name + suffix)
            rest = _read(message, exchange.version, frame)[1]
            if rest:
                wrong.append(f"{rest} bytes of the {suffix.lower()} are left over")
    return wrong


def _read(message: Any, version: int, frame: bytes) -> tuple[Any, int]:
    """The body of a frame decoded, and the number of bytes after it."""
    flexible = message.flexible_version_q(version)
    if message.is_request():
        client_id_length = max(struct.unpack_from(">h", frame, 8)[0], 0)
        start = 10 + client_id_length + flexible
    else:  # ApiVersions answers with the old header in every version, so that anybody can read it
        start = 4 + (flexible and message.API_KEY != 18)
    # Only the generated decoder tells where it stopped; decode() hides it, and takes every
    # ApiVersions error for version 0 although INVALID_REQUEST comes in the version asked for.
    decode = message._struct.compiled_decode_from(
        version, compact=flexible, tagged=flexible, data_class=message[None]
    )
    value, end = decode(memoryview(frame), start)
    return value, len(frame) - int(end)


class RawConnection:
    """A connection on which prepared frames are sent and whole frames come back."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 30)

    def send(self, frame: bytes) -> None:
        """Send one frame with its size before it."""
        self._socket.sendall(struct.pack(">i", len(frame)) + frame)

    def receive(self) -> bytes:
        """The next frame, without its size."""
        return self._exactly(int.from_bytes(self._exactly(4), "big"))

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _exactly(self, count: int) -> bytes:
        data = bytearray()
        while len(data) < count:
            piece = self._socket.recv(count - len(data))
            if not piece:
                raise ConnectionError("the broker closed the connection")
            data += piece
        return bytes(data)


def telemetry_request(key: int, correlation_id: int, body: bytes) -> bytes:
    """A telemetry request, version 0: flexible header, hand-made body, no tagged fields."""
    header = struct.pack(">hhih", key, 0, correlation_id, len(CLIENT_ID)) + CLIENT_ID.encode()
    return header + b"\0" + body + b"\0"


def push_body(instance: uuid.UUID, subscription: int, terminating: bool, metrics: bytes) -> bytes:
    """The body of PushTelemetry, metrics uncompressed (fewer than 127 bytes)."""
    fields = instance.bytes + struct.pack(">i?b", subscription, terminating, 0)
    return fields + bytes([len(metrics) + 1]) + metrics

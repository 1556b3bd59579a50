"""Request and response headers, and which version of them a message wears.

Two oddities stand here. The client id is never compact, not even in the flexible request header
v2, so that a broker can read it before it knows the request (KIP-482). And the answer to ApiVersions
has response header v0 at every version: a client that asked for a version the broker does not speak
must still be able to read the answer (KIP-511).
"""

from __future__ import annotations

import struct

from kafka_codecs.flat import Malformed, put_uvarint, uvarint
from kafka_codecs.schema import Buffer, MalformedMessage, Message

API_VERSIONS = 18

_head = struct.Struct(">hhih").unpack_from
_put_head = struct.Struct(">hhih").pack
_put_correlation = struct.Struct(">i").pack


def request_header_version(message: type[Message], version: int) -> int:
    """1, or 2 (with tagged fields) for flexible versions."""
    return 2 if message.is_flexible(version) else 1


def response_header_version(message: type[Message], version: int) -> int:
    """0, or 1 (with tagged fields) for flexible versions; always 0 for ApiVersions."""
    return 1 if message.is_flexible(version) and message.API_KEY != API_VERSIONS else 0


class RequestHeader:
    """Who asks what: API key and version, correlation id, client id."""

    __slots__ = ("api_key", "api_version", "client_id", "correlation_id")

    def __init__(
        self, api_key: int, api_version: int, correlation_id: int, client_id: str | None
    ) -> None:
        self.api_key = api_key
        self.api_version = api_version
        self.correlation_id = correlation_id
        self.client_id = client_id


def decode_request_header(frame: Buffer, header_version: int) -> tuple[RequestHeader, int]:
    """Read a request header; gives it and the offset of the body.

    Raises:
        MalformedMessage: the header is cut short, or a tagged field reaches beyond the frame.
    """
    try:
        api_key, api_version, correlation_id, length = _head(frame, 0)
        o = 10
        client_id = None
        if length >= 0:
            o += length
            if o > len(frame):
                raise Malformed("client_id reaches beyond the frame")
            client_id = str(frame[10:o], "utf-8", "replace")
        if header_version >= 2:
            o = skip_tagged_fields(frame, o)
    except (struct.error, IndexError, Malformed) as error:
        raise MalformedMessage("header", 0, str(error)) from None
    return RequestHeader(api_key, api_version, correlation_id, client_id), o


def skip_tagged_fields(b: Buffer, o: int) -> int:
    """The offset after a section of tagged fields. No tagged header field exists yet."""
    count, o = uvarint(b, o)
    for _ in range(count):
        _, o = uvarint(b, o)
        size, o = uvarint(b, o)
        if size < 0 or size > len(b) - o:
            raise Malformed("a tagged field of the header reaches beyond the frame")
        o += size
    return o


def encode_request_header(header: RequestHeader, header_version: int) -> bytes:
    """The bytes of a request header."""
    raw = b"" if header.client_id is None else header.client_id.encode()
    length = -1 if header.client_id is None else len(raw)
    head = _put_head(header.api_key, header.api_version, header.correlation_id, length)
    return head + raw + (b"\0" if header_version >= 2 else b"")


def encode_response_header(correlation_id: int, header_version: int) -> bytes:
    """The bytes of a response header."""
    return _put_correlation(correlation_id) + (put_uvarint(0) if header_version >= 1 else b"")


def decode_response_header(frame: Buffer, header_version: int) -> tuple[int, int]:
    """Read a response header; gives the correlation id and the offset of the body.

    Raises:
        MalformedMessage: the header is cut short.
    """
    try:
        correlation_id: int = struct.unpack_from(">i", frame, 0)[0]
        return correlation_id, skip_tagged_fields(frame, 4) if header_version >= 1 else 4
    except (struct.error, IndexError, Malformed) as error:
        raise MalformedMessage("header", 0, str(error)) from None

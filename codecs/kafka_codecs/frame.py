"""Whole frames, as they stand on the wire: size, header, message.

For tools, tests and lessons; the server cuts its frames itself, without copying them.
"""

from __future__ import annotations

import struct
from typing import TypeVar

from kafka_codecs.header import (
    RequestHeader,
    decode_request_header,
    decode_response_header,
    encode_request_header,
    encode_response_header,
    request_header_version,
    response_header_version,
)
from kafka_codecs.schema import Buffer, MalformedMessage, Request, Response

ResponseT = TypeVar("ResponseT", bound=Response)


def _framed(body: bytes) -> bytes:
    return struct.pack(">i", len(body)) + body


def encode_request(
    request: Request, version: int, correlation_id: int = 0, client_id: str | None = "kafkashim"
) -> bytes:
    """A request with header and size, ready to be sent."""
    header = RequestHeader(request.API_KEY, version, correlation_id, client_id)
    head = encode_request_header(header, request_header_version(type(request), version))
    return _framed(head + request.encode(version))


def encode_response(response: Response, version: int, correlation_id: int = 0) -> bytes:
    """A response with header and size, ready to be sent."""
    head = encode_response_header(correlation_id, response_header_version(type(response), version))
    return _framed(head + response.encode(version))


def decode_request(frame: Buffer) -> tuple[RequestHeader, Request]:
    """Read a request frame (without its size).

    Raises:
        MalformedMessage: an API or version there is no declaration of, or bytes that do not fit.
    """
    from kafka_codecs.messages import messages

    header, _ = decode_request_header(frame, 1)
    try:
        message = messages(header.api_key)[0]
    except KeyError:
        raise MalformedMessage("header", 0, f"unknown api key {header.api_key}") from None
    if not message.VERSIONS.holds(header.api_version):
        reason = f"{message.NAME} has versions {message.VERSIONS}, not {header.api_version}"
        raise MalformedMessage("header", 2, reason)
    header_version = request_header_version(message, header.api_version)
    header, o = decode_request_header(frame, header_version)
    request = message.decode(memoryview(frame)[o:], header.api_version)
    assert isinstance(request, Request)
    return header, request


def decode_response(
    response: type[ResponseT], version: int, frame: Buffer
) -> tuple[int, ResponseT]:
    """Read a response frame (without its size); gives the correlation id and the response.

    Raises:
        MalformedMessage: the bytes do not fit.
    """
    correlation_id, o = decode_response_header(frame, response_header_version(response, version))
    return correlation_id, response.decode(memoryview(frame)[o:], version)

"""The recorded frames: what Apache Kafka and real clients said to each other, byte by byte.

``record_golden.py`` makes them; ``golden/*.json`` holds them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from kafka_codecs.header import (
    decode_request_header,
    decode_response_header,
    request_header_version,
    response_header_version,
)
from kafka_codecs.messages import messages
from kafka_codecs.schema import Message

GOLDEN = Path(__file__).parent / "golden"


@dataclass(frozen=True)
class GoldenMessage:
    """The body of one recorded request or response."""

    message: type[Message]
    version: int
    number: int
    about: str
    body: bytes

    def __str__(self) -> str:
        return f"{self.message.__name__} v{self.version} #{self.number}"


@cache
def recordings() -> dict[int, list[dict[str, Any]]]:
    """API key -> its pairs of frames, as they stand in the files."""
    documents = [json.loads(path.read_text()) for path in sorted(GOLDEN.glob("*.json"))]
    return {document["api_key"]: document["frames"] for document in documents}


@cache
def golden_messages() -> tuple[GoldenMessage, ...]:
    """Every recorded message, without size and header."""
    return tuple(_read())


def _read() -> Iterator[GoldenMessage]:
    for api_key, frames in recordings().items():
        request, response = messages(api_key)
        for number, pair in enumerate(frames):
            version, about = pair["version"], f"{pair['client']}: {pair['about']}"
            raw = bytes.fromhex(pair["request"])
            _, o = decode_request_header(raw, request_header_version(request, version))
            yield GoldenMessage(request, version, number, about, raw[o:])
            if pair["response"] is not None:
                raw = bytes.fromhex(pair["response"])
                _, o = decode_response_header(raw, response_header_version(response, version))
                yield GoldenMessage(response, version, number, about, raw[o:])


@cache
def by_version() -> tuple[tuple[GoldenMessage, ...], ...]:
    """The recorded messages, those of one message at one version together."""
    found: dict[tuple[type[Message], int], list[GoldenMessage]] = {}
    for golden in golden_messages():
        found.setdefault((golden.message, golden.version), []).append(golden)
    return tuple(map(tuple, found.values()))


def version_id(goldens: tuple[GoldenMessage, ...]) -> str:
    """The test id of an element of :func:`by_version`."""
    return f"{goldens[0].message.__name__}-v{goldens[0].version}"

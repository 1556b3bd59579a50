"""Recorded request frames to spoil, and the places of their lengths."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from compat_tests.wire.golden_frames import recordings
from kafka_codecs.explain import explain
from kafka_codecs.flat import put_uvarint
from kafka_codecs.header import decode_request_header, request_header_version
from kafka_codecs.messages import messages

CLIENT_ID_LENGTH = 8
INT16_LENGTHS = [struct.pack(">h", n) for n in (-1, 0, 0x7FFF)]
INT32_LENGTHS = [struct.pack(">i", n) for n in (-1, 0, 0x7FFFFFFF)]
# Compact lengths are one more than they say: null, none, and the largest there is.
VARINT_LENGTHS = [put_uvarint(n) for n in (0, 1, 0x80000000, 0xFFFFFFFF)]


@dataclass(frozen=True)
class GoldenRequest:
    """A request frame (without its size) that a real client sent to Apache Kafka."""

    api_key: int
    version: int
    frame: bytes

    def __str__(self) -> str:
        return f"{messages(self.api_key)[0].NAME}-v{self.version}"


@cache
def golden_requests() -> tuple[GoldenRequest, ...]:
    """One request for each version of each API: the longest that is not very long."""
    found: dict[tuple[int, int], list[bytes]] = {}
    for api_key, pairs in recordings().items():
        for pair in pairs:
            frame = bytes.fromhex(pair["request"])
            found.setdefault((api_key, pair["version"]), []).append(frame)
    requests: list[GoldenRequest] = []
    for (api_key, version), frames in found.items():
        short = [frame for frame in frames if len(frame) <= 300]
        requests.append(GoldenRequest(api_key, version, max(short or frames, key=len)))
    return tuple(requests)


@cache
def all_request_frames() -> tuple[bytes, ...]:
    """Every request frame that was recorded."""
    return tuple(
        bytes.fromhex(pair["request"]) for pairs in recordings().values() for pair in pairs
    )


def with_wrong_lengths(golden: GoldenRequest) -> Iterator[bytes]:
    """The frame, each time with another length in it that is not true."""
    frame = golden.frame
    request = messages(golden.api_key)[0]
    _, body = decode_request_header(frame, request_header_version(request, golden.version))
    for value in INT16_LENGTHS:
        yield frame[:CLIENT_ID_LENGTH] + value + frame[CLIENT_ID_LENGTH + 2 :]
    tree, wrong = explain(request, golden.version, frame[body:])
    assert wrong is None
    for _, node in tree.walk():
        start = body + node.start
        if node.type.startswith(("COMPACT_", "UNSIGNED_VARINT", "TAGGED_FIELDS")):
            end = start
            while frame[end] > 0x7F:
                end += 1
            size, values = end + 1 - start, VARINT_LENGTHS
        elif node.type.endswith("STRING"):
            size, values = 2, INT16_LENGTHS
        elif node.type.endswith(("BYTES", "RECORDS")) or "ARRAY(" in node.type:
            size, values = 4, INT32_LENGTHS
        else:
            continue
        for value in values:
            yield frame[:start] + value + frame[start + size :]

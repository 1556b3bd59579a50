"""ApiVersions: what is offered, who asks, and versions nobody knows (KIP-511)."""

from __future__ import annotations

import struct

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from kafka_codecs.messages.api_18_api_versions import ApiVersionsRequest

NAMES = (
    ("usual", "librdkafka", "2.6.0"),
    ("all that is allowed", "a.B-9", "0"),
    ("no name", "", "1"),
    ("no version", "x", ""),
    ("a space", "a b", "1"),
    ("a hyphen at the end", "a-", "1"),
    ("a hyphen in front", "-a", "1"),
    ("a dot in front of the version", "a", ".1"),
    ("an underscore", "a_b", "1"),
    ("letters beyond ASCII", "klient-ä", "1"),
    ("a line feed at the end", "a\n", "1"),
    ("long", "a" * 1000, "1" * 1000),
)


@scene(ApiVersionsRequest)
def software(c: Conversation, version: int) -> None:
    if version < 3:
        c.ask("what is offered", ApiVersionsRequest(), version)
        c.ask("again", ApiVersionsRequest(), version)
        return
    for label, name, number in NAMES:
        request = ApiVersionsRequest(client_software_name=name, client_software_version=number)
        c.ask(label, request, version)
    c.ask(
        "an unknown client id",
        ApiVersionsRequest(client_software_name="x", client_software_version="1"),
        version,
        client_id=None,
    )


@scene(ApiVersionsRequest, "0")
def unknown_versions(c: Conversation, version: int) -> None:
    """Answered in version 0, with the range of ApiVersions alone."""
    for number in (5, 99, 32767, -1, -32768):
        head = struct.pack(">hhih", 18, number, 7, 1) + b"c"
        c.raw(f"version {number}, no tags", _framed(head))
        c.raw(f"version {number}, tags", _framed(head + b"\0"))
        c.raw(f"version {number}, more", _framed(head + b"\0" + bytes(20)))
        c.raw(f"version {number}, a tag cut short", _framed(head + b"\1\0\7x"))


def _framed(frame: bytes) -> bytes:
    return struct.pack(">i", len(frame)) + frame

"""Bytes that are not the message they should be: refused by both decoders, cheaply, and by name.

``KAFKASHIM_RANDOM_FRAMES`` in the environment sets how many random bodies are tried (default 20,000).
"""

from __future__ import annotations

import os
import random
import struct
import tracemalloc
from collections.abc import Iterator
from functools import cache

import pytest
from construct import ConstructError

from compat_tests.wire.golden_frames import (
    GoldenMessage,
    by_version,
    recordings,
    version_id,
)
from kafka_codecs import layout
from kafka_codecs.explain import Node, explain, malformed
from kafka_codecs.flat import put_uvarint
from kafka_codecs.frame import decode_request
from kafka_codecs.header import decode_request_header, decode_response_header
from kafka_codecs.messages.api_00_produce import (
    PartitionProduceData,
    ProduceRequest,
    TopicProduceData,
)
from kafka_codecs.messages.api_03_metadata import MetadataRequest
from kafka_codecs.messages.api_12_heartbeat import HeartbeatRequest
from kafka_codecs.schema import MalformedMessage, Message

RANDOM_FRAMES = int(os.environ.get("KAFKASHIM_RANDOM_FRAMES", "20000"))
SLACK = 1024 * 1024
UNNAMED = {"count", "tag", "size", "present"}  # nodes that no declaration names
INT16_LENGTHS = [struct.pack(">h", n) for n in (-1, -2, 0, 1, 0x7FFF, -0x8000)]
INT32_LENGTHS = [struct.pack(">i", n) for n in (-1, -2, 0, 1, 0x7FFFFFFF, -0x80000000)]
VARINT_LENGTHS = [
    *(put_uvarint(n) for n in (0, 1, 2, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)),
    b"\xff\xff\xff\xff\x7f",  # bits beyond the 32nd
    b"\x80\x80\x80\x80\x80\x01",  # six bytes
]


def outcome_of_flat(message: type[Message], version: int, body: bytes) -> Message | None:
    """What the flat code reads; ``None`` when it refuses. Any other exception is a failure."""
    try:
        return message.decode(body, version)
    except MalformedMessage:
        return None


def outcome_of_construct(message: type[Message], version: int, body: bytes) -> Message | None:
    try:
        return layout.decode(message, version, body)
    except ConstructError:
        return None


def assert_agreement(message: type[Message], version: int, body: bytes) -> None:
    flat = outcome_of_flat(message, version, body)
    assert flat == outcome_of_construct(message, version, body), body.hex()


@cache
def telling(goldens: tuple[GoldenMessage, ...]) -> GoldenMessage:
    """The recorded message with the most different fields, of those that are not long."""

    def fields(golden: GoldenMessage) -> int:
        tree, _ = explain(golden.message, golden.version, golden.body)
        return len({(node.name, node.value is None) for _, node in tree.walk()})

    short = [golden for golden in goldens if len(golden.body) <= 300]
    return max(short or goldens[:1], key=lambda golden: (fields(golden), -len(golden.body)))


def lengths(golden: GoldenMessage) -> Iterator[tuple[Node, int, list[bytes]]]:
    """Every length, count, tag and size of a message: node, bytes it takes, what to put there."""
    tree, _ = explain(golden.message, golden.version, golden.body)
    for _, node in tree.walk():
        compact = node.type.startswith(("COMPACT_", "UNSIGNED_VARINT", "TAGGED_FIELDS"))
        if compact:
            end = node.start
            while golden.body[end] > 0x7F:
                end += 1
            yield node, end + 1 - node.start, VARINT_LENGTHS
        elif node.type.endswith("STRING"):
            yield node, 2, INT16_LENGTHS
        elif node.type.endswith(("BYTES", "RECORDS")) or "ARRAY(" in node.type:
            yield node, 4, INT32_LENGTHS


def spoiled(golden: GoldenMessage) -> Iterator[bytes]:
    for node, size, values in lengths(golden):
        for value in values:
            yield golden.body[: node.start] + value + golden.body[node.start + size :]


def is_declared(path: str, node: Node) -> bool:
    """Whether a declaration names a node: CreatePartitions has a field that is called ``count``."""
    return node.name not in UNNAMED or path.endswith("].count")


every_version = pytest.mark.parametrize("goldens", by_version(), ids=version_id)


@every_version
def test_a_message_cut_at_any_byte_is_refused_by_name(goldens: tuple[GoldenMessage, ...]) -> None:
    golden = telling(goldens)
    message, version = golden.message, golden.version
    tree, _ = explain(message, version, golden.body)
    root = len(tree.name) + 1
    nodes = [(path[root:], node) for path, node in tree.walk()]
    for cut in range(len(golden.body)):
        body = golden.body[:cut]
        with pytest.raises(MalformedMessage) as caught:
            message.decode(body, version)
        # The field that was cut, or the array around it, whose count was too high for what is left.
        around = {
            path: node.start
            for path, node in nodes
            if node.start <= cut < node.end and is_declared(path, node)
        }
        assert caught.value.path in around, f"{golden} cut at {cut}"
        assert caught.value.offset == around[caught.value.path], f"{golden} cut at {cut}"
        assert outcome_of_construct(message, version, body) is None


@every_version
def test_both_decoders_agree_on_any_length(goldens: tuple[GoldenMessage, ...]) -> None:
    golden = telling(goldens)
    for body in spoiled(golden):
        assert_agreement(golden.message, golden.version, body)


@every_version
def test_no_length_makes_a_decoder_allocate(goldens: tuple[GoldenMessage, ...]) -> None:
    golden = telling(goldens)
    bodies = list(spoiled(golden))
    outcome_of_flat(golden.message, golden.version, golden.body[:-1])  # compiles and imports
    tracemalloc.start()
    try:
        for body in bodies:
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            outcome_of_flat(golden.message, golden.version, body)
            peak = tracemalloc.get_traced_memory()[1] - before
            assert peak < len(body) + SLACK, f"{golden}: {body.hex()}"
    finally:
        tracemalloc.stop()


def metadata_of(topics: int) -> bytes:
    """A request whose last topic name is null, which version 1 does not allow."""
    return struct.pack(">i", topics) + b"\0\1x" * (topics - 1) + b"\xff\xff"


def test_naming_the_field_takes_no_memory_of_its_own() -> None:
    """A refused frame is read again to name the field; nothing of that reading is kept."""
    body = metadata_of(4000)
    malformed(MetadataRequest, 1, b"", "")  # imports and compiles
    tracemalloc.start()
    try:
        error = malformed(MetadataRequest, 1, body, "")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (error.path, error.offset) == ("topics[3999].name", 4 + 3 * 3999)
    assert peak < len(body) + 64 * 1024


def test_naming_the_field_ends_after_ten_thousand_fields() -> None:
    error = malformed(MetadataRequest, 1, metadata_of(1_000_000), "the flat code's reason")
    assert (error.path, error.offset, error.reason) == ("", 0, "the flat code's reason")


def test_random_bodies_are_read_or_refused_alike() -> None:
    chance = random.Random(20_000)
    versions = [telling(goldens) for goldens in by_version()]
    for _ in range(RANDOM_FRAMES):
        golden = chance.choice(versions)
        assert_agreement(golden.message, golden.version, random_body(chance, golden.body))


def random_body(chance: random.Random, body: bytes) -> bytes:
    """Noise, or a recorded body with a few bytes changed, removed, inserted or moved."""
    if chance.random() < 0.3:
        # Small numbers make small counts, and so get further into a message.
        top = chance.choice((2, 4, 16, 256))
        return bytes(chance.randrange(top) for _ in range(chance.randrange(120)))
    spoiled = bytearray(body)
    for _ in range(chance.randint(1, 4)):
        at = chance.randint(0, len(spoiled))
        until = min(len(spoiled), at + chance.randint(0, 4))
        match chance.randrange(4):
            case 0:
                spoiled[at:until] = chance.randbytes(until - at)
            case 1:
                del spoiled[at:until]
            case 2:
                spoiled[at:at] = chance.randbytes(chance.randint(1, 6))
            case _:
                spoiled[at:at] = spoiled[chance.randint(0, len(spoiled)) :][:8]
    return bytes(spoiled)


def test_random_frames_with_headers_are_read_or_refused() -> None:
    chance = random.Random(20_001)
    requests = [bytes.fromhex(pair["request"]) for pairs in recordings().values() for pair in pairs]
    for _ in range(RANDOM_FRAMES // 4):
        frame = random_body(chance, chance.choice(requests))
        for header_version in (0, 1, 2):
            try:
                decode_request_header(memoryview(frame), header_version)
                decode_response_header(memoryview(frame), min(header_version, 1))
            except MalformedMessage:
                pass
        error = refusal(frame)
        assert error is None or (error.path and error.offset <= len(frame)), frame.hex()


def refusal(frame: bytes) -> MalformedMessage | None:
    try:
        decode_request(frame)
    except MalformedMessage as error:
        return error
    return None


def test_a_null_where_none_is_allowed_is_refused_by_name() -> None:
    with pytest.raises(MalformedMessage) as caught:
        HeartbeatRequest.decode(b"\xff\xff", 0)
    assert (caught.value.path, caught.value.offset) == ("group_id", 0)
    assert "null in a field that is not nullable" in caught.value.reason


def test_the_error_names_the_path_through_arrays() -> None:
    request = ProduceRequest(
        acks=-1,
        topic_data=[
            TopicProduceData(name="a", partition_data=[PartitionProduceData(records=b"batch")]),
            TopicProduceData(name="b", partition_data=[PartitionProduceData(records=b"batch")]),
        ],
    )
    body = request.encode(9)
    with pytest.raises(MalformedMessage) as caught:
        ProduceRequest.decode(body[:-6], 9)
    assert caught.value.path == "topic_data[1].partition_data[0].records"
    assert body[caught.value.offset :].startswith(b"\x06batch")
    assert str(caught.value) == (
        f"topic_data[1].partition_data[0].records at byte {caught.value.offset}: "
        "5 bytes announced, 2 left"
    )


@pytest.mark.parametrize("flat", [True, False])
def test_a_compact_string_is_no_longer_than_any_other(flat: bool) -> None:
    """The readers that Kafka generates refuse it, although its length could be told."""
    outcome = outcome_of_flat if flat else outcome_of_construct
    for size, allowed in ((32767, True), (32768, False)):
        group = b"g" * size
        rest = b"\0\0\0\1\1\0\0"
        found = outcome(HeartbeatRequest, 4, put_uvarint(size + 1) + group + rest)
        assert isinstance(found, HeartbeatRequest) is allowed

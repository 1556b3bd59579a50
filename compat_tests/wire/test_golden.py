"""The recorded frames read and write back byte by byte, and every byte of them has a name."""

from __future__ import annotations

from itertools import pairwise

import pytest

from compat_tests.wire.golden_frames import (
    GoldenMessage,
    by_version,
    golden_messages,
    recordings,
    version_id,
)
from kafka_codecs import layout
from kafka_codecs.codegen import decoder
from kafka_codecs.explain import explain
from kafka_codecs.messages import messages, modules

every_version = pytest.mark.parametrize("goldens", by_version(), ids=version_id)


@every_version
def test_both_decoders_read_the_same_and_leave_nothing(goldens: tuple[GoldenMessage, ...]) -> None:
    for golden in goldens:
        flat, end = decoder(golden.message, golden.version)(memoryview(golden.body), 0)
        assert end == len(golden.body), golden
        assert layout.decode(golden.message, golden.version, golden.body) == flat, golden


@every_version
def test_both_encoders_write_the_recorded_bytes(goldens: tuple[GoldenMessage, ...]) -> None:
    for golden in goldens:
        value = golden.message.decode(golden.body, golden.version)
        assert value.encode(golden.version) == golden.body, golden
        assert layout.encode(value, golden.version) == golden.body, golden


@every_version
def test_every_byte_belongs_to_exactly_one_leaf_field(goldens: tuple[GoldenMessage, ...]) -> None:
    for golden in goldens:
        tree, error = explain(golden.message, golden.version, golden.body)
        assert error is None, golden
        leaves = [(path, node) for path, node in tree.walk() if not node.children]
        assert (leaves[0][1].start, leaves[-1][1].end) == (0, len(golden.body)), golden
        for (_, left), (path, right) in pairwise(leaves):
            assert right.start == left.end, f"{golden}: {path} at {right.start}, not {left.end}"


@every_version
def test_a_node_spans_its_children(goldens: tuple[GoldenMessage, ...]) -> None:
    for golden in goldens:
        tree, _ = explain(golden.message, golden.version, golden.body)
        for path, node in tree.walk():
            if node.children:
                children = (node.children[0].start, node.children[-1].end)
                assert (node.start, node.end) == children, f"{golden}: {path}"


@pytest.mark.parametrize("api_key", list(modules()))
def test_every_version_was_recorded_in_both_directions(api_key: int) -> None:
    for message in messages(api_key):
        recorded = {golden.version for golden in golden_messages() if golden.message is message}
        assert recorded == set(message.VERSIONS), message.__name__


def test_every_recording_has_a_declaration() -> None:
    assert set(recordings()) == set(modules())


def test_explain_names_fields_types_and_places() -> None:
    request, _ = messages(12)
    tree, error = explain(request, 4, b"\x03ab\x00\x00\x00\x07\x02m\x00\x00")
    assert error is None
    assert [(node.name, node.type, node.start, node.end, node.value) for node in tree.children] == [
        ("group_id", "COMPACT_STRING", 0, 3, "ab"),
        ("generation_id", "INT32", 3, 7, 7),
        ("member_id", "COMPACT_STRING", 7, 9, "m"),
        ("group_instance_id", "COMPACT_NULLABLE_STRING", 9, 10, None),
        ("tagged_fields", "TAGGED_FIELDS", 10, 11, {"unknown": []}),
    ]


def test_explain_has_a_node_for_counts_tags_and_sizes() -> None:
    request, _ = messages(12)
    tree, error = explain(request, 4, b"\x02g\x00\x00\x00\x07\x02m\x00\x01\x81\x01\x02xy")
    assert error is None
    assert [
        (node.name, node.type, node.start, node.end) for node in tree.children[-1].children
    ] == [
        ("count", "UNSIGNED_VARINT", 9, 10),
        ("tag", "UNSIGNED_VARINT", 10, 12),
        ("size", "UNSIGNED_VARINT", 12, 13),
        ("tag 129", "BYTES", 13, 15),
    ]


def test_explain_shows_what_was_understood_of_a_frame_that_is_cut() -> None:
    request, _ = messages(12)
    tree, error = explain(request, 4, b"\x03ab\x00\x00")
    assert error is not None
    assert error.startswith("generation_id at byte 3")
    assert [(node.name, node.value) for node in tree.children] == [
        ("group_id", "ab"),
        ("generation_id", None),
    ]

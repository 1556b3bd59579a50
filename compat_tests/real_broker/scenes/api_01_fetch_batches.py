"""Fetch: which bytes come, whole batches or parts of them, and how many."""

from __future__ import annotations

import struct
from typing import Any

from compat_tests.real_broker.conversation import TIME, Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.fetching import (
    MEGABYTE,
    TOO_LONG_MS,
    delete_before,
    fetch,
    part,
    store,
)
from compat_tests.real_broker.scenes.producing import batch
from kafka_codecs.messages.api_01_fetch import FetchRequest
from kafka_codecs.record_batch import (
    HEADER,
    HEADER_SIZE,
    LOG_OVERHEAD,
    MAGIC,
    MAX_TIMESTAMP_OFFSET,
    NO_TIMESTAMP,
    Header,
    Record,
    encode_batch,
    seal,
)

LAST = 2**31 - 1
GZIP, SNAPPY, LZ4, ZSTD = 1, 2, 3, 4
# Three records, 10 ms apart, of key "key" and value "value " * 6, as each codec has them: what a
# library makes of them differs from release to release.
COMPRESSED = {
    GZIP: "1f8b08000000000000ff95caa10d00200c00c10f214cc000484661863a44155848d89e0d9ad69c3a01cad237eed"
    "c479b2d424d91ddb37f7fcec2e5e78a000000",
    SNAPPY: "82534e41505059000000000100000001000000248a01385a000000066b65794876616c75652076060010005a0"
    "01402ae2e00042804a62e00",
    LZ4: "04224d1860408229000000ff005a000000066b65794876616c75652006000b5f005a0014022e00192f28042e001"
    "2506c7565200000000000",
    ZSTD: "28b52ffd208a0d0100b05a000000066b65794876616c756520005a0014022804030001848bcad422963a",
}
RECORDS = (
    Record(0, TIME, b"key", b"value"),
    Record(0, TIME + 5, None, b"no key"),
    Record(0, TIME + 5, b"no value", None),
    Record(0, TIME - 7, b"", b""),
    Record(0, TIME, None, None, [Header("h", b"1"), Header("h", b"2"), Header("", None)]),
    Record(0, TIME, b"k", b"\xff\x00", [Header("täg", b"")]),
)


def compressed(codec: int) -> bytes:
    payload = bytes.fromhex(COMPRESSED[codec])
    size = HEADER_SIZE - LOG_OVERHEAD + len(payload)
    made = bytearray(HEADER_SIZE) + payload
    HEADER.pack_into(
        made, 0, 0, size, -1, MAGIC, 0, codec, 2, TIME, TIME + 20, -1, -1, -1, 3
    )  # fmt: skip
    seal(made)
    return bytes(made)


@scene(FetchRequest)
def codecs(c: Conversation, version: int) -> None:
    topic = c.topic(partitions=5)
    for codec in COMPRESSED:
        store(c, topic, compressed(codec), compressed(codec), partition=codec)
        for offset in (0, 4):
            wanted = {topic: [part(offset, codec)]}
            c.ask(f"codec {codec} from {offset}", fetch(c, version, wanted), version)
    store(c, topic, batch(), *map(compressed, COMPRESSED))
    c.ask("one after the other", fetch(c, version, {topic: [part()]}), version)
    alike = c.topic("alike", compression_type="zstd")
    store(c, alike, compressed(ZSTD))
    for label, one in (
        ("a topic of zstd", part()),
        ("a topic of zstd, the end", part(3)),
        ("a topic of zstd, out of range", part(9)),
        ("a topic of zstd, no such partition", part(0, 6)),
    ):
        c.ask(label, fetch(c, version, {alike: [one]}), version)


@scene(FetchRequest)
def what_records_hold(c: Conversation, version: int) -> None:
    topic = c.topic(partitions=2)
    for record in RECORDS:
        store(c, topic, encode_batch([record], base_timestamp=TIME))
    store(c, topic, encode_batch(RECORDS, base_timestamp=TIME))
    store(c, topic, encode_batch(RECORDS, base_timestamp=TIME + 1000))
    c.ask("keys, values, headers", fetch(c, version, {topic: [part()]}), version)
    for records in (
        batch(4_000_000_000_001, 3, 7, 2),
        batch(4_000_000_000_001, 3, 9),
        batch(-1, 5, 4),
        batch(timestamp=NO_TIMESTAMP),
        batch(timestamp=0),
        encode_batch(RECORDS[:2], base_timestamp=TIME, partition_leader_epoch=8),
    ):
        store(c, topic, records, partition=1)
    c.ask("producers and times", fetch(c, version, {topic: [part(0, 1)]}), version)


@scene(FetchRequest)
def whose_time(c: Conversation, version: int) -> None:
    """The time of the newest record is put right, and the broker's stands where a topic wants it."""
    plain, appended = c.topic("p"), c.topic("a", message_timestamp_type="LogAppendTime")
    wrong = bytearray(encode_batch(RECORDS[:2], base_timestamp=TIME))
    struct.pack_into(">q", wrong, MAX_TIMESTAMP_OFFSET, TIME + 999)
    seal(wrong)
    store(c, plain, bytes(wrong), batch(attributes=0x08))
    c.ask("a wrong newest time, a false append time", fetch(c, version, {plain: [part()]}), version)
    store(c, appended, batch(records=2), batch(timestamp=NO_TIMESTAMP), compressed(LZ4))
    c.ask("append time", fetch(c, version, {appended: [part()]}), version)


@scene(FetchRequest)
def limits(c: Conversation, version: int) -> None:
    """The first batch comes as a whole, however large; later ones are cut."""
    topic = c.topic()
    sound = batch(records=3)
    store(c, topic, sound, sound, sound, sound)
    size = len(sound)
    for limit in (0, size - 1, size, size + 16, size + 17, 2 * size - 1, 2 * size, LAST):
        wanted = {topic: [part(limit=limit)]}
        c.ask(f"{limit} bytes of a partition", fetch(c, version, wanted), version)
        wanted = {topic: [part(7, limit=limit)]}
        c.ask(f"{limit} bytes of a partition from 7", fetch(c, version, wanted), version)
        request = fetch(c, version, {topic: [part(3)]}, max_bytes=limit)
        c.ask(f"{limit} bytes in all", request, version)
    for limit in (-1, -(2**31)):
        c.ask(f"limit {limit}", fetch(c, version, {topic: [part(limit=limit)]}), version)
        end = {topic: [part(12, limit=limit)]}
        c.ask(f"limit {limit}, the end", fetch(c, version, end), version)
        out = {topic: [part(13, limit=limit)]}
        c.ask(f"limit {limit}, out of range", fetch(c, version, out), version)
        request = fetch(c, version, {topic: [part()]}, max_bytes=limit)
        c.ask(f"limit {limit} in all", request, version)
        request = fetch(c, version, {topic: [part(12)]}, max_bytes=limit)
        c.ask(f"limit {limit} in all, the end", request, version)


@scene(FetchRequest)
def limits_of_several(c: Conversation, version: int) -> None:
    """What one partition takes is not there for the next; one with an error takes nothing."""
    topic, other = c.topic(partitions=3), c.topic("o")
    sound = batch(records=3)
    size = len(sound)
    for index in range(3):
        store(c, topic, sound, sound, partition=index)
    store(c, other, batch(value=bytes(1000)))
    everything = {topic: [part(), part(0, 1), part(0, 2)], other: [part()]}
    for limit in (0, size, 2 * size, 3 * size - 1, 3 * size, 6 * size, 6 * size + 9):
        request = fetch(c, version, everything, max_bytes=limit)
        c.ask(f"{limit} bytes in all", request, version)
    for limit in (0, size + 9):
        small = {topic: [part(0, index, limit) for index in range(3)]}
        c.ask(f"{limit} bytes of each", fetch(c, version, small), version)
    for label, first in (
        ("the end", part(6)),
        ("out of range", part(9)),
        ("no such partition", part(0, 9)),
        ("no bytes of it", part(limit=0)),
        ("a negative limit", part(limit=-1)),
    ):
        wanted = {topic: [first, part(0, 1, 1), part(0, 2, 1)]}
        c.ask(f"first {label}", fetch(c, version, wanted), version)
        none = fetch(c, version, wanted, max_bytes=-1)
        c.ask(f"first {label}, a negative limit in all", none, version)


@scene(FetchRequest)
def deleted_records(c: Conversation, version: int) -> None:
    topic = c.topic()
    store(c, topic, batch(records=3), batch(records=3))
    for before in (0, 1, 3, 5, -1):
        delete_before(c, topic, before)
        for offset in (0, 2, 3, 5, 6):
            wanted = {topic: [part(offset)]}
            c.ask(f"{offset}, deleted before {before}", fetch(c, version, wanted), version)
    store(c, topic, batch())
    c.ask("one more", fetch(c, version, {topic: [part(6)]}), version)


@scene(FetchRequest)
def segments(c: Conversation, version: int) -> None:
    """A fetch reads one file of a partition, and stops where it ends."""
    topic = c.topic(segment_ms="1000")
    store(c, topic, batch(), batch(records=2), batch(timestamp=TIME + 5000), batch())
    for offset in range(6):
        c.ask(f"from {offset}", fetch(c, version, {topic: [part(offset)]}), version)
    # An older file does not grow: it is not waited for.
    long: dict[str, Any] = {"min_bytes": MEGABYTE, "max_wait_ms": TOO_LONG_MS}
    c.ask("more than the file has", fetch(c, version, {topic: [part()]}, **long), version)
    newest = fetch(c, version, {topic: [part(3)]}, **long)
    c.ask("more than the newest has", newest, version, silent_after=0.05)

"""What is stored of a batch that was appended: what was sent, but for what the broker sets.

What is answered to batches of every kind is compared with Apache Kafka's answers in ``real_broker``.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from compat_tests.server.asking import new_topic, produce
from compat_tests.server.batches import (
    GOOD,
    LAST_OFFSET_DELTA,
    LEADER_EPOCH,
    MAX_TIMESTAMP,
    NOW,
    changed,
)
from compat_tests.wire_client import WireClient
from kafka_codecs.record_batch import seal

FUTURE = NOW + 10 * 3_600_000


def test_what_is_stored_is_what_was_sent_but_for_its_place(
    client: WireClient, fetch_all: Callable[[WireClient, str], bytes]
) -> None:
    topic = new_topic(client)
    produce(client, topic, GOOD)
    produce(client, topic, changed(LEADER_EPOCH, ">i", 9, sealed=False))
    stored = fetch_all(client, topic)
    placed = struct.pack(">qii", 2, len(GOOD) - 12, 0) + GOOD[16:]
    assert stored == struct.pack(">qii", 0, len(GOOD) - 12, 0) + GOOD[16:] + placed


def test_a_wrong_max_timestamp_is_corrected(
    client: WireClient, fetch_all: Callable[[WireClient, str], bytes]
) -> None:
    topic = new_topic(client)
    produce(client, topic, changed(MAX_TIMESTAMP, ">q", FUTURE, sealed=True))
    stored = fetch_all(client, topic)
    assert struct.unpack_from(">q", stored, MAX_TIMESTAMP) == (NOW,)
    resealed = bytearray(stored)
    seal(resealed)
    assert stored == bytes(resealed)


def test_append_time_takes_the_place_of_the_timestamps(
    client: WireClient, fetch_all: Callable[[WireClient, str], bytes]
) -> None:
    topic = new_topic(client, configs={"message.timestamp.type": "LogAppendTime"})
    answer = produce(client, topic, GOOD)
    stored = fetch_all(client, topic)
    attributes, last_offset_delta = struct.unpack_from(">hi", stored, LAST_OFFSET_DELTA - 2)
    assert (attributes, last_offset_delta) == (8, 1)
    assert struct.unpack_from(">q", stored, MAX_TIMESTAMP) == (answer.log_append_time_ms,)

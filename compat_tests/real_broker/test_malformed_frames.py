"""Bytes that are not what they should be: the same reaction from both brokers.

Frames that real clients sent are spoilt in two ways: every length in them set to one that is not true,
and bytes changed, left out and put in at random. Both brokers get the same frames in the same order, so
that what the intact part of a frame does to one it does to the other.
"""

from __future__ import annotations

import random
import struct
from collections import Counter
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

import pytest

from compat_tests.real_broker.apache_kafka import PROPERTIES, ApacheKafka
from compat_tests.real_broker.conftest import need_real_broker
from compat_tests.real_broker.normalize import Normalizer
from compat_tests.real_broker.scenes import OFFERED
from compat_tests.server.golden_requests import (
    all_request_frames,
    golden_requests,
    with_wrong_lengths,
)
from compat_tests.wire_client import ConnectionClosed, WireClient
from kafka_codecs.frame import decode_response
from kafka_codecs.messages import messages
from kafka_codecs.messages.api_22_init_producer_id import InitProducerIdRequest
from kafka_codecs.schema import MalformedMessage
from kafkashim.testing import KafkaShim

SEED = 4_3_1
# What Apache Kafka does a moment later: topics are created because someone asks for them, and a client
# whose connection was closed is forgotten, unless the thread that closed it reads the next one too.
CALM = {"auto.create.topics.enable": "false", "num.network.threads": "1"}
# How long an answer may take. What waits longer waits for other members of a group or for data.
PATIENCE = 0.3


class Reactions:
    """What one broker does with frames, on one connection for as long as it stays open."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._client: WireClient | None = None

    def to(self, frame: bytes) -> Any:
        """``closed``, ``silent``, or the answer as plain data."""
        if self._client is None:
            self._client = WireClient(*self._address, timeout=PATIENCE)
        try:
            self._client.send(struct.pack(">i", len(frame)) + frame)
            answer = self._client.receive_frame()
        except (ConnectionClosed, BrokenPipeError, ConnectionResetError):
            self.close()
            return "closed"
        except TimeoutError:
            self.close()
            return "silent"
        return self._read(frame, answer)

    def _read(self, frame: bytes, answer: bytes) -> Any:
        key, version = struct.unpack_from(">hh", frame)
        response = messages(key)[1]
        if not OFFERED[key][0] <= version <= OFFERED[key][1]:
            version = 0  # only ApiVersions is answered then (KIP-511)
        try:
            decoded = decode_response(response, version, answer)[1]
        except MalformedMessage as error:
            return f"unreadable: {error}"
        # A name for each answer alone: one that differs is told once, and not in all that follow.
        normalizer = Normalizer(self._address[1], listed=False)
        return normalizer.answer(decoded, version)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        if self._client is not None:
            self._client.close()
        self._client = None


def spoilt(count: int) -> Iterator[bytes]:
    """Frames of APIs that are offered, spoilt: first all with wrong lengths, then at random."""
    made = 0
    for golden in golden_requests():
        for frame in with_wrong_lengths(golden):
            if made == count:
                return
            if offered(frame):
                made += 1
                yield frame
    chance = random.Random(SEED)
    whole = all_request_frames()
    while made < count:
        frame = changed(chance, chance.choice(whole))
        if offered(frame):
            made += 1
            yield frame


def offered(frame: bytes) -> bool:
    """Whether the API key in a frame is one both brokers offer."""
    return len(frame) < 2 or struct.unpack_from(">h", frame)[0] in OFFERED


def changed(chance: random.Random, frame: bytes) -> bytes:
    """A frame with one to four things changed."""
    spoilt_frame = bytearray(frame)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(spoilt_frame) + 1)
        match chance.choice(("set", "flip", "cut", "insert", "end", "double")):
            case "set" if at < len(spoilt_frame):
                spoilt_frame[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
            case "flip" if at < len(spoilt_frame):
                spoilt_frame[at] ^= 1 << chance.randrange(8)
            case "cut":
                del spoilt_frame[at : at + chance.randint(1, 4)]
            case "insert":
                spoilt_frame[at:at] = chance.randbytes(chance.randint(1, 4))
            case "end":
                del spoilt_frame[max(at, 1) :]
            case _:
                spoilt_frame[at:at] = spoilt_frame[at : at + chance.randint(1, 16)]
        if not spoilt_frame:
            return b"\0"
    return bytes(spoilt_frame)


def same_producer_ids(real: tuple[str, int], shim: tuple[str, int]) -> None:
    """Let both give out the same id next: Apache Kafka lost some while it made its topics."""
    plain = InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=1000)
    with WireClient(*real) as kafka, WireClient(*shim) as broker:
        wanted = kafka.ask(plain, 5).producer_id
        while broker.ask(plain, 5).producer_id < wanted:
            pass


def test_the_same_reaction(pytestconfig: pytest.Config) -> None:
    need_real_broker(pytestconfig)
    differences: list[str] = []
    seen: Counter[str] = Counter()
    with (
        ApacheKafka(CALM) as kafka,
        KafkaShim(rules="kafka-4.3", config={**PROPERTIES, **CALM}) as broker,
        Reactions(kafka.address) as real,
        Reactions((broker.host, broker.port)) as shim,
    ):
        same_producer_ids(kafka.address, (broker.host, broker.port))
        for frame in spoilt(pytestconfig.getoption("--spoilt-frames")):
            expected, came = real.to(frame), shim.to(frame)
            seen[expected if isinstance(expected, str) else "answered"] += 1
            if came != expected:
                differences.append(f"{frame.hex()}\n   real {expected}\n   here {came}")
    print(f"{seen.total()} frames, seed {SEED}: {dict(seen)}, {len(differences)} differences")
    assert not differences, "\n".join(differences[:20])

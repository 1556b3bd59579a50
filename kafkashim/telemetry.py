"""Client telemetry (KIP-714): who may push metrics, and when.

Nothing is subscribed to, so clients are told to push nothing every five minutes; what they push all the
same is unpacked and dropped. The checks and their order are those of ``ClientMetricsManager``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from kafka_codecs.compression import CompressionError, decompress
from kafka_codecs.errors import ErrorCode
from kafka_codecs.schema import ZERO_UUID
from kafkashim.clock import Clock
from kafkashim.ids import IdSource

# ClientMetricsConfigs.INTERVAL_MS_DEFAULT
PUSH_INTERVAL_MS = 300_000
# ClientMetricsManager.CACHE_MAX_SIZE
MOST_INSTANCES = 16_384
# ClientMetricsManager.clientInstance
FORGOTTEN_AFTER_MS = 3 * PUSH_INTERVAL_MS
# The codecs a broker likes best first: zstd, lz4, gzip, snappy.
ACCEPTED_COMPRESSION_TYPES = [4, 3, 1, 2]
# CRC-32C of "[]300000": no metric, every five minutes.
NOTHING_SUBSCRIBED = 0xD4C7_5BDE
# Uuid.RESERVED
RESERVED = (ZERO_UUID, UUID(int=1))
# After these a client may ask for its subscriptions again at once.
ASK_AGAIN = (ErrorCode.UNKNOWN_SUBSCRIPTION_ID, ErrorCode.UNSUPPORTED_COMPRESSION_TYPE)


class Closing(Protocol):
    """A connection, as far as it is of interest: whether it is closed."""

    closed: bool


@dataclass(slots=True)
class ClientInstance:
    """A client, from the first request that names it until the connection of that is closed.

    Kafka remembers one client for each connection: when another one is first named on it, the
    ``connection`` of the earlier one is ``None``, and it stays until nothing was heard of it for long.
    """

    subscription_id: int
    connection: Closing | None
    last_seen_ms: int
    last_get_ms: int = -PUSH_INTERVAL_MS
    last_push_ms: int = -PUSH_INTERVAL_MS
    terminating: bool = False
    last_error: ErrorCode = ErrorCode.NONE

    def forgotten(self, now_ms: int) -> bool:
        """Whether Kafka would not know it any more."""
        gone = self.connection is not None and self.connection.closed
        return gone or now_ms - self.last_seen_ms >= FORGOTTEN_AFTER_MS


@dataclass(frozen=True, slots=True)
class Push:
    """What a client pushes."""

    subscription_id: int
    terminating: bool
    codec: int
    metrics: bytes


class ClientTelemetry:
    """The client instances of a broker."""

    def __init__(self, clock: Clock, ids: IdSource) -> None:
        self._clock = clock
        self._ids = ids
        self._instances: dict[UUID, ClientInstance] = {}

    def subscribe(self, connection: Closing, instance: UUID) -> tuple[ErrorCode, UUID, int]:
        """Answer a client that asks what to push: error, its instance id, the subscription's id."""
        if instance == ZERO_UUID:
            instance = self._ids.uuid()
        now = self._clock.now_ms()
        known = self._instance(connection, instance)
        if now - max(known.last_get_ms, known.last_push_ms) >= PUSH_INTERVAL_MS:
            known.last_get_ms = now
        elif known.last_error not in ASK_AGAIN:
            return ErrorCode.THROTTLING_QUOTA_EXCEEDED, ZERO_UUID, 0
        known.last_error = ErrorCode.NONE
        return ErrorCode.NONE, instance, known.subscription_id

    def push(self, connection: Closing, instance: UUID, push: Push, max_bytes: int) -> ErrorCode:
        """Answer a client that pushes metrics; ``max_bytes`` is ``telemetry.max.bytes``."""
        if instance in RESERVED:
            return ErrorCode.INVALID_REQUEST
        known = self._instance(connection, instance)
        known.last_error = self._judge(known, push, max_bytes)
        known.terminating = push.terminating
        return known.last_error

    def _judge(self, known: ClientInstance, push: Push, max_bytes: int) -> ErrorCode:
        if known.terminating:
            return ErrorCode.INVALID_REQUEST
        now = self._clock.now_ms()
        # The first push after a get may come early: clients jitter the interval.
        in_time = (
            known.last_get_ms > known.last_push_ms or now - known.last_push_ms >= PUSH_INTERVAL_MS
        )
        if in_time:
            known.last_push_ms = now
        elif not push.terminating:
            return ErrorCode.THROTTLING_QUOTA_EXCEEDED
        if push.subscription_id != known.subscription_id:
            return ErrorCode.UNKNOWN_SUBSCRIPTION_ID
        if not 0 <= push.codec <= max(ACCEPTED_COMPRESSION_TYPES):
            return ErrorCode.UNSUPPORTED_COMPRESSION_TYPE
        if len(push.metrics) > max_bytes:
            return ErrorCode.TELEMETRY_TOO_LARGE
        if push.metrics:
            try:
                decompress(push.codec, push.metrics, max_bytes)
            except CompressionError:
                return ErrorCode.INVALID_RECORD
        return ErrorCode.NONE

    def _instance(self, connection: Closing, instance: UUID) -> ClientInstance:
        now = self._clock.now_ms()
        known = self._instances.pop(instance, None)
        if known is None or known.forgotten(now):
            for other in self._instances.values():
                if other.connection is connection:
                    other.connection = None
            known = ClientInstance(subscription_id(instance), connection, now)
        known.last_seen_ms = now
        # The one seen last stands last; the cache of Kafka too lets go of the one unseen for longest.
        self._instances[instance] = known
        if len(self._instances) > MOST_INSTANCES:
            del self._instances[next(iter(self._instances))]
        return known


def subscription_id(instance: UUID) -> int:
    """What Kafka computes for a client to which no subscription applies, an int32."""
    halves = (instance.int >> 64) ^ (instance.int & 0xFFFF_FFFF_FFFF_FFFF)
    number = NOTHING_SUBSCRIBED ^ (halves >> 32) ^ (halves & 0xFFFF_FFFF)
    return number - (1 << 32) if number >> 31 else number

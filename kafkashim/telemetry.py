"""Client telemetry (KIP-714): who may push metrics, and when.

Nothing is subscribed to, so clients are told to push nothing every five minutes; what they push all the
same is taken and dropped. The checks are those of ``ClientMetricsManager``.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from kafka_codecs.errors import ErrorCode
from kafka_codecs.schema import ZERO_UUID
from kafkashim.clock import Clock
from kafkashim.ids import IdSource

# ClientMetricsConfigs.INTERVAL_MS_DEFAULT and the broker's telemetry.max.bytes.
PUSH_INTERVAL_MS = 300_000
MAX_BYTES = 1024 * 1024
# ClientMetricsManager.CACHE_MAX_SIZE
MOST_INSTANCES = 16_384
# The codecs a broker likes best first: zstd, lz4, gzip, snappy.
ACCEPTED_COMPRESSION_TYPES = [4, 3, 1, 2]

# An instance is known only on its own connection: after a disconnect it starts anew.
InstanceKey = tuple[int, UUID]


@dataclass(slots=True)
class ClientInstance:
    """A client that asked for its subscriptions."""

    subscription_id: int
    last_get_ms: int
    last_push_ms: int = -PUSH_INTERVAL_MS
    terminated: bool = False
    told_unknown: bool = False


class ClientTelemetry:
    """The client instances of a broker."""

    def __init__(self, clock: Clock, ids: IdSource) -> None:
        self._clock = clock
        self._ids = ids
        self._instances: dict[InstanceKey, ClientInstance] = {}

    def subscribe(self, connection: int, instance: UUID) -> tuple[ErrorCode, UUID, int]:
        """Answer a client that asks what to push: error, its instance id, the subscription's id."""
        if instance == ZERO_UUID:
            instance = self._ids.uuid()
        now = self._clock.now_ms()
        known = self._instances.get((connection, instance))
        if known is None:
            if len(self._instances) >= MOST_INSTANCES:
                del self._instances[next(iter(self._instances))]
            # Nothing is subscribed to; the id still differs from client to client.
            known = ClientInstance(hash(instance) & 0x7FFFFFFF, now)
            self._instances[connection, instance] = known
        elif known.terminated:
            return ErrorCode.INVALID_REQUEST, ZERO_UUID, 0
        elif now - known.last_get_ms < PUSH_INTERVAL_MS and not known.told_unknown:
            return ErrorCode.THROTTLING_QUOTA_EXCEEDED, ZERO_UUID, 0
        known.last_get_ms, known.told_unknown = now, False
        return ErrorCode.NONE, instance, known.subscription_id

    def push(
        self,
        connection: int,
        instance: UUID,
        subscription_id: int,
        *,
        terminating: bool,
        codec: int,
        size: int,
    ) -> ErrorCode:
        """Answer a client that pushes ``size`` bytes of metrics."""
        if instance == ZERO_UUID:
            return ErrorCode.INVALID_REQUEST
        known = self._instances.get((connection, instance))
        if known is None:
            return ErrorCode.UNKNOWN_SUBSCRIPTION_ID
        now = self._clock.now_ms()
        if known.terminated:
            return ErrorCode.INVALID_REQUEST
        if not terminating and now - known.last_push_ms < PUSH_INTERVAL_MS:
            return ErrorCode.THROTTLING_QUOTA_EXCEEDED
        known.last_push_ms, known.terminated = now, terminating
        if subscription_id != known.subscription_id:
            known.told_unknown = True
            return ErrorCode.UNKNOWN_SUBSCRIPTION_ID
        if not 0 <= codec <= max(ACCEPTED_COMPRESSION_TYPES):
            return ErrorCode.UNSUPPORTED_COMPRESSION_TYPE
        return ErrorCode.TELEMETRY_TOO_LARGE if size > MAX_BYTES else ErrorCode.NONE

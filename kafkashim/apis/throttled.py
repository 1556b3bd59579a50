"""Producers and consumers that are faster than their quota are told to wait (KIP-13, KIP-219)."""

from __future__ import annotations

from kafka_codecs.codegen import encoder
from kafka_codecs.messages.api_00_produce import ProduceResponse
from kafka_codecs.messages.api_01_fetch import FetchResponse
from kafka_codecs.schema import Buffer
from kafkashim.apis import RequestContext
from kafkashim.parked import Throttled
from kafkashim.state import Broker
from kafkashim.throttling import ByteRates

# What FetchResponse.sizeOf adds to the message: the size in front of it.
SIZE_OF_SIZE = 4


def throttled_produce(
    response: ProduceResponse | None, rates: ByteRates, broker: Broker, context: RequestContext
) -> ProduceResponse | Throttled[ProduceResponse] | None:
    """The answer to what was appended already: the whole request counts, also when it was refused."""
    delay_ms = rates.record(context.client_id, context.size, broker.clock.now_ms())
    if not delay_ms:
        return response
    if response is not None:
        response.throttle_time_ms = delay_ms
    return Throttled(response, delay_ms)


def fetch_delay(
    response: FetchResponse, rates: ByteRates, broker: Broker, client_id: str | None, version: int
) -> int:
    """For how long a consumer has to wait because of an answer; what it does not get does not count."""
    out: list[Buffer] = []
    encoder(FetchResponse, version)(response, out)
    size = SIZE_OF_SIZE + sum(map(len, out))
    now = broker.clock.now_ms()
    delay_ms = rates.record(client_id, size, now)
    if delay_ms:
        rates.take_back(client_id, size, now)
    return delay_ms

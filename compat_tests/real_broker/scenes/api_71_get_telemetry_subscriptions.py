"""GetTelemetrySubscriptions: not offered without a metrics reporter, and answered all the same."""

from __future__ import annotations

import time
from uuid import UUID

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from kafka_codecs.messages.api_71_get_telemetry_subscriptions import (
    GetTelemetrySubscriptionsRequest,
)
from kafka_codecs.schema import ZERO_UUID

INSTANCE = UUID("5f1c7a52-3b0e-4d7e-9d59-3a6f7e2b1c44")


@scene(GetTelemetrySubscriptionsRequest)
def subscriptions(c: Conversation, version: int) -> None:
    def ask(label: str, instance: UUID, connection: str = "main") -> None:
        request = GetTelemetrySubscriptionsRequest(client_instance_id=instance)
        c.ask(label, request, version, connection=connection)

    ask("a new client", ZERO_UUID)
    ask("another new client", ZERO_UUID)
    ask("a client with an id", INSTANCE)
    ask("the same again", INSTANCE)
    ask("the same on another connection", INSTANCE, "other")
    ask("the reserved id", UUID(int=1))


@scene(GetTelemetrySubscriptionsRequest)
def connections(c: Conversation, version: int) -> None:
    """A connection takes the client it brought last with it when it is closed, and no other."""

    def ask(label: str, instance: UUID, connection: str) -> None:
        request = GetTelemetrySubscriptionsRequest(client_instance_id=instance)
        c.ask(label, request, version, connection=connection)

    first, second, third = (UUID(int=(5 << 64) + number) for number in range(3))
    ask("brought by one", first, "one")
    ask("by two as well", first, "two")
    ask("two brings another", second, "two")
    ask("and a third", third, "two")
    c.forget("two")
    request = GetTelemetrySubscriptionsRequest(client_instance_id=third)
    end = time.monotonic() + 10
    # Apache Kafka hears of it when its network thread next looks.
    while c.quietly(request, version).error_code:
        assert time.monotonic() < end, "never forgotten"
        time.sleep(0.01)
    ask("what one brought", first, "one")
    ask("what two brought first", second, "one")
    ask("what two brought last, and is known again", third, "one")

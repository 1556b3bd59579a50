"""PushTelemetry: metrics nobody asked for."""

from __future__ import annotations

from uuid import UUID

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from kafka_codecs.compression import compress
from kafka_codecs.messages.api_71_get_telemetry_subscriptions import (
    GetTelemetrySubscriptionsRequest,
)
from kafka_codecs.messages.api_72_push_telemetry import PushTelemetryRequest
from kafka_codecs.schema import ZERO_UUID


def push(instance: UUID, subscription: int, **more: object) -> PushTelemetryRequest:
    return PushTelemetryRequest(client_instance_id=instance, subscription_id=subscription, **more)


@scene(PushTelemetryRequest)
def pushes(c: Conversation, version: int) -> None:
    c.ask("the zero id", push(ZERO_UUID, 0), version)
    c.ask("the reserved id", push(UUID(int=1), 0), version)
    cases: tuple[tuple[str, int, dict[str, object]], ...] = (
        ("another subscription", 1, {}),
        ("an unknown codec", 0, {"compression_type": 9}),
        ("a negative codec", 0, {"compression_type": -1}),
        ("too large", 0, {"metrics": bytes(1048577)}),
        ("not compressed as said", 0, {"compression_type": 1, "metrics": b"no gzip"}),
        ("empty", 0, {}),
        ("compressed", 0, {"compression_type": 4, "metrics": compress(4, b"")}),
        ("terminating", 0, {"terminating": True}),
    )
    for number, (label, off, more) in enumerate(cases):
        instance = UUID(int=(7 << 64) + number)
        given = c.quietly(GetTelemetrySubscriptionsRequest(client_instance_id=instance), 0)
        c.ask(label, push(instance, given.subscription_id + off, **more), version)
        c.ask(f"{label}, again", push(instance, given.subscription_id + off, **more), version)
    unknown = UUID(int=(8 << 64) + 1)
    c.ask("a client that never asked", push(unknown, 5), version)
    c.ask("that one asks", GetTelemetrySubscriptionsRequest(client_instance_id=unknown), 0)
    c.ask("that one asks again", GetTelemetrySubscriptionsRequest(client_instance_id=unknown), 0)


@scene(PushTelemetryRequest)
def known_subscriptions(c: Conversation, version: int) -> None:
    """The id of the subscription follows from that of the client: it can be pushed without asking."""
    for label, instance, subscription in (
        ("a plain id", UUID(int=9 << 64), -725132329),
        ("any id", UUID("0b2d7c1e-9f44-4c1a-a3b1-6c2f4d8e7a90"), -1366196891),
    ):
        c.ask(label, push(instance, subscription), version)
    last = UUID(int=(9 << 64) + 2)
    given = c.quietly(GetTelemetrySubscriptionsRequest(client_instance_id=last), 0)
    for label, off in (("the last but wrong", 1), ("the last", 0), ("no more after that", 0)):
        c.ask(label, push(last, given.subscription_id + off, terminating=True), version)
    c.ask("asking after that", GetTelemetrySubscriptionsRequest(client_instance_id=last), 0)

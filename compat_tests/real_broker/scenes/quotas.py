"""Quotas as scenes set them, look for them, and take them away again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from compat_tests.real_broker.conversation import Conversation
from kafka_codecs.messages.api_48_describe_client_quotas import (
    ComponentData,
    DescribeClientQuotasRequest,
    DescribeClientQuotasResponse,
)
from kafka_codecs.messages.api_49_alter_client_quotas import (
    AlterClientQuotasRequest,
    EntityData,
    EntryData,
    OpData,
)

PRODUCER, CONSUMER = "producer_byte_rate", "consumer_byte_rate"
REQUEST, MUTATION, CONNECTIONS = (
    "request_percentage",
    "controller_mutation_rate",
    "connection_creation_rate",
)
EXACT, DEFAULT, SPECIFIED = 0, 1, 2
# Nobody is ever this fast, or takes this long.
NO_LIMIT = 1e12

Parts = list[tuple[str, str | None]]
Ops = list[tuple[str, float | None]]


def user(name: str | None) -> Parts:
    return [("user", name)]


def client(name: str | None) -> Parts:
    return [("client-id", name)]


def both(user_name: str | None, client_id: str | None) -> Parts:
    return [("user", user_name), ("client-id", client_id)]


def ip(address: str | None) -> Parts:
    return [("ip", address)]


def alter(*entries: tuple[Parts, Ops], validate_only: bool = False) -> AlterClientQuotasRequest:
    """Quotas to set; those whose value is ``None`` are removed."""
    return AlterClientQuotasRequest(
        entries=[
            EntryData(
                entity=[EntityData(entity_type=kind, entity_name=name) for kind, name in parts],
                ops=[
                    OpData(key=key, value=value or 0.0, remove=value is None) for key, value in ops
                ],
            )
            for parts, ops in entries
        ],
        validate_only=validate_only,
    )


def describe(
    *components: tuple[str, int, str | None], strict: bool = False
) -> DescribeClientQuotasRequest:
    return DescribeClientQuotasRequest(
        components=[
            ComponentData(entity_type=kind, match_type=match_type, match=match)
            for kind, match_type, match in components
        ],
        strict=strict,
    )


def exactly(parts: Parts) -> DescribeClientQuotasRequest:
    """The question for one entity and no other."""
    return describe(
        *((kind, DEFAULT if name is None else EXACT, name) for kind, name in parts), strict=True
    )


def quotas_of(c: Conversation, parts: Parts) -> dict[str, float]:
    """What is set for an entity, as the broker that answers knows it by now."""
    entries = c.quietly(exactly(parts), 1).entries
    return {value.key: value.value for entry in entries for value in entry.values}


def wait_for(c: Conversation, parts: Parts, expected: dict[str, float]) -> None:
    """Wait until an entity has these quotas."""
    c.until(lambda: quotas_of(c, parts) == expected)


def ask_and_wait(
    c: Conversation,
    label: str,
    entries: Iterable[tuple[Parts, Ops]],
    version: int,
) -> None:
    """Alter quotas, keeping a step; the broker of Apache Kafka learns of it a moment later."""
    entries = list(entries)
    before = [(parts, quotas_of(c, parts)) for parts, _ in entries]
    answer = c.ask(label, alter(*entries), version)
    failed = {result.error_code for result in answer.entries}
    assert failed == {0}, failed
    for (parts, known), (_, ops) in zip(before, entries, strict=True):
        changed: dict[str, Any] = {**known, **dict(ops)}
        expected = {key: value for key, value in changed.items() if value is not None}
        wait_for(c, parts, expected)


def set_quotas(c: Conversation, *entries: tuple[Parts, Ops]) -> None:
    """Set quotas quietly, and wait until they are there."""
    c.quietly(alter(*entries), 1)
    for parts, ops in entries:
        wanted = {key: value for key, value in ops if value is not None}
        wait_for(c, parts, wanted)


def remove_all(c: Conversation, *entities: Parts) -> None:
    """Take all quotas of some entities away, and wait until they are gone."""
    set_quotas(c, *((parts, [(key, None) for key in quotas_of(c, parts)]) for parts in entities))


def of_this_scene(c: Conversation) -> Any:
    """Leaves in an answer what the scene made itself; entities without a name stay."""

    def look(answer: DescribeClientQuotasResponse) -> None:
        own = c.name("")
        answer.entries = [
            entry
            for entry in answer.entries or ()
            if any((part.entity_name or "").startswith(own) for part in entry.entity)
        ]

    return look

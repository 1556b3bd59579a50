"""InitProducerId: producer ids with and without a transactional id, and the fencing of older ones."""

from __future__ import annotations

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from kafka_codecs.messages.api_22_init_producer_id import InitProducerIdRequest


def init(
    transactional_id: str | None = None, timeout_ms: int = 60_000, **more: int
) -> InitProducerIdRequest:
    return InitProducerIdRequest(
        transactional_id=transactional_id, transaction_timeout_ms=timeout_ms, **more
    )


@scene(InitProducerIdRequest)
def without_a_transactional_id(c: Conversation, version: int) -> None:
    c.ask("first", init(), version)
    c.ask("second", init(), version)
    c.ask("the timeout does not count", init(timeout_ms=-7), version)
    if version >= 3:
        c.ask("id and epoch do not count", init(producer_id=4, producer_epoch=7), version)
        c.ask("an id without epoch", init(producer_id=4), version)
        c.ask("an epoch without id", init(producer_epoch=7), version)
        c.ask("a negative epoch", init(producer_id=4, producer_epoch=-3), version)


@scene(InitProducerIdRequest)
def timeouts(c: Conversation, version: int) -> None:
    name = c.name("x")
    for timeout_ms in (0, -1, 900_001, 2**31 - 1):
        c.ask(f"{timeout_ms} ms", init(name, timeout_ms), version)
    c.ask("an empty transactional id", init(""), version)
    c.ask("an empty transactional id, 0 ms", init("", 0), version)
    c.ask("1 ms", init(c.name("short"), 1), version)
    c.ask("a space", init(" "), version)
    c.ask("a long one beyond ASCII", init(c.name("ä" * 200)), version)
    if version >= 3:
        for label, producer, epoch in (("an id", 5, -1), ("an epoch", -1, 5), ("both", 5, 5)):
            bad = init("", 0, producer_id=producer, producer_epoch=epoch)
            c.ask(f"an empty transactional id, 0 ms, {label}", bad, version)
            bad = init(name, 0, producer_id=producer, producer_epoch=epoch)
            c.ask(f"0 ms, {label}", bad, version)


@scene(InitProducerIdRequest)
def instances(c: Conversation, version: int) -> None:
    """A new instance fences the older ones; from version 3 on a client says who it is (KIP-360)."""
    name = c.name("x")
    c.ask("the first instance", init(name, 900_000), version)
    c.ask("the second instance", init(name), version)
    c.ask("a bad timeout", init(name, -5), version)
    third = c.quietly(init(name), 4)
    c.ask("after that", init(name), version)
    if version < 3:
        return
    current = c.quietly(init(name), 4)
    producer, epoch = current.producer_id, current.producer_epoch
    for label, given, given_epoch in (
        ("the current id and epoch", producer, epoch),
        ("the same again: a retry", producer, epoch),
        ("once more", producer, epoch),
        ("an older epoch", producer, 0),
        ("the third one's epoch", third.producer_id, third.producer_epoch),
        ("a higher epoch", producer, 99),
        ("another id", producer + 500, 0),
        ("another id, the current epoch", producer + 500, epoch + 1),
        ("an id without epoch", producer, -1),
        ("an epoch without id", -1, 0),
        ("a negative id", -2, 0),
    ):
        request = init(name, producer_id=given, producer_epoch=given_epoch)
        c.ask(label, request, version)
    c.ask("a new instance", init(name), version)


@scene(InitProducerIdRequest, "3+")
def an_id_nobody_knows(c: Conversation, version: int) -> None:
    name = c.name("x")
    for label, given, epoch in (
        ("a first instance that brings an id", 77, 0),
        ("again", 77, 0),
        ("without", -1, -1),
        ("with the id again", 77, 0),
        ("with the id and no epoch", 77, -1),
    ):
        c.ask(label, init(name, producer_id=given, producer_epoch=epoch), version)

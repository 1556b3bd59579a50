"""Produce: clients that are faster than their quota have to wait (KIP-13, KIP-219)."""

from __future__ import annotations

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.producing import batch, produce
from compat_tests.real_broker.scenes.quotas import (
    NO_LIMIT,
    PRODUCER,
    Parts,
    both,
    client,
    user,
)
from compat_tests.real_broker.scenes.throttling import ANONYMOUS, SLOW, hold, let_go, look_in
from kafka_codecs.messages.api_00_produce import ProduceRequest

LARGE = batch(value=b"v" * 2000)
# A little more than 1000 bytes with all that is around it: some hundred milliseconds too much.
MIDDLING = batch(value=b"v" * 880)


@scene(ProduceRequest)
def faster_than_the_quota(c: Conversation, version: int) -> None:
    topic, name = c.topic(), c.name("c")
    ids = [f"{name}-{n}" for n in range(4)]
    hold(c, PRODUCER, *map(client, ids))
    small, large, middling = (
        produce(c, version, {(topic, 0): records}) for records in (batch(), LARGE, MIDDLING)
    )
    c.ask("small", small, version, client_id=ids[0])
    c.ask("large", large, version, client_id=ids[1], connection="large")
    c.ask("of nobody's quota", large, version, client_id=f"{name}-x")
    c.ask("middling", middling, version, client_id=ids[2], connection="middling")
    refused = produce(c, version, {(c.name("missing"), 0): LARGE})
    c.ask("refused", refused, version, client_id=ids[3], connection="refused")
    let_go(c, *map(client, ids))
    c.ask("without the quota", large, version, client_id=ids[0])


@scene(ProduceRequest, "9")
def muted(c: Conversation, version: int) -> None:
    """Connections after a request that was too much."""
    topic, name = c.topic(), c.name("c")
    ids = [f"{name}-{n}" for n in range(5)]
    hold(c, PRODUCER, *map(client, ids))
    request = produce(c, version, {(topic, 0): MIDDLING})
    c.ask("too much", request, version, client_id=ids[0], connection="one")
    look_in(c, "muted", "one", silent=True)
    c.ask("too much again", request, version, client_id=ids[1], connection="two")
    look_in(c, "another connection", "main")
    look_in(c, "after a while", "two")
    refused = produce(c, version, {(c.name("missing"), 0): LARGE})
    c.ask("refused", refused, version, client_id=ids[2], connection="refused")
    look_in(c, "muted as well", "refused", silent=True)
    silent = produce(c, version, {(topic, 0): MIDDLING}, acks=0)
    c.send(silent, version, "acks 0", ids[3])
    look_in(c, "muted with acks 0", "acks 0", silent=True)
    c.send(silent, version, "acks 0 again", ids[4])
    look_in(c, "after a while, with acks 0", "acks 0 again")
    let_go(c, *map(client, ids))


@scene(ProduceRequest, "9")
def rates(c: Conversation, version: int) -> None:
    """How long is told, for rates from small to large."""
    topic, name = c.topic(), c.name("c")
    request = produce(c, version, {(topic, 0): LARGE})
    for rate in (1.0, 3.0, 7.0, 150.0, 205.0, 210.0, 220.0, 2.0**53):
        one = f"{name}-{rate}"
        hold(c, PRODUCER, client(one), rate=rate)
        c.ask(f"{rate}", request, version, client_id=one, connection=one)
        let_go(c, client(one))


@scene(ProduceRequest, "9")
def default_client_id(c: Conversation, version: int) -> None:
    """It is for all clients that have an id."""
    topic, name = c.topic(), c.name("c")
    request = produce(c, version, {(topic, 0): LARGE})
    hold(c, PRODUCER, client(None))
    c.ask("any id", request, version, client_id=f"{name}-any", connection="any")
    c.ask("an empty id", request, version, client_id="", connection="empty")
    c.ask("no id", request, version, client_id=None, connection="none")
    own = client(f"{name}-own")
    hold(c, PRODUCER, own, rate=NO_LIMIT)
    c.ask("one with a quota of its own", request, version, client_id=own[0][1], connection="own")
    let_go(c, client(None), own)
    c.ask("no quota left", request, version, client_id=f"{name}-left", connection="left")


@scene(ProduceRequest, "9")
def the_most_specific_quota(c: Conversation, version: int) -> None:
    """Of a user and a client id together, before that of the user, before that of the client id."""
    topic, name = c.topic(), c.name("c")
    request = produce(c, version, {(topic, 0): LARGE})
    for n, (label, slow, fast) in enumerate(
        (
            ("client id, user", client, user(ANONYMOUS)),
            ("client id, default user", client, user(None)),
            ("both, user", _with_user, user(ANONYMOUS)),
            ("both, user and default client id", _with_user, both(ANONYMOUS, None)),
            ("default user and client id, user", _with_default_user, user(ANONYMOUS)),
            ("default user and client id, default user", _with_default_user, user(None)),
            ("default user and client id, both defaults", _with_default_user, both(None, None)),
            ("client id, both defaults", client, both(None, None)),
        )
    ):
        one = f"{name}-{n}"
        hold(c, PRODUCER, slow(one))
        hold(c, PRODUCER, fast, rate=NO_LIMIT)
        c.ask(label, request, version, client_id=one, connection=one)
        let_go(c, slow(one), fast)
    for n, (label, slow, fast) in enumerate(
        (
            ("user's default client id, client id", both(ANONYMOUS, None), client),
            ("both defaults, client id", both(None, None), client),
        )
    ):
        one = f"{name}-slow-{n}"
        hold(c, PRODUCER, fast(one), rate=NO_LIMIT)
        hold(c, PRODUCER, slow, rate=SLOW)
        c.ask(label, request, version, client_id=one, connection=one)
        let_go(c, fast(one), slow)


def _with_user(client_id: str) -> Parts:
    return both(ANONYMOUS, client_id)


def _with_default_user(client_id: str) -> Parts:
    return both(None, client_id)

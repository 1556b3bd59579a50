"""Fetch: consumers that are faster than their quota get nothing, and have to wait (KIP-13, KIP-219)."""

from __future__ import annotations

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.fetching import TOO_LONG_MS, fetch, part, send_to_wait, store
from compat_tests.real_broker.scenes.producing import batch
from compat_tests.real_broker.scenes.quotas import CONSUMER, client
from compat_tests.real_broker.scenes.throttling import hold, let_go, look_in
from kafka_codecs.messages.api_01_fetch import FetchRequest

LARGE, MIDDLING, SMALL = (batch(value=b"v" * size) for size in (2000, 885, 200))


@scene(FetchRequest)
def faster_than_the_quota(c: Conversation, version: int) -> None:
    large, middling, small = c.topic("large"), c.topic("middling"), c.topic("small")
    store(c, large, LARGE)
    store(c, middling, MIDDLING)
    store(c, small, *[SMALL] * 6)
    name = c.name("c")
    ids = [f"{name}-{n}" for n in range(8)]
    hold(c, CONSUMER, *map(client, ids))
    of_large, of_middling = (fetch(c, version, {topic: [part()]}) for topic in (large, middling))
    c.ask("large", of_large, version, client_id=ids[0], connection="large")
    c.ask("of nobody's quota", of_large, version, client_id=f"{name}-x")
    c.ask("middling", of_middling, version, client_id=ids[1], connection="middling")
    of_small = fetch(c, version, {small: [part()]})
    c.ask("a little too much", of_small, version, client_id=ids[3], connection="small")
    several = fetch(c, version, {small: [part(1)], large: [part()], middling: [part()]})
    c.ask("of several", several, version, client_id=ids[4], connection="several")
    as_much_as_may_be = fetch(c, version, {small: [part(3)]})
    c.ask("as much as may be", as_much_as_may_be, version, client_id=ids[5])
    of_replica = fetch(c, version, {large: [part()]}, replica=1)
    c.ask("of a replica", of_replica, version, client_id=ids[5])
    missing = [(c.name(f"missing-{n}"), [part(index=i) for i in range(20)]) for n in range(4)]
    c.ask("too many errors", fetch(c, version, missing), version, client_id=ids[6], connection="e")
    c.ask("nothing", fetch(c, version, {small: [part(6)]}), version, client_id=ids[7])
    let_go(c, *map(client, ids))
    c.ask("without the quota", of_large, version, client_id=ids[0])


@scene(FetchRequest, "12")
def muted(c: Conversation, version: int) -> None:
    """Connections after an answer that would have been too much."""
    topic, name = c.topic(), c.name("c")
    store(c, topic, MIDDLING)
    ids = [f"{name}-{n}" for n in range(3)]
    hold(c, CONSUMER, *map(client, ids))
    request = fetch(c, version, {topic: [part()]})
    c.ask("too much", request, version, client_id=ids[0], connection="one")
    look_in(c, "muted", "one", silent=True)
    c.ask("too much again", request, version, client_id=ids[1], connection="two")
    look_in(c, "another connection", "main")
    look_in(c, "after a while", "two")
    waits = fetch(c, version, {topic: [part(1)]}, max_wait_ms=TOO_LONG_MS)
    send_to_wait(c, waits, version, "waits", ids[2])
    store(c, topic, LARGE)
    c.receive("waited for", waits, version, "waits")
    look_in(c, "muted after the wait", "waits", silent=True)
    let_go(c, *map(client, ids))


@scene(FetchRequest, "7+")
def sessions(c: Conversation, version: int) -> None:
    topic, other, one = c.topic(), c.topic("o"), c.name("c")
    store(c, topic, LARGE)
    hold(c, CONSUMER, client(one))
    first = fetch(c, version, {topic: [part()], other: [part()]}, session_id=0, session_epoch=0)
    c.ask("no session is made", first, version, client_id=one, connection="first")
    let_go(c, client(one))
    made = c.ask("a session", first, version, client_id=one, connection="main")
    session = made.session_id
    store(c, topic, LARGE)
    two = c.name("d")
    hold(c, CONSUMER, client(two))
    nothing = fetch(c, version, {}, session_id=session, session_epoch=1)
    c.ask("too much", nothing, version, client_id=two, connection="second")
    let_go(c, client(two))
    again = fetch(c, version, {}, session_id=session, session_epoch=2)
    c.ask("still to be had", again, version, client_id=two, connection="third")
    three = c.name("e")
    hold(c, CONSUMER, client(three), rate=1.0)
    wrong = fetch(c, version, {}, session_id=session, session_epoch=7)
    c.ask("of a wrong epoch", wrong, version, client_id=three, connection="fourth")
    let_go(c, client(three))

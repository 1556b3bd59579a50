"""Byte rates that clients are held to, for the scenes in which they are too fast.

How long a client has to wait depends on when it did what, except for the first request of a client id:
its time begins with the request, so that the answer says the same on every run.
"""

from __future__ import annotations

from uuid import uuid4

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes.fetching import fetch, part
from compat_tests.real_broker.scenes.producing import batch, produce
from compat_tests.real_broker.scenes.quotas import (
    PRODUCER,
    Parts,
    alter,
    both,
    quotas_of,
    remove_all,
)
from kafka_codecs.messages.api_18_api_versions import ApiVersionsRequest, ApiVersionsResponse

# The principal of everybody who does not say who he is.
ANONYMOUS = "ANONYMOUS"
# Bytes a second: 1000 in the ten windows of a second before the one that is filling.
SLOW = 100.0
PRODUCE, FETCH, ALTER, API_VERSIONS = 9, 12, 1, 0
# A moment in which everything is answered that is going to be.
MOMENT = 0.1


def hold(c: Conversation, quota: str, *entities: Parts, rate: float = SLOW) -> None:
    """Set a byte rate, and wait until the broker holds clients to it.

    Apache Kafka describes a quota a moment before it enforces it: a client id nobody has gets one that
    nobody can keep and no other comes before, in the same request, and asks until it has to wait.
    """
    client_id = str(uuid4())
    probe = both(ANONYMOUS, client_id)
    entries = [(parts, [(quota, rate)]) for parts in entities]
    c.quietly(alter(*entries, (probe, [(quota, 1.0)])), ALTER)
    c.until(lambda: _has_to_wait(c, quota, client_id))
    remove_all(c, probe)


def let_go(c: Conversation, *entities: Parts) -> None:
    """Take all quotas of some entities away, and wait until they are not enforced any more."""
    quotas = {quota for parts in entities for quota in quotas_of(c, parts)}
    remove_all(c, *entities)
    for quota in quotas:
        # The next one to be enforced is enforced after these are no longer.
        hold(c, quota)


def _has_to_wait(c: Conversation, quota: str, client_id: str) -> bool:
    """Whether a client is held to its quota; it asks for what is not there."""
    topic = c.name("nothing")
    if quota == PRODUCER:
        request, version = produce(c, PRODUCE, {(topic, 0): batch()}), PRODUCE
    else:
        request, version = fetch(c, FETCH, {topic: [part()]}), FETCH
    answer = c.quietly(request, version, connection=client_id, client_id=client_id)
    c.forget(client_id)
    return bool(answer.throttle_time_ms)


def look_in(c: Conversation, label: str, connection: str, silent: bool = False) -> None:
    """Ask something small on a connection: is it answered?"""
    c.ask(
        label,
        ApiVersionsRequest(),
        API_VERSIONS,
        connection=connection,
        silent_after=MOMENT if silent else None,
        look=_nothing_of_it,
    )


def _nothing_of_it(answer: ApiVersionsResponse) -> None:
    answer.api_keys = []

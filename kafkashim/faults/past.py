"""The conditions of faults, asked of requests that are past."""

from __future__ import annotations

from kafka_codecs.frame import decode_request
from kafka_codecs.schema import MalformedMessage, Request
from kafkashim.apis import RequestContext
from kafkashim.faults.about import About
from kafkashim.faults.conditions import Conditions
from kafkashim.journal import Entry
from kafkashim.state import Broker


class PastPeer:
    """The connection of a request that is past; it may be gone."""

    peer_host = listener_name = listener_host = ""
    listener_port = 0
    closed = True

    def __init__(self, number: int) -> None:
        self.id = number

    def close(self) -> None:
        """Nothing is left to be closed."""


def read_again(entry: Entry) -> Request | None:
    """The request of an entry, which does not keep it; ``None`` when it cannot be read."""
    try:
        return decode_request(entry.frame)[1]
    except (MalformedMessage, ValueError):
        return None


def held_for(asked: Conditions, entry: Entry, broker: Broker) -> bool:
    """Whether all conditions about the request hold; those about how often are not asked.

    Topics that are named by id are known as long as they are there.

    Args:
        asked: the conditions.
        entry: the request.
        broker: the one that was asked, or any of its cluster.
    """
    broker = broker.cluster.brokers.get(entry.broker, broker)
    if _misses_head(asked, entry, broker):
        return False
    if asked == Conditions(asked.api, asked.version, None, asked.connection, asked.broker):
        return True
    request = read_again(entry)
    if request is None:
        return False
    peer = PastPeer(entry.connection)
    context = RequestContext(entry.version, entry.client_id, peer, len(entry.frame))
    return asked.missed(About(request, broker, context)) is None


def _misses_head(asked: Conditions, entry: Entry, broker: Broker) -> bool:
    """Whether the header alone tells that the request is another: it is not decoded then."""
    return (
        (asked.api is not None and asked.api != entry.api_key)
        or (asked.connection is not None and asked.connection != entry.connection)
        or (asked.broker is not None and asked.broker != broker.node_id)
        or (asked.version is not None and not asked.version[0] <= entry.version <= asked.version[1])
    )

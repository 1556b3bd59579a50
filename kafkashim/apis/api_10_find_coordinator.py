"""FindCoordinator: who leads the partition a name belongs to; one broker coordinates everything.

The topic of a coordinator comes when it is first asked for, as with Apache Kafka, but at once: the answer
is COORDINATOR_NOT_AVAILABLE only while nobody leads the partition.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from uuid import UUID

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_10_find_coordinator import (
    Coordinator,
    FindCoordinatorRequest,
    FindCoordinatorResponse,
)
from kafkashim.apis import RequestContext
from kafkashim.apis.coordination import coordinator
from kafkashim.apis.leadership import Node, nodes
from kafkashim.ids import base64_id
from kafkashim.internal_topics import OFFSETS, SHARE_STATE, TRANSACTIONS
from kafkashim.state import Broker

GROUP = 0
TRANSACTION = 1
SHARE = 2

TOPIC_OF = {GROUP: OFFSETS, TRANSACTION: TRANSACTIONS, SHARE: SHARE_STATE}

FIRST_VERSION_WITH_SEVERAL_KEYS = 4
FIRST_VERSION_WITH_SHARE_GROUPS = 6

# The messages of org.apache.kafka.common.protocol.Errors; without an error versions 1 to 3 have the
# error's name for one.
MESSAGES = {
    ErrorCode.COORDINATOR_NOT_AVAILABLE: "The coordinator is not available.",
    ErrorCode.NONE: "NONE",
    ErrorCode.INVALID_REQUEST: "This most likely occurs because of a request being malformed by the "
    "client library or the message was sent to an incompatible broker. See the broker logs for more "
    "details.",
}


BASE64_URL = re.compile(r"[A-Za-z0-9_-]{22}(==)?")
INTEGER = re.compile(r"[+-]?\d+")


def handle(
    request: FindCoordinatorRequest, broker: Broker, context: RequestContext
) -> FindCoordinatorResponse:
    """Name this broker, for every key that is in order."""
    if context.version < FIRST_VERSION_WITH_SEVERAL_KEYS:
        error = _error(request.key_type, request.key, context.version)
        node = None if error else _node(request.key_type, request.key, broker, context)
        if node is None:
            error = error or ErrorCode.COORDINATOR_NOT_AVAILABLE
            return FindCoordinatorResponse(
                error_code=error, error_message=MESSAGES[error], node_id=-1, host="", port=-1
            )
        return FindCoordinatorResponse(
            error_message=MESSAGES[error], node_id=node.node_id, host=node.host, port=node.port
        )
    return FindCoordinatorResponse(
        coordinators=[
            _coordinator(request.key_type, k, broker, context) for k in request.coordinator_keys
        ]
    )


def _coordinator(key_type: int, key: str, broker: Broker, context: RequestContext) -> Coordinator:
    error = _error(key_type, key, context.version)
    node = None if error else _node(key_type, key, broker, context)
    if node is not None:
        return Coordinator(key=key, node_id=node.node_id, host=node.host, port=node.port)
    unknown_type = key_type not in (GROUP, TRANSACTION, SHARE)
    return Coordinator(
        key=key,
        node_id=-1,
        host="",
        port=-1,
        error_code=error or ErrorCode.COORDINATOR_NOT_AVAILABLE,
        error_message=MESSAGES[error] if unknown_type else "",
    )


def _node(key_type: int, key: str, broker: Broker, context: RequestContext) -> Node | None:
    """The coordinator; ``None`` when there is none."""
    topic = TOPIC_OF[key_type]
    if not broker.isolated:
        broker.cluster.create_missing_topic(topic)
    name = _share_name(key) if key_type == SHARE else key
    found = nodes(broker, context.connection, [coordinator(broker, topic, name)])
    return found[0] if found else None


def _error(key_type: int, key: str, version: int) -> ErrorCode:
    if key_type in (GROUP, TRANSACTION):
        return ErrorCode.NONE
    if key_type == SHARE and version >= FIRST_VERSION_WITH_SHARE_GROUPS and _is_share_key(key):
        return ErrorCode.NONE
    return ErrorCode.INVALID_REQUEST


def _is_share_key(key: str) -> bool:
    """Whether a key is ``group:topic id:partition``; only the group may have colons of its own."""
    parts = key.rsplit(":", 2)
    if len(parts) != 3:
        return False
    group, topic_id, partition = parts
    return bool(group.strip()) and _is_topic_id(topic_id) and _is_int(partition)


def _share_name(key: str) -> str:
    """What the hash of a key is taken of: its parts, written anew (``SharePartitionKey``)."""
    group, topic_id, partition = key.rsplit(":", 2)
    return f"{group}:{base64_id(UUID(bytes=_topic_id(topic_id)))}:{int(partition)}"


def _topic_id(text: str) -> bytes:
    return urlsafe_b64decode(text.rstrip("=") + "==")


def _is_topic_id(text: str) -> bool:
    if not BASE64_URL.fullmatch(text):
        return False
    try:
        return len(_topic_id(text)) == 16
    except ValueError:
        return False


def _is_int(text: str) -> bool:
    """Whether Java's ``Integer.parseInt`` takes it."""
    return bool(INTEGER.fullmatch(text)) and -(2**31) <= int(text) < 2**31

"""FindCoordinator (key 10): which broker looks after a group or a transactional id.

Version 1 adds the key's type; 3 is flexible; 4 asks for several keys (KIP-699); 6 knows share
groups
(KIP-932).
"""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, INT8, INT16, INT32, STRING


class FindCoordinatorRequest(Request, api_key=10, versions="0-6", flexible="3+"):
    """The keys and their type: 0 group, 1 transaction, 2 share."""

    key: str = field(STRING, "0-3", default="")
    key_type: int = field(INT8, "1+", default=0)
    coordinator_keys: list[str] = field(ARRAY(STRING), "4+", default=())


class Coordinator(Struct):
    """``coordinators[]`` of :class:`FindCoordinatorResponse`."""

    key: str = field(STRING, "4+", default="")
    node_id: int = field(INT32, "4+", default=0)
    host: str = field(STRING, "4+", default="")
    port: int = field(INT32, "4+", default=0)
    error_code: int = field(INT16, "4+", default=0)
    error_message: str | None = field(STRING, "4+", nullable="4+", default="")


class FindCoordinatorResponse(Response, api_key=10, versions="0-6", flexible="3+"):
    """The broker that coordinates each key."""

    throttle_time_ms: int = field(INT32, "1+", default=0)
    error_code: int = field(INT16, "0-3", default=0)
    error_message: str | None = field(STRING, "1-3", nullable="1-3", default="")
    node_id: int = field(INT32, "0-3", default=0)
    host: str = field(STRING, "0-3", default="")
    port: int = field(INT32, "0-3", default=0)
    coordinators: list[Coordinator] = field(ARRAY(Coordinator), "4+", default=())

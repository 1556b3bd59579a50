"""AlterClientQuotas (key 49): set and remove quotas of users, client ids and addresses (KIP-546).

Version 1 is flexible.
"""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, BOOLEAN, FLOAT64, INT16, INT32, STRING


class EntityData(Struct):
    """``entity[]`` of :class:`EntryData`."""

    entity_type: str = field(STRING)
    entity_name: str | None = field(STRING, nullable="0+")


class OpData(Struct):
    """``ops[]`` of :class:`EntryData`."""

    key: str = field(STRING)
    value: float = field(FLOAT64)
    remove: bool = field(BOOLEAN)


class EntryData(Struct):
    """``entries[]`` of :class:`AlterClientQuotasRequest`."""

    entity: list[EntityData] = field(ARRAY(EntityData))
    ops: list[OpData] = field(ARRAY(OpData))


class AlterClientQuotasRequest(Request, api_key=49, versions="0-1", flexible="1+"):
    """Per entity the quotas to set or to remove; a null name stands for the default entity."""

    entries: list[EntryData] = field(ARRAY(EntryData))
    validate_only: bool = field(BOOLEAN)


class EntityDataResult(Struct):
    """``entity[]`` of :class:`EntryDataResult`."""

    entity_type: str = field(STRING)
    entity_name: str | None = field(STRING, nullable="0+")


class EntryDataResult(Struct):
    """``entries[]`` of :class:`AlterClientQuotasResponse`."""

    error_code: int = field(INT16, default=0)
    error_message: str | None = field(STRING, nullable="0+")
    entity: list[EntityDataResult] = field(ARRAY(EntityDataResult))


class AlterClientQuotasResponse(Response, api_key=49, versions="0-1", flexible="1+"):
    """Per entity whether its quotas were altered: all that were named for it, or none."""

    throttle_time_ms: int = field(INT32, default=0)
    entries: list[EntryDataResult] = field(ARRAY(EntryDataResult))

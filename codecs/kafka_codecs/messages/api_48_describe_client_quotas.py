"""DescribeClientQuotas (key 48): the quotas of users, client ids and addresses (KIP-546).

Version 1 is flexible.
"""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, BOOLEAN, FLOAT64, INT8, INT16, INT32, STRING


class ComponentData(Struct):
    """``components[]`` of :class:`DescribeClientQuotasRequest`."""

    entity_type: str = field(STRING)
    match_type: int = field(INT8)
    match: str | None = field(STRING, nullable="0+")


class DescribeClientQuotasRequest(Request, api_key=48, versions="0-1", flexible="1+"):
    """A filter: what kinds of entities, and of each kind one, the default one or any.

    Strict, it matches only entities of no other kind besides.
    """

    components: list[ComponentData] = field(ARRAY(ComponentData))
    strict: bool = field(BOOLEAN)


class EntityData(Struct):
    """``entity[]`` of :class:`EntryData`."""

    entity_type: str = field(STRING)
    entity_name: str | None = field(STRING, nullable="0+")


class ValueData(Struct):
    """``values[]`` of :class:`EntryData`."""

    key: str = field(STRING)
    value: float = field(FLOAT64)


class EntryData(Struct):
    """``entries[]`` of :class:`DescribeClientQuotasResponse`."""

    entity: list[EntityData] = field(ARRAY(EntityData))
    values: list[ValueData] = field(ARRAY(ValueData))


class DescribeClientQuotasResponse(Response, api_key=48, versions="0-1", flexible="1+"):
    """The entities that match, each with its quotas; null when the filter is wrong."""

    throttle_time_ms: int = field(INT32, default=0)
    error_code: int = field(INT16, default=0)
    error_message: str | None = field(STRING, nullable="0+")
    entries: list[EntryData] | None = field(ARRAY(EntryData), nullable="0+")

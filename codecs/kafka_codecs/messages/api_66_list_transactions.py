"""ListTransactions (key 66): the transactional ids a broker coordinates, and their states (KIP-664).

Version 1 lists those that have been open for long (KIP-994), version 2 those whose id matches a regular
expression (KIP-1152).
"""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, INT16, INT32, INT64, STRING


class ListTransactionsRequest(Request, api_key=66, versions="0-2", flexible="0+"):
    """Which ones; empty filters leave all of them, and durations are in milliseconds."""

    state_filters: list[str] = field(ARRAY(STRING))
    producer_id_filters: list[int] = field(ARRAY(INT64))
    duration_filter: int = field(INT64, "1+", default=-1)
    transactional_id_pattern: str | None = field(STRING, "2+", nullable="2+", default=None)


class TransactionState(Struct):
    """``transaction_states[]`` of :class:`ListTransactionsResponse`."""

    transactional_id: str = field(STRING)
    producer_id: int = field(INT64)
    transaction_state: str = field(STRING)


class ListTransactionsResponse(Response, api_key=66, versions="0-2", flexible="0+"):
    """The ones that pass all filters."""

    throttle_time_ms: int = field(INT32, default=0)
    error_code: int = field(INT16, default=0)
    unknown_state_filters: list[str] = field(ARRAY(STRING))
    transaction_states: list[TransactionState] = field(ARRAY(TransactionState))

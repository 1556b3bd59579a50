"""DescribeTransactions (key 65): how far the transactions of some transactional ids are (KIP-664)."""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, INT16, INT32, INT64, STRING


class DescribeTransactionsRequest(Request, api_key=65, versions="0", flexible="0+"):
    """Of which transactional ids."""

    transactional_ids: list[str] = field(ARRAY(STRING))


class TopicData(Struct):
    """``topics[]`` of :class:`TransactionState`."""

    topic: str = field(STRING)
    partitions: list[int] = field(ARRAY(INT32))


class TransactionState(Struct):
    """``transaction_states[]`` of :class:`DescribeTransactionsResponse`."""

    error_code: int = field(INT16, default=0)
    transactional_id: str = field(STRING)
    transaction_state: str = field(STRING, default="")
    transaction_timeout_ms: int = field(INT32, default=0)
    transaction_start_time_ms: int = field(INT64, default=0)
    producer_id: int = field(INT64, default=0)
    producer_epoch: int = field(INT16, default=0)
    topics: list[TopicData] = field(ARRAY(TopicData), default=())


class DescribeTransactionsResponse(Response, api_key=65, versions="0", flexible="0+"):
    """The state of each."""

    throttle_time_ms: int = field(INT32, default=0)
    transaction_states: list[TransactionState] = field(ARRAY(TransactionState))

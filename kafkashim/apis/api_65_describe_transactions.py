"""DescribeTransactions: the state of transactional ids.

There are no transactions to be in, so that every id that was initialised is ``Empty``.
"""

from __future__ import annotations

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_65_describe_transactions import (
    DescribeTransactionsRequest,
    DescribeTransactionsResponse,
    TransactionState,
)
from kafkashim.apis import RequestContext
from kafkashim.apis.coordination import transaction_error
from kafkashim.producer_ids import EMPTY, NEVER
from kafkashim.state import Broker


def handle(
    request: DescribeTransactionsRequest, broker: Broker, context: RequestContext
) -> DescribeTransactionsResponse:
    """Describe each id."""
    return DescribeTransactionsResponse(
        transaction_states=[_state(name, broker) for name in request.transactional_ids]
    )


def _state(transactional_id: str, broker: Broker) -> TransactionState:
    elsewhere = transaction_error(broker, transactional_id) if transactional_id else ErrorCode.NONE
    if elsewhere:
        return TransactionState(error_code=elsewhere, transactional_id=transactional_id)
    known = broker.producer_ids.transactional.get(transactional_id)
    if known is None:
        error = (
            ErrorCode.TRANSACTIONAL_ID_NOT_FOUND if transactional_id else ErrorCode.INVALID_REQUEST
        )
        return TransactionState(error_code=error, transactional_id=transactional_id)
    return TransactionState(
        transactional_id=transactional_id,
        transaction_state=EMPTY,
        transaction_timeout_ms=known.timeout_ms,
        transaction_start_time_ms=NEVER,
        producer_id=known.producer_id,
        producer_epoch=known.producer_epoch,
    )

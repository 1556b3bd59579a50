"""ListTransactions: the transactional ids that were initialised (``TransactionStateManager``)."""

from __future__ import annotations

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_66_list_transactions import (
    ListTransactionsRequest,
    ListTransactionsResponse,
    TransactionState,
)
from kafkashim.apis import RequestContext
from kafkashim.apis.coordination import transaction_error
from kafkashim.producer_ids import EMPTY, NEVER
from kafkashim.re2j import PatternSyntaxError, compile_pattern
from kafkashim.state import Broker

STATES = (
    *(EMPTY, "Ongoing", "PrepareCommit", "PrepareAbort", "CompleteCommit", "CompleteAbort"),
    *("Dead", "PrepareEpochFence"),
)


def handle(
    request: ListTransactionsRequest, broker: Broker, context: RequestContext
) -> ListTransactionsResponse:
    """List the ids that pass all filters."""
    states, producer_ids = request.state_filters, request.producer_id_filters
    unknown = [name for name in dict.fromkeys(states) if name not in STATES]
    try:
        matches = compile_pattern(request.transactional_id_pattern or "(?s).*").fullmatch
    except PatternSyntaxError:
        return ListTransactionsResponse(
            error_code=ErrorCode.INVALID_REGULAR_EXPRESSION,
            unknown_state_filters=[],
            transaction_states=[],
        )
    none = (states and EMPTY not in states) or (
        request.duration_filter >= 0 and broker.clock.now_ms() - NEVER <= request.duration_filter
    )
    return ListTransactionsResponse(
        unknown_state_filters=unknown,
        transaction_states=[
            TransactionState(
                transactional_id=name, producer_id=known.producer_id, transaction_state=EMPTY
            )
            for name, known in ({} if none else broker.producer_ids.transactional).items()
            if (not producer_ids or known.producer_id in producer_ids)
            and matches(name)
            and not transaction_error(broker, name)
        ],
    )

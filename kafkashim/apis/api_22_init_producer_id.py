"""InitProducerId: a producer id and epoch (:mod:`kafkashim.producer_ids`)."""

from __future__ import annotations

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_22_init_producer_id import (
    InitProducerIdRequest,
    InitProducerIdResponse,
)
from kafkashim.apis import RequestContext
from kafkashim.apis.coordination import transaction_error
from kafkashim.state import Broker

# Older clients know only INVALID_PRODUCER_EPOCH for it (KIP-588).
FIRST_VERSION_WITH_FENCED = 4


def handle(
    request: InitProducerIdRequest, broker: Broker, context: RequestContext
) -> InitProducerIdResponse:
    """Give out an id, or raise the epoch of a transactional one."""
    given = broker.producer_ids.initialise(
        request.transactional_id,
        request.transaction_timeout_ms,
        request.producer_id,
        request.producer_epoch,
        transaction_error(broker, request.transactional_id or ""),
    )
    error = given.error
    if error == ErrorCode.PRODUCER_FENCED and context.version < FIRST_VERSION_WITH_FENCED:
        error = ErrorCode.INVALID_PRODUCER_EPOCH
    return InitProducerIdResponse(
        error_code=error, producer_id=given.producer_id, producer_epoch=given.producer_epoch
    )

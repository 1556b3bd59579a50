"""AlterClientQuotas: set and remove quotas (KIP-546)."""

from __future__ import annotations

from collections.abc import Sequence

from kafka_codecs.messages.api_49_alter_client_quotas import (
    AlterClientQuotasRequest,
    AlterClientQuotasResponse,
    EntityDataResult,
    EntryDataResult,
    OpData,
)
from kafkashim.apis import RequestContext
from kafkashim.client_quotas import CONSUMER_BYTE_RATE, PRODUCER_BYTE_RATE, Entity, Op
from kafkashim.refused import Refused
from kafkashim.state import Broker


def handle(
    request: AlterClientQuotasRequest, broker: Broker, context: RequestContext
) -> AlterClientQuotasResponse:
    """Alter each entity's quotas; byte rates are in force at once."""
    asked = [
        ({part.entity_type: part.entity_name for part in entry.entity}, _ops(entry.ops))
        for entry in request.entries
    ]
    quotas = broker.cluster.client_quotas
    try:
        outcomes = quotas.alter(asked, request.validate_only)
    except Refused as refused:
        # Every entry is answered then, as it was named.
        outcomes = [(entity, refused) for entity, _ in asked]
    for each in broker.cluster.brokers.values():
        # Every broker counts for itself.
        each.producer_rates = quotas.rates(PRODUCER_BYTE_RATE)
        each.consumer_rates = quotas.rates(CONSUMER_BYTE_RATE)
    return AlterClientQuotasResponse(entries=[_result(*outcome) for outcome in outcomes])


def _ops(ops: Sequence[OpData]) -> list[Op]:
    return [Op(op.key, None if op.remove else op.value) for op in ops]


def _result(entity: Entity, refused: Refused | None) -> EntryDataResult:
    parts = [EntityDataResult(entity_type=kind, entity_name=name) for kind, name in entity.items()]
    if refused is None:
        return EntryDataResult(error_message=None, entity=parts)
    return EntryDataResult(error_code=refused.error, error_message=refused.message, entity=parts)

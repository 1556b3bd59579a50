"""DescribeClientQuotas: the quotas of the entities that match a filter (KIP-546)."""

from __future__ import annotations

from kafka_codecs.messages.api_48_describe_client_quotas import (
    DescribeClientQuotasRequest,
    DescribeClientQuotasResponse,
    EntityData,
    EntryData,
    ValueData,
)
from kafkashim.apis import RequestContext
from kafkashim.client_quotas import Component
from kafkashim.refused import Refused
from kafkashim.state import Broker


def handle(
    request: DescribeClientQuotasRequest, broker: Broker, context: RequestContext
) -> DescribeClientQuotasResponse:
    """Describe what matches; a filter that is wrong is answered with null entries."""
    components = [
        Component(component.entity_type, component.match_type, component.match)
        for component in request.components
    ]
    try:
        found = broker.cluster.client_quotas.describe(components, request.strict)
    except Refused as refused:
        return DescribeClientQuotasResponse(
            error_code=refused.error, error_message=refused.message, entries=None
        )
    return DescribeClientQuotasResponse(
        # Not null: Kafka leaves the field as it is made.
        error_message="",
        entries=[
            EntryData(
                entity=[
                    EntityData(entity_type=kind, entity_name=name) for kind, name in entity.items()
                ],
                values=[ValueData(key=name, value=value) for name, value in quotas.items()],
            )
            for entity, quotas in found
        ],
    )

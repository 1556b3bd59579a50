"""IncrementalAlterConfigs: some configurations of each resource, and the levels of loggers."""

from __future__ import annotations

from kafka_codecs.messages.api_44_incremental_alter_configs import (
    AlterConfigsResourceResponse,
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
)
from kafkashim.apis import RequestContext
from kafkashim.config_alteration import Change, Wanted, alter
from kafkashim.state import Broker


def handle(
    request: IncrementalAlterConfigsRequest, broker: Broker, context: RequestContext
) -> IncrementalAlterConfigsResponse:
    """Alter each resource that may be altered so."""
    wanted = [
        Wanted(
            resource.resource_type,
            resource.resource_name,
            [
                Change(config.name, config.config_operation, config.value)
                for config in resource.configs
            ],
            whole=False,
        )
        for resource in request.resources
    ]
    outcomes = alter(wanted, broker, request.validate_only)
    return IncrementalAlterConfigsResponse(
        responses=[
            AlterConfigsResourceResponse(
                error_code=outcome.error,
                error_message=outcome.message,
                resource_type=resource.resource_type,
                resource_name=resource.resource_name,
            )
            for resource, outcome in zip(request.resources, outcomes, strict=True)
        ]
    )

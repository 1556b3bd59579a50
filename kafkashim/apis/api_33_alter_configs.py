"""AlterConfigs: all configurations of each resource anew.

Apache Kafka never answers when a resource is named twice: it keeps outcomes by resource and trips
over the second (``ConfigAdminManager.reassembleLegacyResponse``). The others are altered all the same.
"""

from __future__ import annotations

import logging

from kafka_codecs.messages.api_33_alter_configs import (
    AlterConfigsRequest,
    AlterConfigsResourceResponse,
    AlterConfigsResponse,
)
from kafkashim.apis import RequestContext
from kafkashim.config_alteration import SET, Change, Wanted, alter
from kafkashim.parked import Parked
from kafkashim.state import Broker

log = logging.getLogger("kafkashim.configs")


def handle(
    request: AlterConfigsRequest, broker: Broker, context: RequestContext
) -> AlterConfigsResponse | Parked[AlterConfigsResponse]:
    """Alter each resource that may be altered so."""
    wanted = [
        Wanted(
            resource.resource_type,
            resource.resource_name,
            [Change(config.name, SET, config.value) for config in resource.configs],
            whole=True,
        )
        for resource in request.resources
    ]
    outcomes = alter(wanted, broker, request.validate_only)
    if len({(resource.type, resource.name) for resource in wanted}) < len(wanted):
        log.warning("AlterConfigs names a resource twice: it is never answered")
        return Parked()
    return AlterConfigsResponse(
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

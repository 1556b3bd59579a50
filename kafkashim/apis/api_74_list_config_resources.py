"""ListConfigResources: the names of what has configurations.

Groups and subscriptions to client metrics are listed when something was set for them, topics and brokers
always. Kafka's own order is kept: first what is listed last in ``ConfigResource.Type``.
"""

from __future__ import annotations

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_74_list_config_resources import (
    ConfigResource,
    ListConfigResourcesRequest,
    ListConfigResourcesResponse,
)
from kafkashim.apis import RequestContext
from kafkashim.config_defs import (
    OF_BROKER,
    OF_CLIENT_METRICS,
    OF_GROUP,
    OF_LOGGERS,
    OF_TOPIC,
)
from kafkashim.state import Broker

ALL_TYPES = (OF_GROUP, OF_CLIENT_METRICS, OF_LOGGERS, OF_BROKER, OF_TOPIC)


def handle(
    request: ListConfigResourcesRequest, broker: Broker, context: RequestContext
) -> ListConfigResourcesResponse:
    """List the resources of the types that are asked for, or of all that the version knows."""
    known = ALL_TYPES if context.version else (OF_CLIENT_METRICS,)
    wanted = request.resource_types or known
    if any(type_ not in known for type_ in wanted):
        return ListConfigResourcesResponse(
            error_code=ErrorCode.UNSUPPORTED_VERSION, config_resources=[]
        )
    return ListConfigResourcesResponse(
        config_resources=[
            ConfigResource(resource_name=name, resource_type=type_)
            for type_ in ALL_TYPES
            if type_ in wanted
            for name in _names(type_, broker)
        ]
    )


def _names(type_: int, broker: Broker) -> list[str]:
    if type_ == OF_TOPIC:
        return list(broker.topics)
    if type_ in (OF_BROKER, OF_LOGGERS):
        return [str(broker_id) for broker_id in sorted(broker.cluster.brokers)]
    return [name for kind, name in broker.config.resources if kind == type_]

"""DescribeConfigs: the configuration of topics, brokers and what else has one.

``ConfigHelper.handleDescribeConfigsRequest``.
"""

from __future__ import annotations

from collections.abc import Iterable

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_32_describe_configs import (
    DescribeConfigsRequest,
    DescribeConfigsResource,
    DescribeConfigsResourceResult,
    DescribeConfigsResponse,
    DescribeConfigsResult,
    DescribeConfigsSynonym,
)
from kafkashim.apis import RequestContext
from kafkashim.config_alteration import configs_of
from kafkashim.config_defs import OF_BROKER, OF_CLIENT_METRICS, OF_GROUP, OF_LOGGERS, OF_TOPIC
from kafkashim.config_documentation import documentation
from kafkashim.config_entries import (
    LOGGER_SOURCE,
    Entry,
    broker_entries,
    client_metrics_entries,
    dynamic_default_entries,
    group_entries,
    topic_entries,
)
from kafkashim.config_loggers import loggers
from kafkashim.config_values import node_id_of
from kafkashim.refused import Refused
from kafkashim.state import Broker
from kafkashim.topic_names import topic_name_error

# What each type that can be described is called in the file of its documentation.
KINDS = {
    OF_TOPIC: "topic",
    OF_BROKER: "broker",
    OF_LOGGERS: "logger",
    OF_CLIENT_METRICS: "client_metrics",
    OF_GROUP: "group",
}
MALFORMED = (
    "This most likely occurs because of a request being malformed by the client library or the"
    " message was sent to an incompatible broker. See the broker logs for more details."
)


def handle(
    request: DescribeConfigsRequest, broker: Broker, context: RequestContext
) -> DescribeConfigsResponse:
    """Describe each resource; one of an unknown type spoils the whole request."""
    if any(resource.resource_type not in KINDS for resource in request.resources):
        refused = Refused(ErrorCode.INVALID_REQUEST, MALFORMED)
        return DescribeConfigsResponse(results=[_refused(r, refused) for r in request.resources])
    results: list[DescribeConfigsResult] = []
    for resource in request.resources:
        try:
            entries = _entries(resource, broker)
        except Refused as refused:
            results.append(_refused(resource, refused))
            continue
        results.append(
            DescribeConfigsResult(
                error_message="",
                resource_type=resource.resource_type,
                resource_name=resource.resource_name,
                configs=[
                    _describe(entry, request, KINDS[resource.resource_type])
                    for entry in entries
                    # An empty list of keys asks for all of them, as null does.
                    if not resource.configuration_keys or entry.name in resource.configuration_keys
                ],
            )
        )
    return DescribeConfigsResponse(results=results)


def _entries(resource: DescribeConfigsResource, broker: Broker) -> Iterable[Entry]:
    name = resource.resource_name
    if resource.resource_type == OF_TOPIC:
        return _topic(name, broker)
    if resource.resource_type in (OF_BROKER, OF_LOGGERS):
        return _broker(name, broker, resource.resource_type)
    if not name:
        kind = "Group" if resource.resource_type == OF_GROUP else "Client metrics subscription"
        raise Refused(ErrorCode.INVALID_REQUEST, f"{kind} name must not be empty")
    if resource.resource_type == OF_GROUP:
        return group_entries(broker.config, configs_of(OF_GROUP, name, broker))
    return client_metrics_entries(configs_of(OF_CLIENT_METRICS, name, broker))


def _topic(name: str, broker: Broker) -> Iterable[Entry]:
    wrong = topic_name_error(name)
    if wrong is not None:
        text = f"Topic name is invalid: {wrong}"
        raise Refused(ErrorCode.INVALID_TOPIC_EXCEPTION, text)
    topic = broker.topics.get(name)
    if topic is None:
        raise Refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "")
    return topic_entries(topic.config)


def _broker(name: str, broker: Broker, kind: int) -> Iterable[Entry]:
    if not name and kind == OF_BROKER:
        return dynamic_default_entries(broker.config)
    if not name:
        raise Refused(ErrorCode.INVALID_REQUEST, "Broker id must not be empty")
    node_id = node_id_of(name)
    if node_id is None:
        text = f"Broker id must be an integer, but it is: {name}"
        raise Refused(ErrorCode.INVALID_REQUEST, text)
    if node_id != broker.node_id:
        text = f"Unexpected broker id, expected {broker.node_id}"
        text += " or empty string, but" if kind == OF_BROKER else " but"
        raise Refused(ErrorCode.INVALID_REQUEST, f"{text} received {name}")
    if kind == OF_BROKER:
        return broker_entries(broker.config)
    return [
        Entry(logger, level, LOGGER_SOURCE, False, False, 0, ())
        for logger, level in loggers().items()
    ]


def _describe(
    entry: Entry, request: DescribeConfigsRequest, kind: str
) -> DescribeConfigsResourceResult:
    text = None
    if entry.source == LOGGER_SOURCE:
        text = ""
    elif request.include_documentation:
        text = documentation(kind, entry.name)
    return DescribeConfigsResourceResult(
        name=entry.name,
        value=entry.value,
        read_only=entry.read_only,
        config_source=entry.source,
        is_sensitive=entry.sensitive,
        synonyms=[
            DescribeConfigsSynonym(name=s.name, value=s.value, source=s.source)
            for s in (entry.synonyms if request.include_synonyms else ())
        ],
        config_type=entry.type,
        documentation=text,
    )


def _refused(resource: DescribeConfigsResource, refused: Refused) -> DescribeConfigsResult:
    return DescribeConfigsResult(
        error_code=refused.error,
        error_message=refused.message,
        resource_type=resource.resource_type,
        resource_name=resource.resource_name,
        configs=[],
    )

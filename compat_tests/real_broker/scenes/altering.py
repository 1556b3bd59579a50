"""What scenes of altered configurations share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compat_tests.real_broker.conversation import Conversation
from kafka_codecs.messages.api_32_describe_configs import (
    DescribeConfigsRequest,
    DescribeConfigsResource,
)
from kafka_codecs.messages.api_33_alter_configs import (
    AlterableConfig,
    AlterConfigsRequest,
    AlterConfigsResource,
)
from kafka_codecs.messages.api_44_incremental_alter_configs import (
    AlterableConfig as ChangedConfig,
)
from kafka_codecs.messages.api_44_incremental_alter_configs import (
    AlterConfigsResource as ChangedResource,
)
from kafka_codecs.messages.api_44_incremental_alter_configs import (
    IncrementalAlterConfigsRequest,
)

TOPIC, BROKER, LOGGER, CLIENT_METRICS, GROUP = 2, 4, 8, 16, 32
SET, DELETE, APPEND, SUBTRACT = 0, 1, 2, 3
DESCRIBE, INCREMENTAL = 4, 1
# ConfigEntry.ConfigSource of what was set while the broker ran, by type of resource.
OWN_SOURCES = {TOPIC: (1,), BROKER: (2, 3), CLIENT_METRICS: (7,), GROUP: (8,)}

Wanted = tuple[int, str, Mapping[str, str | None]]
Change = tuple[str, int, str | None]


def alter(*resources: Wanted, validate_only: bool = False) -> AlterConfigsRequest:
    """All configurations of each resource anew."""
    return AlterConfigsRequest(
        resources=[
            AlterConfigsResource(
                resource_type=kind,
                resource_name=name,
                configs=[AlterableConfig(name=key, value=value) for key, value in values.items()],
            )
            for kind, name, values in resources
        ],
        validate_only=validate_only,
    )


def change(
    *resources: tuple[int, str, list[Change]], validate_only: bool = False
) -> IncrementalAlterConfigsRequest:
    """Some configurations of each resource."""
    return IncrementalAlterConfigsRequest(
        resources=[
            ChangedResource(
                resource_type=kind,
                resource_name=name,
                configs=[
                    ChangedConfig(name=key, config_operation=operation, value=value)
                    for key, operation, value in changes
                ],
            )
            for kind, name, changes in resources
        ],
        validate_only=validate_only,
    )


def describe(
    kind: int, name: str, keys: list[str] | None = None, **more: bool
) -> DescribeConfigsRequest:
    """The question for the configurations of one resource."""
    resource = DescribeConfigsResource(
        resource_type=kind, resource_name=name, configuration_keys=keys
    )
    return DescribeConfigsRequest(resources=[resource], **more)


def own(c: Conversation, kind: int, name: str) -> dict[str, str | None]:
    """What is set for a resource, as the broker that answers knows it by now."""
    configs: Any = c.quietly(describe(kind, name), DESCRIBE).results[0].configs
    return {e.name: e.value for e in configs if e.config_source in OWN_SOURCES[kind]}


def settled(c: Conversation, kind: int, name: str, expected: Mapping[str, str | None]) -> None:
    """Wait until exactly this is set: Apache Kafka's broker learns of it after the answer."""
    c.until(lambda: own(c, kind, name) == expected)


def look_at(c: Conversation, label: str, kind: int, name: str, keys: list[str] | None) -> None:
    """Keep what DescribeConfigs says, synonyms and all."""
    c.ask(label, describe(kind, name, keys, include_synonyms=True), DESCRIBE)


def altered(c: Conversation, wanted: Wanted) -> None:
    """Set all configurations of a resource quietly, and wait until they are there."""
    answer = c.quietly(alter(wanted), 2).responses[0]
    assert not answer.error_code, answer.error_message
    settled(c, *wanted)

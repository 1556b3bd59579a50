"""ListConfigResources: the names of what has configurations."""

from __future__ import annotations

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.altering import (
    BROKER,
    CLIENT_METRICS,
    GROUP,
    LOGGER,
    TOPIC,
    altered,
)
from kafka_codecs.messages.api_74_list_config_resources import (
    ListConfigResourcesRequest,
    ListConfigResourcesResponse,
)


@scene(ListConfigResourcesRequest)
def everything(c: Conversation, version: int) -> None:
    own = c.name("")

    def of_this_scene(answer: ListConfigResourcesResponse) -> None:
        answer.config_resources = [
            resource
            for resource in answer.config_resources
            if resource.resource_name.startswith(own) or resource.resource_type in (BROKER, LOGGER)
        ]

    c.topic("t")
    group, metrics = c.name("g"), c.name("m")
    asked = (
        [[], [CLIENT_METRICS]]
        if version == 0
        else [
            [],
            [TOPIC],
            [BROKER],
            [LOGGER],
            [CLIENT_METRICS],
            [GROUP],
            [GROUP, TOPIC, CLIENT_METRICS],
            [TOPIC, TOPIC],
            [0],
            [9],
            [-1],
            [TOPIC, 1],
        ]
    )
    for types in asked:
        request = ListConfigResourcesRequest(resource_types=types if version else [])
        c.ask(f"{types}, before", request, version, look=of_this_scene)
    altered(c, (GROUP, group, {"consumer.session.timeout.ms": "50000"}))
    altered(c, (CLIENT_METRICS, metrics, {"interval.ms": "1000"}))
    for types in asked:
        request = ListConfigResourcesRequest(resource_types=types if version else [])
        c.ask(f"{types}, after", request, version, look=of_this_scene)
    altered(c, (GROUP, group, {}))
    altered(c, (CLIENT_METRICS, metrics, {}))
    request = ListConfigResourcesRequest(resource_types=[])
    c.ask("all gone", request, version, look=of_this_scene)

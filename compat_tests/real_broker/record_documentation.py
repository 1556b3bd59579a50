"""Write what Apache Kafka says of each of its configurations into the broker's data file.

``python -m compat_tests.real_broker.record_documentation`` starts Apache Kafka, asks DescribeConfigs for
the documentation of everything, and writes ``kafkashim/config_documentation.json.gz``. The texts are
those of the Apache Kafka project (Apache License 2.0); clients get them word for word.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from typing import Any

from compat_tests.real_broker.apache_kafka import ApacheKafka
from compat_tests.wire_client import WireClient
from kafka_codecs.messages.api_19_create_topics import (
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
)
from kafka_codecs.messages.api_32_describe_configs import (
    DescribeConfigsRequest,
    DescribeConfigsResource,
)
from kafkashim.config_defs import INTERNAL
from kafkashim.config_documentation import DATA

TOPIC, BROKER, CLIENT_METRICS, GROUP = 2, 4, 16, 32
# What Kafka shows only where it is set is set to its default, and what has none to this.
NO_DEFAULT = {"internal.metadata.log.segment.bytes": "10485760"}


def documentation(client: WireClient) -> dict[str, dict[str, str]]:
    """The text of each configuration, by kind of resource and name."""
    internal = CreatableTopicConfig(name="internal.segment.bytes", value="1048577")
    topic = CreatableTopic(
        name="described", num_partitions=1, replication_factor=1, configs=[internal]
    )
    client.ask(CreateTopicsRequest(topics=[topic], timeout_ms=10_000), 7)
    resources = {"topic": (TOPIC, "described"), "broker": (BROKER, "1"), "group": (GROUP, "g")}
    resources["client_metrics"] = (CLIENT_METRICS, "m")
    return {kind: _texts(client, *resource) for kind, resource in resources.items()}


def _texts(client: WireClient, kind: int, name: str) -> dict[str, str]:
    resource = DescribeConfigsResource(
        resource_type=kind, resource_name=name, configuration_keys=None
    )
    request = DescribeConfigsRequest(resources=[resource], include_documentation=True)
    result: Any = client.ask(request, 4).results[0]
    assert not result.error_code, result.error_message
    entries: Iterable[Any] = sorted(result.configs, key=lambda entry: str(entry.name))
    return {e.name: e.documentation for e in entries if e.documentation is not None}


def main() -> None:
    """Ask and write."""
    internal = {name: row.default for name, row in INTERNAL.items() if row.default is not None}
    with (
        ApacheKafka({**internal, **NO_DEFAULT}) as kafka,
        WireClient(*kafka.address) as client,
    ):
        found = documentation(client)
    text = json.dumps(found, ensure_ascii=False, indent=0).encode()
    DATA.write_bytes(gzip.compress(text, 9, mtime=0))


if __name__ == "__main__":
    main()

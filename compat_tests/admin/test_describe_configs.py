"""DescribeConfigs: where each value comes from, and how a value is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from compat_tests.admin.conftest import Start
from compat_tests.admin.topics import Configs, created, topic
from compat_tests.wire_client import WireClient
from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_32_describe_configs import (
    DescribeConfigsRequest,
    DescribeConfigsResource,
)

TOPIC, BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP = 2, 4, 8, 16, 32
OF_TOPIC, DYNAMIC_DEFAULT, STATIC, DEFAULT, LOGGER = 1, 3, 4, 5, 6
INT, LONG, LIST = 3, 5, 7
MALFORMED = (
    "This most likely occurs because of a request being malformed by the client library or the"
    " message was sent to an incompatible broker. See the broker logs for more details."
)

Resource = tuple[int, str, Sequence[str] | None]


def describe(client: WireClient, *resources: Resource, version: int = 4) -> list[Any]:
    request = DescribeConfigsRequest(
        resources=[
            DescribeConfigsResource(
                resource_type=kind,
                resource_name=name,
                configuration_keys=None if keys is None else list(keys),
            )
            for kind, name, keys in resources
        ],
        include_synonyms=True,
    )
    results: list[Any] = client.ask(request, version).results
    return results


def entries(client: WireClient, kind: int, name: str, *keys: str) -> dict[str, Any]:
    (result,) = describe(client, (kind, name, keys))
    assert (result.error_code, result.error_message) == (0, "")
    return {entry.name: entry for entry in result.configs}


def synonyms(entry: Any) -> list[tuple[str, str | None, int]]:
    return [(synonym.name, synonym.value, synonym.source) for synonym in entry.synonyms]


@pytest.mark.parametrize("version", range(1, 5))
def test_a_topics_own_value_stands_before_the_brokers(
    client: WireClient, name: str, version: int
) -> None:
    created(client, topic(name, configs={"max.message.bytes": "5000"}))
    (result,) = describe(client, (TOPIC, name, ["max.message.bytes"]), version=version)
    assert (result.resource_type, result.resource_name) == (TOPIC, name)
    (entry,) = result.configs
    assert (entry.value, entry.config_source) == ("5000", OF_TOPIC)
    assert not entry.read_only
    assert not entry.is_sensitive
    assert synonyms(entry) == [
        ("max.message.bytes", "5000", OF_TOPIC),
        ("message.max.bytes", "1048588", DEFAULT),
    ]
    if version >= 3:
        assert (entry.config_type, entry.documentation) == (INT, None)


@pytest.mark.parametrize("keys", [None, []])
def test_no_keys_are_all_keys(client: WireClient, name: str, keys: Sequence[str] | None) -> None:
    created(client, topic(name))
    (result,) = describe(client, (TOPIC, name, keys))
    assert len(result.configs) == len({entry.name for entry in result.configs}) == 33


def test_keys_twice_and_unknown_keys(client: WireClient, name: str) -> None:
    created(client, topic(name))
    keys = ("foo", "retention.ms", "retention.ms")
    assert list(entries(client, TOPIC, name, *keys)) == ["retention.ms"]


@pytest.mark.parametrize(
    ("key", "written", "shown"),
    [
        ("cleanup.policy", " compact , compact ", "compact"),
        ("cleanup.policy", "compact,delete", "compact,delete"),
        ("leader.replication.throttled.replicas", "0:1 , 1:2", "0:1,1:2"),
        ("preallocate", " TRUE ", "true"),
        ("retention.ms", "+007", "7"),
        ("min.cleanable.dirty.ratio", "1e-1", "0.1"),
        ("min.cleanable.dirty.ratio", "0.0001", "1.0E-4"),
        ("min.cleanable.dirty.ratio", "0.00012", "1.2E-4"),
        ("min.cleanable.dirty.ratio", "0x1p-1", "0.5"),
        ("min.cleanable.dirty.ratio", "1", "1.0"),
        ("compression.type", " gzip ", "gzip"),
        ("internal.segment.bytes", "2000", "2000"),
    ],
)
def test_values_are_shown_as_they_were_understood(
    client: WireClient, name: str, key: str, written: str, shown: str
) -> None:
    created(client, topic(name, configs={key: written}))
    entry = entries(client, TOPIC, name, key)[key]
    assert entry.value == shown
    assert synonyms(entry)[0] == (key, shown, OF_TOPIC)


def test_an_internal_configuration_is_shown_only_where_it_is_set(
    client: WireClient, name: str
) -> None:
    created(client, topic(name))
    assert entries(client, TOPIC, name, "internal.segment.bytes") == {}


@pytest.mark.parametrize(
    ("resource", "error", "message"),
    [
        ((TOPIC, "no-such-topic", None), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ""),
        (
            (TOPIC, "a b", None),
            ErrorCode.INVALID_TOPIC_EXCEPTION,
            "Topic name is invalid: 'a b' contains one or more characters other than ASCII"
            " alphanumerics, '.', '_' and '-'",
        ),
        (
            (TOPIC, "", None),
            ErrorCode.INVALID_TOPIC_EXCEPTION,
            "Topic name is invalid: the empty string is not allowed",
        ),
        (
            (BROKER, "2", None),
            ErrorCode.INVALID_REQUEST,
            "Unexpected broker id, expected 1 or empty string, but received 2",
        ),
        (
            (BROKER, "x", None),
            ErrorCode.INVALID_REQUEST,
            "Broker id must be an integer, but it is: x",
        ),
        (
            (BROKER, " 1", None),
            ErrorCode.INVALID_REQUEST,
            "Broker id must be an integer, but it is:  1",
        ),
        (
            (BROKER, "99999999999", None),
            ErrorCode.INVALID_REQUEST,
            "Broker id must be an integer, but it is: 99999999999",
        ),
        ((BROKER_LOGGER, "", None), ErrorCode.INVALID_REQUEST, "Broker id must not be empty"),
        (
            (BROKER_LOGGER, "2", None),
            ErrorCode.INVALID_REQUEST,
            "Unexpected broker id, expected 1 but received 2",
        ),
        ((GROUP, "", None), ErrorCode.INVALID_REQUEST, "Group name must not be empty"),
        (
            (CLIENT_METRICS, "", None),
            ErrorCode.INVALID_REQUEST,
            "Client metrics subscription name must not be empty",
        ),
        ((0, "x", None), ErrorCode.INVALID_REQUEST, MALFORMED),
        ((9, "x", None), ErrorCode.INVALID_REQUEST, MALFORMED),
    ],
)
def test_a_resource_that_cannot_be_described(
    client: WireClient, resource: Resource, error: int, message: str
) -> None:
    (result,) = describe(client, resource)
    assert (result.error_code, result.error_message, result.configs) == (error, message, [])
    assert (result.resource_type, result.resource_name) == resource[:2]


def test_an_unknown_type_spoils_the_whole_request(client: WireClient) -> None:
    results = describe(client, (BROKER, "1", None), (9, "x", None))
    assert [r.error_code for r in results] == [ErrorCode.INVALID_REQUEST] * 2
    assert [r.error_message for r in results] == [MALFORMED] * 2


def test_other_errors_stay_with_their_resource(client: WireClient) -> None:
    results = describe(
        client,
        (TOPIC, "no-such-topic", None),
        (BROKER, "1", ["num.network.threads"]),
        (BROKER, "+1", ["num.io.threads"]),
    )
    assert [(r.error_code, len(r.configs)) for r in results] == [
        (ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 0),
        (0, 1),
        (0, 1),
    ]


def test_nothing_to_describe(client: WireClient) -> None:
    assert describe(client) == []


def test_a_broker_that_nothing_was_set_for(client: WireClient) -> None:
    found = entries(client, BROKER, "1", "num.network.threads", "log.retention.ms")
    threads, retention = found["num.network.threads"], found["log.retention.ms"]
    assert (threads.value, threads.config_source, threads.read_only) == ("3", DEFAULT, False)
    assert synonyms(threads) == [("num.network.threads", "3", DEFAULT)]
    assert (retention.value, retention.config_source, synonyms(retention)) == (None, DEFAULT, [])


def test_without_a_name_what_is_set_for_all_brokers(client: WireClient) -> None:
    found = entries(client, BROKER, "")
    assert [(e.name, e.value, e.config_source) for e in found.values()] == [
        ("min.insync.replicas", "1", DYNAMIC_DEFAULT)
    ]
    assert synonyms(found["min.insync.replicas"]) == [("min.insync.replicas", "1", DYNAMIC_DEFAULT)]


def test_a_logger_has_a_level(client: WireClient) -> None:
    entry = entries(client, BROKER_LOGGER, "1", "root")["root"]
    assert entry.value in ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL", "OFF")
    assert (entry.config_source, entry.read_only, entry.config_type) == (LOGGER, False, 0)
    assert (synonyms(entry), entry.documentation) == ([], "")


def test_groups_and_metrics_subscriptions_need_not_exist(client: WireClient) -> None:
    group = entries(client, GROUP, "nobody")
    assert len(group) == 17
    assert synonyms(group["streams.num.standby.replicas"]) == [
        ("group.streams.num.standby.replicas", "0", DEFAULT)
    ]
    metrics = entries(client, CLIENT_METRICS, "nobody")
    assert {n: (e.value, e.config_source, e.config_type) for n, e in metrics.items()} == {
        "interval.ms": ("300000", DEFAULT, INT),
        "match": ("", DEFAULT, LIST),
        "metrics": ("", DEFAULT, LIST),
    }


ODD = {
    "num.partitions": "3 ",
    "log.retention.minutes": "5",
    "log.roll.hours": "2",
    "log.cleanup.policy": "compact , delete",
    "log.cleaner.min.cleanable.ratio": "0.0001",
    "auto.create.topics.enable": "TRUE",
    "min.insync.replicas": "2",
    "ssl.key.password": "secret",
    "foo.bar": "1",
    "producer.id.expiration.check.interval.ms": "600",
    "group.consumer.session.timeout.ms": "50000",
}


@pytest.mark.parametrize(
    ("key", "value", "source", "expected"),
    [
        ("num.partitions", "3", 4, [("num.partitions", "3 ", 4), ("num.partitions", "1", 5)]),
        (
            "log.cleanup.policy",
            "compact,delete",
            4,
            [("log.cleanup.policy", "compact , delete", 4), ("log.cleanup.policy", "delete", 5)],
        ),
        (
            "log.cleaner.min.cleanable.ratio",
            "1.0E-4",
            4,
            [
                ("log.cleaner.min.cleanable.ratio", "0.0001", 4),
                ("log.cleaner.min.cleanable.ratio", "0.5", 5),
            ],
        ),
        (
            "auto.create.topics.enable",
            "true",
            4,
            [("auto.create.topics.enable", "TRUE", 4), ("auto.create.topics.enable", "true", 5)],
        ),
        (
            "min.insync.replicas",
            "2",
            3,
            [
                ("min.insync.replicas", "2", 3),
                ("min.insync.replicas", "2", 4),
                ("min.insync.replicas", "1", 5),
            ],
        ),
        ("log.retention.ms", None, 5, []),
        (
            "log.retention.minutes",
            "5",
            4,
            [("log.retention.minutes", "5", 4), ("log.retention.hours", "168", 5)],
        ),
        ("log.retention.hours", "168", 5, [("log.retention.hours", "168", 5)]),
        ("log.roll.ms", None, 5, []),
        ("log.roll.hours", "2", 4, [("log.roll.hours", "2", 4), ("log.roll.hours", "168", 5)]),
        ("log.flush.interval.ms", None, 5, []),
        ("ssl.key.password", None, 4, [("ssl.key.password", None, 4)]),
        ("foo.bar", None, 4, [("foo.bar", None, 4)]),
        (
            "producer.id.expiration.check.interval.ms",
            "600",
            4,
            [
                ("producer.id.expiration.check.interval.ms", "600", 4),
                ("producer.id.expiration.check.interval.ms", "600000", 5),
            ],
        ),
    ],
)
def test_a_broker_with_properties(
    start: Start, key: str, value: str | None, source: int, expected: list[tuple[str, str, int]]
) -> None:
    entry = entries(start(ODD), BROKER, "1", key)[key]
    assert (entry.value, entry.config_source, synonyms(entry)) == (value, source, expected)
    assert entry.is_sensitive == (key in ("ssl.key.password", "foo.bar"))


@pytest.mark.parametrize(
    ("key", "value", "source", "expected"),
    [
        # What was set under another name than the first is in force, and is not named.
        ("retention.ms", "300000", 5, []),
        ("segment.ms", "7200000", 5, []),
        ("segment.jitter.ms", "0", 5, []),
        ("flush.ms", "9223372036854775807", 5, []),
        (
            "cleanup.policy",
            "compact,delete",
            4,
            [("log.cleanup.policy", "compact , delete", 4), ("log.cleanup.policy", "delete", 5)],
        ),
        (
            "min.insync.replicas",
            "2",
            3,
            [
                ("min.insync.replicas", "2", 3),
                ("min.insync.replicas", "2", 4),
                ("min.insync.replicas", "1", 5),
            ],
        ),
    ],
)
def test_a_topic_follows_its_broker(
    start: Start, key: str, value: str, source: int, expected: list[tuple[str, str, int]]
) -> None:
    client = start(ODD)
    created(client, topic("plain", 1))
    entry = entries(client, TOPIC, "plain", key)[key]
    assert (entry.value, entry.config_source, synonyms(entry)) == (value, source, expected)


def test_a_group_follows_its_broker(start: Start) -> None:
    key = "consumer.session.timeout.ms"
    entry = entries(start(ODD), GROUP, "g", key)[key]
    assert (entry.value, entry.config_source) == ("50000", STATIC)
    assert synonyms(entry) == [
        ("group.consumer.session.timeout.ms", "50000", STATIC),
        ("group.consumer.session.timeout.ms", "45000", DEFAULT),
    ]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "604800000"),
        ({"log.retention.hours": "1"}, "3600000"),
        ({"log.retention.hours": "1", "log.retention.minutes": "1"}, "60000"),
        ({"log.retention.hours": "1", "log.retention.ms": "1"}, "1"),
        ({"log.retention.hours": "-5"}, "-1"),
    ],
)
def test_of_several_names_the_finest_counts(
    start: Start, given: dict[str, str], expected: str
) -> None:
    client = start(given)
    created(client, topic("kept"))
    assert entries(client, TOPIC, "kept", "retention.ms")["retention.ms"].value == expected


@pytest.mark.parametrize("configs", [{}, {"retention.ms": "7"}])
def test_a_number_of_milliseconds_is_a_long(
    client: WireClient, name: str, configs: Configs
) -> None:
    created(client, topic(name, configs=configs))
    assert entries(client, TOPIC, name, "retention.ms")["retention.ms"].config_type == LONG

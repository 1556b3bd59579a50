"""CreateTopics: every refusal in the order and the words of Apache Kafka 4.3.1."""

from __future__ import annotations

import pytest

from compat_tests.admin.conftest import Start
from compat_tests.admin.topics import Configs, create, topic, try_out
from compat_tests.wire_client import WireClient
from kafka_codecs.errors import ErrorCode
from kafka_codecs.schema import ZERO_UUID

OTHER = "contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"
MANUAL = "A manual partition assignment was specified, but"
INCLUDES = "The manual partition assignment includes"
REPLICAS = "Replication factor must be larger than 0, or -1 to use the default value."
PARTITIONS = "Number of partitions was set to an invalid non-positive value."


@pytest.mark.parametrize("version", range(2, 8))
def test_a_topic_is_created_and_then_it_is_there(
    client: WireClient, name: str, version: int
) -> None:
    (result,) = create(client, topic(name, 3, 1, {"retention.ms": "5000"}), version=version)
    assert (result.name, result.error_code, result.error_message) == (name, 0, None)
    if version >= 5:
        assert (result.num_partitions, result.replication_factor) == (3, 1)
        assert [c.name for c in result.configs] == sorted(c.name for c in result.configs)
        assert len(result.configs) == 33
        own = [c for c in result.configs if c.config_source == 1]
        assert [(c.name, c.value, c.read_only, c.is_sensitive) for c in own] == [
            ("retention.ms", "5000", False, False)
        ]
    assert (result.topic_id != ZERO_UUID) == (version >= 7)
    (again,) = create(client, topic(name), version=version)
    assert again.error_code == ErrorCode.TOPIC_ALREADY_EXISTS
    assert again.error_message == f"Topic '{name}' already exists."


def test_minus_one_takes_the_brokers_defaults(start: Start) -> None:
    client = start({"num.partitions": "4"})
    (result,) = create(client, topic("defaults", -1, -1))
    assert (result.error_code, result.num_partitions, result.replication_factor) == (0, 4, 1)


def test_validate_only_creates_nothing(client: WireClient, name: str) -> None:
    (result,) = create(client, topic(name), validate_only=True)
    assert (result.error_code, result.num_partitions) == (0, 1)
    assert result.topic_id != ZERO_UUID
    (real,) = create(client, topic(name))
    assert real.error_code == 0
    (taken,) = create(client, topic(name), validate_only=True)
    assert taken.error_code == ErrorCode.TOPIC_ALREADY_EXISTS


@pytest.mark.parametrize(
    ("illegal", "message"),
    [
        ("", "the empty string is not allowed"),
        (".", "'.' is not allowed"),
        ("..", "'..' is not allowed"),
        ("a b", f"'a b' {OTHER}"),
        ("é", f"'é' {OTHER}"),
        ("ab\n", f"'ab\n' {OTHER}"),
        ("x" * 250, f"the length of '{'x' * 250}' is longer than the max allowed length 249"),
    ],
)
def test_an_illegal_name(client: WireClient, illegal: str, message: str) -> None:
    assert try_out(client, topic(illegal)) == (
        ErrorCode.INVALID_TOPIC_EXCEPTION,
        f"Topic name is invalid: {message}",
    )


def test_names_that_metrics_could_not_tell_apart(client: WireClient, name: str) -> None:
    create(client, topic(f"{name}.x"))
    assert try_out(client, topic(f"{name}_x")) == (
        ErrorCode.INVALID_TOPIC_EXCEPTION,
        f"Topic '{name}_x' collides with existing topic: {name}.x",
    )


def test_two_of_one_request_may_collide(client: WireClient, name: str) -> None:
    results = create(client, topic(f"{name}.x"), topic(f"{name}_x"))
    assert [result.error_code for result in results] == [0, 0]


def test_a_name_twice_in_a_request_is_answered_once_and_last(client: WireClient, name: str) -> None:
    results = create(client, topic(name), topic(f"{name}-b"), topic("a b"), topic(name))
    assert [(r.name, r.error_code, r.error_message) for r in results] == [
        (f"{name}-b", 0, None),
        ("a b", ErrorCode.INVALID_TOPIC_EXCEPTION, f"Topic name is invalid: 'a b' {OTHER}"),
        (name, ErrorCode.INVALID_REQUEST, "Duplicate topic name."),
    ]
    (result,) = create(client, topic(name))
    assert result.error_code == 0


@pytest.mark.parametrize(
    ("partitions", "replicas", "error", "message"),
    [
        (0, 1, ErrorCode.INVALID_PARTITIONS, PARTITIONS),
        (-2, 1, ErrorCode.INVALID_PARTITIONS, PARTITIONS),
        (1, 0, ErrorCode.INVALID_REPLICATION_FACTOR, REPLICAS),
        (1, -2, ErrorCode.INVALID_REPLICATION_FACTOR, REPLICAS),
        (0, 0, ErrorCode.INVALID_REPLICATION_FACTOR, REPLICAS),
        (
            1,
            3,
            ErrorCode.INVALID_REPLICATION_FACTOR,
            "Unable to replicate the partition 3 time(s): The target replication factor of 3 cannot"
            " be reached because only 1 broker(s) are registered or some brokers have all their log"
            " directories cordoned.",
        ),
    ],
)
def test_numbers_out_of_range(
    client: WireClient, name: str, partitions: int, replicas: int, error: int, message: str
) -> None:
    assert try_out(client, topic(name, partitions, replicas)) == (error, message)


def test_the_default_replication_factor_may_be_out_of_reach(start: Start) -> None:
    client = start({"default.replication.factor": "3"})
    (result,) = create(client, topic("wide", 1, -1))
    assert result.error_code == ErrorCode.INVALID_REPLICATION_FACTOR


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_manual_assignment(client: WireClient, name: str, order: tuple[int, int]) -> None:
    wanted = topic(name, -1, -1, assignments=[(index, [1]) for index in order])
    (result,) = create(client, wanted)
    assert (result.error_code, result.num_partitions, result.replication_factor) == (0, 2, 1)


@pytest.mark.parametrize(
    ("partitions", "replicas", "assignments", "error", "message"),
    [
        (2, 1, [(0, [1])], 42, f"{MANUAL} replication factor was not set to -1."),
        (-1, 1, [(0, [1])], 42, f"{MANUAL} replication factor was not set to -1."),
        (1, -1, [(0, [1])], 42, f"{MANUAL} numPartitions was not set to -1."),
        (-1, -1, [(0, [7])], 39, f"{INCLUDES} broker 7, but no such broker is registered."),
        (-1, -1, [(0, [1, 1])], 39, f"{INCLUDES} the broker 1 more than once."),
        (-1, -1, [(0, [])], 39, f"{INCLUDES} an empty replica list."),
        (
            -1,
            -1,
            [(0, [1]), (2, [1])],
            39,
            "partitions should be a consecutive 0-based integer sequence",
        ),
        (-1, -1, [(-1, [1])], 39, "partitions should be a consecutive 0-based integer sequence"),
        (
            -1,
            -1,
            [(0, [1]), (0, [9])],
            39,
            "Found multiple manual partition assignments for partition 0",
        ),
        (
            -1,
            -1,
            [(0, [7]), (2, [1])],
            39,
            f"{INCLUDES} broker 7, but no such broker is registered.",
        ),
    ],
)
def test_a_wrong_manual_assignment(
    client: WireClient,
    name: str,
    partitions: int,
    replicas: int,
    assignments: list[tuple[int, list[int]]],
    error: int,
    message: str,
) -> None:
    wanted = topic(name, partitions, replicas, assignments=assignments)
    assert try_out(client, wanted) == (error, message)


def invalid(value: str, name: str, why: str) -> str:
    return f"Invalid value {value} for configuration {name}: {why}"


REPLICA_LIST = (
    "leader.replication.throttled.replicas must be the literal '*' or a list of replicas in the"
    " following format: [partitionId]:[brokerId],[partitionId]:[brokerId],..."
)


@pytest.mark.parametrize(
    ("configs", "message"),
    [
        ({"foo": "1"}, "Unknown topic config name: foo"),
        ({"retention.ms": "x", "foo": "1"}, "Unknown topic config name: foo"),
        ({"retention.ms": None}, "Null value not supported for topic configs: retention.ms"),
        ({"zz": None, "aa": None}, "Null value not supported for topic configs: zz,aa"),
        (
            [("retention.ms", "2"), ("retention.ms", "x")],
            invalid("x", "retention.ms", "Not a number of type LONG"),
        ),
        ({"retention.ms": "5L"}, invalid("5L", "retention.ms", "Not a number of type LONG")),
        ({"retention.ms": "1_000"}, invalid("1_000", "retention.ms", "Not a number of type LONG")),
        ({"retention.ms": "-2"}, invalid("-2", "retention.ms", "Value must be at least -1")),
        (
            {"retention.bytes": "9223372036854775808"},
            invalid("9223372036854775808", "retention.bytes", "Not a number of type LONG"),
        ),
        (
            {"retention.ms": "x", "retention.bytes": "y"},
            invalid("y", "retention.bytes", "Not a number of type LONG"),
        ),
        ({"segment.bytes": "10"}, invalid("10", "segment.bytes", "Value must be at least 1048576")),
        ({"segment.bytes": "1e6"}, invalid("1e6", "segment.bytes", "Not a number of type INT")),
        (
            {"min.cleanable.dirty.ratio": "2"},
            invalid("2.0", "min.cleanable.dirty.ratio", "Value must be no more than 1"),
        ),
        (
            {"min.cleanable.dirty.ratio": "inf"},
            invalid("inf", "min.cleanable.dirty.ratio", "Not a number of type DOUBLE"),
        ),
        (
            {"cleanup.policy": "delete,bad"},
            invalid("bad", "cleanup.policy", "String must be one of: compact, delete"),
        ),
        (
            {"cleanup.policy": "compact,,delete"},
            "Configuration 'cleanup.policy' values must not be empty.",
        ),
        (
            {"compression.type": "GZIP"},
            invalid(
                "GZIP",
                "compression.type",
                "String must be one of: uncompressed, zstd, lz4, snappy, gzip, producer",
            ),
        ),
        (
            {"compression.gzip.level": "0"},
            invalid("0", "compression.gzip.level", "Value must be between 1 and 9 or equal to -1"),
        ),
        (
            {"preallocate": "yes"},
            invalid("yes", "preallocate", "Expected value to be either true or false"),
        ),
        (
            {"leader.replication.throttled.replicas": "0:1,*"},
            invalid("[0:1, *]", "leader.replication.throttled.replicas", REPLICA_LIST),
        ),
        (
            {"min.compaction.lag.ms": "5", "max.compaction.lag.ms": "4"},
            "conflict topic config setting min.compaction.lag.ms (5) > max.compaction.lag.ms (4)",
        ),
        (
            {"remote.storage.enable": "true"},
            "Tiered Storage functionality is disabled in the broker. "
            "Topic cannot be configured with remote log storage.",
        ),
    ],
)
def test_a_wrong_configuration(
    client: WireClient, name: str, configs: Configs, message: str
) -> None:
    assert try_out(client, topic(name, 0, 1, configs)) == (ErrorCode.INVALID_CONFIG, message)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("retention.ms", " +007 "),
        ("retention.bytes", "-5"),
        ("min.cleanable.dirty.ratio", "0x1p-1"),
        ("min.cleanable.dirty.ratio", "0.5d"),
        ("min.cleanable.dirty.ratio", "NaN"),
        ("cleanup.policy", ""),
        ("cleanup.policy", " compact , compact "),
        ("compression.type", " gzip "),
        ("preallocate", " TRUE "),
        ("leader.replication.throttled.replicas", "*"),
        ("leader.replication.throttled.replicas", "0:1,,1:2"),
        ("internal.segment.bytes", "5"),
    ],
)
def test_an_odd_configuration_is_taken_and_answered_as_it_was_written(
    client: WireClient, name: str, key: str, value: str
) -> None:
    (result,) = create(client, topic(name, configs={key: value}))
    assert result.error_code == 0
    assert [(c.name, c.value) for c in result.configs if c.config_source == 1] == [(key, value)]


@pytest.mark.parametrize("partitions", [10_000, 2**31 - 2])
def test_too_many_partitions_spoil_the_whole_request(
    client: WireClient, name: str, partitions: int
) -> None:
    results = create(client, topic("a b"), topic(name, partitions), validate_only=True)
    assert [(r.name, r.error_code, r.error_message) for r in results] == [
        (which, ErrorCode.POLICY_VIOLATION, "Excessively large number of partitions per request.")
        for which in ("a b", name)
    ]


def test_more_partitions_than_can_be_counted(client: WireClient, name: str) -> None:
    results = create(client, topic(f"{name}-b"), topic(name, 2**31 - 1), validate_only=True)
    assert [(r.error_code, r.error_message) for r in results] == [
        (ErrorCode.UNKNOWN_SERVER_ERROR, None)
    ] * 2


@pytest.mark.parametrize(
    ("partitions", "configs", "error"),
    [(9999, 0, 0), (9999, 1, ErrorCode.POLICY_VIOLATION), (9998, 1, 0), (10_000, 0, 44)],
)
def test_the_controller_writes_ten_thousand_records_for_a_request(
    client: WireClient, name: str, partitions: int, configs: int, error: int
) -> None:
    wanted = topic(name, partitions, configs={"retention.ms": "5"} if configs else {})
    message = "Unable to perform excessively large batch operation."
    assert try_out(client, wanted) == (error, message if error else None)


@pytest.mark.parametrize("timeout_ms", [0, -1])
def test_without_time_nothing_is_done(client: WireClient, name: str, timeout_ms: int) -> None:
    results = create(client, topic(name), topic("a b"), topic(name), timeout_ms=timeout_ms)
    assert [(r.name, r.error_code, r.error_message) for r in results] == [
        (which, ErrorCode.REQUEST_TIMED_OUT, None) for which in (name, "a b", name)
    ]
    (result,) = create(client, topic(name))
    assert result.error_code == 0


def test_no_topics(client: WireClient) -> None:
    assert create(client) == []


def test_where_the_values_of_a_new_topic_come_from(start: Start) -> None:
    client = start(
        {
            "log.retention.minutes": "5",
            "log.retention.hours": "7",
            "log.roll.hours": "2",
            "log.cleanup.policy": "compact , delete",
            "message.max.bytes": "2000000",
            "min.insync.replicas": "2",
        }
    )
    (result,) = create(
        client, topic("sources", configs={"message.timestamp.type": "LogAppendTime"})
    )
    found = {c.name: (c.value, c.config_source) for c in result.configs}
    assert {name: value for name, value in found.items() if value[1] != 5} == {
        "message.timestamp.type": ("LogAppendTime", 1),
        "min.insync.replicas": ("2", 3),
        "retention.ms": ("300000", 4),
        "segment.ms": ("7200000", 4),
        "cleanup.policy": ("compact , delete", 4),
        "max.message.bytes": ("2000000", 4),
    }

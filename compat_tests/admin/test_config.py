"""Configuration: where it comes from, what Kafka refuses, and what follows from it."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from kafkashim.config import Config, ConfigError, TopicConfig
from kafkashim.config_defs import BROKER, INTERNAL, TOPIC
from kafkashim.config_values import check_value


def test_defaults() -> None:
    config = Config({})
    assert config.listen_addresses == [("127.0.0.1", 9092)]
    assert config.advertised_addresses == {}
    assert (config.node_id, config.broker_rack) == (1, None)
    assert config.socket_request_max_bytes == 100 * 1024 * 1024
    assert config.connections_max_idle_ms == 600_000
    assert config.fetch_max_bytes == 55 * 1024 * 1024
    assert config.auto_create_topics_enable
    assert (config.num_partitions, config.default_replication_factor) == (1, 1)
    assert (config.log_retention_ms, config.log_roll_ms) == (604_800_000, 604_800_000)
    assert config.producer_id_expiration_ms == 86_400_000
    assert config.transaction_max_timeout_ms == 900_000
    assert config.group_initial_rebalance_delay_ms == 3_000
    assert config.offset_metadata_max_bytes == 4096


class TestSources:
    @pytest.fixture
    def properties(self, tmp_path: Path) -> Path:
        path = tmp_path / "server.properties"
        path.write_bytes(
            b"# a comment\n"
            b"num.partitions=2\n"
            b"  broker.rack : Z\\u00fcrich\n"
            b"log.retention.hours = 5  \n"
            b"message.max.bytes=\\\n  2000000\n"
        )
        return path

    def test_a_properties_file(self, properties: Path) -> None:
        config = Config.from_sources(path=str(properties))
        assert (config.num_partitions, config.broker_rack) == (2, "Zürich")
        assert config.log_retention_ms == 5 * 3_600_000
        assert config.get_int("message.max.bytes") == 2_000_000

    def test_a_file_is_read_as_java_reads_it(self, tmp_path: Path) -> None:
        path = tmp_path / "latin.properties"
        path.write_bytes("broker.rack=Zürich".encode("latin-1"))
        assert Config.from_sources(path=str(path)).broker_rack == "Zürich"

    def test_later_sources_count(self, properties: Path) -> None:
        defaults = {"num.partitions": "1", "broker.rack": "d", "num.io.threads": "1"}
        environ = {"KAFKA_NUM_PARTITIONS": "3", "KAFKA_BROKER_RACK": "e"}
        config = Config.from_sources(
            path=str(properties),
            overrides=["num.partitions=4", "num.partitions = 5"],
            environ=environ,
            defaults=defaults,
        )
        assert (config.num_partitions, config.broker_rack) == (5, "e")
        assert config.get_int("num.io.threads") == 1

    @pytest.mark.parametrize(
        ("variable", "name"),
        [
            ("KAFKA_LOG_RETENTION_HOURS", "log.retention.hours"),
            ("KAFKA_LISTENER_NAME_A__B_SSL_TYPE", "listener.name.a_b.ssl.type"),
            ("KAFKA_LISTENER_NAME_A___B_SSL_TYPE", "listener.name.a-b.ssl.type"),
        ],
    )
    def test_environment_variables(
        self, variable: str, name: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert Config.from_sources(environ={variable: "5", "LANG": "C"}).given == {name: "5"}
        assert not caplog.records

    @pytest.mark.parametrize(
        "variable",
        ["KAFKA_HEAP_OPTS", "KAFKA_OPTS", "KAFKA_JMX_PORT", "KAFKA_LOG4J_LOGGERS", "KAFKA_HOME"],
    )
    def test_variables_that_are_no_configuration(
        self, variable: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert Config.from_sources(environ={variable: "x"}).given == {}
        assert not caplog.records

    def test_unknown_names_are_warned_about(self, caplog: pytest.LogCaptureFixture) -> None:
        config = Config.from_sources(
            overrides=["log.retention.huors=5"], environ={"KAFKA_NUM_PARTITONS": "3"}
        )
        assert [record.getMessage() for record in caplog.records] == [
            "Unknown configuration 'num.partitons' (KAFKA_NUM_PARTITONS) is ignored",
            "Unknown configuration 'log.retention.huors' is ignored",
        ]
        assert {record.levelno for record in caplog.records} == {logging.WARNING}
        assert config.log_retention_ms == 604_800_000

    def test_names_without_effect_here_are_taken_in_silence(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        Config(
            {
                "process.roles": "broker,controller",
                "controller.quorum.bootstrap.servers": "localhost:9093",
                "listeners": "PLAINTEXT://:9092,CONTROLLER://:9093",
                "inter.broker.listener.name": "PLAINTEXT",
                "advertised.listeners": "PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093",
                "controller.listener.names": "CONTROLLER",
                "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL",
                "num.network.threads": "3",
                "log.dirs": "/tmp/kraft-combined-logs",
                "config.providers": "file",
                "config.providers.file.class": "org.example.File",
                "internal.metadata.delete.delay.millis": "5",
            }
        )
        assert not caplog.records

    @pytest.mark.parametrize("override", ["num.partitions", "=5", ""])
    def test_an_override_that_is_no_pair(self, override: str) -> None:
        with pytest.raises(ConfigError, match="is no key=value pair: write --override k=v"):
            Config.from_sources(overrides=[override])

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"No such file .*: name a properties file"):
            Config.from_sources(path=str(tmp_path / "none"))
        with pytest.raises(ConfigError, match="Is a directory"):
            Config.from_sources(path=str(tmp_path))

    def test_a_file_that_is_none(self, tmp_path: Path) -> None:
        path = tmp_path / "bad.properties"
        path.write_bytes(b"a=\\uXYZ\n")
        with pytest.raises(ConfigError, match="is no properties file"):
            Config.from_sources(path=str(path))


def invalid(value: str, name: str, why: str) -> str:
    return f"Invalid value {value} for configuration {name}: {why}"


NOT_AN_INT = "Not a number of type INT"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"num.partitions": "0"}, invalid("0", "num.partitions", "Value must be at least 1")),
        ({"num.partitions": "1_0"}, invalid("1_0", "num.partitions", NOT_AN_INT)),
        ({"num.partitions": "3.0"}, invalid("3.0", "num.partitions", NOT_AN_INT)),
        ({"num.partitions": ""}, invalid("", "num.partitions", NOT_AN_INT)),
        (
            {"producer.id.expiration.check.interval.ms": "3000000000"},
            invalid("3000000000", "producer.id.expiration.check.interval.ms", NOT_AN_INT),
        ),
        (
            {"sasl.login.refresh.buffer.seconds": "40000"},
            invalid("40000", "sasl.login.refresh.buffer.seconds", "Not a number of type SHORT"),
        ),
        (
            {"fetch.max.bytes": "5"},
            invalid("5", "fetch.max.bytes", "Value must be at least 1024"),
        ),
        (
            {"log.cleaner.min.cleanable.ratio": "2"},
            invalid("2.0", "log.cleaner.min.cleanable.ratio", "Value must be no more than 1"),
        ),
        (
            {"auto.create.topics.enable": "yes"},
            invalid(
                "yes", "auto.create.topics.enable", "Expected value to be either true or false"
            ),
        ),
        (
            {"log.message.timestamp.type": "createtime"},
            invalid(
                "createtime",
                "log.message.timestamp.type",
                "String must be one of: CreateTime, LogAppendTime",
            ),
        ),
        (
            {"group.consumer.migration.policy": "x"},
            invalid(
                "x",
                "group.consumer.migration.policy",
                "String must be one of (case insensitive): DISABLED, DOWNGRADE, UPGRADE,"
                " BIDIRECTIONAL",
            ),
        ),
        (
            {"remote.log.metadata.manager.class.name": ""},
            invalid("", "remote.log.metadata.manager.class.name", "String must be non-empty"),
        ),
        ({"log.dirs": "a,,b"}, "Configuration 'log.dirs' values must not be empty."),
        (
            {"listeners": ""},
            "Configuration 'listeners' must not be empty."
            " Valid values include: any non-empty value",
        ),
        (
            {"process.roles": ""},
            "Configuration 'process.roles' must not be empty."
            " Valid values include: [broker, controller]",
        ),
        (
            {"node.id": "1", "broker.id": "2"},
            "You must set `node.id` to the same value as `broker.id`.",
        ),
        ({"log.roll.ms": "0"}, "log.roll.ms must be greater than or equal to 1"),
        (
            {"log.retention.minutes": "0"},
            "log.retention.ms must be unlimited (-1) or, greater than or equal to 1",
        ),
        (
            {"connections.max.idle.ms": "100"},
            "connection.failed.authentication.delay.ms=100 should always be less than"
            " connections.max.idle.ms=100 to prevent failed authentication responses from"
            " timing out",
        ),
        (
            {"queued.max.request.bytes": "100"},
            "queued.max.request.bytes must be larger or equal to socket.request.max.bytes",
        ),
        (
            {"group.coordinator.rebalance.protocols": "consumer"},
            "Disabling the 'classic' protocol is not supported.",
        ),
        (
            {"advertised.listeners": "PLAINTEXT://0.0.0.0:9092"},
            "advertised.listeners cannot use the nonroutable meta-address 0.0.0.0."
            " Use a routable IP address.",
        ),
        (
            {"listeners": "CONTROLLER://:9093", "controller.listener.names": "CONTROLLER"},
            "There must be at least one broker advertised listener."
            " Perhaps all listeners appear in controller.listener.names?",
        ),
        (
            {"listeners": "PLAINTEXT://h"},
            invalid(
                "PLAINTEXT://h",
                "listeners",
                "Unable to parse PLAINTEXT://h to a broker endpoint;"
                " write it as PLAINTEXT://host:port",
            ),
        ),
        (
            {"listeners": "PLAINTEXT://h:1,PLAINTEXT://h:2"},
            invalid(
                "PLAINTEXT://h:1,PLAINTEXT://h:2",
                "listeners",
                "Each listener must have a different name",
            ),
        ),
        (
            {
                "listeners": "PLAINTEXT://h:1,CONTROLLER://h:1",
                "controller.listener.names": "CONTROLLER",
            },
            invalid(
                "PLAINTEXT://h:1,CONTROLLER://h:1",
                "listeners",
                "Each listener must have a different port",
            ),
        ),
        (
            {"listeners": "FOO://h:1"},
            invalid(
                "FOO://h:1",
                "listeners",
                "No security protocol defined for listener FOO;"
                " name it in listener.security.protocol.map",
            ),
        ),
        (
            {"listeners": "SSL://h:1"},
            invalid("SSL://h:1", "listeners", "SSL listeners are not supported; use PLAINTEXT"),
        ),
        (
            {"listener.security.protocol.map": "zz"},
            invalid(
                "zz",
                "listener.security.protocol.map",
                "zz is no pair; write it as NAME:PLAINTEXT",
            ),
        ),
    ],
)
def test_what_kafka_would_not_start_with(given: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Config(given)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    "given",
    [
        {"log.retention.bytes": "-5"},
        {"log.retention.ms": "-2"},
        {"connections.max.idle.ms": "-1"},
        {"connections.max.idle.ms": "101"},
        {"num.partitions": " +3 "},
        {"log.cleanup.policy": ""},
        {"log.cleaner.min.cleanable.ratio": "0.5d"},
        {"log.cleaner.min.cleanable.ratio": "NaN"},
        {"auto.create.topics.enable": " TRUE "},
        {"default.replication.factor": "0"},
        {"offset.metadata.max.bytes": "-1"},
        {"group.min.session.timeout.ms": "100", "group.max.session.timeout.ms": "50"},
        {"broker.id": "1", "node.id": "1"},
        {"metric.reporters": ""},
        {
            "listeners": "PLAINTEXT://1.2.3.4:9092,B://[::1]:9092",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,B:PLAINTEXT",
        },
    ],
    ids=str,
)
def test_what_kafka_starts_with(given: dict[str, str]) -> None:
    Config(given)


@pytest.mark.parametrize(
    ("listeners", "addresses"),
    [
        ("PLAINTEXT://:9092", [("", 9092)]),
        ("plaintext://0.0.0.0:0", [("0.0.0.0", 0)]),
        ("PLAINTEXT://[::1]:9092", [("::1", 9092)]),
        ("PLAINTEXT://a:1, INSIDE://b:2,CONTROLLER://c:3", [("a", 1), ("b", 2)]),
    ],
)
def test_listeners(listeners: str, addresses: list[tuple[str, int]]) -> None:
    config = Config(
        {
            "listeners": listeners,
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,INSIDE:plaintext",
        }
    )
    assert config.listen_addresses == addresses


@pytest.mark.parametrize(
    ("advertised", "addresses"),
    [
        ("PLAINTEXT://kafka:29092", {"PLAINTEXT": ("kafka", 29092)}),
        ("plaintext://[fe80::1]:1", {"PLAINTEXT": ("fe80::1", 1)}),
        ("PLAINTEXT://:9092", {}),
        (
            "OUTSIDE://localhost:9092,PLAINTEXT://kafka:29092,CONTROLLER://kafka:1",
            {"OUTSIDE": ("localhost", 9092), "PLAINTEXT": ("kafka", 29092)},
        ),
    ],
)
def test_advertised_listeners(advertised: str, addresses: dict[str, tuple[str, int]]) -> None:
    config = Config(
        {
            "listeners": "PLAINTEXT://:29092,OUTSIDE://:9092,CONTROLLER://:1",
            "advertised.listeners": advertised,
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,OUTSIDE:PLAINTEXT",
        }
    )
    assert config.listener_names == ["PLAINTEXT", "OUTSIDE"]
    assert config.advertised_addresses == addresses


@pytest.mark.parametrize(
    ("given", "node_id"),
    [({}, 1), ({"node.id": "0"}, 0), ({"broker.id": "7"}, 7), ({"broker.id": "-1"}, 1)],
)
def test_node_id(given: dict[str, str], node_id: int) -> None:
    assert Config(given).node_id == node_id


def test_an_unknown_name_has_no_value() -> None:
    with pytest.raises(KeyError):
        Config({"foo.bar": "1"}).value("foo.bar")


@pytest.mark.parametrize(
    ("name", "row"),
    [*BROKER.items(), *INTERNAL.items(), *TOPIC.items()],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_defaults_are_values_kafka_takes(name: str, row: object) -> None:
    default = row.default  # type: ignore[attr-defined]
    if default is not None:
        check_value(name, row, default)  # type: ignore[arg-type]


class TestTopics:
    def test_a_topic_follows_the_broker(self) -> None:
        broker = Config(
            {
                "log.retention.hours": "1",
                "log.roll.hours": "2",
                "log.segment.bytes": "2000000",
                "message.max.bytes": "7",
                "log.cleanup.policy": "compact",
                "log.message.timestamp.type": " LogAppendTime ",
                "log.message.timestamp.after.max.ms": "8",
                "log.message.timestamp.before.max.ms": "9",
                "log.retention.bytes": "10",
            }
        )
        topic = TopicConfig(broker)
        assert (topic.retention_ms, topic.retention_bytes) == (3_600_000, 10)
        assert (topic.segment_ms, topic.segment_bytes) == (7_200_000, 2_000_000)
        assert topic.max_message_bytes == 7
        assert (topic.compacted, topic.deletes) == (True, False)
        assert topic.log_append_time
        assert topic.message_timestamp_after_max_ms == 8
        assert topic.message_timestamp_before_max_ms == 9

    def test_its_own_values_come_first(self) -> None:
        broker = Config({"log.retention.ms": "5", "log.cleanup.policy": "compact"})
        topic = TopicConfig(broker, {"retention.ms": " 6 ", "cleanup.policy": "delete"})
        assert (topic.retention_ms, topic.compacted, topic.deletes) == (6, False, True)
        assert topic.overrides == {"retention.ms": " 6 ", "cleanup.policy": "delete"}
        assert topic.inherited("retention.ms") == "5"

    @pytest.mark.parametrize("policy", ["", "compact , delete"])
    def test_cleanup_policy(self, policy: str) -> None:
        topic = TopicConfig(Config({}), {"cleanup.policy": policy})
        assert topic.compacted == topic.deletes == bool(policy)

    def test_the_internal_name_goes_below_the_least_segment(self) -> None:
        own = {"segment.bytes": "2000000", "internal.segment.bytes": "100"}
        assert TopicConfig(Config({}), own).segment_bytes == 100

    def test_an_unknown_name(self) -> None:
        with pytest.raises(KeyError):
            TopicConfig(Config({})).value("foo")


def test_nothing_heavy_is_imported() -> None:
    code = "import kafkashim.config, sys; print(*sys.modules)"
    path = str(Path(__file__).parents[2])
    modules = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": f"{path}:{path}/codecs"},
    ).stdout.split()
    assert "kafkashim.config_defs" in modules
    assert not {"javaproperties", "construct", "asyncio", "kafka_codecs"} & set(modules)

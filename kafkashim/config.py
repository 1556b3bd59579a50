"""Configuration, under Kafka's own names and with Kafka's defaults.

Sources, later ones first: ``--override``, ``KAFKA_…`` environment variables as the ``apache/kafka`` image
maps them, a properties file, the defaults of Apache Kafka 4.3.1 (:mod:`kafkashim.config_defs`). A name
Kafka does not know is warned about; one that Kafka knows and that means nothing here is taken in silence,
so that a ``server.properties`` can be used as it is.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Self

from kafkashim.config_defs import BROKER, INTERNAL, TOPIC, BrokerDef
from kafkashim.config_values import ConfigError, check_value, parse_boolean, parse_list

log = logging.getLogger("kafkashim.config")

DEFAULT_LISTENERS = "PLAINTEXT://127.0.0.1:9092"
MS_PER_MINUTE = 60_000
MS_PER_HOUR = 3_600_000

__all__ = ["Config", "ConfigError", "TopicConfig"]


def known(name: str) -> BrokerDef | None:
    """The row of a broker configuration; ``None`` for a name Kafka does not know."""
    return BROKER.get(name) or INTERNAL.get(name)


class Config:
    """A broker's configuration: what was set, and what the broker reads of it.

    Raises:
        ConfigError: a value Kafka would not start with; the text says what to do.
    """

    def __init__(self, given: Mapping[str, str]) -> None:
        self.given = dict(given)
        for name, value in self.given.items():
            row = known(name)
            if row is None:
                log.warning("Unknown configuration '%s' is ignored", name)
            else:
                check_value(name, row.type, value)
        self.node_id = self._node_id()
        self.broker_rack = self.value("broker.rack")
        self.listen_addresses = self._addresses("listeners", self.get("listeners"))
        advertised = self.value("advertised.listeners")
        found = self._addresses("advertised.listeners", advertised) if advertised else []
        self.advertised_address = found[0] if found else None
        self.metric_reporters = [
            name
            for name in parse_list(self.given.get("metric.reporters", ""))
            if not name.endswith(".JmxReporter")
        ]
        self._read_limits()
        self._read_producers()
        self._read_groups()

    @classmethod
    def from_sources(
        cls,
        *,
        path: str | None = None,
        overrides: Iterable[str] = (),
        environ: Mapping[str, str] | None = None,
        defaults: Mapping[str, str] | None = None,
    ) -> Self:
        """Read a properties file, the environment and ``key=value`` overrides.

        Raises:
            ConfigError: the file cannot be read, an override is no ``key=value``, a value is wrong.
        """
        given: dict[str, str] = dict(defaults or {})
        if path is not None:
            given.update(_read_properties(path))
        given.update(_from_environment(environ or {}))
        for override in overrides:
            name, equals, value = override.partition("=")
            if not equals or not name.strip():
                raise ConfigError(
                    f"--override {override!r} is no key=value pair: write --override k=v"
                )
            given[name.strip()] = value.strip()
        return cls(given)

    @classmethod
    def from_overrides(cls, overrides: Mapping[str, str]) -> Self:
        """A configuration of Kafka's defaults and some overrides."""
        return cls(overrides)

    def value(self, name: str) -> str | None:
        """The value in force, ``None`` where there is none.

        Raises:
            KeyError: Kafka knows no such name.
        """
        found = self.given.get(name)
        if found is not None:
            return found
        if name == "listeners":
            return DEFAULT_LISTENERS
        return (BROKER.get(name) or INTERNAL[name]).default

    def get(self, name: str) -> str:
        """The value in force as a string, ``""`` where there is none."""
        return self.value(name) or ""

    def get_int(self, name: str) -> int:
        """The value in force of a number that has a default."""
        return int(self.get(name).strip())

    def get_bool(self, name: str) -> bool:
        """The value in force of a switch."""
        return parse_boolean(self.get(name))

    def _node_id(self) -> int:
        for name in ("node.id", "broker.id"):
            if name in self.given and int(self.given[name]) >= 0:
                return int(self.given[name])
        return 1

    def _read_limits(self) -> None:
        self.socket_request_max_bytes = self.get_int("socket.request.max.bytes")
        self.connections_max_idle_ms = self.get_int("connections.max.idle.ms")
        self.fetch_max_bytes = self.get_int("fetch.max.bytes")
        self.max_incremental_fetch_session_cache_slots = self.get_int(
            "max.incremental.fetch.session.cache.slots"
        )
        self.max_request_partition_size_limit = self.get_int("max.request.partition.size.limit")
        self.auto_create_topics_enable = self.get_bool("auto.create.topics.enable")
        self.delete_topic_enable = self.get_bool("delete.topic.enable")
        self.num_partitions = self.get_int("num.partitions")
        self.default_replication_factor = self.get_int("default.replication.factor")
        self.log_retention_check_interval_ms = self.get_int("log.retention.check.interval.ms")
        self.log_retention_ms = self._first_set(
            ("log.retention.ms", 1),
            ("log.retention.minutes", MS_PER_MINUTE),
            ("log.retention.hours", MS_PER_HOUR),
        )
        self.log_roll_ms = self._first_set(("log.roll.ms", 1), ("log.roll.hours", MS_PER_HOUR))

    def _first_set(self, *names: tuple[str, int]) -> int:
        """The first of several names for one duration that has a value, in milliseconds."""
        for name, unit in names:
            value = self.value(name)
            if value is not None:
                number = int(value)
                return number if number < 0 else number * unit
        raise KeyError(names[0][0])

    def _read_producers(self) -> None:
        self.producer_id_expiration_ms = self.get_int("producer.id.expiration.ms")
        self.producer_id_expiration_check_interval_ms = self.get_int(
            "producer.id.expiration.check.interval.ms"
        )
        self.transaction_max_timeout_ms = self.get_int("transaction.max.timeout.ms")
        self.transactional_id_expiration_ms = self.get_int("transactional.id.expiration.ms")

    def _read_groups(self) -> None:
        self.group_min_session_timeout_ms = self.get_int("group.min.session.timeout.ms")
        self.group_max_session_timeout_ms = self.get_int("group.max.session.timeout.ms")
        self.group_initial_rebalance_delay_ms = self.get_int("group.initial.rebalance.delay.ms")
        self.group_max_size = self.get_int("group.max.size")
        self.offset_metadata_max_bytes = self.get_int("offset.metadata.max.bytes")

    def _addresses(self, name: str, text: str) -> list[tuple[str, int]]:
        """Host and port of each listener that clients may use."""
        controllers = set(parse_list(self.get("controller.listener.names")))
        protocols = dict(
            pair.split(":", 1)
            for pair in parse_list(self.get("listener.security.protocol.map"))
            if ":" in pair
        )
        found: list[tuple[str, int]] = []
        for listener in parse_list(text):
            listener_name, separator, address = listener.partition("://")
            host, _, port = address.rpartition(":")
            if not separator or not port.isdigit() or int(port) > 65535:
                raise ConfigError(
                    f"Invalid value {text} for configuration {name}: Unable to parse {listener} to a"
                    " broker endpoint; write it as PLAINTEXT://host:port"
                )
            if listener_name in controllers:
                continue
            protocol = protocols.get(listener_name, listener_name)
            if protocol != "PLAINTEXT":
                raise ConfigError(
                    f"Invalid value {text} for configuration {name}: {protocol} listeners are not"
                    " supported; use PLAINTEXT"
                )
            found.append((host.removeprefix("[").removesuffix("]"), int(port)))
        if not found:
            raise ConfigError(f"Invalid value {text} for configuration {name}: name one listener")
        return found


def _read_properties(path: str) -> dict[str, str]:
    import javaproperties

    try:
        with open(path, encoding="utf-8") as file:
            found: dict[str, str] = javaproperties.load(file)  # pyright: ignore[reportUnknownMemberType]
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(f"cannot read {path} ({reason}): name a properties file") from None
    except (UnicodeDecodeError, javaproperties.InvalidUEscapeError) as error:
        raise ConfigError(
            f"{path} is no properties file ({error}): write key=value lines"
        ) from None
    return found


def _from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """``KAFKA_LOG_RETENTION_MS`` is ``log.retention.ms``; ``__`` is ``_`` and ``___`` is ``-``.

    Variables that stand for no configuration (``KAFKA_HEAP_OPTS``) are none of the broker's business.
    """
    found: dict[str, str] = {}
    for variable, value in environ.items():
        if not variable.startswith("KAFKA_"):
            continue
        parts = variable.removeprefix("KAFKA_").lower().replace("___", "-").replace("__", "\0")
        name = parts.replace("_", ".").replace("\0", "_")
        if known(name) is not None:
            found[name] = value
    return found


class TopicConfig:
    """A topic's configuration: its own overrides over the broker's.

    The attributes are what appending and retention read. Overrides are taken as they are: they were
    checked before (:func:`kafkashim.topic_configs.invalid_topic_config`).
    """

    __slots__ = (
        "broker",
        "compacted",
        "deletes",
        "log_append_time",
        "max_message_bytes",
        "message_timestamp_after_max_ms",
        "message_timestamp_before_max_ms",
        "overrides",
        "retention_bytes",
        "retention_ms",
        "segment_bytes",
        "segment_ms",
    )

    def __init__(self, broker: Config, overrides: Mapping[str, str] | None = None) -> None:
        self.broker = broker
        self.overrides = dict(overrides or {})
        policies = parse_list(self.value("cleanup.policy"))
        self.compacted = "compact" in policies
        self.deletes = "delete" in policies
        self.log_append_time = self.value("message.timestamp.type") == "LogAppendTime"
        self.max_message_bytes = int(self.value("max.message.bytes"))
        self.message_timestamp_after_max_ms = int(self.value("message.timestamp.after.max.ms"))
        self.message_timestamp_before_max_ms = int(self.value("message.timestamp.before.max.ms"))
        self.retention_bytes = int(self.value("retention.bytes"))
        self.retention_ms = int(self.value("retention.ms"))
        self.segment_bytes = int(self.value("segment.bytes"))
        self.segment_ms = int(self.value("segment.ms"))

    def value(self, name: str) -> str:
        """The value in force: the topic's own, or what the broker's configuration makes of it.

        Raises:
            KeyError: Kafka knows no such topic configuration.
        """
        own = self.overrides.get(name)
        return own if own is not None else self.inherited(name)

    def inherited(self, name: str) -> str:
        """The value without the topic's own override."""
        if name == "retention.ms":
            return str(self.broker.log_retention_ms)
        if name == "segment.ms":
            return str(self.broker.log_roll_ms)
        row = TOPIC[name]
        found = self.broker.value(row.broker_name) if row.broker_name else None
        return row.default if found is None else found

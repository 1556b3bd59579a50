"""Configuration, under Kafka's own names and with Kafka's defaults.

Sources, later ones first: ``--override``, ``KAFKA_…`` environment variables as the ``apache/kafka`` image
maps them, a properties file, the defaults of Apache Kafka 4.3.1 (:mod:`kafkashim.config_defs`). A name
Kafka does not know is warned about; one that Kafka knows and that means nothing here is taken in silence,
so that a ``server.properties`` can be used as it is.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from typing import Self

from kafkashim.config_defs import BROKER, INTERNAL, TOPIC, TOPIC_INTERNAL, BrokerDef, TopicDef
from kafkashim.config_values import (
    ConfigError,
    RequirementFailed,
    check_value,
    parse_boolean,
    parse_list,
    show_value,
)

log = logging.getLogger("kafkashim.config")

DEFAULT_LISTENERS = "PLAINTEXT://127.0.0.1:9092"
MS_PER_MINUTE = 60_000
MS_PER_HOUR = 3_600_000

# One duration under several names: the first that has a value counts (ServerTopicConfigSynonyms).
DURATIONS: dict[str, tuple[tuple[str, int], ...]] = {
    "log.retention.ms": (
        ("log.retention.ms", 1),
        ("log.retention.minutes", MS_PER_MINUTE),
        ("log.retention.hours", MS_PER_HOUR),
    ),
    "log.roll.ms": (("log.roll.ms", 1), ("log.roll.hours", MS_PER_HOUR)),
    "log.roll.jitter.ms": (("log.roll.jitter.ms", 1), ("log.roll.jitter.hours", MS_PER_HOUR)),
    "log.flush.interval.ms": (
        ("log.flush.interval.ms", 1),
        ("log.flush.scheduler.interval.ms", 1),
    ),
}
# The names under which a broker configuration is also looked for. A flush interval falls back on the
# scheduler's, but not the other way round (DynamicBrokerConfig.brokerConfigSynonyms).
ALSO: dict[str, tuple[str, ...]] = {
    name: tuple(other for other, _ in names)
    for first, names in DURATIONS.items()
    for name, _ in (names[:1] if first == "log.flush.interval.ms" else names)
}
# Names that belong to plug-ins and single listeners: Kafka knows only how they begin. The last two are
# read by the authorizer.
OPEN_ENDED = (
    *("listener.name.", "config.providers.", "rlmm.config.", "rsm.config."),
    *("super.users", "allow.everyone.if.no.acl.found"),
)
# ``compression.type``, by the number that stands in a batch.
CODECS = ("uncompressed", "gzip", "snappy", "lz4", "zstd")
AUTHORIZER = "org.apache.kafka.metadata.authorizer.StandardAuthorizer"
# Variables of the image and its scripts that stand for no configuration (KafkaDockerWrapper).
NO_CONFIGURATION = (
    *("VERSION", "HOME", "DEBUG", "JMX_HOSTNAME", "JMX_PORT"),
    *("LOG4J_ROOT_LOGLEVEL", "LOG4J_LOGGERS", "TOOLS_LOG4J_LOGLEVEL"),
)

__all__ = ["Config", "ConfigError", "TopicConfig"]


def known(name: str) -> BrokerDef | None:
    """The row of a broker configuration; ``None`` for a name Kafka does not know."""
    return BROKER.get(name) or INTERNAL.get(name)


class Config:
    """A broker's configuration: what was set, and what the broker reads of it.

    ``given`` was set before the start; ``per_broker`` and ``cluster_wide`` are set while it runs, for
    this broker and for all of the cluster (KIP-226).

    Raises:
        ConfigError: a value Kafka would not start with; the text says what to do.
    """

    def __init__(self, given: Mapping[str, str], *, warn: bool = True) -> None:
        self.given = dict(given)
        self.per_broker: dict[str, str] = {}
        self.cluster_wide: dict[str, str] = {}
        # What was set of groups, client metrics and other brokers, by type and name of the resource.
        self.resources: dict[tuple[int, str], dict[str, str]] = {}
        self._in_force = self.given
        # What was read before, because some are read at every heartbeat.
        self._numbers: dict[str, int] = {}
        for name, value in self.given.items():
            row = known(name)
            if row is not None:
                check_value(name, row, value)
            elif warn and not name.startswith(OPEN_ENDED):
                log.warning("Unknown configuration '%s' is ignored", name)
        self.node_id = self._node_id()
        self.broker_rack = self.value("broker.rack")
        self.metric_reporters = [
            name
            for name in parse_list(self.get("metric.reporters"))
            if not name.endswith(".JmxReporter")
        ]
        self.authorizer = self.get("authorizer.class.name")
        self._read_listeners()
        self._read_limits()
        self._read_producers()
        self._read_groups()
        self._check_together()
        # A cluster formatted for 4.3 keeps min.insync.replicas for all brokers, because eligible leader
        # replicas need it to be the same everywhere (KIP-966).
        self.cluster_wide["min.insync.replicas"] = self.get("min.insync.replicas")

    def alter(self, per_broker: Mapping[str, str], cluster_wide: Mapping[str, str]) -> None:
        """Take what is set while the broker runs, all of it anew; it was checked before."""
        self.per_broker, self.cluster_wide = dict(per_broker), dict(cluster_wide)
        self._in_force = self.with_changes(per_broker, cluster_wide)
        self._numbers.clear()
        self._read_limits()
        self._read_producers()

    def with_changes(
        self, per_broker: Mapping[str, str], cluster_wide: Mapping[str, str]
    ) -> dict[str, str]:
        """What would be in force with these; of a duration's names only the one that is set counts."""
        found = dict(self.given)
        for changes in (cluster_wide, per_broker):
            for name, value in changes.items():
                for other in ALSO.get(name, ()):
                    found.pop(other, None)
                found[name] = value
        return found

    @property
    def in_force(self) -> Mapping[str, str]:
        """All that was set and counts, by whichever of the three."""
        return self._in_force

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

    def of_brokers(self, count: int) -> list[Config]:
        """The configurations of the brokers of a cluster, of which this one is the first.

        Ids and ports count on from its own (port 0 stays), log directories get the id behind their names.
        Topics have as many replicas as there are brokers, at most three, unless it is said otherwise;
        with one replica as in Apache Kafka there would be nothing to move.
        """
        if count == 1:
            return [self]
        given = {"default.replication.factor": str(min(count, 3)), **self.given}
        for topic in ("offsets.topic", "transaction.state.log", "share.coordinator.state.topic"):
            given.setdefault(f"{topic}.replication.factor", str(min(count, 3)))
        given.pop("broker.id", None)
        found: list[Config] = []
        for at in range(count):
            mine = dict(given, **{"node.id": str(self.node_id + at)})
            for name in ("listeners", "advertised.listeners"):
                text = given.get(name)
                if text is not None:
                    mine[name] = _shifted(text, at)
            dirs = parse_list(self.get("log.dirs") or self.get("log.dir"))
            mine["log.dirs"] = ",".join(f"{path}-{self.node_id + at}" for path in dirs)
            found.append(Config(mine, warn=False))
        return found

    def value(self, name: str) -> str | None:
        """The value in force as Kafka shows it, ``None`` where there is none.

        Raises:
            KeyError: Kafka knows no such name.
        """
        row = BROKER.get(name) or INTERNAL[name]
        text = self._in_force.get(name)
        if text is None:
            return DEFAULT_LISTENERS if name == "listeners" else row.default
        return show_value(row, text)

    def get(self, name: str) -> str:
        """The value in force as a string, ``""`` where there is none."""
        return self.value(name) or ""

    def get_int(self, name: str) -> int:
        """The value in force of a number that has a default."""
        found = self._numbers.get(name)
        if found is None:
            found = self._numbers[name] = int(self.get(name))
        return found

    def get_bool(self, name: str) -> bool:
        """The value in force of a switch."""
        return parse_boolean(self.get(name))

    def _node_id(self) -> int:
        given = [int(self.given[name]) for name in ("node.id", "broker.id") if name in self.given]
        if len(set(given)) > 1:
            raise ConfigError("You must set `node.id` to the same value as `broker.id`.")
        return given[0] if given and given[0] >= 0 else 1

    def _read_limits(self) -> None:
        self.socket_request_max_bytes = self.get_int("socket.request.max.bytes")
        self.connections_max_idle_ms = self.get_int("connections.max.idle.ms")
        self.fetch_max_bytes = self.get_int("fetch.max.bytes")
        self.max_incremental_fetch_session_cache_slots = self.get_int(
            "max.incremental.fetch.session.cache.slots"
        )
        self.telemetry_max_bytes = self.get_int("telemetry.max.bytes")
        self.auto_create_topics_enable = self.get_bool("auto.create.topics.enable")
        self.delete_topic_enable = self.get_bool("delete.topic.enable")
        self.num_partitions = self.get_int("num.partitions")
        self.default_replication_factor = self.get_int("default.replication.factor")
        self.log_retention_check_interval_ms = self.get_int("log.retention.check.interval.ms")
        # Any negative retention is none, under whichever name.
        self.log_retention_ms = max(self.duration("log.retention.ms"), -1)
        self.log_roll_ms = self.duration("log.roll.ms")

    def duration(self, name: str) -> int:
        """A duration in milliseconds, from the first of its names that has a value."""
        for other, unit in DURATIONS[name]:
            value = self.value(other)
            if value is not None:
                return int(value) * unit
        raise KeyError(name)

    def _read_producers(self) -> None:
        self.producer_id_expiration_ms = self.get_int("producer.id.expiration.ms")
        self.producer_id_expiration_check_interval_ms = self.get_int(
            "producer.id.expiration.check.interval.ms"
        )
        self.transaction_max_timeout_ms = self.get_int("transaction.max.timeout.ms")

    def _read_groups(self) -> None:
        self.rebalance_protocols = parse_list(self.get("group.coordinator.rebalance.protocols"))
        self.group_min_session_timeout_ms = self.get_int("group.min.session.timeout.ms")
        self.group_max_session_timeout_ms = self.get_int("group.max.session.timeout.ms")
        self.group_initial_rebalance_delay_ms = self.get_int("group.initial.rebalance.delay.ms")
        self.group_max_size = self.get_int("group.max.size")
        self.offset_metadata_max_bytes = self.get_int("offset.metadata.max.bytes")

    def _check_together(self) -> None:
        """What ``KafkaConfig`` requires of values that are fine one by one."""
        if self.log_retention_ms == 0:
            raise RequirementFailed(
                "log.retention.ms must be unlimited (-1) or, greater than or equal to 1"
            )
        if self.log_roll_ms < 1:
            raise RequirementFailed("log.roll.ms must be greater than or equal to 1")
        if self.duration("log.roll.jitter.ms") < 0:
            raise RequirementFailed("log.roll.jitter.ms must be greater than or equal to 0")
        delay = self.get_int("connection.failed.authentication.delay.ms")
        idle = self.connections_max_idle_ms
        if 0 <= idle <= delay:
            raise RequirementFailed(
                f"connection.failed.authentication.delay.ms={delay} should always be less than"
                f" connections.max.idle.ms={idle} to prevent failed authentication responses from"
                " timing out"
            )
        if 0 < self.get_int("queued.max.request.bytes") < self.socket_request_max_bytes:
            raise RequirementFailed(
                "queued.max.request.bytes must be larger or equal to socket.request.max.bytes"
            )
        threads = self.get_int("log.cleaner.threads")
        if not threads:
            raise ConfigError("log.cleaner.threads must be greater than or equal to 1")
        if self.get_int("log.cleaner.dedupe.buffer.size") // threads <= 1024 * 1024:
            raise RequirementFailed(
                "log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread."
            )
        self._check_connections()
        if self.authorizer not in ("", AUTHORIZER):
            raise ConfigError(
                f"Invalid value {self.authorizer} for configuration authorizer.class.name:"
                f" there is no such class; use {AUTHORIZER}"
            )
        if "classic" not in self.rebalance_protocols:
            raise ConfigError("Disabling the 'classic' protocol is not supported.")

    def _check_connections(self) -> None:
        overrides = parse_list(self.get("max.connections.per.ip.overrides"))
        for override in overrides:
            _, _, most = override.rpartition(":")
            if not re.fullmatch(r"[+-]?\d+", most):
                raise ConfigError(f'For input string: "{most}"')
        if self.get_int("max.connections.per.ip") == 0 and not overrides:
            raise RequirementFailed(
                "max.connections.per.ip can be set to zero only if"
                " max.connections.per.ip.overrides property is set."
            )

    def _read_listeners(self) -> None:
        listeners = self._endpoints("listeners", self.get("listeners"))
        if not listeners:
            raise RequirementFailed(
                "There must be at least one broker advertised listener."
                " Perhaps all listeners appear in controller.listener.names?"
            )
        self.listen_addresses = [address for _, address in listeners]
        text = self.value("advertised.listeners")
        advertised = self._endpoints("advertised.listeners", text) if text else []
        if any(host == "0.0.0.0" for _, (host, _) in advertised):
            raise RequirementFailed(
                "advertised.listeners cannot use the nonroutable meta-address 0.0.0.0."
                " Use a routable IP address."
            )
        self.listener_names = [name for name, _ in listeners]
        # Without a host, Kafka takes the machine's name; here it is the address a client came in on.
        self.advertised_addresses = {name: address for name, address in advertised if address[0]}

    def _endpoints(self, name: str, text: str) -> list[tuple[str, tuple[str, int]]]:
        """Name, host and port of each listener that clients may use."""
        lead = f"Invalid value {text} for configuration {name}"
        controllers = {item.upper() for item in parse_list(self.get("controller.listener.names"))}
        protocols = self._protocols()
        names: set[str] = set()
        ports: set[tuple[int, bool]] = set()
        found: list[tuple[str, tuple[str, int]]] = []
        for listener in parse_list(text):
            listener_name, separator, address = listener.partition("://")
            listener_name = listener_name.upper()
            host, colon, port = address.rpartition(":")
            if not (separator and colon and port.isdecimal()) or int(port) > 65535:
                raise ConfigError(
                    f"{lead}: Unable to parse {listener} to a broker endpoint;"
                    " write it as PLAINTEXT://host:port"
                )
            # The same port may serve IPv4 and IPv6; port 0 is any free one.
            place = (int(port), ":" in host)
            if name == "listeners" and place[0] and place in ports:
                raise ConfigError(f"{lead}: Each listener must have a different port")
            if listener_name in names:
                raise ConfigError(f"{lead}: Each listener must have a different name")
            names.add(listener_name)
            ports.add(place)
            if listener_name in controllers:
                continue
            protocol = protocols.get(listener_name)
            if protocol is None:
                raise ConfigError(
                    f"{lead}: No security protocol defined for listener {listener_name};"
                    " name it in listener.security.protocol.map"
                )
            if protocol != "PLAINTEXT":
                raise ConfigError(f"{lead}: {protocol} listeners are not supported; use PLAINTEXT")
            found.append((listener_name, (host.removeprefix("[").removesuffix("]"), int(port))))
        return found

    def _protocols(self) -> dict[str, str]:
        """``listener.security.protocol.map``."""
        text = self.get("listener.security.protocol.map")
        found: dict[str, str] = {}
        for pair in parse_list(text):
            listener_name, colon, protocol = pair.partition(":")
            if not colon:
                raise ConfigError(
                    f"Invalid value {text} for configuration listener.security.protocol.map:"
                    f" {pair} is no pair; write it as NAME:PLAINTEXT"
                )
            found[listener_name.strip().upper()] = protocol.strip().upper()
        return found


def _read_properties(path: str) -> dict[str, str]:
    import javaproperties

    try:
        # Java reads properties as ISO 8859-1.
        with open(path, encoding="iso-8859-1") as file:
            found: dict[str, str] = javaproperties.load(file)  # pyright: ignore[reportUnknownMemberType]
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(f"cannot read {path} ({reason}): name a properties file") from None
    except javaproperties.InvalidUEscapeError as error:
        raise ConfigError(
            f"{path} is no properties file ({error}): write key=value lines"
        ) from None
    return found


def _from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """``KAFKA_LOG_RETENTION_MS`` is ``log.retention.ms``; ``__`` is ``_`` and ``___`` is ``-``."""
    found: dict[str, str] = {}
    for variable, value in environ.items():
        plain = variable.removeprefix("KAFKA_")
        if plain == variable or plain in NO_CONFIGURATION or plain.endswith("OPTS"):
            continue
        parts = plain.lower().replace("___", "-").replace("__", "\0")
        name = parts.replace("_", ".").replace("\0", "_")
        if known(name) is not None or name.startswith(OPEN_ENDED):
            found[name] = value
        else:
            log.warning("Unknown configuration '%s' (%s) is ignored", name, variable)
    return found


class TopicConfig:
    """A topic's configuration: its own overrides over the broker's.

    The attributes are what appending and retention read; they are read anew when the topic's overrides or
    the broker's configuration change, and never by the batch. Overrides are taken as they are: they were
    checked before (:func:`kafkashim.topic_configs.topic_config_error`).
    """

    __slots__ = (
        "broker",
        "compacted",
        "compression",
        "deletes",
        "log_append_time",
        "max_message_bytes",
        "message_timestamp_after_max_ms",
        "message_timestamp_before_max_ms",
        "min_insync_replicas",
        "overrides",
        "retention_bytes",
        "retention_ms",
        "segment_bytes",
        "segment_ms",
    )

    def __init__(self, broker: Config, overrides: Mapping[str, str] | None = None) -> None:
        self.broker = broker
        self.alter(overrides or {})

    def alter(self, overrides: Mapping[str, str]) -> None:
        """Take other overrides, all of them anew."""
        self.overrides = dict(overrides)
        self.refresh()

    def refresh(self) -> None:
        """Read all that batches and logs are held to again."""
        policies = parse_list(self.value("cleanup.policy"))
        self.compacted = "compact" in policies
        self.deletes = "delete" in policies
        self.compression = self._compression()
        self.log_append_time = self.value("message.timestamp.type") == "LogAppendTime"
        self.max_message_bytes = int(self.value("max.message.bytes"))
        self.message_timestamp_after_max_ms = int(self.value("message.timestamp.after.max.ms"))
        self.message_timestamp_before_max_ms = int(self.value("message.timestamp.before.max.ms"))
        self.min_insync_replicas = int(self.value("min.insync.replicas"))
        self.retention_bytes = int(self.value("retention.bytes"))
        self.retention_ms = int(self.value("retention.ms"))
        # The internal name may go below the least segment.bytes.
        internal = "internal.segment.bytes"
        self.segment_bytes = int(
            self.value(internal if internal in self.overrides else "segment.bytes")
        )
        self.segment_ms = int(self.value("segment.ms"))

    def _compression(self) -> tuple[int, int | None] | None:
        """The codec of the log and its level; ``None`` where it keeps the producers'."""
        name = self.value("compression.type")
        if name == "producer":
            return None
        level = f"compression.{name}.level"
        return CODECS.index(name), int(self.value(level)) if level in TOPIC else None

    def value(self, name: str) -> str:
        """The value in force as Kafka shows it: the topic's own, or what the broker's makes of it.

        Raises:
            KeyError: Kafka knows no such topic configuration.
        """
        own = self.overrides.get(name)
        return self.inherited(name) if own is None else show_value(topic_row(name), own)

    def inherited(self, name: str) -> str:
        """The value without the topic's own override."""
        row = topic_row(name)
        if name == "retention.ms":
            return str(self.broker.log_retention_ms)
        if row.broker_name in DURATIONS:
            return str(self.broker.duration(row.broker_name))
        found = self.broker.value(row.broker_name) if row.broker_name else None
        return row.default if found is None else found


def _shifted(listeners: str, by: int) -> str:
    """Listeners for another broker: each port is so many times their number further on."""
    found = parse_list(listeners)
    step = by * len(found)
    shifted: list[str] = []
    for listener in found:
        address, _, port = listener.rpartition(":")
        shifted.append(f"{address}:{int(port) + step if int(port) else 0}")
    return ",".join(shifted)


def topic_row(name: str) -> TopicDef:
    """The row of a topic configuration.

    Raises:
        KeyError: Kafka knows no such topic configuration.
    """
    return TOPIC.get(name) or TOPIC_INTERNAL[name]

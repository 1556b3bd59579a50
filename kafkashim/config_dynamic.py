"""Which configurations of the broker may be set while it runs, and to what (KIP-226).

The order of the checks and the words are those of ``DynamicBrokerConfig.validate`` and of what it asks:
thread pools, logs, listeners.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from kafkashim.config import Config
from kafkashim.config_defs import BROKER, INTERNAL, LISTENER_PREFIX, THROTTLES
from kafkashim.config_values import ConfigError, RequirementFailed, check_value, parse_list
from kafkashim.java_hash import in_map_order

# SslConfigs.RECONFIGURABLE_CONFIGS: to be set for one listener only.
_SECURITY = frozenset(
    {
        *("ssl.keystore.type", "ssl.keystore.location", "ssl.keystore.password"),
        *("ssl.key.password", "ssl.keystore.certificate.chain", "ssl.keystore.key"),
        *("ssl.truststore.type", "ssl.truststore.location", "ssl.truststore.password"),
        "ssl.truststore.certificates",
    }
)
# DynamicListenerConfig.RECONFIGURABLE_CONFIGS and the cordoned directories: not for the whole cluster.
_OF_ONE_BROKER = _SECURITY | {
    *("listeners", "listener.security.protocol.map", "cordoned.log.dirs"),
    *("principal.builder.class", "ssl.protocol", "ssl.provider", "ssl.cipher.suites"),
    *("ssl.enabled.protocols", "ssl.keymanager.algorithm", "ssl.trustmanager.algorithm"),
    *("ssl.endpoint.identification.algorithm", "ssl.secure.random.implementation"),
    *("ssl.client.auth", "ssl.engine.factory.class", "sasl.mechanism.inter.broker.protocol"),
    *("sasl.jaas.config", "sasl.enabled.mechanisms", "sasl.kerberos.service.name"),
    *("sasl.kerberos.kinit.cmd", "sasl.kerberos.ticket.renew.window.factor"),
    *("sasl.kerberos.ticket.renew.jitter", "sasl.kerberos.min.time.before.relogin"),
    *("sasl.kerberos.principal.to.local.rules", "sasl.login.refresh.window.factor"),
    *("sasl.login.refresh.window.jitter", "sasl.login.refresh.min.period.seconds"),
    "sasl.login.refresh.buffer.seconds",
}
# Of these also what is set for one listener may be set for all brokers.
_OF_ALL_BROKERS = ("max.connections", "max.connection.creation.rate", "num.network.threads")
_OF_A_LISTENER = re.compile(r"listener\.name\.[^.]*\.(.*)", re.DOTALL)
# Pools that may only be halved or doubled, in the order in which they are asked.
_THREADS = (
    *("num.network.threads", "num.io.threads", "num.replica.fetchers"),
    *("num.recovery.threads.per.data.dir", "background.threads"),
)
_REMOTE_THREADS = (
    "remote.log.reader.threads",
    "remote.log.manager.copier.thread.pool.size",
    "remote.log.manager.expiration.thread.pool.size",
    "remote.log.manager.follower.thread.pool.size",
)
_NO_SUCH_REPORTER = (
    "Validation of dynamic config update of Set(metric.reporters) failed with class"
    " class kafka.server.DynamicMetricsReporters"
)


def check_dynamic(config: Config, changed: Mapping[str, str], per_broker: bool) -> None:
    """Whether a broker may have all these set while it runs, for itself or for the whole cluster.

    Raises:
        ConfigError: in Kafka's own words.
    """
    # The values of configuration providers are none of Kafka's own (resolveVariableConfigs).
    values = {k: v for k, v in changed.items() if not k.startswith("config.providers")}
    _check_names(values, per_broker)
    if per_broker:
        in_force = config.with_changes(values, config.cluster_wide)
    else:
        in_force = config.with_changes(config.per_broker, values)
    if int(in_force.get("log.cleaner.threads", 1)) == 0:
        # Kafka divides by it before it looks at it.
        raise ConfigError("/ by zero")
    try:
        new = Config(in_force, warn=False)
    except RequirementFailed as failed:
        raise ConfigError(f"requirement failed: {failed}") from None
    if "listeners" in values:
        _check_controller_listener(new)
    _check_cordoned(new)
    _check_assignment_intervals(new)
    try:
        _check_change(config, new)
    except ConfigError as error:
        # ConfigException takes the cause for the value.
        raise ConfigError(
            f"Invalid value org.apache.kafka.common.config.ConfigException: {error} for"
            " configuration Invalid dynamic configuration"
        ) from None


def _check_names(values: Mapping[str, str], per_broker: bool) -> None:
    static = [
        name
        for name in values
        if (row := BROKER.get(name) or INTERNAL.get(name)) is not None and row.read_only
    ]
    _refuse(static, "Cannot update these configs dynamically")
    _refuse(
        _SECURITY & values.keys(),
        "These security configs can be dynamically updated only per-listener using the listener"
        " prefix",
    )
    # In the order of ConfigDef: what throttles comes first.
    named = {_base(name): value for name, value in values.items()}
    for rows in (THROTTLES, BROKER):
        for name, row in rows.items():
            if name in named and not row.read_only:
                check_value(name, row, named[name])
    if not per_broker:
        _refuse(
            [name for name in values if _is_of_one_broker(name)],
            "Cannot update these configs at default cluster level, broker id must be specified",
        )


def _refuse(names: Collection[str], why: str) -> None:
    if names:
        raise ConfigError(f"{why}: [{', '.join(in_map_order(names))}]")


def _base(name: str) -> str:
    found = _OF_A_LISTENER.fullmatch(name) if name.startswith(LISTENER_PREFIX) else None
    return name if found is None else found[1]


def _is_of_one_broker(name: str) -> bool:
    base = _base(name)
    return name in _OF_ONE_BROKER or (base != name and base not in _OF_ALL_BROKERS)


def _check_controller_listener(new: Config) -> None:
    """A broker that is its own controller keeps the listener of that."""
    names = {address.partition("://")[0].upper() for address in parse_list(new.get("listeners"))}
    if names.isdisjoint(name.upper() for name in parse_list(new.get("controller.listener.names"))):
        raise ConfigError(
            "requirement failed: controller.listener.names must contain at least one value appearing"
            " in the 'listeners' configuration when running the KRaft controller role"
        )


def _check_cordoned(new: Config) -> None:
    cordoned = parse_list(new.get("cordoned.log.dirs"))
    if "*" in cordoned:
        if len(cordoned) > 1:
            raise ConfigError(
                "requirement failed: When cordoned.log.dirs is set to *, it must not contain other"
                " values"
            )
        return
    dirs = parse_list(new.get("log.dirs") or new.get("log.dir"))
    missing = [name for name in cordoned if name not in dirs]
    if missing:
        raise ConfigError(
            "requirement failed: All entries in cordoned.log.dirs must be present in log.dirs or"
            f" log.dir. Missing entries : {', '.join(missing)}"
        )


def _check_assignment_intervals(new: Config) -> None:
    for kind in ("consumer", "share", "streams"):
        name = f"group.{kind}.assignment.interval.ms"
        least, most = (f"group.{kind}.{end}.assignment.interval.ms" for end in ("min", "max"))
        if new.get_int(name) < new.get_int(least):
            raise ConfigError(f"{name} must be greater than or equal to {least}")
        if new.get_int(name) > new.get_int(most):
            raise ConfigError(f"{name} must be less than or equal to {most}")


def _check_change(old: Config, new: Config) -> None:
    """What may not change so much, or not without something else."""
    for name in parse_list(new.get("metric.reporters")):
        if not name.endswith(".JmxReporter") and name not in old.metric_reporters:
            raise ConfigError(_NO_SUCH_REPORTER)
    _check_threads(old, new, _THREADS)
    threads, current = (each.get_int("log.cleaner.threads") for each in (new, old))
    if threads < current // 2:
        raise ConfigError(
            f"Log cleaner threads cannot be reduced to less than half the current value {current}"
        )
    if threads > current * 2:
        raise ConfigError(
            "Log cleaner threads cannot be increased to more than double the current value"
            f" {current}"
        )
    _check_local(new, "ms", new.log_retention_ms)
    _check_local(new, "bytes", new.get_int("log.retention.bytes"))
    _check_threads(old, new, _REMOTE_THREADS)


def _check_threads(old: Config, new: Config, names: Iterable[str]) -> None:
    for name in names:
        threads, current = new.get_int(name), old.get_int(name)
        lead = f"Dynamic thread count update validation failed for {name}={threads}, value should"
        if threads != current and threads < current // 2:
            raise ConfigError(f"{lead} be at least half the current value {current}")
        if threads > current * 2:
            raise ConfigError(f"{lead} not be greater than double the current value {current}")


def _check_local(new: Config, unit: str, whole: int) -> None:
    """What is kept here may not be more than what is kept at all."""
    name = f"log.local.retention.{unit}"
    local = new.get_int(name)
    if whole < 0 or local == -2:
        return
    lead = f"Invalid value {local} for configuration {name}: Value must not be"
    if local == -1:
        raise ConfigError(f"{lead} -1 as log.retention.{unit} value is set as {whole}.")
    if local > whole:
        raise ConfigError(f"{lead} more than log.retention.{unit} property value: {whole}")

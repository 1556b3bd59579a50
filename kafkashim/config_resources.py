"""What groups and subscriptions to client metrics may be configured with.

The order of the checks and the words are those of ``GroupConfig`` and ``ClientMetricsConfigs``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from kafkashim.config import Config
from kafkashim.config_defs import BROKER, CLIENT_METRICS, GROUP
from kafkashim.config_values import ConfigError, check_value, parse_list
from kafkashim.java_hash import in_map_order

# How many of a group's configurations are the broker's, where the group has none of its own, when they
# are put into one map with those it has (GroupCoordinatorConfig.extractGroupConfigMap): tableSizeFor.
_GROUP_MAP = 32
# Per kind of group, what has to be within bounds of the broker, and which comes with which.
_BOUNDED = (
    *("consumer.heartbeat.interval.ms", "consumer.session.timeout.ms"),
    *("consumer.assignment.interval.ms", "share.heartbeat.interval.ms"),
    *("share.session.timeout.ms", "share.record.lock.duration.ms", "share.delivery.count.limit"),
    *("share.partition.max.record.locks", "share.assignment.interval.ms"),
    *("streams.heartbeat.interval.ms", "streams.session.timeout.ms"),
    *("streams.num.standby.replicas", "streams.assignment.interval.ms"),
)
_MOST_STANDBYS = "group.streams.max.standby.replicas"
LEAST_INTERVAL_MS, MOST_INTERVAL_MS = 100, 3_600_000
_MATCHED = (
    *("client_instance_id", "client_id", "client_software_name"),
    *("client_software_version", "client_source_address", "client_source_port"),
)


class InvalidRequest(Exception):
    """A configuration Kafka answers INVALID_REQUEST to; the text says which and why."""


def check_group(broker: Config, configs: Mapping[str, str]) -> None:
    """Whether a group may have these.

    Raises:
        ConfigError: in Kafka's own words.
    """
    for name in in_map_order(list(configs), _GROUP_MAP):
        if name not in GROUP:
            raise ConfigError(f"Unknown group config name: {name}")
    for name, row in GROUP.items():
        if name in configs:
            check_value(name, row, configs[name])

    def value(name: str) -> int:
        return int(configs[name]) if name in configs else broker.get_int(f"group.{name}")

    for name in _BOUNDED:
        kind, _, rest = name.partition(".")
        least, most = f"group.{kind}.min.{rest}", f"group.{kind}.max.{rest}"
        if least not in BROKER:
            least, most = "", _MOST_STANDBYS
        if least and value(name) < broker.get_int(least):
            raise ConfigError(f"{name} must be greater than or equal to {least}")
        if value(name) > broker.get_int(most):
            raise ConfigError(f"{name} must be less than or equal to {most}")
    for kind in ("consumer", "share", "streams"):
        timeout, interval = f"{kind}.session.timeout.ms", f"{kind}.heartbeat.interval.ms"
        if value(timeout) <= value(interval):
            raise ConfigError(f"{timeout} must be greater than {interval}")


def check_client_metrics(configs: Mapping[str, str]) -> None:
    """Whether a subscription may have these.

    Raises:
        InvalidRequest: in Kafka's own words.
        ConfigError: in Kafka's own words.
    """
    for name in in_map_order(list(configs)):
        if name not in CLIENT_METRICS:
            raise InvalidRequest(f"Unknown client metrics configuration: {name}")
    for name, row in CLIENT_METRICS.items():
        if name in configs:
            check_value(name, row, configs[name])
    if "interval.ms" in configs:
        interval = int(configs["interval.ms"])
        if not LEAST_INTERVAL_MS <= interval <= MOST_INTERVAL_MS:
            raise InvalidRequest(
                f"Invalid value {interval} for interval.ms, interval must be between 100 and 3600000"
                " (1 hour)"
            )
    for pattern in parse_list(configs.get("match", "")):
        if not _is_match(pattern):
            raise ConfigError(f"Illegal client matching pattern: {pattern}")


def _is_match(pattern: str) -> bool:
    # String.split leaves out empty parts at the end.
    parts = pattern.rstrip("=").split("=")
    if len(parts) != 2 or parts[0].strip() not in _MATCHED:
        return False
    try:
        re.compile(parts[1].strip())
    except (re.error, OverflowError, RecursionError):
        return False
    return True

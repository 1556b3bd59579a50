"""Which configurations a topic may have, and what the broker says of the others.

The order of the checks and the words are those of ``ReplicationControlManager`` and ``LogConfig``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kafkashim.config import Config, TopicConfig
from kafkashim.config_defs import TOPIC, TOPIC_INTERNAL
from kafkashim.config_values import ConfigError, check_value
from kafkashim.java_hash import in_map_order

_ROWS = {**TOPIC, **TOPIC_INTERNAL}


def invalid_topic_config(
    broker: Config, given: Iterable[tuple[str, str | None]]
) -> tuple[dict[str, str], str | None]:
    """A new topic's overrides as they are kept, and what is wrong with them (``None`` for nothing)."""
    configs = list(given)
    nulls = [name for name, value in configs if value is None]
    if nulls:
        return {}, f"Null value not supported for topic configs: {','.join(nulls)}"
    overrides = {name: value for name, value in configs if value is not None}
    wrong = topic_config_error(broker, overrides)
    return (overrides, None) if wrong is None else ({}, wrong)


def topic_config_error(broker: Config, overrides: Mapping[str, str]) -> str | None:
    """What is wrong with the overrides of a topic, new or altered; ``None`` when nothing is."""
    for name in in_map_order(list(overrides)):
        if name not in _ROWS:
            return f"Unknown topic config name: {name}"
    try:
        for name, row in _ROWS.items():
            if name in overrides:
                check_value(name, row, overrides[name])
    except ConfigError as error:
        return str(error)
    return _conflict(TopicConfig(broker, overrides))


def _conflict(config: TopicConfig) -> str | None:
    """What is wrong with configurations that are fine one by one."""
    least = int(config.value("min.compaction.lag.ms"))
    most = int(config.value("max.compaction.lag.ms"))
    if least > most:
        return (
            f"conflict topic config setting min.compaction.lag.ms ({least}) >"
            f" max.compaction.lag.ms ({most})"
        )
    if config.value("remote.storage.enable") == "true":
        return (
            "Tiered Storage functionality is disabled in the broker. "
            "Topic cannot be configured with remote log storage."
        )
    return None

"""Configurations as CreateTopics and DescribeConfigs show them: value, source, synonyms.

The two differ. DescribeConfigs (``ConfigHelper``) shows values as they were parsed, and of a duration
with several names only what was set under the first; CreateTopics (``KafkaConfigSchema``) shows values
as they were written, and a topic that follows ``log.retention.hours`` has its value from there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import dropwhile
from typing import NamedTuple

from kafkashim.config import ALSO, DURATIONS, Config, TopicConfig, topic_row
from kafkashim.config_defs import (
    BROKER,
    CLIENT_METRICS,
    GROUP,
    INTERNAL,
    LISTENER_PREFIX,
    THROTTLES,
    TOPIC,
)
from kafkashim.config_values import show_value

# ConfigEntry.ConfigSource
TOPIC_SOURCE = 1
DYNAMIC_BROKER_SOURCE = 2
DYNAMIC_DEFAULT_SOURCE = 3
STATIC_SOURCE = 4
DEFAULT_SOURCE = 5
LOGGER_SOURCE = 6
CLIENT_METRICS_SOURCE = 7
GROUP_SOURCE = 8

TYPE_CODES = {
    "unknown": 0,
    "boolean": 1,
    "string": 2,
    "int": 3,
    "short": 4,
    "long": 5,
    "double": 6,
    "list": 7,
    "class": 8,
    "password": 9,
}


class Synonym(NamedTuple):
    """A name a value could have come from."""

    name: str
    value: str | None
    source: int


class Entry(NamedTuple):
    """One configuration, described."""

    name: str
    value: str | None
    source: int
    read_only: bool
    sensitive: bool
    type: int
    synonyms: tuple[Synonym, ...]


def created_entries(config: TopicConfig) -> list[Entry]:
    """The configurations of a topic that was just created, as CreateTopics answers them."""
    return [_created(name, config) for name in _topic_names(config)]


def _created(name: str, config: TopicConfig) -> Entry:
    row = topic_row(name)
    value, source = _written(row.broker_name, config.broker) or (row.default, DEFAULT_SOURCE)
    if name in config.overrides:
        value, source = config.overrides[name], TOPIC_SOURCE
    return Entry(name, value, source, False, False, TYPE_CODES[row.type], ())


def _written(name: str, broker: Config) -> tuple[str, int] | None:
    """What was set of the broker for this, and by which of the three."""
    for values, source in _sources(broker):
        for other, unit in DURATIONS.get(name, ((name, 1),)):
            if other in values:
                return values[other] if unit == 1 else str(int(values[other]) * unit), source
    return None


def _sources(broker: Config) -> tuple[tuple[Mapping[str, str], int], ...]:
    """Where a value of the broker can have been set, the one that counts first."""
    return (
        (broker.per_broker, DYNAMIC_BROKER_SOURCE),
        (broker.cluster_wide, DYNAMIC_DEFAULT_SOURCE),
        (broker.given, STATIC_SOURCE),
    )


def topic_entries(config: TopicConfig) -> Iterator[Entry]:
    """All configurations of a topic, as DescribeConfigs answers them."""
    for name in _topic_names(config):
        row = topic_row(name)
        synonyms = _broker_synonyms(config.broker, row.broker_name) if row.broker_name else []
        if name in config.overrides:
            synonyms = [Synonym(name, config.value(name), TOPIC_SOURCE), *synonyms]
        yield _entry(name, config.value(name), row.type, synonyms)


def _topic_names(config: TopicConfig) -> list[str]:
    return sorted({*TOPIC, *config.overrides})


def _broker_synonyms(broker: Config, name: str, default: str | None = None) -> list[Synonym]:
    """What a broker configuration could have come from, the one in force first."""
    names = ALSO.get(name, (name,))
    if name.startswith(LISTENER_PREFIX):
        names = (name, name.split(".", 3)[-1])
    found = [
        Synonym(other, values[other], source)
        for values, source in _sources(broker)
        for other in names
        if other in values
    ]
    for other in names:
        row = BROKER.get(other) or INTERNAL.get(other)
        value = row.default if row is not None else default
        if value is not None:
            found.append(Synonym(other, value, DEFAULT_SOURCE))
    # Kafka drops what comes before the name itself, though it may be what is in force.
    return list(dropwhile(lambda synonym: synonym.name != name, found))


def broker_entries(config: Config) -> Iterator[Entry]:
    """All configurations of the broker, and whatever else was set."""
    for name, row in BROKER.items():
        synonyms = _broker_synonyms(config, name)
        value = config.value(name)
        if name in ("node.id", "broker.id"):
            value = str(config.node_id)
            if name not in config.given:
                synonyms.insert(0, Synonym(name, value, STATIC_SOURCE))
        yield _entry(name, value, row.type, synonyms, row.read_only)
    for name, value in config.in_force.items():
        if name not in BROKER:
            yield _entry(
                name, value, _type(name), _broker_synonyms(config, name), name not in THROTTLES
            )


def _type(name: str) -> str:
    """The type of a configuration of the broker; what Kafka does not know may be a secret."""
    if name.startswith(LISTENER_PREFIX):
        name = name.split(".", 3)[-1]
    row = BROKER.get(name) or INTERNAL.get(name) or THROTTLES.get(name)
    return "unknown" if row is None else row.type


def dynamic_default_entries(config: Config) -> Iterator[Entry]:
    """What is set for all brokers of the cluster."""
    for name, value in config.cluster_wide.items():
        row = BROKER.get(name) or THROTTLES.get(name)
        synonyms = [Synonym(name, value, DYNAMIC_DEFAULT_SOURCE)]
        yield _entry(name, value, _type(name), synonyms, row is None or row.read_only)


def group_entries(config: Config, own: Mapping[str, str]) -> Iterator[Entry]:
    """The configurations of a group; what it has none of its own for is the broker's."""
    for name, row in GROUP.items():
        broker_name = row.broker_name
        value = config.value(broker_name) if broker_name in BROKER else row.default
        synonyms = _broker_synonyms(config, broker_name, row.default)
        if name in own:
            value = show_value(row, own[name])
            synonyms.insert(0, Synonym(name, value, GROUP_SOURCE))
        yield _entry(name, value, row.type, synonyms)


def client_metrics_entries(own: Mapping[str, str]) -> Iterator[Entry]:
    """The configurations of a subscription to client metrics."""
    for name, row in CLIENT_METRICS.items():
        if name in own:
            value = show_value(row, own[name])
            synonyms = [Synonym(name, value, CLIENT_METRICS_SOURCE)]
            yield _entry(name, value, row.type, synonyms)
        else:
            yield _entry(name, row.default, row.type, [])


def _entry(
    name: str, value: str | None, type_: str, synonyms: list[Synonym], read_only: bool = False
) -> Entry:
    sensitive = type_ in ("password", "unknown")
    shown = [s._replace(value=None) for s in synonyms] if sensitive else synonyms
    return Entry(
        name,
        None if sensitive else value,
        synonyms[0].source if synonyms else DEFAULT_SOURCE,
        read_only,
        sensitive,
        TYPE_CODES[type_],
        tuple(shown),
    )

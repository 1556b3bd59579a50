"""Configurations as CreateTopics and DescribeConfigs show them: value, source, synonyms.

The two differ. DescribeConfigs (``ConfigHelper``) shows values as they were parsed, and of a duration
with several names only what was set under the first; CreateTopics (``KafkaConfigSchema``) shows values
as they were written, and a topic that follows ``log.retention.hours`` has its value from there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import dropwhile
from typing import NamedTuple

from kafkashim.config import DURATIONS, Config, TopicConfig, topic_row
from kafkashim.config_defs import BROKER, CLIENT_METRICS, GROUP, INTERNAL, TOPIC

# ConfigEntry.ConfigSource
TOPIC_SOURCE = 1
DYNAMIC_DEFAULT_SOURCE = 3
STATIC_SOURCE = 4
DEFAULT_SOURCE = 5

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
# A cluster formatted for 4.3 keeps min.insync.replicas as a dynamic default for all brokers, because
# eligible leader replicas need it to be the same everywhere (KIP-966).
DYNAMIC_DEFAULTS = ("min.insync.replicas",)
# The names under which a broker configuration is also looked for. A flush interval falls back on the
# scheduler's, but not the other way round.
ALSO: dict[str, tuple[str, ...]] = {
    name: tuple(other for other, _ in names)
    for first, names in DURATIONS.items()
    for name, _ in (names[:1] if first == "log.flush.interval.ms" else names)
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
    value, source = row.default, DEFAULT_SOURCE
    for other, unit in DURATIONS.get(row.broker_name, ((row.broker_name, 1),)):
        written = config.broker.given.get(other)
        if other in DYNAMIC_DEFAULTS:
            value, source = config.broker.get(other), DYNAMIC_DEFAULT_SOURCE
        elif written is not None:
            value, source = written if unit == 1 else str(int(written) * unit), STATIC_SOURCE
        else:
            continue
        break
    if name in config.overrides:
        value, source = config.overrides[name], TOPIC_SOURCE
    return Entry(name, value, source, False, False, TYPE_CODES[row.type], ())


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
    found = [
        *_dynamic_defaults(broker, names),
        *(Synonym(n, broker.given[n], STATIC_SOURCE) for n in names if n in broker.given),
    ]
    for other in names:
        row = BROKER.get(other) or INTERNAL.get(other)
        value = row.default if row is not None else default
        if value is not None:
            found.append(Synonym(other, value, DEFAULT_SOURCE))
    # Kafka drops what comes before the name itself, though it may be what is in force.
    return list(dropwhile(lambda synonym: synonym.name != name, found))


def _dynamic_defaults(broker: Config, names: Sequence[str]) -> Iterator[Synonym]:
    for name in names:
        if name in DYNAMIC_DEFAULTS:
            yield Synonym(name, broker.value(name), DYNAMIC_DEFAULT_SOURCE)


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
    for name, value in config.given.items():
        if name not in BROKER:
            # What Kafka does not know may be a secret.
            type_ = INTERNAL[name].type if name in INTERNAL else "unknown"
            yield _entry(name, value, type_, _broker_synonyms(config, name), True)


def dynamic_default_entries(config: Config) -> Iterator[Entry]:
    """What is set for all brokers of the cluster."""
    for synonym in _dynamic_defaults(config, DYNAMIC_DEFAULTS):
        row = BROKER[synonym.name]
        yield _entry(synonym.name, synonym.value, row.type, [synonym], row.read_only)


def group_entries(config: Config) -> Iterator[Entry]:
    """The configurations of a group nothing was set for."""
    for name, row in GROUP.items():
        broker_name = row.broker_name
        value = config.value(broker_name) if broker_name in BROKER else row.default
        synonyms = _broker_synonyms(config, broker_name, row.default)
        yield _entry(name, value, row.type, synonyms)


def client_metrics_entries() -> Iterator[Entry]:
    """The configurations of a metrics subscription nothing was set for."""
    for name, row in CLIENT_METRICS.items():
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

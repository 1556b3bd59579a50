"""Configurations as CreateTopics and DescribeConfigs show them: value, source, synonyms.

``ConfigHelper.scala`` and ``ServerTopicConfigSynonyms``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from kafkashim.config import Config, TopicConfig
from kafkashim.config_defs import BROKER, TOPIC, TopicDef

# ConfigEntry.ConfigSource
TOPIC_SOURCE = 1
DYNAMIC_DEFAULT_SOURCE = 3
STATIC_SOURCE = 4
DEFAULT_SOURCE = 5

TYPE_CODES = {
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
# Broker configurations that stand for one and the same thing, the first one that is set counts.
SAME = {
    "log.retention.ms": ("log.retention.ms", "log.retention.minutes", "log.retention.hours"),
    "log.roll.ms": ("log.roll.ms", "log.roll.hours"),
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


def topic_entries(config: TopicConfig) -> Iterator[Entry]:
    """All configurations of a topic."""
    for name, row in TOPIC.items():
        synonyms = [*_own(name, config.overrides), *_broker_synonyms(config.broker, row)]
        source = synonyms[0].source if synonyms else DEFAULT_SOURCE
        yield _entry(name, config.value(name), source, row.type, synonyms)


def _own(name: str, overrides: Mapping[str, str]) -> Iterator[Synonym]:
    if name in overrides:
        yield Synonym(name, overrides[name], TOPIC_SOURCE)


def _broker_synonyms(broker: Config, row: TopicDef) -> Iterator[Synonym]:
    if not row.broker_name:
        return
    names = SAME.get(row.broker_name, (row.broker_name,))
    for name in names:
        yield from _dynamic_default(broker, name)
        if name in broker.given:
            yield Synonym(name, broker.given[name], STATIC_SOURCE)
    default = BROKER[row.broker_name].default if row.broker_name in BROKER else row.default
    if default is not None:
        yield Synonym(row.broker_name, default, DEFAULT_SOURCE)


def _dynamic_default(broker: Config, name: str) -> Iterator[Synonym]:
    if name in DYNAMIC_DEFAULTS:
        yield Synonym(name, broker.value(name), DYNAMIC_DEFAULT_SOURCE)


def broker_entries(config: Config) -> Iterator[Entry]:
    """All configurations of the broker."""
    for name, row in BROKER.items():
        synonyms = list(_dynamic_default(config, name))
        given = str(config.node_id) if name in ("node.id", "broker.id") else config.given.get(name)
        if given is not None:
            synonyms.append(Synonym(name, given, STATIC_SOURCE))
        if row.default is not None:
            synonyms.append(Synonym(name, row.default, DEFAULT_SOURCE))
        value = given if given is not None else row.default
        source = synonyms[0].source if synonyms else DEFAULT_SOURCE
        yield _entry(name, value, source, row.type, synonyms, row.read_only)


def dynamic_default_entries(config: Config) -> Iterator[Entry]:
    """What is set for all brokers of the cluster."""
    for name in DYNAMIC_DEFAULTS:
        synonym = next(_dynamic_default(config, name))
        row = BROKER[name]
        yield _entry(name, synonym.value, synonym.source, row.type, [synonym])


def default_entries(rows: Mapping[str, TopicDef]) -> Iterator[Entry]:
    """The configurations of a resource nothing was set for."""
    for name, row in rows.items():
        synonyms = (
            [Synonym(row.broker_name, row.default, DEFAULT_SOURCE)] if row.broker_name else []
        )
        yield _entry(name, row.default, DEFAULT_SOURCE, row.type, synonyms)


def _entry(
    name: str,
    value: str | None,
    source: int,
    type_: str,
    synonyms: list[Synonym],
    read_only: bool = False,
) -> Entry:
    sensitive = type_ == "password"
    shown = [s._replace(value=None) for s in synonyms] if sensitive else synonyms
    return Entry(
        name,
        None if sensitive else value,
        source,
        read_only,
        sensitive,
        TYPE_CODES[type_],
        tuple(shown),
    )

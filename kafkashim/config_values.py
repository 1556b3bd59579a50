"""Values of configurations: how Kafka parses them, and what it says of those it does not take.

``ConfigDef.parseType`` for the types, ``ConfigDef.Range`` and ``ValidString`` for the bounds.
"""

from __future__ import annotations

import math

SIZES = {"int": 31, "short": 15, "long": 63}


class ConfigError(ValueError):
    """A configuration Kafka would not take; the text says which and why."""


# fmt: off
# The least value of a number, for names that are held to one (broker and topic names alike).
AT_LEAST: dict[str, float] = {
    "num.partitions": 1, "message.max.bytes": 0, "max.message.bytes": 0,
    "socket.request.max.bytes": 1, "fetch.max.bytes": 1024,
    "log.segment.bytes": 1024 * 1024, "segment.bytes": 1024 * 1024,
    "log.roll.hours": 1, "log.roll.ms": 1, "segment.ms": 1,
    "retention.ms": -1, "retention.bytes": -1, "log.retention.bytes": -1,
    "log.retention.check.interval.ms": 1,
    "log.message.timestamp.before.max.ms": 0, "message.timestamp.before.max.ms": 0,
    "log.message.timestamp.after.max.ms": 0, "message.timestamp.after.max.ms": 0,
    "min.insync.replicas": 1, "producer.id.expiration.ms": 1,
    "producer.id.expiration.check.interval.ms": 1, "transaction.max.timeout.ms": 1,
    "transactional.id.expiration.ms": 1, "max.incremental.fetch.session.cache.slots": 0,
    "max.request.partition.size.limit": 1, "group.max.size": 1, "node.id": 0,
    "segment.jitter.ms": 0, "segment.index.bytes": 4, "index.interval.bytes": 0,
    "flush.messages": 1, "flush.ms": 0, "file.delete.delay.ms": 0, "delete.retention.ms": 0,
    "min.compaction.lag.ms": 0, "max.compaction.lag.ms": 1, "local.retention.ms": -2,
    "local.retention.bytes": -2, "min.cleanable.dirty.ratio": 0,
    "compression.zstd.level": -131072, "compression.lz4.level": 1,
}
# The largest value, likewise.
AT_MOST: dict[str, float] = {
    "min.cleanable.dirty.ratio": 1, "compression.zstd.level": 22, "compression.lz4.level": 17,
}
ONE_OF: dict[str, tuple[str, ...]] = {
    "message.timestamp.type": ("CreateTime", "LogAppendTime"),
    "log.message.timestamp.type": ("CreateTime", "LogAppendTime"),
    "cleanup.policy": ("compact", "delete"),
    "log.cleanup.policy": ("compact", "delete"),
    "compression.type": ("uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"),
}
# fmt: on


def parse_list(text: str) -> list[str]:
    """The items of a comma-separated list."""
    return [item.strip() for item in text.split(",") if item.strip()]


def parse_boolean(text: str) -> bool:
    """``true`` or ``false`` in any case; :func:`check_value` has seen to it that it is one."""
    return text.strip().lower() == "true"


def check_value(name: str, type_: str, value: str) -> None:
    """Whether Kafka takes a value.

    Raises:
        ConfigError: in Kafka's own words.
    """
    text = value.strip()
    lead = f"Invalid value {value} for configuration {name}"
    if type_ == "boolean" and text.lower() not in ("true", "false"):
        raise ConfigError(f"{lead}: Expected value to be either true or false")
    if type_ in SIZES or type_ == "double":
        number = _number(type_, text)
        if number is None:
            raise ConfigError(f"{lead}: Not a number of type {type_.upper()}")
        lead = f"Invalid value {number} for configuration {name}"
        least, most = AT_LEAST.get(name, -math.inf), AT_MOST.get(name, math.inf)
        if number < least:
            raise ConfigError(f"{lead}: Value must be at least {least}")
        if number > most:
            raise ConfigError(f"{lead}: Value must be no more than {most}")
        if name == "compression.gzip.level" and not (1 <= number <= 9 or number == -1):
            raise ConfigError(f"{lead}: Value must be between 1 and 9 or equal to -1")
    allowed = ONE_OF.get(name)
    if allowed is not None:
        for item in parse_list(text) if type_ == "list" else [text]:
            if item not in allowed:
                shown = ", ".join(allowed)
                raise ConfigError(f"{lead}: String must be one of: {shown}")


def _number(type_: str, text: str) -> float | None:
    try:
        if type_ == "double":
            return float(text)
        number = int(text)
    except ValueError:
        return None
    limit: int = 1 << SIZES[type_]
    return number if -limit <= number < limit else None

"""Altering configurations: what AlterConfigs and IncrementalAlterConfigs have in common.

In Apache Kafka two look at a request one after the other, and their order decides which of two errors a
client sees: the broker that is asked (``ConfigAdminManager.preprocess``), and then, of all that is left,
the controller (``ConfigurationControlManager``). Each resource is altered as a whole or not at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from kafka_codecs.errors import ErrorCode
from kafkashim import config_loggers
from kafkashim.config_defs import (
    BROKER,
    INTERNAL,
    OF_BROKER,
    OF_CLIENT_METRICS,
    OF_GROUP,
    OF_LOGGERS,
    OF_TOPIC,
    TOPIC,
)
from kafkashim.config_dynamic import check_dynamic
from kafkashim.config_resources import InvalidRequest, check_client_metrics, check_group
from kafkashim.config_values import ConfigError, node_id_of
from kafkashim.features import ELIGIBLE_LEADER_REPLICAS_VERSION
from kafkashim.java_hash import in_map_order
from kafkashim.refused import MOST_RECORDS, Refused
from kafkashim.state import Broker
from kafkashim.topic_configs import topic_config_error
from kafkashim.topic_names import topic_name_error

# AlterConfigOp.OpType
SET, DELETE, APPEND, SUBTRACT = 0, 1, 2, 3
_OPERATIONS = {SET: "SET", DELETE: "DELETE", APPEND: "APPEND", SUBTRACT: "SUBTRACT"}
LONGEST_VALUE = 2**15 - 1
_MIN_ISR = "min.insync.replicas"


class Change(NamedTuple):
    """What is to be done with one configuration."""

    name: str
    operation: int
    value: str | None


class Wanted(NamedTuple):
    """What is to be done with one resource; ``whole`` takes away all that is not named."""

    type: int
    name: str
    changes: list[Change]
    whole: bool


class Outcome(NamedTuple):
    """Whether a resource was altered, and why not."""

    error: ErrorCode
    message: str | None


class _Plan(NamedTuple):
    """A resource that is in order: its configurations to be, and how many were looked at."""

    configs: dict[str, str]
    records: int


_ALTERED = Outcome(ErrorCode.NONE, None)
_TWICE = Outcome(ErrorCode.INVALID_REQUEST, "Each resource must appear at most once.")
_UNEXPECTED = Outcome(ErrorCode.UNKNOWN_SERVER_ERROR, None)
_TOO_MANY = Outcome(
    ErrorCode.POLICY_VIOLATION, "Unable to perform excessively large batch operation."
)


def alter(resources: list[Wanted], broker: Broker, validate_only: bool) -> list[Outcome]:
    """Alter each resource that may be altered so; gives what came of each."""
    times = Counter((wanted.type, wanted.name) for wanted in resources)
    outcomes: list[Outcome | None] = []
    for wanted in resources:
        if times[wanted.type, wanted.name] > 1:
            outcomes.append(_TWICE)
            continue
        try:
            outcomes.append(_preprocess(wanted, broker, validate_only))
        except Refused as refused:
            outcomes.append(Outcome(refused.error, refused.message))
    left = [wanted for wanted, known in zip(resources, outcomes, strict=True) if known is None]
    rest = iter(_control(left, broker, validate_only))
    return [next(rest) if outcome is None else outcome for outcome in outcomes]


def configs_of(type_: int, name: str, broker: Broker) -> Mapping[str, str]:
    """What was set of a resource, as it was written."""
    if type_ == OF_TOPIC:
        topic = broker.topics.get(name)
        return {} if topic is None else topic.config.overrides
    if type_ == OF_BROKER and name == "":
        return broker.config.cluster_wide
    if type_ == OF_BROKER and name == str(broker.node_id):
        return broker.config.per_broker
    return broker.config.resources.get((type_, name), {})


# The broker that is asked


def _preprocess(wanted: Wanted, broker: Broker, validate_only: bool) -> Outcome | None:
    """Refuse what the controller is not asked for, and do what it does not; ``None`` leaves it to it."""
    if len({change.name for change in wanted.changes}) < len(wanted.changes):
        raise _invalid("Error due to duplicate config keys")
    nulls = [c.name for c in wanted.changes if c.value is None and c.operation != DELETE]
    if nulls:
        raise _invalid(f"Null value not supported for : {', '.join(nulls)}")
    if wanted.type == OF_LOGGERS and not wanted.whole:
        return _alter_loggers(wanted, broker, validate_only)
    if wanted.type == OF_BROKER:
        if wanted.name and (node_id := node_id_of(wanted.name)) != broker.node_id:
            if node_id is None:
                raise _invalid(f"Node id must be an integer, but it is: {wanted.name}")
            raise _invalid(
                f"Unexpected broker id, expected {broker.node_id}, but received {wanted.name}"
            )
        try:
            check_dynamic(broker.config, _of_broker(wanted, broker), bool(wanted.name))
        except ConfigError as error:
            raise _invalid(str(error)) from None
    elif wanted.type not in (OF_TOPIC, OF_CLIENT_METRICS, OF_GROUP):
        raise _invalid(f"Unknown resource type {wanted.type}")
    return None


def _of_broker(wanted: Wanted, broker: Broker) -> dict[str, str]:
    """What a broker would have, as ``ConfigAdminManager.prepareIncrementalConfigs`` sees it."""
    for change in wanted.changes:
        if change.operation not in _OPERATIONS:
            raise _invalid(f"Unknown operations type {change.operation}")
    found = {} if wanted.whole else dict(configs_of(OF_BROKER, wanted.name, broker))
    for name, operation, value in wanted.changes:
        if operation == DELETE:
            found.pop(name, None)
            continue
        assert value is not None
        if operation == SET:
            found[name] = value
            continue
        row = BROKER.get(name) or INTERNAL.get(name)
        if row is None:
            raise Refused(ErrorCode.INVALID_CONFIG, f"Unknown config name: {name}")
        if row.type != "list":
            verb = _OPERATIONS[operation].lower()
            text = f"Config value {verb} is not allowed for config key: {name}"
            raise Refused(ErrorCode.INVALID_CONFIG, text)
        old = found.get(name, row.default or "")
        parts = _split(old)
        if operation == APPEND:
            parts = parts if old else []
            parts += [part for part in _split(value) if part not in parts]
        else:
            for part in _split(value):
                if part in parts:
                    parts.remove(part)
        found[name] = ",".join(parts)
    return found


def _alter_loggers(wanted: Wanted, broker: Broker, validate_only: bool) -> Outcome:
    """``RuntimeLoggerManager``: all levels are looked at before any is set."""
    node_id = node_id_of(wanted.name)
    if node_id is None:
        raise _invalid(f"Node id must be an integer, but it is: {wanted.name}")
    if node_id != broker.node_id:
        raise _invalid(f"Unexpected node id. Expected {broker.node_id}, but received {node_id}")
    for name, operation, level in wanted.changes:
        if operation not in _OPERATIONS:
            raise Refused(ErrorCode.UNKNOWN_SERVER_ERROR)
        if operation in (APPEND, SUBTRACT):
            verb = _OPERATIONS[operation]
            raise _invalid(f"{verb} operation is not allowed for the BROKER_LOGGER resource")
        if not config_loggers.exists(name):
            raise Refused(ErrorCode.INVALID_CONFIG, f"Logger {name} does not exist!")
        if operation == DELETE and name == config_loggers.ROOT:
            raise _invalid("Removing the log level of the root logger is not allowed")
        if operation == SET and level not in config_loggers.LEVELS:
            raise Refused(
                ErrorCode.INVALID_CONFIG,
                f"Cannot set the log level of {name} to {level} as it is not a supported log level."
                f" Valid log levels are {', '.join(sorted(config_loggers.LEVELS))}",
            )
    if not validate_only:
        for name, _, level in wanted.changes:
            if level is None:
                config_loggers.unset_level(name)
            else:
                config_loggers.set_level(name, level)
    return _ALTERED


# The controller


def _control(resources: list[Wanted], broker: Broker, validate_only: bool) -> list[Outcome]:
    """Alter what is in order; what the controller trips over spoils all of it."""
    if any(change.operation not in _OPERATIONS for w in resources for change in w.changes):
        return [_UNEXPECTED] * len(resources)
    outcomes: list[Outcome] = []
    plans: list[tuple[Wanted, _Plan]] = []
    for wanted in resources:
        try:
            plans.append((wanted, _plan(wanted, broker)))
            outcomes.append(_ALTERED)
        except Refused as refused:
            outcomes.append(Outcome(refused.error, refused.message))
    if sum(plan.records for _, plan in plans) > MOST_RECORDS:
        return [_TOO_MANY] * len(resources)
    if not validate_only:
        for wanted, plan in plans:
            _apply(wanted, plan.configs, broker)
    return outcomes


def _plan(wanted: Wanted, broker: Broker) -> _Plan:
    current = configs_of(wanted.type, wanted.name, broker)
    changes = {change.name: change for change in wanted.changes}
    new: dict[str, str | None] = {}
    for name in in_map_order(list(changes)):
        value = _value(wanted.type, changes[name], current.get(name))
        if value != current.get(name) or wanted.type == OF_BROKER:
            new[name] = value
    deleted = [name for name in current if wanted.whole and name not in changes]
    for name in (*new, *deleted):
        if broker.cluster.features.level(ELIGIBLE_LEADER_REPLICAS_VERSION):
            _check_min_isr(wanted, name, new.get(name))
        _check_length(new.get(name))
    configs = {name: value for name, value in current.items() if name not in deleted}
    for name, value in new.items():
        if value is None:
            configs.pop(name, None)
        else:
            configs[name] = value
    _check(wanted, configs, broker)
    return _Plan(configs, len(new) + len(deleted))


def _value(type_: int, change: Change, current: str | None) -> str | None:
    """What a configuration will be; ``None`` when it is taken away."""
    name, operation, value = change
    if operation == DELETE:
        return None
    if operation == SET:
        return value
    assert value is not None
    row = {OF_TOPIC: TOPIC.get(name), OF_BROKER: BROKER.get(name)}.get(type_)
    if row is None or row.type != "list":
        verb = _OPERATIONS[operation]
        text = f"Can't {verb} to key {name} because its type is not LIST."
        raise Refused(ErrorCode.INVALID_CONFIG, text)
    # What was never set starts from Kafka's default, whatever the broker's is.
    old = (row.default or "") if current is None else current
    parts = [part for part in old.split(",") if part]
    for part in _split(value):
        if operation == SUBTRACT:
            if part in parts:
                parts.remove(part)
        elif part not in parts:
            parts.append(part)
    return ",".join(parts)


def _check_min_isr(wanted: Wanted, name: str, value: str | None) -> None:
    if wanted.type == OF_BROKER and name == _MIN_ISR:
        if wanted.name:
            text = "Broker-level min.insync.replicas cannot be altered while ELR is enabled."
            raise Refused(ErrorCode.INVALID_CONFIG, text)
        if value is None:
            text = "Cluster-level min.insync.replicas cannot be removed while ELR is enabled."
            raise Refused(ErrorCode.INVALID_CONFIG, text)


def _check_length(value: str | None) -> None:
    if value is not None and _length(value) > LONGEST_VALUE:
        raise Refused(
            ErrorCode.INVALID_CONFIG,
            "The configuration value cannot be added because it exceeds the maximum value size of"
            f" {LONGEST_VALUE} bytes.",
        )


def _check(wanted: Wanted, configs: Mapping[str, str], broker: Broker) -> None:
    """``ControllerConfigurationValidator``, and whether there is such a resource at all."""
    name = wanted.name
    try:
        if wanted.type == OF_TOPIC:
            _check_topic(name, configs, broker)
        elif wanted.type == OF_GROUP:
            if not name:
                raise InvalidRequest("Default group resources are not allowed.")
            check_group(broker.config, configs)
        elif wanted.type == OF_CLIENT_METRICS:
            if not name:
                raise InvalidRequest("Subscription name can't be empty")
            check_client_metrics(configs)
    except InvalidRequest as error:
        raise _invalid(str(error)) from None
    except ConfigError as error:
        raise Refused(ErrorCode.INVALID_CONFIG, str(error)) from None


def _check_topic(name: str, configs: Mapping[str, str], broker: Broker) -> None:
    if not name:
        raise InvalidRequest("Default topic resources are not allowed.")
    wrong = topic_name_error(name)
    if wrong is not None:
        text = f"Topic name is invalid: {wrong}"
        raise Refused(ErrorCode.INVALID_TOPIC_EXCEPTION, text)
    wrong = topic_config_error(broker.config, configs)
    if wrong is not None:
        raise ConfigError(wrong)
    if name not in broker.topics:
        text = f"The topic '{name}' does not exist."
        raise Refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, text)


def _apply(wanted: Wanted, configs: dict[str, str], broker: Broker) -> None:
    if wanted.type == OF_TOPIC:
        topic = broker.topics[wanted.name]
        topic.config.alter(configs)
        for partition in topic.partitions:
            # min.insync.replicas may be another.
            partition.settle()
    elif wanted.type == OF_BROKER and wanted.name in ("", str(broker.node_id)):
        if wanted.name:
            broker.config.alter(configs, broker.config.cluster_wide)
        else:
            for config in broker.cluster.configs:
                config.alter(config.per_broker, configs)
        for topic in broker.topics.values():
            topic.config.refresh()
            for partition in topic.partitions:
                partition.settle()
    elif configs:
        broker.config.resources[wanted.type, wanted.name] = configs
    else:
        broker.config.resources.pop((wanted.type, wanted.name), None)


def _invalid(message: str) -> Refused:
    return Refused(ErrorCode.INVALID_REQUEST, message)


def _split(text: str) -> list[str]:
    """``String.split(",")``: without the empty parts at the end, but for those of nothing at all."""
    return text.rstrip(",").split(",") if text.rstrip(",") else [""] if not text else []


def _length(value: str) -> int:
    return len(value.encode("utf-16-le", "surrogatepass")) // 2

"""Values of configurations: how Kafka parses them, what it takes, and how it shows them.

``ConfigDef.parseType`` for the types, ``ConfigDef.convertToString`` for showing, and the validators of
``ConfigDef`` for what is taken. Numbers are Java's: ``1_000`` is none, ``0.5d`` is one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Protocol

Value = str | int | float | list[str]

SIZES = {"int": 31, "short": 15, "long": 63}
_INTEGER = re.compile(r"[+-]?\d+")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[fFdD]?")
_HEXADECIMAL = re.compile(
    r"[+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?[0-9]+[fFdD]?"
)
_NOT_DECIMAL = re.compile(r"[+-]?(?:NaN|Infinity)")
_REPLICAS = re.compile(r"(?:[0-9]+:[0-9]+)?")
# What java.time.Duration reads.
_DURATION = re.compile(
    r"([-+]?)P(?:([-+]?\d+)D)?(T(?:([-+]?\d+)H)?(?:([-+]?\d+)M)?(?:([-+]?\d+)(?:[.,](\d{0,9}))?S)?)?",
    re.ASCII | re.IGNORECASE,
)


class ConfigError(ValueError):
    """A configuration Kafka would not take; the text says which and why."""


class RequirementFailed(ConfigError):
    """One that is fine by itself; on the wire Scala puts ``requirement failed: `` in front."""


class Definition(Protocol):
    """What is known of a configuration: its type, and what is checked besides."""

    @property
    def type(self) -> str:
        """``int``, ``list``, ``password`` …, as Kafka's documentation names them."""
        ...

    @property
    def check(self) -> Check | None:
        """What a value of the type is held to."""
        ...


Check = Callable[[str, Value], None]
"""Takes the name and the parsed value; raises ConfigError."""


def check_value(name: str, row: Definition, text: str) -> None:
    """Whether Kafka takes a value.

    Raises:
        ConfigError: in Kafka's own words.
    """
    value = parse_value(name, row.type, text)
    if row.check is not None:
        row.check(name, value)


def parse_value(name: str, type_: str, text: str) -> Value:
    """A value as its type.

    Raises:
        ConfigError: in Kafka's own words.
    """
    lead = f"Invalid value {text.strip()} for configuration {name}"
    if type_ == "boolean":
        if text.strip().lower() not in ("true", "false"):
            raise ConfigError(f"{lead}: Expected value to be either true or false")
        return text.strip().lower()
    if type_ == "list":
        return parse_list(text)
    if type_ in SIZES or type_ == "double":
        number = _double(text.strip()) if type_ == "double" else _integer(type_, text.strip())
        if number is None:
            raise ConfigError(f"{lead}: Not a number of type {type_.upper()}")
        return number
    return text.strip()


def show_value(row: Definition, text: str) -> str:
    """A value that was checked before, as DescribeConfigs shows it."""
    value = parse_value("", row.type, text)
    if isinstance(value, list):
        return ",".join(dict.fromkeys(value) if isinstance(row.check, Items) else value)
    return _shown(value) if isinstance(value, float) else str(value)


def parse_list(text: str) -> list[str]:
    """The items of a comma-separated list, empty ones among them; of nothing, none."""
    return [item.strip() for item in text.split(",")] if text.strip() else []


def parse_boolean(text: str) -> bool:
    """``true`` or ``false`` in any case; :func:`check_value` has seen to it that it is one."""
    return text.strip().lower() == "true"


def _integer(type_: str, text: str) -> int | None:
    if not _INTEGER.fullmatch(text):
        return None
    number = int(text)
    limit: int = 1 << SIZES[type_]
    return number if -limit <= number < limit else None


def _double(text: str) -> float | None:
    """What ``Double.parseDouble`` makes of a text."""
    if _NOT_DECIMAL.fullmatch(text):
        return float(text)
    if _HEXADECIMAL.fullmatch(text):
        return float.fromhex(text.rstrip("fFdD"))
    return float(text.rstrip("fFdD")) if _DECIMAL.fullmatch(text) else None


def _shown(number: float) -> str:
    """What ``Double.toString`` makes of a number."""
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    if number == 0 or 1e-3 <= abs(number) < 1e7:
        return repr(number)
    shortest = repr(number)
    digits, _, exponent = shortest.partition("e")
    if not exponent:
        digits, _, exponent = f"{number:.16e}".partition("e")
        while float(f"{digits[:-1]}e{exponent}") == number and not digits.endswith("."):
            digits = digits[:-1]
    whole, _, fraction = digits.partition(".")
    return f"{whole}.{fraction.rstrip('0') or '0'}E{int(exponent)}"


def _invalid(name: str, value: Value, why: str) -> ConfigError:
    if isinstance(value, list):
        shown = f"[{', '.join(value)}]"
    else:
        shown = _shown(value) if isinstance(value, float) else str(value)
    return ConfigError(f"Invalid value {shown} for configuration {name}: {why}")


class Between:
    """A number within bounds (``ConfigDef.Range``)."""

    __slots__ = ("least", "most")

    def __init__(self, least: float, most: float | None = None) -> None:
        self.least = least
        self.most = most

    def __call__(self, name: str, value: Value) -> None:
        """Raise ConfigError for a number out of bounds."""
        assert isinstance(value, int | float)
        if value < self.least:
            raise _invalid(name, value, f"Value must be at least {self.least}")
        if self.most is not None and value > self.most:
            raise _invalid(name, value, f"Value must be no more than {self.most}")


class OneOf:
    """One of some words (``ConfigDef.ValidString``, ``CaseInsensitiveValidString``)."""

    __slots__ = ("any_case", "words")

    def __init__(self, *words: str, any_case: bool = False) -> None:
        self.words = words
        self.any_case = any_case

    def __call__(self, name: str, value: Value) -> None:
        """Raise ConfigError for any other word."""
        if (str(value).upper() if self.any_case else value) not in self.words:
            which = " (case insensitive)" if self.any_case else ""
            raise _invalid(name, value, f"String must be one of{which}: {', '.join(self.words)}")


class Items:
    """A list without empty items, of some words or of any (``ConfigDef.ValidList``).

    What stands in it twice counts once.
    """

    __slots__ = ("may_be_empty", "words")

    def __init__(self, *words: str, may_be_empty: bool) -> None:
        self.words = words
        self.may_be_empty = may_be_empty

    def __call__(self, name: str, value: Value) -> None:
        """Raise ConfigError for an empty list or a wrong item."""
        assert isinstance(value, list)
        if not value and not self.may_be_empty:
            valid = f"[{', '.join(self.words)}]" if self.words else "any non-empty value"
            raise ConfigError(
                f"Configuration '{name}' must not be empty. Valid values include: {valid}"
            )
        if not all(value):
            raise ConfigError(f"Configuration '{name}' values must not be empty.")
        if self.words:
            for item in value:
                OneOf(*self.words)(name, item)


def not_empty(name: str, value: Value) -> None:
    """``ConfigDef.NonEmptyString``."""
    if not value:
        raise _invalid(name, value, "String must be non-empty")


def gzip_level(name: str, value: Value) -> None:
    """``GzipCompression``: 1 to 9, or -1 for the library's own choice."""
    assert isinstance(value, int)
    if not (1 <= value <= 9 or value == -1):
        raise _invalid(name, value, "Value must be between 1 and 9 or equal to -1")


def throttled_replicas(name: str, value: Value) -> None:
    """``ThrottledReplicaListValidator``."""
    assert isinstance(value, list)
    if value != ["*"] and not all(_REPLICAS.fullmatch(item) for item in value):
        raise _invalid(
            name,
            value,
            f"{name} must be the literal '*' or a list of replicas in the following format:"
            " [partitionId]:[brokerId],[partitionId]:[brokerId],...",
        )


def offset_reset(name: str, value: Value) -> None:
    """``ShareGroupAutoOffsetResetStrategy.Validator``."""
    text = str(value)
    lead, colon, duration = text.partition(":")
    if text not in ("earliest", "latest") and not (
        lead == "by_duration" and colon and _is_duration(duration)
    ):
        raise _invalid(
            name,
            value,
            f"Invalid value `{text}` for configuration {name}. The value must be either"
            " 'earliest', 'latest' or of the format 'by_duration:<PnDTnHnMn.nS>'.",
        )


def _is_duration(text: str) -> bool:
    found = _DURATION.fullmatch(text)
    if found is None:
        return False
    sign, days, time, hours, minutes, seconds, fraction = found.groups()
    parts = (days, hours, minutes, seconds)
    if not any(parts) or (time and not any(parts[1:])):
        return False
    numbers = [int(part or 0) for part in parts]
    total = 86_400 * numbers[0] + 3600 * numbers[1] + 60 * numbers[2] + numbers[3]
    part = int((fraction or "").ljust(9, "0"))
    nanoseconds = total * 10**9 + (-part if (seconds or "").startswith("-") else part)
    return (-nanoseconds if sign == "-" else nanoseconds) >= 0


def node_id_of(name: str) -> int | None:
    """The id in the name of a broker's resource, as ``Integer.parseInt`` reads it; ``None`` for none."""
    try:
        node_id = None if name != name.strip() else parse_value("", "int", name)
    except ConfigError:
        return None
    return node_id if isinstance(node_id, int) else None

"""Which requests a fault is meant for, how often it acts, and why it did not."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from kafka_codecs.messages import messages, modules
from kafkashim.faults.about import About, Item

ANY_ITEM = Item()


class FaultError(ValueError):
    """A fault that cannot be set; the text says what to write instead.

    Attributes:
        key: the word of the description that is wrong, where it is one.
    """

    def __init__(self, text: str, key: str | None = None) -> None:
        super().__init__(text)
        self.key = key


@cache
def api_names() -> Mapping[str, int]:
    """The APIs by the protocol's name for them, in lower case."""
    return {messages(key)[0].NAME.lower(): key for key in modules()}


def api_key(value: object) -> int:
    """An API by its name, in any case, or by its key.

    Raises:
        FaultError: there is no such API.
    """
    if isinstance(value, int) and not isinstance(value, bool) and value in modules():
        return value
    found = api_names().get(str(value).lower().replace("_", ""))
    if found is None:
        raise FaultError(f"unknown API {value!r}: a name as Produce, or its key", "api")
    return found


def number_range(key: str, value: object) -> tuple[int, int]:
    """``7``, ``"7"``, ``"3-9"`` or ``(3, 9)``, both ends included.

    Raises:
        FaultError: it is none of these.
    """
    try:
        if isinstance(value, str):
            low, dash, high = value.partition("-")
            found = (int(low), int(high) if dash else int(low))
        elif isinstance(value, (tuple, list)):
            low, high = value  # pyright: ignore[reportUnknownVariableType]
            found = (int(low), int(high))  # pyright: ignore[reportUnknownArgumentType]
        elif isinstance(value, int) and not isinstance(value, bool):
            found = (value, value)
        else:
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise FaultError(f"{key} is a number or a range such as 3-9, not {value!r}", key) from None
    if found[0] > found[1]:
        raise FaultError(f"{key} {value!r} is a range that ends before it begins", key)
    return found


def _text(key: str, value: object) -> str:
    if not isinstance(value, str):
        raise FaultError(f"{key} is a text, not {value!r}", key)
    return value


def _number(key: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise FaultError(f"{key} is a whole number, not {value!r}", key)
    return value


def _count(key: str, value: object) -> int:
    if _number(key, value) < 1:
        raise FaultError(f"{key} is 1 or more, not {value!r}", key)
    return _number(key, value)


def _share(key: str, value: object) -> float:
    if not isinstance(value, (int, float)) or not 0 < value <= 1:
        raise FaultError(f"{key} is above 0 and at most 1, not {value!r}", key)
    return float(value)


_READ: Mapping[str, Callable[[str, object], Any]] = {
    "api": lambda key, value: api_key(value),
    "version": number_range,
    "client_id": _text,
    "connection": _number,
    "broker": _number,
    "topic": _text,
    "partition": _number,
    "producer_id": _number,
    "sequence": number_range,
    "transactional_id": _text,
    "group": _text,
    "nth": _count,
    "every": _count,
    "times": _count,
    "probability": _share,
    "seed": _number,
}


@dataclass(frozen=True)
class Conditions:
    """All of them have to hold; ``None`` asks for nothing.

    Attributes:
        api: the API, by name or key.
        version: the API version, or a range of them (``"3-9"``).
        client_id: the client's ``client.id``. Texts may have ``*`` and ``?``.
        connection: the number of the connection, counted from 1 in the order in which they came.
        broker: the node id of the broker that is asked.
        topic: a topic the request names, by name or by id.
        partition: a partition the request names; together with ``topic`` one of that topic.
        producer_id: of a batch, in its header.
        sequence: a sequence number, or a range; holds for a batch that has any of them.
        transactional_id: as the request names it.
        group: the group, as the request names it.
        nth: only the nth request for which all of the above hold.
        every: only every nth of them.
        times: at most so often.
        probability: the chance to act on each of them.
        seed: makes the chances repeatable.
    """

    api: int | None = None
    version: tuple[int, int] | None = None
    client_id: str | None = None
    connection: int | None = None
    broker: int | None = None
    topic: str | None = None
    partition: int | None = None
    producer_id: int | None = None
    sequence: tuple[int, int] | None = None
    transactional_id: str | None = None
    group: str | None = None
    nth: int | None = None
    every: int | None = None
    times: int | None = None
    probability: float | None = None
    seed: int | None = None

    @classmethod
    def read(cls, words: Mapping[str, object]) -> Conditions:
        """Check the words and put them in order.

        Raises:
            FaultError: an unknown word, or one that cannot mean what is written.
        """
        for key in words:
            if key not in _READ:
                raise FaultError(f"unknown condition {key!r}: {', '.join(_READ)}", key)
        given = {key: value for key, value in words.items() if value is not None}
        return cls(**{key: _READ[key](key, value) for key, value in given.items()})

    @property
    def asks_for_items(self) -> bool:
        """Whether single partitions are meant, rather than whole requests."""
        return not (self.topic is None and self.partition is None and self._of_batch is None)

    @property
    def _of_batch(self) -> object:
        return self.producer_id if self.producer_id is not None else self.sequence

    def words(self) -> dict[str, object]:
        """As :meth:`read` takes them, those that ask for something."""
        found: dict[str, object] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            if value is None:
                continue
            if each.name == "api":
                value = messages(value)[0].NAME
            elif each.name in ("version", "sequence"):
                value = value[0] if value[0] == value[1] else f"{value[0]}-{value[1]}"
            found[each.name] = value
        return found

    def missed(self, about: About) -> tuple[str, object] | None:
        """The first condition about the request that does not hold, and what was there instead."""
        if self.api is not None and about.api_key != self.api:
            return "api", about.name
        if self.version is not None and not self.version[0] <= about.version <= self.version[1]:
            return "version", about.version
        if self.client_id is not None and not _fits(about.client_id, self.client_id):
            return "client_id", about.client_id
        if self.connection is not None and about.connection_id != self.connection:
            return "connection", about.connection_id
        if self.broker is not None and about.broker_id != self.broker:
            return "broker", about.broker_id
        for key, wanted, there in (
            ("transactional_id", self.transactional_id, about.transactional_ids),
            ("group", self.group, about.groups),
        ):
            if wanted is not None and not any(_fits(name, wanted) for name in there):
                return key, ", ".join(sorted(there)) or None
        return self._missed_items(about) if self.asks_for_items else None

    def _missed_items(self, about: About) -> tuple[str, object] | None:
        left: list[Item] = about.items
        for key, holds in _ITEM_CONDITIONS:
            if getattr(self, key) is None:
                continue
            holding = [item for item in left if holds(self, item)]
            if not holding:
                there = dict.fromkeys(_shown(key, item) for item in left)
                return key, ", ".join(there) or None
            left = holding
        return None

    def hits(self, about: About) -> list[Item]:
        """The items that are meant; for conditions about whole requests all of them."""
        if not self.asks_for_items:
            return about.items
        return [item for item in about.items if self.means(item)]

    def means(self, item: Item) -> bool:
        """Whether an item is meant."""
        return all(
            getattr(self, key) is None or holds(self, item) for key, holds in _ITEM_CONDITIONS
        )


def _fits(there: str | None, wanted: str) -> bool:
    return there is not None and fnmatchcase(there, wanted)


def _has_sequence(conditions: Conditions, item: Item) -> bool:
    if conditions.sequence is None or item.batch is None:
        return False
    low, high = conditions.sequence
    first, last = item.batch.first_sequence, item.batch.last_sequence
    if last < first:  # the batch goes over the end of the ring
        return high >= first or low <= last
    return first <= high and last >= low


_ITEM_CONDITIONS: tuple[tuple[str, Callable[[Conditions, Item], bool]], ...] = (
    ("topic", lambda asked, item: _fits(item.topic, asked.topic or "")),
    ("partition", lambda asked, item: item.partition == asked.partition),
    (
        "producer_id",
        lambda asked, item: item.batch is not None and item.batch.producer_id == asked.producer_id,
    ),
    ("sequence", _has_sequence),
)


def _shown(key: str, item: Item) -> str:
    if key == "topic":
        return str(item.topic)
    if key == "partition":
        return str(item.partition)
    if item.batch is None:
        return "no batch"
    if key == "producer_id":
        return str(item.batch.producer_id)
    return f"{item.batch.first_sequence}-{item.batch.last_sequence}"


class Counted:
    """How often a fault was looked at, meant and done, and what was in the way when it was not."""

    def __init__(self, conditions: Conditions) -> None:
        self.conditions = conditions
        self.looked_at = 0
        self.matched = 0
        self.fired = 0
        self.missed: Counter[str] = Counter()
        self.last_missed: dict[str, object] = {}
        self._random = random.Random(conditions.seed)

    def fires(self, about: About) -> bool:
        """Whether to act on a request, which is counted."""
        self.looked_at += 1
        missed = self.conditions.missed(about)
        if missed is not None:
            return self.miss(*missed)
        self.matched += 1
        asked = self.conditions
        if asked.nth is not None and self.matched != asked.nth:
            return self.miss("nth", self.matched)
        if asked.every is not None and self.matched % asked.every:
            return self.miss("every", self.matched)
        if self.is_spent:
            return self.miss("times", self.fired)
        if asked.probability is not None and self._random.random() >= asked.probability:
            return self.miss("probability", None)
        self.fired += 1
        return True

    def miss(self, key: str, there: object) -> bool:
        """Note that a condition did not hold, and what was there."""
        # In this order, because other threads read the one and look up the other.
        self.last_missed[key] = there
        self.missed[key] += 1
        return False

    @property
    def is_spent(self) -> bool:
        """Whether it acted as often as it was to."""
        return self.conditions.times is not None and self.fired >= self.conditions.times

    def told(self) -> str:
        """What came of it, in a sentence or two; why it did not act, while it still may."""
        times = self.conditions.times
        done = f"acted {self.fired} of {times} times" if times else f"acted {self.fired} times"
        if not self.looked_at:
            return f"{done}; no request came"
        text = f"{done}; looked at {self.looked_at} requests"
        if not self.missed or self.is_spent:
            return text
        reasons: list[str] = []
        for key, count in self.missed.most_common():
            there = self.last_missed[key]
            last = (
                "" if key == "probability" else f", the last {'none' if there is None else there}"
            )
            reasons.append(f"{key} of {count} ({self.asked_for(key)}{last})")
        return f"{text}, not meant: {'; '.join(reasons)}"

    def asked_for(self, key: str) -> str:
        """What a condition asks for, in words."""
        words = self.conditions.words()
        return f"wanted {words[key]}" if key in words else "another fault acted first"

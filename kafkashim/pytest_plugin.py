"""Brokers for tests that run under pytest: fixtures, a marker for their options, and what was said.

    @pytest.mark.kafka(rules="kafka-4.3", auto_create_topics=False)
    def test_orders(kafka_broker, kafka_topic):
        producer = Producer({"bootstrap.servers": kafka_broker.bootstrap_servers})

Every run of pytest where this package is installed loads this module, also those that have nothing to do
with Kafka: the broker is imported when a fixture is first used, and hooks do nothing before that.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypedDict
from zlib import crc32

import pytest

if TYPE_CHECKING:
    from typing import Unpack

    from kafkashim.faults import Faults
    from kafkashim.testing import KafkaShim

MARKER = "kafka"
AUTO_CREATE = "auto.create.topics.enable"
# Kafka lets the first member of a group wait for others; in a test nobody else comes.
CONFIG = {"group.initial.rebalance.delay.ms": "0"}
# How many requests of each broker the report of a failed test shows: the last ones.
SHOWN = 40
SECTION = "kafkashim"


class KafkaWords(TypedDict, total=False):
    """The words of the marker ``kafka``, of ``kafka_broker_factory`` and ``kafka_broker_options``.

    Attributes:
        rules: the rule book for idempotent producers, e.g. ``kafka-4.3``; ``explicit`` when not given.
        auto_create_topics: Kafka's ``auto.create.topics.enable``.
        config: other properties of Kafka's brokers. Values are strings, numbers or booleans.
        seed: makes ids repeatable.
        decoder: ``flat``, or ``construct`` to read every request through construct.
        brokers: how many, each with an id of its own; 1 when not given.
    """

    rules: str
    auto_create_topics: bool
    config: Mapping[str, str | int | float | bool]
    seed: int | None
    decoder: str
    brokers: int


# What each word may be, and how that is called.
KINDS: dict[str, tuple[Any, str]] = {
    "rules": (str, "a string"),
    "auto_create_topics": (bool, "True or False"),
    "config": (Mapping, "a dict of Kafka's properties"),
    "seed": (int | None, "a whole number"),
    "decoder": (str, "a string"),
    "brokers": (int, "a whole number"),
}


class _Used(NamedTuple):
    """A broker that a test uses, or several, with what is needed to tell about it when it is closed."""

    fixture: str
    rules: str
    addresses: Mapping[int, tuple[str, int]]
    broker: KafkaShim
    faults: Faults

    @property
    def where(self) -> str:
        """Where it listens; of several brokers each with its id."""
        places = {broker_id: f"{host}:{port}" for broker_id, (host, port) in self.addresses.items()}
        if len(places) == 1:
            return ", ".join(places.values())
        return ", ".join(f"{place} (broker {broker_id})" for broker_id, place in places.items())

    def last_number(self) -> int:
        """The number of the newest entry of its journal."""
        return max((entry.number for entry in self.broker.journal), default=0)

    def told(self, after: int) -> str:
        """Its faults, what came of them, and the last requests whose number is above ``after``."""
        journal = self.broker.journal
        came = sum(entry.number > after for entry in journal)
        lines = [f"{self.fixture} at {self.where}, rules {self.rules}"]
        lines += [f"fault {fault}" for fault in self.faults]
        lines.append(journal.transcript(min(came, SHOWN)) if came else "(no request came)")
        return "\n".join(lines)


_USED = pytest.StashKey[list[_Used]]()
_SHARED = pytest.StashKey[_Used]()
_BEFORE = pytest.StashKey[int]()


# -- words ---------------------------------------------------------------------------------------------


def _read(words: Mapping[str, object], place: str) -> dict[str, Any]:
    """The options for KafkaShim that the words of one place stand for.

    Raises:
        ValueError: there is no such word, or it cannot be what it is; the text says what can be.
    """
    read: dict[str, Any] = {}
    for word, value in words.items():
        if word not in KINDS:
            raise ValueError(f"{place} has no word {word!r}; its words are {', '.join(KINDS)}")
        kind, called = KINDS[word]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise ValueError(f"{place}: {word} is {called}, not {value!r}")
        read[word] = value
    if read.get("brokers", 1) < 1:
        raise ValueError(f"{place}: brokers is 1 or more, not {read['brokers']}")
    config = {name: _property(name, value, place) for name, value in read.pop("config", {}).items()}
    if "auto_create_topics" in read:
        if AUTO_CREATE in config:
            raise ValueError(f"{place}: auto_create_topics is {AUTO_CREATE}; leave one of them out")
        config[AUTO_CREATE] = str(read.pop("auto_create_topics")).lower()
    return {**read, "config": config}


def _property(name: str, value: object, place: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise ValueError(f"{place}: config has a string, a number or a bool for {name}, not {value!r}")


def _merged(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Options of several places, the closest last, which wins word by word and property by property."""
    merged: dict[str, Any] = {"config": CONFIG}
    for layer in layers:
        merged = {**merged, **layer, "config": {**merged["config"], **layer["config"]}}
    return merged


def _marked(node: pytest.Item, defaults: KafkaWords) -> dict[str, Any]:
    """The options for a test: those of the whole run and of the markers that mean it.

    Raises:
        ValueError: a mistake in one of them.
    """
    layers = [_read(defaults, "kafka_broker_options")]
    place = f"@pytest.mark.{MARKER}"
    for mark in reversed(list(node.iter_markers(MARKER))):
        if mark.args:
            raise ValueError(f"{place} takes {', '.join(KINDS)} by name, not {mark.args[0]!r}")
        layers.append(_read(mark.kwargs, place))
    return _merged(*layers)


def _refuse(mistake: str) -> NoReturn:
    """Fail in one sentence: where in this file a mistake was found helps nobody."""
    raise pytest.fail.Exception(mistake, pytrace=False) from None


# -- brokers -------------------------------------------------------------------------------------------


def _start(fixture: str, options: Mapping[str, Any], closing: ExitStack) -> _Used:
    """Start a broker that is closed with ``closing``.

    Raises:
        ValueError: an option that KafkaShim does not take.
    """
    from kafkashim.testing import KafkaShim

    broker = closing.enter_context(KafkaShim(**options))
    return _Used(fixture, options.get("rules", "explicit"), broker.brokers, broker, broker.faults)


class KafkaBrokerFactory:
    """Makes brokers for a test: ``kafka_broker_factory(rules="kafka-1.0")``.

    It takes the words of the marker. Where the test has markers too, the call wins, word by word. The
    brokers run when they are given, and are closed when the test ends.
    """

    def __init__(self, item: pytest.Item, options: Mapping[str, Any], closing: ExitStack) -> None:
        self._used: list[_Used] = item.stash.setdefault(_USED, [])
        self._options = options
        self._closing = closing
        self._made = 0

    def __call__(self, **words: Unpack[KafkaWords]) -> KafkaShim:
        """A broker of its own.

        Raises:
            ValueError: a mistake in the words.
            ConfigError: a property Kafka would not start with.
            OSError: a port that ``listeners`` asks for is in use.
        """
        self._made += 1
        name = f"kafka_broker_factory, broker {self._made}"
        options = _merged(self._options, _read(words, "kafka_broker_factory"))
        used = _start(name, options, self._closing)
        self._used.append(used)
        return used.broker


@pytest.fixture(scope="session")
def kafka_broker_options() -> KafkaWords:
    """Options for all brokers of the run, in the words of the marker: to be overridden."""
    return {}


@pytest.fixture
def kafka_broker(
    request: pytest.FixtureRequest, kafka_broker_options: KafkaWords
) -> Iterator[KafkaShim]:
    """A Kafka broker of this test's own, or several, with the options of @pytest.mark.kafka."""
    item: pytest.Item = request.node
    with ExitStack() as closing:
        try:
            used = _start("kafka_broker", _marked(item, kafka_broker_options), closing)
        except ValueError as mistake:
            _refuse(f"{item.nodeid}: {mistake}")
        item.stash.setdefault(_USED, []).append(used)
        yield used.broker


@pytest.fixture(scope="session")
def kafka_broker_session(
    request: pytest.FixtureRequest, kafka_broker_options: KafkaWords
) -> Iterator[KafkaShim]:
    """One Kafka broker, or a cluster, for the whole run, or for each worker of it."""
    with ExitStack() as closing:
        try:
            options = _merged(_read(kafka_broker_options, "kafka_broker_options"))
            used = _start("kafka_broker_session", options, closing)
        except ValueError as mistake:
            _refuse(str(mistake))
        request.session.stash[_SHARED] = used
        yield used.broker
        del request.session.stash[_SHARED]


@pytest.fixture
def kafka_broker_factory(
    request: pytest.FixtureRequest, kafka_broker_options: KafkaWords
) -> Iterator[KafkaBrokerFactory]:
    """Makes Kafka brokers for this test: kafka_broker_factory(rules="kafka-1.0")."""
    item: pytest.Item = request.node
    try:
        options = _marked(item, kafka_broker_options)
    except ValueError as mistake:
        _refuse(f"{item.nodeid}: {mistake}")
    with ExitStack() as closing:
        yield KafkaBrokerFactory(item, options, closing)


@pytest.fixture
def kafka_topic(request: pytest.FixtureRequest, kafka_broker: KafkaShim) -> str:
    """The name of a topic in kafka_broker, made from the test's name; it has num.partitions."""
    from kafkashim.topic_names import MAX_NAME_LENGTH

    item: pytest.Item = request.node
    # Two tests of one name are told apart by where they stand.
    suffix = f"-{crc32(item.nodeid.encode(errors='surrogatepass')):08x}"
    legal = re.sub(r"[^a-zA-Z0-9._-]+", "-", item.name).strip("-")
    name = legal[: MAX_NAME_LENGTH - len(suffix)] + suffix
    if kafka_broker.call(lambda broker: broker.cluster.create_topic_with_defaults(name)) is None:
        _refuse(
            f"{item.nodeid}: kafka_topic has default.replication.factor replicas, which is more than"
            f" there are brokers: {len(kafka_broker.brokers)}"
        )
    return name


@pytest.fixture
def kafka_faults(kafka_broker: KafkaShim) -> Faults:
    """What goes wrong on purpose in kafka_broker: kafka_faults.drop_answer(api="Produce", times=1)."""
    return kafka_broker.faults


# -- hooks ---------------------------------------------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers",
        f"{MARKER}({', '.join(f'{word}=...' for word in KINDS)}): options of the test's Kafka "
        "broker (kafkashim). The closest marker wins, word by word.",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Note how far the conversation with the broker of the whole run has come."""
    shared = item.session.stash.get(_SHARED, None)
    if shared is not None:
        item.stash[_BEFORE] = shared.last_number()


# Outermost, to see what became of a test that was expected to fail.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attach the conversations with its brokers to the report of a failed test."""
    report = yield
    if report.failed:
        for used in item.stash.get(_USED, ()):
            report.sections.append((SECTION, _told(used, 0)))
        shared = item.session.stash.get(_SHARED, None)
        if shared is not None and "kafka_broker_session" in getattr(item, "fixturenames", ()):
            report.sections.append((SECTION, _told(shared, item.stash.get(_BEFORE, 0))))
    if report.when == "teardown" and _USED in item.stash:
        # A test stays until the end of the run; its brokers, with all that they stored, need not.
        del item.stash[_USED]
    return report


def _told(used: _Used, after: int) -> str:
    # A report without this section is worth more than none; the broker may be counting meanwhile.
    try:
        return used.told(after)
    except Exception as error:
        return f"{used.fixture} at {used.where} cannot be told: {error!r}"

"""Options and fixtures of the compatibility tests: which broker is asked, and how it is set up."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType

import pytest

from compat_tests import toolchains
from kafkashim.relay import Relay


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("kafkashim")
    group.addoption(
        "--decoder",
        choices=("flat", "construct"),
        default="flat",
        help="how the broker under test reads requests (default: flat)",
    )
    group.addoption(
        "--rules",
        default="explicit",
        help="the broker's rule book for idempotent producers (default: explicit)",
    )
    group.addoption(
        "--bootstrap",
        metavar="HOST:PORT",
        help="run the client tests on this broker instead of starting one",
    )
    group.addoption(
        "--relayed-bootstrap",
        metavar="HOST:PORT",
        help="with --bootstrap: a listener whose advertised address is 127.0.0.1:RELAY_PORT",
    )
    group.addoption(
        "--relay-port",
        type=int,
        metavar="RELAY_PORT",
        help="with --relayed-bootstrap: the port on which the tests put their relay",
    )
    group.addoption(
        "--kill-seconds",
        type=float,
        default=8.0,
        help="how long the members of a group are killed and started again (default: 8)",
    )
    group.addoption(
        "--client-table",
        action="store_true",
        help="write what the clients passed to docs/clients.md",
    )
    group.addoption(
        "--scenario-table",
        action="store_true",
        help="record what came of the scenarios, and write it to docs/scenarios.md",
    )
    group.addoption(
        "--on-apache-kafka",
        action="store_true",
        help="run the client tests on an Apache Kafka that is started for them (needs java and mvn)",
    )
    group.addoption(
        "--real-broker",
        action="store_true",
        help="run the comparisons with Apache Kafka against a running one too (needs java and mvn)",
    )
    group.addoption(
        "--record",
        action="store_true",
        help="record the answers of Apache Kafka anew (needs java and mvn)",
    )
    group.addoption(
        "--steps",
        type=int,
        default=20_000,
        help="how many steps both brokers are walked side by side (default: 20000)",
    )
    group.addoption(
        "--seed",
        type=int,
        default=1,
        help="where the random walks begin (default: 1)",
    )
    group.addoption(
        "--spoilt-frames",
        type=int,
        default=10_000,
        help="how many spoilt frames both brokers are given (default: 10000)",
    )
    group.addoption(
        "--fault-programs",
        type=int,
        default=30,
        help="how many random programs of faults a producer meets (default: 30)",
    )
    group.addoption(
        "--seeds",
        type=int,
        default=200,
        help="how many random programs of cut connections and lost answers (default: 200)",
    )


def need(package: str) -> ModuleType:
    """Import a package that a test needs, or skip the test; under CI=true its absence fails."""
    try:
        return importlib.import_module(package)
    except ImportError as error:
        toolchains.do_without(f"needs the Python package {package}: {error}")


@dataclass(frozen=True)
class BrokerUnderTest:
    """Where the broker is, and whether it is kafkashim or one that was started elsewhere."""

    bootstrap_servers: str
    is_kafkashim: bool

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.bootstrap_servers.rpartition(":")
        return host, int(port)


@dataclass(frozen=True)
class RelayedBroker:
    """A broker that tells its clients to come through `relay`."""

    relay: Relay
    bootstrap_servers: str
    """The relay's address."""


@contextmanager
def kafkashim(
    config: pytest.Config, properties: Mapping[str, str], rules: str | None = None
) -> Iterator[str]:
    """This broker with some properties; gives its bootstrap servers."""
    from kafkashim.testing import KafkaShim

    with KafkaShim(
        rules=rules or config.getoption("--rules"),
        decoder=config.getoption("--decoder"),
        config=properties,
    ) as shim:
        yield shim.bootstrap_servers


@contextmanager
def apache_kafka(properties: Mapping[str, str]) -> Iterator[str]:
    """Apache Kafka with some properties; gives its bootstrap servers.

    Without java and mvn the test is skipped, and under CI=true it fails.
    """
    from compat_tests.real_broker import apache_kafka as real

    toolchains.need(*real.TOOLS)
    with real.ApacheKafka(properties) as kafka:
        yield "{}:{}".format(*kafka.address)


@contextmanager
def _started(config: pytest.Config, properties: Mapping[str, str]) -> Iterator[str]:
    on_apache_kafka = config.getoption("--on-apache-kafka")
    with (
        apache_kafka(properties) if on_apache_kafka else kafkashim(config, properties) as bootstrap
    ):
        yield bootstrap


@pytest.fixture(scope="session")
def broker(pytestconfig: pytest.Config) -> Iterator[BrokerUnderTest]:
    """One broker for the whole run: tests keep apart by the names of their topics and groups."""
    given = pytestconfig.getoption("--bootstrap")
    if given:
        yield BrokerUnderTest(given, is_kafkashim=False)
        return
    with _started(pytestconfig, {"group.initial.rebalance.delay.ms": "0"}) as bootstrap:
        is_kafkashim = not pytestconfig.getoption("--on-apache-kafka")
        yield BrokerUnderTest(bootstrap, is_kafkashim=is_kafkashim)


@pytest.fixture(scope="session")
def relayed_broker(pytestconfig: pytest.Config) -> Iterator[RelayedBroker]:
    """A broker of its own, whose advertised address is a relay; the relay is calm to begin with."""
    given = pytestconfig.getoption("--relayed-bootstrap")
    if given:
        relay_port = pytestconfig.getoption("--relay-port")
        if not relay_port:
            raise pytest.UsageError("--relayed-bootstrap needs --relay-port")
        host, _, port = given.rpartition(":")
        with Relay(relay_port) as relay:
            relay.upstream = (host, int(port))
            yield RelayedBroker(relay, relay.bootstrap_servers)
        return
    if pytestconfig.getoption("--bootstrap"):
        pytest.skip("with --bootstrap the relay needs --relayed-bootstrap and --relay-port")
    with Relay() as relay:
        advertised = {"advertised.listeners": f"PLAINTEXT://{relay.bootstrap_servers}"}
        with _started(pytestconfig, advertised) as bootstrap:
            host, _, port = bootstrap.rpartition(":")
            relay.upstream = (host, int(port))
            yield RelayedBroker(relay, relay.bootstrap_servers)

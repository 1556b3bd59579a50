"""The two brokers of these tests: this one, and Apache Kafka where it was asked for.

``--real-broker`` runs every test against Apache Kafka too, ``--record`` writes its answers anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from compat_tests import toolchains
from compat_tests.real_broker.apache_kafka import (
    AUTHORIZER,
    PLAIN,
    PROPERTIES,
    TOOLS,
    VARIANTS,
    ApacheKafka,
)
from compat_tests.real_broker.recordings import Recorder
from compat_tests.real_broker.scenes import Scene, all_scenes
from kafkashim.testing import KafkaShim

APACHE_KAFKA = "apache-kafka"
KAFKASHIM = "kafkashim"


@dataclass(frozen=True)
class Broker:
    """A broker that runs: which, and where."""

    name: str
    address: tuple[str, int]


def with_real_broker(config: pytest.Config) -> bool:
    """Whether Apache Kafka was asked for."""
    return bool(config.getoption("--real-broker") or config.getoption("--record"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    names = [APACHE_KAFKA] if metafunc.config.getoption("--record") else [KAFKASHIM]
    if metafunc.config.getoption("--real-broker"):
        names.append(APACHE_KAFKA)
    if "broker" in metafunc.fixturenames:
        metafunc.parametrize("broker", names, indirect=True, scope="session")
    if "scene_broker" in metafunc.fixturenames:
        metafunc.parametrize("scene_broker", names, indirect=True)


def need_real_broker(config: pytest.Config) -> None:
    """Skip a test that compares with a running broker when none was asked for, or none can run."""
    if not with_real_broker(config):
        pytest.skip("compares with a running Apache Kafka: give --real-broker")
    toolchains.need(*TOOLS)


def _apache_kafka(config: pytest.Config, variant: str) -> ApacheKafka:
    need_real_broker(config)
    return ApacheKafka(VARIANTS[variant])


def _kafkashim(config: pytest.Config, variant: str) -> KafkaShim:
    return KafkaShim(
        rules="kafka-4.3",
        decoder=config.getoption("--decoder"),
        config={**PROPERTIES, **VARIANTS[variant]},
    )


@pytest.fixture(scope="session")
def apache_kafka(pytestconfig: pytest.Config) -> Iterator[ApacheKafka]:
    """Apache Kafka, started once a run."""
    with _apache_kafka(pytestconfig, PLAIN) as kafka:
        yield kafka


@pytest.fixture(scope="session")
def apache_kafka_authorizer(pytestconfig: pytest.Config) -> Iterator[ApacheKafka]:
    """Apache Kafka with ACLs, started when a scene asks for it."""
    with _apache_kafka(pytestconfig, AUTHORIZER) as kafka:
        yield kafka


@pytest.fixture(scope="session")
def kafkashim(pytestconfig: pytest.Config) -> Iterator[KafkaShim]:
    """This broker, with the rule book that is to be Apache Kafka's."""
    with _kafkashim(pytestconfig, PLAIN) as shim:
        yield shim


@pytest.fixture(scope="session")
def kafkashim_authorizer(pytestconfig: pytest.Config) -> Iterator[KafkaShim]:
    """This broker with ACLs, started when a scene asks for it."""
    with _kafkashim(pytestconfig, AUTHORIZER) as shim:
        yield shim


@pytest.fixture(scope="session")
def broker(request: pytest.FixtureRequest) -> Broker:
    """The broker under test, this one or the real one."""
    return _broker(request, request.param, PLAIN)


@pytest.fixture
def scene_broker(request: pytest.FixtureRequest, scene: Scene) -> Broker:
    """The broker a scene is played on, this one or the real one."""
    return _broker(request, request.param, scene.broker)


def _broker(request: pytest.FixtureRequest, name: str, variant: str) -> Broker:
    suffix = "" if variant == PLAIN else f"_{variant}"
    if name == APACHE_KAFKA:
        kafka: ApacheKafka = request.getfixturevalue(f"apache_kafka{suffix}")
        return Broker(APACHE_KAFKA, kafka.address)
    shim: KafkaShim = request.getfixturevalue(f"kafkashim{suffix}")
    return Broker(KAFKASHIM, (shim.host, shim.port))


@pytest.fixture(scope="session")
def recorder(pytestconfig: pytest.Config) -> Iterator[Recorder | None]:
    """Where answers are written when they are to be recorded."""
    if not pytestconfig.getoption("--record"):
        yield None
        return
    found = Recorder()
    yield found
    found.write(all_scenes())

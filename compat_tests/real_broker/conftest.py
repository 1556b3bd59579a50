"""The two brokers of these tests: this one, and Apache Kafka where it was asked for.

``--real-broker`` runs every test against Apache Kafka too, ``--record`` writes its answers anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from compat_tests.real_broker.apache_kafka import PROPERTIES, ApacheKafka, in_ci, missing_tools
from compat_tests.real_broker.recordings import Recorder
from compat_tests.real_broker.scenes import all_scenes
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
    if "broker" in metafunc.fixturenames:
        names = [APACHE_KAFKA] if metafunc.config.getoption("--record") else [KAFKASHIM]
        if metafunc.config.getoption("--real-broker"):
            names.append(APACHE_KAFKA)
        metafunc.parametrize("broker", names, indirect=True, scope="session")


def need_real_broker(config: pytest.Config) -> None:
    """Skip a test that compares with a running broker when none was asked for, or none can run."""
    if not with_real_broker(config):
        pytest.skip("compares with a running Apache Kafka: give --real-broker")
    missing = missing_tools()
    if missing and in_ci():
        pytest.fail(f"needs {missing}", pytrace=False)
    if missing:
        pytest.skip(f"needs {missing}")


@pytest.fixture(scope="session")
def apache_kafka(pytestconfig: pytest.Config) -> Iterator[ApacheKafka]:
    """Apache Kafka, started once a run."""
    need_real_broker(pytestconfig)
    with ApacheKafka() as kafka:
        yield kafka


@pytest.fixture(scope="session")
def kafkashim(pytestconfig: pytest.Config) -> Iterator[KafkaShim]:
    """This broker, with the rule book that is to be Apache Kafka's."""
    decoder = pytestconfig.getoption("--decoder")
    with KafkaShim(rules="kafka-4.3", decoder=decoder, config=PROPERTIES) as shim:
        yield shim


@pytest.fixture(scope="session")
def broker(request: pytest.FixtureRequest) -> Broker:
    """The broker under test, this one or the real one."""
    if request.param == APACHE_KAFKA:
        kafka: ApacheKafka = request.getfixturevalue("apache_kafka")
        return Broker(APACHE_KAFKA, kafka.address)
    shim: KafkaShim = request.getfixturevalue("kafkashim")
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

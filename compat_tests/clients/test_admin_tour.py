"""The libraries' admin clients are told, step by step, what Apache Kafka tells them.

A tour is all that a library's admin client can do, in an order that works on a fresh broker. What came of
each step is compared with ``<client>/admin_tour.json``, recorded from Apache Kafka; ``--record`` records
it anew, ``--real-broker`` makes the tours there too. Both brokers have ACLs, which allow everything.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from compat_tests.clients.conftest import driven_client, driven_with, version_of
from compat_tests.clients.driven import ADMIN_TOUR
from compat_tests.conftest import apache_kafka, kafkashim, need
from compat_tests.real_broker.apache_kafka import AUTHORIZER, PROPERTIES, VARIANTS, VERSION

HERE = Path(__file__).parent
APACHE_KAFKA, KAFKASHIM = "apache-kafka", "kafkashim"
TOPIC, GROUP = "tour", "tour-group"
# Those in Python that have an admin client, and what is imported for it.
PYTHON_CLIENTS = {"confluent_kafka": "confluent_kafka", "kafka_python": "kafka"}
NO_TOKENS = "delegation tokens are not there"
NO_SHARE_GROUPS, NO_STREAMS_GROUPS = "share groups are not there", "streams groups are not there"
# The steps whose outcome is another one here, and why. One that turns out equal fails.
DIFFERENCES = {
    ("franz_go", "describe delegation tokens"): NO_TOKENS,
    ("krafka", "describe share group offsets"): NO_SHARE_GROUPS,
    ("krafka", "alter share group offsets"): NO_SHARE_GROUPS,
    ("krafka", "delete share group offsets"): NO_SHARE_GROUPS,
    ("krafka", "describe streams groups"): NO_STREAMS_GROUPS,
    ("krafka", "create delegation token"): NO_TOKENS,
    ("krafka", "renew delegation token"): NO_TOKENS,
    ("krafka", "expire delegation token"): NO_TOKENS,
    ("krafka", "describe delegation tokens"): NO_TOKENS,
}


class Guide(NamedTuple):
    """A client and what makes its tour: bootstrap servers, topic, group -> outcomes by steps."""

    name: str
    tour: Callable[[str, str, str], dict[str, Any]]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "broker_name" in metafunc.fixturenames:
        config = metafunc.config
        names = [APACHE_KAFKA] if config.getoption("--record") else [KAFKASHIM]
        if config.getoption("--real-broker") and APACHE_KAFKA not in names:
            names.append(APACHE_KAFKA)
        metafunc.parametrize("broker_name", names)


@pytest.fixture(params=[*PYTHON_CLIENTS, *driven_with("admin")])
def guide(request: pytest.FixtureRequest) -> Guide:
    """What makes the tour of a client: in Python ``<client>/admin_tour.py``, elsewhere its program."""
    name = request.param
    if name not in PYTHON_CLIENTS:
        return Guide(name, driven_client(name).admin)
    need(PYTHON_CLIENTS[name])
    module = importlib.import_module(f"compat_tests.clients.{name}.admin_tour")
    return Guide(name, module.admin_tour)


def test_tour(
    guide: Guide,
    broker_name: str,
    pytestconfig: pytest.Config,
    record_property: Callable[[str, object], None],
) -> None:
    variant = VARIANTS[AUTHORIZER]
    if broker_name == APACHE_KAFKA:
        with apache_kafka(variant) as bootstrap:
            steps = guide.tour(bootstrap, TOPIC, GROUP)
    else:
        with kafkashim(pytestconfig, {**PROPERTIES, **variant}, rules="kafka-4.3") as bootstrap:
            steps = guide.tour(bootstrap, TOPIC, GROUP)
    # Through JSON and back: what is compared is what a file can hold.
    steps = json.loads(json.dumps(steps))
    file = HERE / guide.name / ADMIN_TOUR
    if pytestconfig.getoption("--record"):
        recorded = {"kafka": VERSION, "client": version_of(guide.name), "steps": steps}
        file.write_text(json.dumps(recorded, indent=1, ensure_ascii=False) + "\n")
        return
    expected: dict[str, Any] = json.loads(file.read_text())["steps"]
    assert list(steps) == list(expected)
    record_property("steps", sum(steps[step] == expected[step] for step in steps))
    for step, outcome in steps.items():
        reason = DIFFERENCES.get((guide.name, step))
        if reason is None or broker_name == APACHE_KAFKA:
            assert outcome == expected[step], step
        else:
            assert outcome != expected[step], f"{step} is equal, though listed: {reason}"


def test_every_listed_difference_is_a_step() -> None:
    for client, step in DIFFERENCES:
        assert step in json.loads((HERE / client / ADMIN_TOUR).read_text())["steps"]

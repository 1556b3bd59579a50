"""What three brokers answer, here and as nodes of an Apache Kafka cluster.

Both are asked the same, and what they tell is compared with ``recorded/cluster-<version>.json``;
``--record`` records it anew, ``--real-broker`` asks Apache Kafka too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compat_tests import toolchains
from compat_tests.real_broker import nodes
from compat_tests.real_broker.apache_kafka import TOOLS, VERSION
from compat_tests.real_broker.apart import apart
from compat_tests.real_broker.cluster_questions import QUESTIONS as OF_PARTITIONS
from compat_tests.real_broker.cluster_questions import Told
from compat_tests.real_broker.coordinator_questions import QUESTIONS as OF_COORDINATORS
from compat_tests.real_broker.nodes import APACHE_KAFKA, KAFKASHIM, Nodes

FILE = Path(__file__).parent / "recorded" / f"cluster-{VERSION}.json"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "cluster" not in metafunc.fixturenames:
        return
    config = metafunc.config
    names = [APACHE_KAFKA] if config.getoption("--record") else [KAFKASHIM]
    if config.getoption("--real-broker") and APACHE_KAFKA not in names:
        names.append(APACHE_KAFKA)
    metafunc.parametrize("cluster", names, indirect=True, scope="module")


@pytest.fixture(scope="module")
def cluster(request: pytest.FixtureRequest) -> Iterator[Nodes]:
    """Three brokers."""
    if request.param == APACHE_KAFKA:
        toolchains.need(*TOOLS)
    with nodes.running(request.param, request.config.getoption("--decoder")) as running:
        yield running


@pytest.mark.parametrize(
    "question", OF_PARTITIONS + OF_COORDINATORS, ids=lambda question: question.__name__
)
def test_cluster(cluster: Nodes, question: Any, pytestconfig: pytest.Config) -> None:
    cluster.begin()
    told: Told = json.loads(json.dumps(question(cluster)))
    recorded: dict[str, Told] = json.loads(FILE.read_text()) if FILE.exists() else {}
    if pytestconfig.getoption("--record"):
        recorded[question.__name__] = told
        FILE.write_text(json.dumps(recorded, indent=1, sort_keys=True) + "\n")
        return
    assert sorted(told) == list(recorded[question.__name__])
    found = list(apart(recorded[question.__name__], told))
    assert not found, "\n".join(
        f"{path}: recorded {real}, told {here}" for path, real, here in found
    )

"""What passes of the clients' own tests on Apache Kafka passes here."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

import pytest

from compat_tests import toolchains
from compat_tests.clients.own_tests import SUITES, passed
from compat_tests.conftest import apache_kafka, kafkashim


@pytest.mark.parametrize("name", SUITES)
def test_those_that_are_listed_pass(
    name: str, pytestconfig: pytest.Config, record_property: Callable[[str, object], None]
) -> None:
    """Here, or on Apache Kafka with ``--on-apache-kafka``."""
    toolchains.need("go")
    tests = SUITES[name]
    listed = tests.listed()
    with ExitStack() as stack:
        if pytestconfig.getoption("--on-apache-kafka"):
            bootstrap = stack.enter_context(apache_kafka(tests.properties))
        else:
            bootstrap = stack.enter_context(kafkashim(pytestconfig, tests.properties))
        outcomes = stack.enter_context(tests.built(bootstrap)).run(listed)
    record_property("steps", len(listed))
    missing = {test: outcomes.get(test, "not run") for test in set(listed) - passed(outcomes)}
    assert not missing

"""Apache Kafka's command-line tools say of this broker what they say of Apache Kafka.

Every step's exit status and output are compared with those recorded from Apache Kafka in
``recorded.json``. ``--record`` records them anew, ``--real-broker`` plays the steps there too.
"""

from __future__ import annotations

import difflib
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from compat_tests import toolchains
from compat_tests.clients.driven import DriverError
from compat_tests.clients.kafka_tools.differences import DIFFERENCES
from compat_tests.clients.kafka_tools.normalized import normalized
from compat_tests.clients.kafka_tools.steps import STEPS
from compat_tests.clients.kafka_tools.toolbox import CLIENT, Outcome, Toolbox
from compat_tests.real_broker.apache_kafka import (
    AUTHORIZER,
    PLAIN,
    PROPERTIES,
    VARIANTS,
    VERSION,
    ApacheKafka,
)
from kafkashim.testing import KafkaShim

APACHE_KAFKA, KAFKASHIM = "apache-kafka", "kafkashim"
RECORDED = Path(__file__).with_name("recorded.json")
# In Apache Kafka what the controller was told is known to the broker a moment later.
PROPAGATION_S = 0.2

Outcomes = Mapping[str, dict[str, Any]]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "outcomes" not in metafunc.fixturenames:
        return
    config = metafunc.config
    names = [APACHE_KAFKA] if config.getoption("--record") else [KAFKASHIM]
    if config.getoption("--real-broker") and APACHE_KAFKA not in names:
        names.append(APACHE_KAFKA)
    metafunc.parametrize("outcomes", names, indirect=True, scope="module")


def _played(name: str, variant: str, decoder: str, folder: Path) -> dict[str, dict[str, Any]]:
    """The outcomes of the steps that are played on a variant of a broker."""
    broker = (
        ApacheKafka(VARIANTS[variant])
        if name == APACHE_KAFKA
        else KafkaShim(
            rules="kafka-4.3", decoder=decoder, config={**PROPERTIES, **VARIANTS[variant]}
        )
    )
    outcomes: dict[str, dict[str, Any]] = {}
    with broker, CLIENT.start() as driver:
        if isinstance(broker, KafkaShim):
            address = broker.bootstrap_servers
        else:
            address = "{}:{}".format(*broker.address)
        toolbox = Toolbox(driver, address, folder)
        for step in STEPS:
            if step.authorizer != (variant == AUTHORIZER):
                continue
            if name == APACHE_KAFKA:
                time.sleep(PROPAGATION_S)
            try:
                outcome = toolbox.play(step) or Outcome(0, "", "")
            except DriverError as error:
                outcome = Outcome(None, "", str(error))
            outcomes[step.name] = normalized(step, outcome, address)
    return outcomes


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest,
    pytestconfig: pytest.Config,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[str, Outcomes]:
    """The broker that was asked, and the outcomes of all steps by their names."""
    toolchains.need(*CLIENT.needs)
    CLIENT.built()
    decoder = str(pytestconfig.getoption("--decoder"))
    found: dict[str, dict[str, Any]] = {}
    for variant in (PLAIN, AUTHORIZER):
        folder = tmp_path_factory.mktemp(variant)
        found |= _played(request.param, variant, decoder, folder)
    if pytestconfig.getoption("--record"):
        RECORDED.write_text(
            json.dumps({"version": VERSION, "steps": found}, indent=1, ensure_ascii=False) + "\n"
        )
    return request.param, found


def _recorded() -> Outcomes:
    recorded: Outcomes = json.loads(RECORDED.read_text())["steps"]
    return recorded


@pytest.mark.parametrize("name", [step.name for step in STEPS])
def test_a_tool_says_what_it_says_of_apache_kafka(
    outcomes: tuple[str, Outcomes], name: str, record_property: Callable[[str, object], None]
) -> None:
    broker, found = outcomes
    outcome, recorded = found[name], _recorded()[name]
    assert outcome["exit"] is not None, f"did not end: {outcome['err']}"
    if broker == KAFKASHIM and name in DIFFERENCES:
        record_property("steps", 0)
        assert outcome != recorded, f"is equal, though listed as different: {DIFFERENCES[name]}"
    else:
        assert outcome == recorded, "\n".join(
            difflib.unified_diff(_lines(recorded), _lines(outcome), "Apache Kafka", broker)
        )


def _lines(outcome: Mapping[str, Any]) -> list[str]:
    return [f"exit {outcome['exit']}", *outcome["out"], *(f"err: {e}" for e in outcome["err"])]


def test_the_steps_have_different_names(record_property: Callable[[str, object], None]) -> None:
    record_property("steps", 0)
    names = [step.name for step in STEPS]
    assert len(names) == len(set(names))
    assert set(names) == set(_recorded())


def test_every_listed_difference_is_a_step(
    record_property: Callable[[str, object], None],
) -> None:
    record_property("steps", 0)
    assert set(DIFFERENCES) <= {step.name for step in STEPS}

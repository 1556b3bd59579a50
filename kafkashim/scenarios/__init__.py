"""Scenarios: what goes wrong between a producer and its broker, ready to be played.

Each is a file here that has a ``SCENARIO`` (:class:`~kafkashim.scenarios.scenario.Scenario`) and is named
as the scenario is; a new one is one more file. ``kafkashim scenarios`` lists them, ``kafkashim run``
plays one (:mod:`kafkashim.scenarios.command`).
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Who only asks what a module is called needs nothing of what scenarios are made of.
    from kafkashim.scenarios.scenario import Scenario


def all_scenarios() -> dict[str, Scenario]:
    """The scenarios by their names, in the order of the alphabet."""
    found: dict[str, Scenario] = {}
    for module in iter_modules(__path__, f"{__name__}."):
        if not module.ispkg:
            scenario: Scenario | None = getattr(import_module(module.name), "SCENARIO", None)
            if scenario is not None:
                found[scenario.name] = scenario
    return dict(sorted(found.items()))

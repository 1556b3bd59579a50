"""restarted-unclean: the broker crashes while the answers of several batches are lost."""

from __future__ import annotations

from dataclasses import replace

from kafkashim.scenarios import restarted_clean
from kafkashim.scenarios.stage import Stage


def arm(stage: Stage) -> None:
    """Lose every answer until the client waits, then crash and come back."""
    restarted_clean.arm_restart(stage, clean=False)


SCENARIO = replace(
    restarted_clean.SCENARIO,
    name="restarted-unclean",
    sentence="The broker crashes and comes back while the answers of all batches under way are lost.",
    arm=arm,
)

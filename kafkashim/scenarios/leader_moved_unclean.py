"""leader-moved-unclean: the new leader lacks the newest batches, though they were acknowledged."""

from __future__ import annotations

from kafkashim.scenarios.scenario import Scenario
from kafkashim.scenarios.stage import Stage

LAST, LOST = 4, 2


def arm(stage: Stage) -> None:
    """Have a broker lead that is behind, when the fifth message was appended."""
    # Nothing that was sent ahead is looked at before another broker leads.
    stage.hold(LAST)

    def move() -> None:
        leader = stage.move_leader_uncleanly(LOST)
        stage.hold(LAST + 1, broker=leader)

    told = f"A broker leads that has not the newest {LOST} messages: an unclean election."
    stage.after(LAST, told, move)


SCENARIO = Scenario(
    name="leader-moved-unclean",
    sentence="An unclean election makes a broker the leader that lacks the newest batches.",
    shows=(
        "What was acknowledged is lost, and no producer can know. Its next batch does not go on "
        "where the log of the new leader ends, and is out of order: only an idempotent producer "
        "notices that something is missing."
    ),
    arm=arm,
    watched=((4, 1), (5, 1)),
    answers={
        "explicit": ("appended (7)", "OUT_OF_ORDER_SEQUENCE_NUMBER (9)"),
        "kafka-4.3": ("appended (7)", "OUT_OF_ORDER_SEQUENCE_NUMBER (9)"),
        "kafka-1.0": ("appended (7)", "OUT_OF_ORDER_SEQUENCE_NUMBER (9)"),
        "kafka-0.11": ("appended (7)", "OUT_OF_ORDER_SEQUENCE_NUMBER (9)"),
        "kip-98": ("appended (7)", "OUT_OF_ORDER_SEQUENCE_NUMBER (9)"),
    },
    brokers=3,
)

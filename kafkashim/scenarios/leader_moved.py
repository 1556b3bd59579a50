"""leader-moved: the leader stops while the answers of several batches are lost, and another one leads."""

from __future__ import annotations

from kafkashim.scenarios.restarted_clean import LOST
from kafkashim.scenarios.scenario import Scenario
from kafkashim.scenarios.stage import Stage


def arm(stage: Stage) -> None:
    """Lose every answer until the client waits, then stop the leader."""
    lost = stage.fault("its answer is lost", "drop_answer", close=False, times=1000, sequence=LOST)

    async def stop() -> None:
        lost.fault.remove()
        # Whoever sends ahead has sent all of it again before it hears of the first.
        stage.hold(1)
        await stage.stop_leader()

    stage.when_quiet("The client waits for answers. The leader stops, and another leads.", stop)


SCENARIO = Scenario(
    name="leader-moved",
    sentence="The leader moves to another broker while the answers of all batches under way are lost.",
    shows=(
        "Replication brings a follower the batches, and with them what it remembers of producers: "
        "up to five batches of each. The new leader recognises all that the client sends again, "
        "and nothing is lost or written twice. A broker that was restarted could not "
        "(restarted-clean): it remembers one."
    ),
    arm=arm,
    watched=((1, 1), (1, 2)),
    answers={
        "explicit": ("appended (7)", "duplicate (3)"),
        "kafka-4.3": ("appended (7)", "duplicate (3)"),
        "kafka-1.0": ("appended (7)", "duplicate (3)"),
        "kafka-0.11": ("appended (7)", "OUT_OF_ORDER_SEQUENCE_NUMBER (9)"),
        "kip-98": ("appended (7)", "DUPLICATE_SEQUENCE_NUMBER (3)"),
    },
    brokers=3,
)

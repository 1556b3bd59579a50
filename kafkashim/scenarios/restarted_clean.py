"""restarted-clean: the broker restarts while the answers of several batches are lost."""

from __future__ import annotations

from kafkashim.scenarios.scenario import AIOKAFKA, KAFKA_PYTHON, Scenario
from kafkashim.scenarios.stage import Stage

# All but the first batch, after which every client sends ahead that ever does.
LOST = "1-1000"


def arm_restart(stage: Stage, *, clean: bool) -> None:
    """Lose every answer until the client waits, then restart."""
    lost = stage.fault("its answer is lost", "drop_answer", close=False, times=1000, sequence=LOST)

    async def restart() -> None:
        lost.fault.remove()
        # Whoever sends ahead has sent all of it again before it hears of the first.
        stage.hold(1)
        await stage.restart(clean=clean)

    how = "stops in an orderly way" if clean else "crashes"
    stage.when_quiet(f"The client waits for answers. The broker {how} and is back.", restart)


SCENARIO = Scenario(
    name="restarted-clean",
    sentence="The broker is restarted while the answers of all batches under way are lost.",
    shows=(
        "A broker that restarts remembers only the newest batch of each producer: what it "
        "keeps of its state has no more. A client with five batches under way sends all of "
        "them again, and is told OUT_OF_ORDER_SEQUENCE_NUMBER for four that are written. Java "
        "and franz-go send everything in a new epoch, and the messages are in the log twice; "
        "librdkafka gives up with a fatal error. Who has one batch under way is safe, and so "
        "is everybody with a broker that says DUPLICATE_SEQUENCE_NUMBER."
    ),
    arm=lambda stage: arm_restart(stage, clean=True),
    watched=((1, 1), (1, 2)),
    answers={
        "explicit": ("appended (7)", "DUPLICATE_SEQUENCE_NUMBER (8)"),
        "kafka-4.3": ("appended (7)", "OUT_OF_ORDER_SEQUENCE_NUMBER (9)"),
        "kafka-1.0": ("appended (7)", "DUPLICATE_SEQUENCE_NUMBER (8)"),
        "kafka-0.11": ("appended (7)", "OUT_OF_ORDER_SEQUENCE_NUMBER (9)"),
        "kip-98": ("appended (7)", "DUPLICATE_SEQUENCE_NUMBER (8)"),
    },
    bugs={
        "librdkafka #4953": "messages are written twice because of a new epoch after this error",
    },
    spared={
        KAFKA_PYTHON: "it has one batch under way at a time",
        AIOKAFKA: "it has one batch under way at a time",
    },
)

"""answer-lost: what idempotent producers are there for."""

from __future__ import annotations

from kafkashim.scenarios.scenario import Scenario, messages
from kafkashim.scenarios.stage import Stage


def arm(stage: Stage) -> None:
    """Lose the answer of the third batch, and the connection with it."""
    stage.hold(1)
    stage.fault("its answer is lost, and the connection cut", "drop_answer", sequence=2)


SCENARIO = Scenario(
    name="answer-lost",
    sentence="The answer of a batch is lost, and the client sends the batch again.",
    shows=(
        "The client cannot know whether its batch was written. The broker remembers the last "
        "five batches of each producer, knows this one again, and does not write it a second "
        "time."
    ),
    arm=arm,
    producers=(messages(6),),
    watched=((2, 1), (2, 2)),
    answers={
        "explicit": ("appended (7)", "duplicate (3)"),
        "kafka-4.3": ("appended (7)", "duplicate (3)"),
        "kafka-1.0": ("appended (7)", "duplicate (3)"),
        "kafka-0.11": ("appended (7)", "duplicate (3)"),
        "kip-98": ("appended (7)", "DUPLICATE_SEQUENCE_NUMBER (3)"),
    },
)

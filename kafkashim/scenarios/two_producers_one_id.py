"""two-producers-one-id: two producers are given the same id."""

from __future__ import annotations

from kafkashim.scenarios.scenario import Scenario, messages
from kafkashim.scenarios.stage import Stage

PRODUCER_ID = 5000


def arm(stage: Stage) -> None:
    """Give the same producer id out twice."""
    stage.shim.set_next_producer_id(PRODUCER_ID)
    stage.after(
        0,
        f"The next producer is to get the id {PRODUCER_ID} too.",
        lambda: stage.give_id(PRODUCER_ID),
    )


SCENARIO = Scenario(
    name="two-producers-one-id",
    sentence="Two producers get the same id and epoch, and write one after the other.",
    shows=(
        "A batch is known by its producer, epoch and sequences: what is in it does not count. "
        "What the second producer sends first is taken for the first one's, and reported as "
        "delivered though it is nowhere; what comes after that is written."
    ),
    arm=arm,
    producers=(messages(3, "first"), messages(5, "second")),
    watched=((0, 2), (1, 2), (2, 2), (3, 1)),
    answers={
        "explicit": ("duplicate (3)", "duplicate (3)", "duplicate (3)", "appended (7)"),
        "kafka-4.3": ("duplicate (3)", "duplicate (3)", "duplicate (3)", "appended (7)"),
        "kafka-1.0": ("duplicate (3)", "duplicate (3)", "duplicate (3)", "appended (7)"),
        "kafka-0.11": (
            "OUT_OF_ORDER_SEQUENCE_NUMBER (9)",
            "OUT_OF_ORDER_SEQUENCE_NUMBER (9)",
            "duplicate (3)",
            "appended (7)",
        ),
        "kip-98": (
            "DUPLICATE_SEQUENCE_NUMBER (3)",
            "DUPLICATE_SEQUENCE_NUMBER (3)",
            "DUPLICATE_SEQUENCE_NUMBER (3)",
            "appended (7)",
        ),
    },
    # librdkafka may have given up on the second producer before its third batch is sent.
    may_give_up=frozenset({"kafka-0.11"}),
    bugs={
        "KAFKA-20031": "a broker that could give the same producer id out twice",
    },
)

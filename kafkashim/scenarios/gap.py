"""gap: a request is lost, and what was sent behind it arrives."""

from __future__ import annotations

from kafkashim.scenarios.scenario import (
    AIOKAFKA,
    KAFKA_PYTHON,
    ByHand,
    HandBatch,
    Scenario,
    messages,
)
from kafkashim.scenarios.stage import Stage


def arm(stage: Stage) -> None:
    """Lose the request of the third batch; the connection goes on."""
    stage.hold(1)
    stage.fault("lost on the way, nothing is written", "drop_request", sequence=2)


SCENARIO = Scenario(
    name="gap",
    sentence="The request of a batch is lost, and the batches that were sent behind it arrive.",
    shows=(
        "Nothing is written behind a gap, so that nothing is out of order. A client that "
        "sends the lost batch again, or all of them in a new epoch, comes to a good end; a "
        "raw producer that never does is refused for ever. A connection that loses a request "
        "and goes on is no real one: Java takes answers in their order, stumbles over the one "
        "that is missing, and gives the lost batch up."
    ),
    arm=arm,
    producers=(messages(5),),
    watched=((3, 1),),
    by_hand=ByHand(
        (HandBatch(0), HandBatch(1), HandBatch(3), HandBatch(4, 2)),
        "what never sends the lost batch again: sequences 0, 1, then 3 and 4-5.",
    ),
    answers={
        "explicit": (
            "OUT_OF_ORDER_SEQUENCE_NUMBER (9)",
            "appended (2)",
            "appended (7)",
            "OUT_OF_ORDER_SEQUENCE_NUMBER (9)",
            "OUT_OF_ORDER_SEQUENCE_NUMBER (9)",
        ),
        "kafka-4.3": (
            "OUT_OF_ORDER_SEQUENCE_NUMBER (9)",
            "appended (2)",
            "appended (7)",
            "OUT_OF_ORDER_SEQUENCE_NUMBER (9)",
            "OUT_OF_ORDER_SEQUENCE_NUMBER (9)",
        ),
        "kafka-1.0": (
            "OUT_OF_ORDER_SEQUENCE_NUMBER (9)",
            "appended (2)",
            "appended (7)",
            "OUT_OF_ORDER_SEQUENCE_NUMBER (9)",
            "OUT_OF_ORDER_SEQUENCE_NUMBER (9)",
        ),
        "kafka-0.11": (
            "OUT_OF_ORDER_SEQUENCE_NUMBER (9)",
            "appended (2)",
            "appended (7)",
            "OUT_OF_ORDER_SEQUENCE_NUMBER (9)",
            "OUT_OF_ORDER_SEQUENCE_NUMBER (9)",
        ),
        "kip-98": (
            "OUT_OF_ORDER_SEQUENCE_NUMBER (9)",
            "appended (2)",
            "appended (7)",
            "OUT_OF_ORDER_SEQUENCE_NUMBER (9)",
            "OUT_OF_ORDER_SEQUENCE_NUMBER (9)",
        ),
    },
    bugs={
        "librdkafka #2163": "a message that timed out left a gap behind, and a fatal error came of it",
    },
    spared={
        KAFKA_PYTHON: "it has one batch under way at a time",
        AIOKAFKA: "it has one batch under way at a time",
    },
)

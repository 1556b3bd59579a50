"""sequence-wraps: the sequences of a producer reach their end and begin again at 0."""

from __future__ import annotations

from kafkashim.scenarios.scenario import ByHand, HandBatch, Scenario
from kafkashim.scenarios.stage import TOPIC, Stage

PRODUCER_ID = 7000
LAST = 2**31 - 1


def arm(stage: Stage) -> None:
    """Have the broker know a producer that has nearly used its sequences up."""
    stage.shim.set_producer_state(
        TOPIC, 0, producer_id=PRODUCER_ID, epoch=0, next_sequence=LAST - 1
    )


SCENARIO = Scenario(
    name="sequence-wraps",
    sentence="The sequences of a producer go over their end, 2147483647, and on at 0.",
    shows=(
        "Sequences form a ring from 0 to 2147483647, and a batch may lie across its end. No "
        "real client can be made to start there: each begins at 0 and would have to send two "
        "billion records first. A sequence below 0, as of a client that counts on without "
        "regard to the ring, is refused with INVALID_RECORD before the rule book is asked. "
        "Apache Kafka 1.0 compared the numbers as they are, and took a gap after the end for "
        "something it had written."
    ),
    arm=arm,
    producers=(),
    by_hand=ByHand(
        (
            HandBatch(LAST - 1, 3),
            HandBatch(LAST - 1, 3),
            HandBatch(2),
            HandBatch(1),
            HandBatch(2),
            HandBatch(-LAST - 1),
        ),
        f"producer {PRODUCER_ID} epoch 0 has come to sequence {LAST - 1}. A batch of three records "
        "over the end, the same again, a gap, the one that is due, the next, and a sequence below 0, "
        "as of a client that counts on without regard to the ring.",
        PRODUCER_ID,
    ),
    answers={
        "explicit": (
            "appended (7)",
            "duplicate (3)",
            "OUT_OF_ORDER_SEQUENCE_NUMBER (9)",
            "appended (7)",
            "appended (7)",
        ),
        "kafka-4.3": (
            "appended (7)",
            "duplicate (3)",
            "OUT_OF_ORDER_SEQUENCE_NUMBER (9)",
            "appended (7)",
            "appended (7)",
        ),
        "kafka-1.0": (
            "appended (7)",
            "duplicate (3)",
            "DUPLICATE_SEQUENCE_NUMBER (8)",
            "appended (7)",
            "appended (7)",
        ),
        "kafka-0.11": (
            "appended (7)",
            "duplicate (3)",
            "OUT_OF_ORDER_SEQUENCE_NUMBER (9)",
            "appended (7)",
            "appended (7)",
        ),
        "kip-98": (
            "appended (7)",
            "DUPLICATE_SEQUENCE_NUMBER (3)",
            "OUT_OF_ORDER_SEQUENCE_NUMBER (9)",
            "appended (7)",
            "appended (7)",
        ),
    },
    bugs={
        "KAFKA-7692": "the broker counted over the end",
        "KAFKA-7693": "so did the Java client",
        "franz-go #216": "so did franz-go",
        "kafkajs #1790": "kafkajs goes back to 0 one too early, which is a gap",
    },
)

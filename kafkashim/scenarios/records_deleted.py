"""records-deleted: the records of a batch are deleted before the batch comes again."""

from __future__ import annotations

from kafkashim.scenarios.scenario import Scenario, messages
from kafkashim.scenarios.stage import Stage


def arm(stage: Stage) -> None:
    """Lose the answer of the third batch, and delete all records before it comes again."""
    stage.hold(1)
    stage.fault("its answer is lost, and the connection cut", "drop_answer", sequence=2)
    stage.after(2, "All records are deleted, as by DeleteRecords.", lambda: stage.delete_records(3))


SCENARIO = Scenario(
    name="records-deleted",
    sentence=(
        "All records are deleted after the answer of a batch was lost and before the client "
        "sends the batch again."
    ),
    shows=(
        "Since KIP-360 a broker remembers a producer even when all of its records are gone, "
        "and knows the batch again. Before, it forgot the producer with its last record, and "
        "the client was told UNKNOWN_PRODUCER_ID for what it had sent right."
    ),
    arm=arm,
    producers=(messages(6),),
    deleted=messages(3),
    watched=((2, 1), (2, 2)),
    answers={
        "explicit": ("appended (7)", "duplicate (3)"),
        "kafka-4.3": ("appended (7)", "duplicate (3)"),
        "kafka-1.0": ("appended (7)", "UNKNOWN_PRODUCER_ID (10)"),
        "kafka-0.11": ("appended (7)", "OUT_OF_ORDER_SEQUENCE_NUMBER (10)"),
        "kip-98": ("appended (7)", "DUPLICATE_SEQUENCE_NUMBER (3)"),
    },
    bugs={
        "KAFKA-7190": "a producer with little traffic is told UNKNOWN_PRODUCER_ID (rule book kafka-1.0)",
        "aiokafka #510": "what that looks like to an application",
    },
)

"""retry-older-than-five: a batch comes again that the broker remembers no more."""

from __future__ import annotations

from kafkashim.scenarios.scenario import AIOKAFKA, KAFKA_PYTHON, Scenario, messages
from kafkashim.scenarios.stage import Stage


def arm(stage: Stage) -> None:
    """Lose the answer of the second batch, but not the connection."""
    stage.hold(2)
    stage.fault(
        "its answer is lost, but the connection stays", "drop_answer", sequence=1, close=False
    )


SCENARIO = Scenario(
    name="retry-older-than-five",
    sentence=(
        "The answer of a batch is lost while later ones arrive, and the client sends the "
        "batch again when more than five newer ones are written."
    ),
    shows=(
        "The broker remembers five batches of a producer, and clients have five under way: a "
        "batch that comes again is remembered, unless the client goes on while an answer is "
        "missing. Of these clients only librdkafka does: it looks answers up by their numbers "
        "and waits for the one that is missing until its time is over. Apache Kafka then "
        "calls out of order what it has written, and librdkafka gives up, though nothing is "
        "lost; a broker that says DUPLICATE_SEQUENCE_NUMBER, as the rule book 'explicit' "
        "does, is understood."
    ),
    arm=arm,
    producers=(messages(10),),
    watched=((1, 1), (1, 2)),
    answers={
        "explicit": ("appended (7)", "DUPLICATE_SEQUENCE_NUMBER (8)"),
        "kafka-4.3": ("appended (7)", "OUT_OF_ORDER_SEQUENCE_NUMBER (9)"),
        "kafka-1.0": ("appended (7)", "DUPLICATE_SEQUENCE_NUMBER (8)"),
        "kafka-0.11": ("appended (7)", "OUT_OF_ORDER_SEQUENCE_NUMBER (9)"),
        "kip-98": ("appended (7)", "DUPLICATE_SEQUENCE_NUMBER (8)"),
    },
    bugs={
        "librdkafka #4438": "fatal errors of the same kind after a batch that may have been written",
    },
    spared={
        KAFKA_PYTHON: "it has one batch under way at a time",
        AIOKAFKA: "it has one batch under way at a time",
        "java": "it takes the answers of a connection in their order: one that is missing makes "
        "it stumble, and it never sends the batch again",
        "franz_go": "it closes a connection whose answers are not in order, and sends again at once",
    },
)

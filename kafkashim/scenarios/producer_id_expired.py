"""producer-id-expired: the broker forgets a producer that was silent for a day."""

from __future__ import annotations

from kafkashim.scenarios.scenario import Scenario
from kafkashim.scenarios.stage import Stage

# As if it were a day: so much less time goes by in which the broker has something to do.
EXPIRATION_MS = 600_000
SILENT_MS = 11 * 60_000


def arm(stage: Stage) -> None:
    """Let time go by after the third batch, before its answer."""
    # The answer is due at the end of that time, so that nothing of the client is looked at before.
    stage.fault("its answer takes so long", "delay_answer", sequence=2, ms=SILENT_MS)
    stage.after(
        2,
        "11 minutes go by: producer.id.expiration.ms, here 10 minutes, is over.",
        lambda: stage.advance(SILENT_MS),
    )


SCENARIO = Scenario(
    name="producer-id-expired",
    sentence="A producer is silent for longer than producer.id.expiration.ms, and goes on then.",
    shows=(
        "The broker forgets a producer a day after its last batch, and the client does not "
        "know. Since KIP-360 it may go on where it was, because a producer nobody remembers "
        "may start anywhere. Before, it was told UNKNOWN_PRODUCER_ID or, in 0.11, "
        "OUT_OF_ORDER_SEQUENCE_NUMBER, which ends librdkafka's work."
    ),
    arm=arm,
    config={
        "producer.id.expiration.ms": str(EXPIRATION_MS),
        "producer.id.expiration.check.interval.ms": "10000",
    },
    watched=((2, 1), (3, 1)),
    answers={
        "explicit": ("appended (7)", "appended (2)"),
        "kafka-4.3": ("appended (7)", "appended (2)"),
        "kafka-1.0": ("appended (7)", "UNKNOWN_PRODUCER_ID (10)"),
        "kafka-0.11": ("appended (7)", "OUT_OF_ORDER_SEQUENCE_NUMBER (10)"),
        "kip-98": ("appended (7)", "appended (2)"),
    },
    bugs={
        "redpanda #22670": "a broker that answers OUT_OF_ORDER_SEQUENCE_NUMBER after the idle time",
        "platformatic/kafka #309": "a client that did not get over a broker that forgot it",
    },
)

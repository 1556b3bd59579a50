"""first-batch-not-leader: the second batch of a producer is taken before the first."""

from __future__ import annotations

from kafkashim.scenarios.scenario import AIOKAFKA, KAFKA_PYTHON, Scenario, messages
from kafkashim.scenarios.stage import HELD_MS, Stage


def arm(stage: Stage) -> None:
    """Refuse the first batch of a producer, as a broker does that does not know yet that it leads."""
    stage.fault(
        "refused with NOT_LEADER_OR_FOLLOWER",
        "fail_before_append",
        # What a client sends ahead is there before it hears of the first.
        error="NOT_LEADER_OR_FOLLOWER",
        answer_ms=HELD_MS,
        sequence=0,
    )


SCENARIO = Scenario(
    name="first-batch-not-leader",
    sentence=(
        "The first batch of a producer is refused with NOT_LEADER_OR_FOLLOWER, and the "
        "second, which is under way already, is accepted."
    ),
    shows=(
        "A broker takes any first sequence of a producer it does not know, so the second "
        "batch is accepted without the first, and the first can never be written any more. "
        "librdkafka takes the answer to the second for one to the first as well, and reports "
        "a message as delivered that is nowhere; Java sends the first again until its time is "
        "over. Brokers before 2.5 refused the second batch, and nothing was lost."
    ),
    arm=arm,
    producers=(messages(5),),
    watched=((1, 1),),
    answers={
        "explicit": ("appended (2)",),
        "kafka-4.3": ("appended (2)",),
        "kafka-1.0": ("UNKNOWN_PRODUCER_ID (10)",),
        "kafka-0.11": ("OUT_OF_ORDER_SEQUENCE_NUMBER (10)",),
        "kip-98": ("appended (2)",),
    },
    bugs={
        "KAFKA-15591": "the broker accepts the second batch of a producer before the first",
        "KAFKA-14359": "and the first is then sent again and again",
        "confluent-kafka-go #921": "librdkafka reports the first as delivered",
        "librdkafka #3584": "a fatal error after NOT_LEADER_FOR_PARTITION for the first batch",
    },
    spared={
        KAFKA_PYTHON: "it has one batch under way at a time",
        AIOKAFKA: "it has one batch under way at a time",
        "franz_go": "it sends nothing ahead before the first batch is answered",
    },
)

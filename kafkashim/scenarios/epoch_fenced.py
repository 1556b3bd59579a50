"""epoch-fenced: another instance of a producer begins with a higher epoch."""

from __future__ import annotations

from kafkashim.scenarios.scenario import Scenario, messages
from kafkashim.scenarios.stage import Stage

PRODUCER_ID = 4000


def arm(stage: Stage) -> None:
    """Have another instance, with the next epoch, write one batch after the client's third."""
    stage.shim.set_next_producer_id(PRODUCER_ID)
    stage.hold(2)
    stage.after(
        2,
        "Another instance of the producer, with epoch 1, writes a batch.",
        lambda: stage.send_by_hand(PRODUCER_ID, 1, 0),
    )


SCENARIO = Scenario(
    name="epoch-fenced",
    sentence="Another instance of a producer writes with a higher epoch, and the client goes on.",
    shows=(
        "The newer instance fences the older: what has a lower epoch is refused. A client "
        "without a transactional id raises its epoch by itself when that happens, and may so "
        "come to the epoch of the other instance, whose batches it then takes for its own: "
        "franz-go reports as delivered what the broker took for a duplicate of the other's."
    ),
    arm=arm,
    producers=(messages(5),),
    watched=((3, 1),),
    answers={
        "explicit": ("INVALID_PRODUCER_EPOCH (4)", "appended (5)"),
        "kafka-4.3": ("INVALID_PRODUCER_EPOCH (4)", "appended (5)"),
        "kafka-1.0": ("INVALID_PRODUCER_EPOCH (4)", "appended (5)"),
        "kafka-0.11": ("INVALID_PRODUCER_EPOCH (4)", "appended (5)"),
        "kip-98": ("INVALID_PRODUCER_EPOCH (4)", "appended (5)"),
    },
)

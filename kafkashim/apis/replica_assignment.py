"""Which brokers a partition may be given to by hand, in the words of the controller."""

from __future__ import annotations

from collections.abc import Sequence

from kafkashim.state import Broker


def assignment_error(broker_ids: Sequence[int], broker: Broker) -> str | None:
    """What is wrong with the replicas of a partition; ``None`` when they can be had.

    ``ReplicationControlManager.validateManualPartitionAssignment``, which looks at them in order.
    """
    manual = "The manual partition assignment includes"
    if not broker_ids:
        return f"{manual} an empty replica list."
    ids = sorted(broker_ids)
    for at, broker_id in enumerate(ids):
        if broker_id != broker.node_id:
            return f"{manual} broker {broker_id}, but no such broker is registered."
        if at and broker_id == ids[at - 1]:
            return f"{manual} the broker {broker_id} more than once."
    return None

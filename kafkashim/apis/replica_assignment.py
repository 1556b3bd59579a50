"""Which brokers a partition may be given to, in the words of the controller."""

from __future__ import annotations

from collections.abc import Sequence

from kafka_codecs.errors import ErrorCode
from kafkashim.refused import Refused
from kafkashim.state import Broker


def assignment_error(
    broker_ids: Sequence[int], broker: Broker, factor: int | None = None
) -> str | None:
    """What is wrong with the replicas of a partition; ``None`` when they can be had.

    There have to be as many as of the partitions before, if there are some (``factor``).
    ``ReplicationControlManager.validateManualPartitionAssignment``, which looks at them in order.
    """
    manual = "The manual partition assignment includes"
    if not broker_ids:
        return f"{manual} an empty replica list."
    ids = sorted(broker_ids)
    for at, broker_id in enumerate(ids):
        if broker_id not in broker.cluster.brokers:
            return f"{manual} broker {broker_id}, but no such broker is registered."
        if at and broker_id == ids[at - 1]:
            return f"{manual} the broker {broker_id} more than once."
    if factor not in (None, len(ids)):
        return (
            f"{manual} a partition with {len(ids)} replica(s), but this is not consistent with previous"
            f" partitions, which have {factor} replica(s)."
        )
    return None


def dead_assignment_error(index: int, broker_ids: Sequence[int], broker: Broker) -> str | None:
    """What is wrong when none of the replicas of a new partition is alive."""
    if any(broker_id in broker.cluster.alive for broker_id in broker_ids):
        return None
    return (
        f"All brokers specified in the manual partition assignment for partition {index} are fenced"
        " or in controlled shutdown."
    )


def placed(broker: Broker, partitions: int, factor: int) -> list[list[int]]:
    """Replicas for new partitions (``StripedReplicaPlacer.place``).

    Raises:
        Refused: there are fewer brokers than replicas, or none is alive.
    """
    cluster = broker.cluster
    why = None
    if not cluster.alive:
        why = "All brokers are currently fenced or have all their log directories cordoned."
    elif factor > len(cluster.brokers):
        why = (
            f"The target replication factor of {factor} cannot be reached because only"
            f" {len(cluster.brokers)} broker(s) are registered or some brokers have all their log"
            " directories cordoned."
        )
    if why is not None:
        text = f"Unable to replicate the partition {factor} time(s): {why}"
        raise Refused(ErrorCode.INVALID_REPLICATION_FACTOR, text)
    return cluster.place(partitions, factor)

"""Which broker coordinates a group or a transactional id, and why another does not answer for it.

It is the one that leads the partition of the coordinators' topic that the name's hash belongs to
(``GroupCoordinatorService.partitionFor``, ``TransactionStateManager.partitionFor``).
"""

from __future__ import annotations

from kafka_codecs.errors import ErrorCode
from kafkashim.groups.coordinator import partition_of
from kafkashim.internal_topics import OFFSETS, TRANSACTIONS
from kafkashim.state import Broker
from kafkashim.topics import NO_LEADER


def coordinator(broker: Broker, topic: str, key: str) -> int:
    """The id of the broker that coordinates a group or a transactional id, as far as this one knows."""
    if broker.cluster.alone:
        return broker.node_id
    found = broker.topics.get(topic)
    if found is None:
        return NO_LEADER
    leader = found.partitions[partition_of(key, len(found.partitions))].leader
    return leader if leader in broker.alive else NO_LEADER


def _error(broker: Broker, topic: str, key: str) -> ErrorCode:
    if broker.cluster.alone:
        return ErrorCode.NONE
    if coordinator(broker, topic, key) != broker.node_id:
        return ErrorCode.NOT_COORDINATOR
    # What it would have to write down it cannot, when nobody follows it.
    return ErrorCode.COORDINATOR_NOT_AVAILABLE if broker.isolated else ErrorCode.NONE


def group_error(broker: Broker, group_id: str) -> ErrorCode:
    """Why a broker does not answer for a group."""
    return _error(broker, OFFSETS, group_id)


def transaction_error(broker: Broker, transactional_id: str) -> ErrorCode:
    """Why a broker does not answer for a transactional id."""
    return _error(broker, TRANSACTIONS, transactional_id)

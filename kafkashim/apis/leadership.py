"""Whether a broker may answer for a partition, and who may when it does not (KIP-320, KIP-951)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from kafka_codecs.errors import ErrorCode
from kafkashim.apis import Peer
from kafkashim.listeners import endpoint
from kafkashim.log.leader_epochs import UNDEFINED_EPOCH
from kafkashim.state import Broker
from kafkashim.topics import Partition


class Node(NamedTuple):
    """A broker as a client reaches it."""

    node_id: int
    host: str
    port: int
    rack: str | None


def leadership_error(
    partition: Partition, broker: Broker, current_leader_epoch: int, *, follower_does: bool = False
) -> ErrorCode:
    """Why a broker does not answer for a partition; a follower may do with ``follower_does``.

    A client's idea of the leader epoch is looked at wherever there is a replica; -1 asks for no check
    (``ReplicaManager.getPartitionOrError``, ``Partition.getLocalLog``).
    """
    leads = partition.leader == broker.node_id
    if not leads and broker.node_id not in partition.replicas:
        return ErrorCode.NOT_LEADER_OR_FOLLOWER
    if current_leader_epoch not in (UNDEFINED_EPOCH, partition.leader_epoch):
        if current_leader_epoch < partition.leader_epoch:
            return ErrorCode.FENCED_LEADER_EPOCH
        return ErrorCode.UNKNOWN_LEADER_EPOCH
    return ErrorCode.NONE if leads or follower_does else ErrorCode.NOT_LEADER_OR_FOLLOWER


def end_offset_for_epoch(partition: Partition, epoch: int) -> tuple[int, int]:
    """The largest known epoch not above ``epoch`` and its end offset."""
    log = partition.log
    return log.epochs.end_offset_for(epoch, log.log_end_offset)


def leader_nodes(broker: Broker, peer: Peer, leaders: Iterable[int]) -> list[Node]:
    """Where a client finds leaders, each once; those that are dead it will not find."""
    alive = broker.alive
    return nodes(broker, peer, [leader for leader in dict.fromkeys(leaders) if leader in alive])


def nodes(broker: Broker, peer: Peer, broker_ids: list[int]) -> list[Node]:
    """Where a client finds brokers; one that is not at the client's listener is left out."""
    found: list[Node] = []
    for broker_id in broker_ids:
        where = None if broker_id < 0 else endpoint(broker, broker_id, peer)
        if where is not None:
            rack = broker.cluster.brokers[broker_id].config.broker_rack
            found.append(Node(broker_id, *where, rack))
    return found

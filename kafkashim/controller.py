"""Who leads which partition: what the controller does when brokers come and go.

``ReplicationControlManager`` and ``PartitionChangeBuilder``, with eligible leader replicas (KIP-966).
Followers copy at once here, so that a replica is in sync, or its broker is gone or cut off.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kafkashim.clock import TimerHandle
from kafkashim.features import ELIGIBLE_LEADER_REPLICAS_VERSION
from kafkashim.topics import NO_LEADER, Partition, partitions_of

if TYPE_CHECKING:
    from kafkashim.cluster import Cluster

log = logging.getLogger("kafkashim.controller")


class Controller:
    """Chooses leaders for the partitions of a cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._sessions: dict[int, TimerHandle] = {}

    def close(self) -> None:
        """Stop all timers."""
        for timer in self._sessions.values():
            timer.cancel()
        self._sessions.clear()

    def _alive(self, broker_id: int) -> bool:
        return broker_id in self._cluster.brokers and broker_id not in self._cluster.fenced

    def _follows(self, broker_id: int) -> bool:
        """Whether a broker fetches from leaders, and is fetched from: it is there, and not cut off."""
        return self._alive(broker_id) and broker_id not in self._sessions

    def _partitions(self) -> list[Partition]:
        return partitions_of(self._cluster.topics.values())

    # Brokers that come and go

    def silent(self, broker_id: int) -> None:
        """A broker sends no heartbeats any more: after ``broker.session.timeout.ms`` it is fenced.

        Until then it keeps what it leads, and leaders wait for what it does not fetch.
        """
        for partition in self._partitions():
            partition.falls_behind(broker_id)
        timeout_ms = self._cluster.config.get_int("broker.session.timeout.ms")

        def fence() -> None:
            log.info("Fencing broker %d: no heartbeat for %d ms", broker_id, timeout_ms)
            self.fence(broker_id)

        self._stop_waiting(broker_id)
        self._sessions[broker_id] = self._cluster.clock.call_later(timeout_ms, fence)

    def _stop_waiting(self, broker_id: int) -> None:
        timer = self._sessions.pop(broker_id, None)
        if timer is not None:
            timer.cancel()

    def fence(self, broker_id: int) -> None:
        """Hold a broker for dead: it leads nothing and is in sync with nothing.

        ``handleBrokerFenced``, and what a controlled shutdown comes down to.
        """
        self._stop_waiting(broker_id)
        if broker_id in self._cluster.fenced:
            return
        self._cluster.fenced.add(broker_id)
        for partition in self._partitions():
            partition.falls_behind(broker_id)
            if broker_id in partition.isr or partition.leader == broker_id:
                isr = [replica for replica in partition.isr if replica != broker_id]
                self._change(partition, isr)

    def restarted(self, broker_id: int, *, clean: bool) -> None:
        """A broker that was fenced is back in another process, with what it read from its disk.

        After an unclean shutdown it counts no longer as eligible without being in sync
        (``handleUncleanBrokerShutdown``).
        """
        alone: list[Partition] = []
        for partition in self._partitions():
            if broker_id not in partition.replicas:
                continue
            if not clean and broker_id in partition.elr:
                partition.elr.remove(broker_id)
            partition.remembers_from[broker_id] = partition.log.log_end_offset
            if partition.leader == NO_LEADER:
                alone.append(partition)
        self.unfence(broker_id)
        for partition in alone:
            if partition.leader == broker_id:
                partition.restarted(clean=clean)

    def unfence(self, broker_id: int) -> None:
        """A broker is back: it leads what nobody does, and catches up with the rest."""
        self._stop_waiting(broker_id)
        self._cluster.fenced.discard(broker_id)
        for partition in self._partitions():
            if broker_id in partition.replicas:
                if partition.leader == NO_LEADER:
                    self._change(partition, list(partition.isr))
                elif partition.leader == broker_id:
                    # It may have been chosen while it could not know.
                    partition.end_as(broker_id)
                self._catch_up(partition)

    # Elections

    def created(self, partition: Partition) -> None:
        """A partition is new: each replica gets a directory, and who is dead is not in sync."""
        for broker_id in partition.replicas:
            self._place(partition, broker_id)
            if not self._follows(broker_id):
                partition.falls_behind(broker_id)
        if self._cluster.fenced:
            partition.isr = [replica for replica in partition.replicas if self._alive(replica)]
            partition.leader = partition.isr[0] if partition.isr else NO_LEADER
            partition.settle()

    def elect_preferred(self, partition: Partition) -> bool:
        """Have the first replica lead; whether it can, being alive and in sync."""
        preferred = partition.replicas[0]
        if not (self._alive(preferred) and preferred in partition.isr):
            return False
        self._lead(partition, preferred)
        return True

    def elect_unclean(self, partition: Partition) -> bool:
        """Have any replica lead that is alive; whether there is one.

        What it did not have when it was last in sync is lost.
        """
        for replica in partition.replicas:
            if self._alive(replica):
                self._lead_uncleanly(partition, replica)
                return True
        return False

    def move_leader(self, partition: Partition, broker_id: int) -> None:
        """Have a replica in sync lead, as a reassignment that puts it first.

        Raises:
            ValueError: the broker is no replica in sync.
        """
        if not (self._alive(broker_id) and broker_id in partition.isr):
            raise ValueError(
                f"broker {broker_id} is not in sync for {partition.name}: its replicas in sync are"
                f" {partition.isr}"
            )
        others = [replica for replica in partition.replicas if replica != broker_id]
        partition.replicas = [broker_id, *others]
        self._lead(partition, broker_id)

    def move_leader_uncleanly(self, partition: Partition, broker_id: int, end: int | None) -> None:
        """Have a replica lead whose log ends where it does, or at an offset; what lies beyond is lost.

        Raises:
            ValueError: the broker is no replica, or not alive.
        """
        if broker_id not in partition.replicas or not self._alive(broker_id):
            raise ValueError(
                f"broker {broker_id} cannot lead {partition.name}: its replicas are"
                f" {partition.replicas}, and {self._cluster.alive} are alive"
            )
        if end is not None:
            partition.falls_behind(broker_id, end)
        self._lead_uncleanly(partition, broker_id)
        self._catch_up(partition)

    def balance_leaders(self) -> None:
        """Give preferred leaders back what they lead no more (``auto.leader.rebalance.enable``)."""
        for partition in self._partitions():
            if partition.leader != partition.replicas[0]:
                self.elect_preferred(partition)

    # Other replicas

    def reassign(self, partition: Partition, replicas: Sequence[int]) -> None:
        """Give a partition other replicas; it is done when all that are new are in sync.

        As long as one of them is dead the old ones stay, too (``PartitionReassignmentReplicas``).
        """
        current = [replica for replica in partition.replicas if replica not in partition.adding]
        self._drop(partition, [replica for replica in partition.adding if replica not in replicas])
        partition.adding = sorted(replica for replica in replicas if replica not in current)
        partition.removing = sorted(replica for replica in current if replica not in replicas)
        partition.replicas = [*replicas, *(r for r in current if r not in replicas)]
        for replica in partition.adding:
            if replica not in partition.log_dirs:
                self._place(partition, replica)
                partition.falls_behind(replica, 0)
        self._catch_up(partition)

    def cancel_reassignment(self, partition: Partition) -> bool:
        """Leave the replicas as they were; whether any were about to change."""
        if not (partition.adding or partition.removing):
            return False
        added = partition.adding
        partition.adding, partition.removing = [], []
        partition.replicas = [replica for replica in partition.replicas if replica not in added]
        self._drop(partition, added)
        isr = [replica for replica in partition.isr if replica not in added]
        self._change(partition, isr, new_epoch=bool(added))
        return True

    def _complete_reassignment(self, partition: Partition) -> None:
        isr = [replica for replica in partition.isr if replica not in partition.removing]
        if not isr or not set(partition.adding) <= set(isr):
            return
        removed = partition.removing
        partition.adding, partition.removing = [], []
        partition.replicas = [replica for replica in partition.replicas if replica not in removed]
        self._drop(partition, removed)
        if removed:
            self._change(partition, isr, new_epoch=True)

    def _place(self, partition: Partition, broker_id: int) -> None:
        log_dirs = self._cluster.brokers[broker_id].log_dirs
        partition.log_dirs[broker_id] = log_dirs.place(partition.topic.name, partition.index)

    def _drop(self, partition: Partition, replicas: Sequence[int]) -> None:
        """Replicas are deleted."""
        for replica in replicas:
            self._cluster.brokers[replica].log_dirs.release(partition.log_dirs.pop(replica))
            partition.behind.pop(replica, None)

    def _catch_up(self, partition: Partition) -> None:
        """Whoever follows a leader is in sync at once."""
        if self._follows(partition.leader):
            for replica in partition.replicas:
                if self._follows(replica):
                    partition.catches_up(replica)
            missing = [r for r in partition.replicas if r not in partition.isr and self._follows(r)]
            if missing:
                # The leader proposes a set of numbers.
                self._change(partition, sorted([*partition.isr, *missing]))
        if partition.adding or partition.removing:
            self._complete_reassignment(partition)

    def _change(self, partition: Partition, isr: list[int], *, new_epoch: bool = False) -> None:
        """Take other replicas as in sync, and elect a leader where that takes one.

        ``PartitionChangeBuilder.build``; with ``new_epoch`` the epoch rises also where the leader stays,
        because a replica was taken away.
        """
        old_isr, old_elr = partition.isr, partition.elr
        partition.isr = isr
        leader = partition.leader
        if not (self._alive(leader) and leader in isr):
            leader = self._choose(partition)
        if leader == NO_LEADER and self._may_elect_uncleanly(partition):
            found = next((r for r in partition.replicas if self._alive(r)), NO_LEADER)
            if found != NO_LEADER:
                self._lead_uncleanly(partition, found)
                return
        if leader != NO_LEADER and leader not in partition.isr:
            # Elected without being in sync: it was eligible.
            partition.isr = [leader]
        if partition.isr != old_isr:
            self._keep_eligible(partition, old_isr, old_elr)
        if leader != partition.leader or new_epoch:
            self._lead(partition, leader)
        partition.settle()

    def _choose(self, partition: Partition) -> int:
        """The first replica that is alive and in sync, or eligible; the last known of all."""
        for group in (partition.isr, partition.elr):
            for replica in partition.replicas:
                if replica in group and self._alive(replica):
                    return replica
        last = partition.last_known_elr
        if not partition.isr and not partition.elr and len(last) == 1 and self._alive(last[0]):
            return last[0]
        return NO_LEADER

    def _may_elect_uncleanly(self, partition: Partition) -> bool:
        return partition.topic.config.value("unclean.leader.election.enable") == "true"

    def _keep_eligible(
        self, partition: Partition, old_isr: Sequence[int], old_elr: Sequence[int]
    ) -> None:
        """Who may lead without being in sync (``PartitionChangeBuilder.maybePopulateTargetElr``)."""
        if not self._cluster.features.level(ELIGIBLE_LEADER_REPLICAS_VERSION):
            if not partition.isr:
                # Without them the last in sync stays so, alive or not.
                partition.isr = list(old_isr)
            return
        if len(partition.isr) >= partition.min_isr:
            partition.elr, partition.last_known_elr = [], []
            return
        candidates = dict.fromkeys([*old_elr, *old_isr])
        partition.elr = [replica for replica in candidates if replica not in partition.isr]
        if old_isr and not partition.isr:
            # Who led last may lead again, whatever it lost (maybeUpdateLastKnownLeader).
            partition.last_known_elr = [partition.leader]

    def _lead(self, partition: Partition, leader: int) -> None:
        partition.leader = leader
        if leader == NO_LEADER:
            partition.leader_epoch += 1
        else:
            partition.last_known_elr = []
            if self._follows(leader):
                partition.end_as(leader)
            partition.forget_as(leader)
            partition.begin_leader_epoch(partition.leader_epoch + 1)
        self._cluster.leader_changed(partition)
        # Also who could not follow the old leader, because it was gone without being fenced.
        self._catch_up(partition)

    def _lead_uncleanly(self, partition: Partition, leader: int) -> None:
        end = partition.behind.pop(leader, None)
        if end is not None:
            partition.truncate_to(end)
            end = partition.log.log_end_offset
            log.warning("%s is led by %d now, and ends at offset %d", partition.name, leader, end)
        partition.isr = [leader]
        partition.elr, partition.last_known_elr = [], []
        self._lead(partition, leader)
        partition.settle()

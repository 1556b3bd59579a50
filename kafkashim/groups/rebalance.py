"""How a group gets from one generation to the next (``GroupMetadataManager``).

A rebalance begins when somebody comes, goes or changes (PreparingRebalance), waits for all members to
join again, names a leader (CompletingRebalance) and ends with the leader's assignment (Stable). Each of
these waits ends with the clock at the latest, and whoever did not come is let go.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from kafka_codecs.errors import ErrorCode
from kafka_codecs.flat import Malformed
from kafka_codecs.messages.api_14_sync_group import SyncGroupResponse
from kafkashim.clock import Clock
from kafkashim.groups.classic_group import ClassicGroup, GroupState, NoCommonProtocolError
from kafkashim.groups.member import ClassicGroupMember, failed_join
from kafkashim.groups.timers import Timers

# group.new.member.join.timeout.ms, which is internal to Kafka: a new member cannot send heartbeats
# while it waits, and its connection is not read meanwhile.
NEW_MEMBER_JOIN_TIMEOUT_MS = 5 * 60 * 1000

log = logging.getLogger("kafkashim.groups")


class Rebalancer:
    """Moves groups from generation to generation and watches their members' sessions."""

    def __init__(self, clock: Clock, timers: Timers, initial_rebalance_delay_ms: int) -> None:
        self._clock = clock
        self._timers = timers
        self._initial_delay_ms = initial_rebalance_delay_ms

    # Sessions

    def watch(
        self, group: ClassicGroup, member: ClassicGroupMember, timeout_ms: int | None = None
    ) -> None:
        """Begin a member's session anew."""
        member_id = member.member_id
        self._timers.schedule(
            ("session", group.group_id, member_id),
            member.session_timeout_ms if timeout_ms is None else timeout_ms,
            lambda: self._session_is_over(group, member_id),
        )

    def watch_pending(self, group: ClassicGroup, member_id: str, timeout_ms: int) -> None:
        """Keep a member id that was given away for one session timeout."""
        self._timers.schedule(
            ("session", group.group_id, member_id),
            timeout_ms,
            lambda: self._session_is_over(group, member_id),
        )

    def unwatch(self, group: ClassicGroup, member_id: str) -> None:
        """Stop watching a member that goes."""
        self._timers.cancel(("session", group.group_id, member_id))

    def forget(self, group: ClassicGroup) -> None:
        """Stop the time of a group that ends."""
        for member_id in (*group.members, *group.pending_join):
            self.unwatch(group, member_id)
        self._timers.cancel(("join", group.group_id))
        self._timers.cancel(("sync", group.group_id))

    def unload(self, group: ClassicGroup) -> None:
        """Another broker coordinates the group: who waits is told to look for it."""
        self.forget(group)
        for member in tuple(group.members.values()):
            refused = failed_join(ErrorCode.NOT_COORDINATOR, member.member_id)
            group.answer_join(member, refused)
            error = ErrorCode.NOT_COORDINATOR
            group.answer_sync(member, SyncGroupResponse(error_code=error, assignment=b""))

    def load(self, group: ClassicGroup) -> None:
        """Begin the sessions of a group's members anew."""
        for member in group.members.values():
            self.watch(group, member)

    def _session_is_over(self, group: ClassicGroup, member_id: str) -> None:
        if member_id in group.pending_join:
            group.remove(member_id)
            if group.state is GroupState.PREPARING_REBALANCE and group.has_all_members_joined:
                self._join_time_is_up(group)
            return
        member = group.members.get(member_id)
        if member is None or member.has_satisfied_heartbeat:
            return
        log.info("Group %s: the session of member %s is over", group.group_id, member_id)
        self.drop(group, member)
        if group.is_in(GroupState.STABLE, GroupState.COMPLETING_REBALANCE):
            self.prepare(group, f"the session of {member_id} is over")
        elif group.state is GroupState.PREPARING_REBALANCE and group.has_all_members_joined:
            self._join_time_is_up(group)

    def drop(self, group: ClassicGroup, member: ClassicGroupMember) -> None:
        """Take a member out; one that waits for its group is told to join anew."""
        group.answer_join(member, failed_join(ErrorCode.UNKNOWN_MEMBER_ID))
        self.unwatch(group, member.member_id)
        group.remove(member.member_id)

    # The join phase

    def prepare_or_complete(self, group: ClassicGroup, reason: str) -> None:
        """Begin a rebalance, or end the wait of one that is under way."""
        if group.state is GroupState.PREPARING_REBALANCE:
            self.complete_if_all_joined(group)
        else:
            self.prepare(group, reason)

    def prepare(self, group: ClassicGroup, reason: str) -> None:
        """Begin a rebalance: an empty group waits a while for more members, others for all."""
        if group.state is GroupState.COMPLETING_REBALANCE:
            self._assign(group, {}, ErrorCode.REBALANCE_IN_PROGRESS)
        group.pending_sync.clear()
        self._timers.cancel(("sync", group.group_id))
        initial = group.state is GroupState.EMPTY
        log.info(
            "Group %s rebalances after generation %d: %s",
            group.group_id,
            group.generation_id,
            reason,
        )
        group.transition_to(GroupState.PREPARING_REBALANCE, self._clock.now_ms())
        if initial:
            delay = self._initial_delay_ms
            remaining = max(group.rebalance_timeout_ms - delay, 0)
            self._initial_delay(group, delay, remaining)
        elif group.has_all_members_joined:
            self.complete_join(group)
        else:
            self._join_by(group, group.rebalance_timeout_ms)

    def complete_if_all_joined(self, group: ClassicGroup) -> None:
        """End the wait for members when all are there; an initial rebalance waits for its delay."""
        if (
            group.state is GroupState.PREPARING_REBALANCE
            and group.previous_state is not GroupState.EMPTY
            and group.has_all_members_joined
        ):
            self.complete_join(group)

    def _initial_delay(self, group: ClassicGroup, delay_ms: int, remaining_ms: int) -> None:
        self._timers.schedule(
            ("join", group.group_id),
            delay_ms,
            lambda: self._initial_delay_is_over(group, delay_ms, remaining_ms),
        )

    def _initial_delay_is_over(self, group: ClassicGroup, delay_ms: int, remaining_ms: int) -> None:
        if group.new_member_added and remaining_ms:
            group.new_member_added = False
            self._initial_delay(
                group, min(self._initial_delay_ms, remaining_ms), max(remaining_ms - delay_ms, 0)
            )
        else:
            self._join_time_is_up(group)

    def _join_by(self, group: ClassicGroup, timeout_ms: int) -> None:
        self._timers.schedule(
            ("join", group.group_id), timeout_ms, lambda: self._join_time_is_up(group)
        )

    def _join_time_is_up(self, group: ClassicGroup) -> None:
        try:
            self.complete_join(group)
        except NoCommonProtocolError:
            # Apache Kafka, too, leaves these members without an answer.
            log.error("Group %s: its members have no protocol in common", group.group_id)
        except Malformed as error:
            # And these: computeSubscribedTopics lets such an error pass, and nobody catches it.
            log.warning(
                "Group %s: a member subscribes to what cannot be read: %s", group.group_id, error
            )

    def complete_join(self, group: ClassicGroup) -> None:
        """Begin the next generation with the members that joined; static ones need not have."""
        self._timers.cancel(("join", group.group_id))
        for member in list(group.members.values()):
            if member.awaiting_join is None and not member.is_static:
                self.unwatch(group, member.member_id)
                group.remove(member.member_id)
        if not group.elect_joined_leader() and group.members:
            # Nobody is there but static members that are away: wait until their sessions are over.
            self._join_by(group, group.rebalance_timeout_ms)
            return
        group.init_next_generation(self._clock.now_ms())
        log.info(
            "Group %s is in generation %d with %d members",
            group.group_id,
            group.generation_id,
            len(group.members),
        )
        for member in tuple(group.members.values()):
            group.answer_join(member, group.joined(member.member_id))
            self.watch(group, member)
            member.is_new = False
            group.pending_sync.add(member.member_id)
        if group.members:
            generation_id = group.generation_id
            self._timers.schedule(
                ("sync", group.group_id),
                group.rebalance_timeout_ms,
                lambda: self._sync_is_over(group, generation_id),
            )

    # The sync phase

    def synced(self, group: ClassicGroup, member_id: str) -> None:
        """A member asked for its assignment; when all did, nobody is waited for any more."""
        group.pending_sync.discard(member_id)
        if not group.pending_sync:
            self._timers.cancel(("sync", group.group_id))

    def _sync_is_over(self, group: ClassicGroup, generation_id: int) -> None:
        if generation_id != group.generation_id or not group.pending_sync:
            return
        gone = sorted(group.pending_sync)
        for member_id in gone:
            self.unwatch(group, member_id)
            group.remove(member_id)
        self.prepare(group, f"{', '.join(gone)} did not ask for an assignment in time")

    def assign(self, group: ClassicGroup, assignments: Mapping[str, bytes]) -> None:
        """Hand out the leader's assignments; members it left out get an empty one."""
        self._assign(group, assignments, ErrorCode.NONE)
        group.transition_to(GroupState.STABLE, self._clock.now_ms())
        group.persist()

    def _assign(
        self, group: ClassicGroup, assignments: Mapping[str, bytes], error: ErrorCode
    ) -> None:
        for member in tuple(group.members.values()):
            member.assignment = assignments.get(member.member_id, b"")
            response = (
                SyncGroupResponse(error_code=error, assignment=b"")
                if error
                else synced_response(group, member)
            )
            if group.answer_sync(member, response):
                self.watch(group, member)


def synced_response(group: ClassicGroup, member: ClassicGroupMember) -> SyncGroupResponse:
    """What tells a member its assignment."""
    return SyncGroupResponse(
        protocol_type=group.protocol_type,
        protocol_name=group.protocol_name,
        assignment=member.assignment,
    )

"""Who may join a group, and what a JoinGroup does in each state (``GroupMetadataManager``)."""

from __future__ import annotations

from kafka_codecs.errors import ErrorCode
from kafka_codecs.flat import Malformed
from kafkashim.groups.classic_group import ClassicGroup, GroupState, NoCommonProtocolError
from kafkashim.groups.member import ClassicGroupMember, Join
from kafkashim.groups.rebalance import NEW_MEMBER_JOIN_TIMEOUT_MS, Rebalancer
from kafkashim.ids import IdSource


class Joining:
    """Takes JoinGroup requests in: answers them, or leaves them with their member to wait."""

    def __init__(self, rebalancer: Rebalancer, ids: IdSource, max_size: int) -> None:
        self._rebalancer = rebalancer
        self._ids = ids
        self._max_size = max_size

    def join(self, group: ClassicGroup, join: Join) -> None:
        """Let a client join, for the first time or again."""
        try:
            self._join(group, join)
        except (NoCommonProtocolError, Malformed):
            join.fail(ErrorCode.UNKNOWN_SERVER_ERROR)

    def _join(self, group: ClassicGroup, join: Join) -> None:
        member_id = join.request.member_id
        if not self._has_room(group, member_id):
            group.remove(member_id)
            self._rebalancer.unwatch(group, member_id)
            join.fail(ErrorCode.GROUP_MAX_SIZE_REACHED)
        elif not group.supports(join.request.protocol_type, join.protocols):
            join.fail(ErrorCode.INCONSISTENT_GROUP_PROTOCOL, member_id)
        elif not member_id:
            self._join_new(group, join)
        elif member_id in group.pending_join:
            self._join_pending(group, join)
        else:
            self._join_again(group, join)

    def _has_room(self, group: ClassicGroup, member_id: str) -> bool:
        if group.state is GroupState.EMPTY:
            return True
        member = group.members.get(member_id)
        if group.state is GroupState.PREPARING_REBALANCE:
            # Those that joined count, so that of a group that is too large the last ones go.
            waits = member is not None and member.awaiting_join is not None
            return waits or group.awaiting_join < self._max_size
        return member is not None or len(group.members) < self._max_size

    def _join_new(self, group: ClassicGroup, join: Join) -> None:
        instance_id = join.request.group_instance_id
        suffix = self._ids.member_suffix()
        if instance_id is not None:
            member_id = f"{instance_id}-{suffix}"
            if instance_id in group.static_members:
                self._replace_static(group, join, instance_id, member_id)
            else:
                self._add(group, join, member_id)
            return
        member_id = f"{join.client_id or ''}-{suffix}"
        if join.needs_member_id:
            group.pending_join.add(member_id)
            self._rebalancer.watch_pending(group, member_id, join.request.session_timeout_ms)
            join.fail(ErrorCode.MEMBER_ID_REQUIRED, member_id)
        else:
            self._add(group, join, member_id)

    def _join_pending(self, group: ClassicGroup, join: Join) -> None:
        if join.request.group_instance_id is not None:
            # An id that was given to a dynamic member: Apache Kafka does not expect this either.
            join.fail(ErrorCode.UNKNOWN_SERVER_ERROR)
        else:
            self._add(group, join, join.request.member_id)

    def _join_again(self, group: ClassicGroup, join: Join) -> None:
        member_id = join.request.member_id
        error = group.validate_member(member_id, join.request.group_instance_id)
        if error:
            join.fail(error, member_id)
            return
        member = group.members[member_id]
        unchanged = member.matches(join.protocols)
        if group.state is GroupState.COMPLETING_REBALANCE and unchanged:
            # The answer to its first JoinGroup may have been lost: say it again.
            join.answer(group.joined(member_id))
        elif group.state is GroupState.STABLE and unchanged and not group.is_leader(member_id):
            join.answer(group.joined(member_id))
        else:
            group.update(member, join)
            self._rebalancer.prepare_or_complete(group, f"{member_id} joins again{_why(join)}")

    def _add(self, group: ClassicGroup, join: Join, member_id: str) -> None:
        member = ClassicGroupMember(member_id, join)
        member.is_new = True
        if (
            group.state is GroupState.PREPARING_REBALANCE
            and group.previous_state is GroupState.EMPTY
        ):
            group.new_member_added = True
        group.add(member, join)
        self._rebalancer.watch(group, member, NEW_MEMBER_JOIN_TIMEOUT_MS)
        self._rebalancer.prepare_or_complete(
            group, f"{member_id} joins from {join.client_host}{_why(join)}"
        )

    def _replace_static(
        self, group: ClassicGroup, join: Join, instance_id: str, member_id: str
    ) -> None:
        """A static member comes back without its member id: it gets a new one and keeps its place."""
        old_member_id = group.static_members[instance_id]
        old_leader = group.leader_id
        member = group.replace_static_member(instance_id, old_member_id, member_id)
        self._rebalancer.unwatch(group, old_member_id)
        group.update(member, join)
        self._rebalancer.watch(group, member)
        reason = f"static member {instance_id} comes back as {member_id}{_why(join)}"
        if group.state is GroupState.COMPLETING_REBALANCE:
            # The leader may already assign to the old member id.
            self._rebalancer.prepare(group, reason)
        elif group.state is GroupState.PREPARING_REBALANCE:
            self._rebalancer.complete_if_all_joined(group)
        elif group.select_protocol() != group.protocol_name:
            self._rebalancer.prepare(group, reason)
        elif join.may_skip_assignment:
            response = group.joined(member_id)
            response.skip_assignment = group.is_leader(member_id)
            group.answer_join(member, response)
        else:
            # Named as its own leader the client would assign; the old id makes it a follower.
            group.answer_join(member, group.joined(member_id, leader=old_leader))
        if group.state is GroupState.STABLE:
            group.persist()


def _why(join: Join) -> str:
    reason = join.request.reason
    return f" ({reason})" if reason else ""

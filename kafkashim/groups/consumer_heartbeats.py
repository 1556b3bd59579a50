"""What a ConsumerGroupHeartbeat comes down to (``GroupMetadataManager.consumerGroupHeartbeat``, KIP-848).

A heartbeat takes a member in or updates it, looks whether the group's topics changed, computes a new
target when it is due, and moves the member one step towards it. Nothing of it happens when any part is
refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_68_consumer_group_heartbeat import (
    Assignment as HeartbeatAssignment,
)
from kafka_codecs.messages.api_68_consumer_group_heartbeat import (
    ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse,
    TopicPartitions,
)
from kafkashim.groups.consumer_assignors import NOTHING
from kafkashim.groups.consumer_group import ConsumerGroup
from kafkashim.groups.consumer_member import (
    LEAVE,
    LEAVE_FOR_A_WHILE,
    ConsumerGroupMember,
    Owned,
    Partitions,
    Reconciliation,
    owns_only,
)
from kafkashim.groups.consumer_regex import look_at_expression
from kafkashim.refused import Refused

if TYPE_CHECKING:
    from kafkashim.groups.consumer_coordinator import ConsumerCoordinator

Change = Callable[[], None]
_NOTHING_SAID = (None,) * 5


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A request and who it comes from."""

    request: ConsumerGroupHeartbeatRequest
    version: int
    client_id: str | None
    client_host: str

    def check(self, assignors: tuple[str, ...]) -> None:
        """Refuse what no group needs to be asked about.

        Raises:
            Refused: INVALID_REQUEST, or UNSUPPORTED_ASSIGNOR.
        """
        request = self.request
        epoch = request.member_epoch
        if self.version >= 1 or epoch > 0 or epoch == LEAVE:
            _not_empty(request.member_id, "MemberId")
        _not_empty(request.group_id, "GroupId")
        _not_empty(request.instance_id, "InstanceId")
        _not_empty(request.rack_id, "RackId")
        if epoch == 0:
            self._check_first()
        elif epoch == LEAVE_FOR_A_WHILE and request.instance_id is None:
            raise Refused(ErrorCode.INVALID_REQUEST, "InstanceId can't be null.")
        elif epoch < LEAVE_FOR_A_WHILE:
            raise Refused(ErrorCode.INVALID_REQUEST, "MemberEpoch is invalid.")
        name = request.server_assignor
        if name is not None and name not in assignors:
            text = f"ServerAssignor {name} is not supported. Supported assignors: "
            raise Refused(ErrorCode.UNSUPPORTED_ASSIGNOR, f"{text}{', '.join(assignors)}.")

    def _check_first(self) -> None:
        request = self.request
        wrong = None
        if request.rebalance_timeout_ms == -1:
            wrong = "RebalanceTimeoutMs must be provided in first request."
        elif request.topic_partitions is None or request.topic_partitions:
            wrong = "TopicPartitions must be empty when (re-)joining."
        elif request.subscribed_topic_names is None and request.subscribed_topic_regex is None:
            wrong = (
                "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when"
                " (re-)joining."
            )
        if wrong is not None:
            raise Refused(ErrorCode.INVALID_REQUEST, wrong)

    @property
    def is_full(self) -> bool:
        """Whether the member says everything about itself, as it does after any error."""
        request = self.request
        return request.member_epoch == 0 or (
            request.rebalance_timeout_ms != -1
            and not (
                request.subscribed_topic_names is None and request.subscribed_topic_regex is None
            )
            and request.topic_partitions is not None
        )

    def updated(self, member: ConsumerGroupMember) -> ConsumerGroupMember:
        """The member with what the request says about it."""
        request = self.request
        names, regex = request.subscribed_topic_names, request.subscribed_topic_regex
        timeout, client_id, client_host = (
            request.rebalance_timeout_ms,
            self.client_id or "",
            f"/{self.client_host}",
        )
        said = (names, regex, request.instance_id, request.rack_id, request.server_assignor)
        if (
            said == _NOTHING_SAID
            and request.member_epoch
            and timeout == -1
            and member.classic is None
            and (member.client_id, member.client_host) == (client_id, client_host)
        ):
            return member
        return replace(
            member,
            instance_id=_or(request.instance_id, member.instance_id),
            rack_id=_or(request.rack_id, member.rack_id),
            rebalance_timeout_ms=member.rebalance_timeout_ms if timeout == -1 else timeout,
            server_assignor=_or(request.server_assignor, member.server_assignor),
            topic_names=member.topic_names if names is None else frozenset(names),
            topic_regex=member.topic_regex if regex is None else regex,
            client_id=client_id,
            client_host=client_host,
            classic=None,
        )


def _or(said: str | None, known: str | None) -> str | None:
    return known if said is None else said


def _not_empty(value: str | None, name: str) -> None:
    if value is not None and not value.strip():
        raise Refused(ErrorCode.INVALID_REQUEST, f"{name} can't be empty.")


class Subscribing:
    """One heartbeat, or one join by the classic protocol, on its way through a group.

    Changes are gathered and made at the end, so that a refusal leaves the group as it was.
    """

    def __init__(self, groups: ConsumerCoordinator, group: ConsumerGroup) -> None:
        self._groups = groups
        self.group = group
        self._changes: list[Change] = []
        # The group's epoch after :meth:`advance`.
        self.epoch = group.group_epoch
        # What comes after all changes, such as looking for the topics of an expression.
        self._afterwards: list[Change] = []

    def find(
        self, member_id: str, instance_id: str | None, *, create: bool, classic: bool
    ) -> ConsumerGroupMember:
        """The member a request is from; with ``create`` a new one where there is none.

        A static member that comes back gets the place its instance id holds.

        Raises:
            Refused: UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID or UNRELEASED_INSTANCE_ID.
        """
        group = self.group
        if instance_id is None:
            if create and member_id not in group.members:
                return ConsumerGroupMember(member_id)
            return group.member(member_id)
        holder = group.static_member(instance_id)
        if not create:
            return self._groups.holds_instance(holder, member_id, instance_id)
        if holder is None:
            return group.members.get(member_id) or ConsumerGroupMember(member_id)
        if not classic and holder.classic is None and holder.epoch != LEAVE_FOR_A_WHILE:
            text = (
                f"Static member {member_id} with instance id {instance_id} cannot join the group "
                f"because the instance id is owned by {holder.member_id} member."
            )
            raise Refused(ErrorCode.UNRELEASED_INSTANCE_ID, text)
        returned = replace(holder, member_id=member_id, epoch=0, previous_epoch=0)
        self._changes.append(lambda: self._groups.replace(group, holder, returned))
        return returned

    def advance(
        self,
        member: ConsumerGroupMember,
        updated: ConsumerGroupMember,
        owned: Owned,
        *,
        downgrade: bool = False,
    ) -> ConsumerGroupMember:
        """Bring the group up to date with the member, and the member nearer to its target.

        A group that is about to become a classic one gets no new target any more.

        Raises:
            Refused: INVALID_REGULAR_EXPRESSION, or the assignor failed (UNKNOWN_SERVER_ERROR).
        """
        group, groups = self.group, self._groups
        names_changed = updated.topic_names != member.topic_names
        expression = look_at_expression(group, member, updated, groups.regex_context())
        self._changes += expression.changes
        bump = names_changed or expression.resolved
        epoch, target_epoch = group.group_epoch, group.assignment_epoch
        target = group.target_of(updated.member_id, updated.instance_id)
        looked = bump or groups.now_ms() >= group.look_at_topics_ms
        members: list[ConsumerGroupMember] = []
        if looked or epoch > target_epoch:
            members = group.with_member(updated, *self._replaced(updated))
        if looked:
            epoch = self._look_at_topics(members, bump=bump)
        self.epoch = epoch
        if downgrade and epoch > target_epoch:
            return updated
        if epoch > target_epoch and groups.may_assign(group):
            subscribers = members if looked else list(group.members.values())
            assigned = groups.assign(
                group, epoch, members, homogeneous=group.is_homogeneous(subscribers)
            )
            self._changes.append(lambda: groups.set_target(group, epoch, assigned))
            target_epoch, target = epoch, assigned.get(updated.member_id, NOTHING)
        changed = names_changed or expression.changed
        if changed or not updated.is_reconciled_to(target_epoch):
            reconciled = Reconciliation(
                target_epoch,
                target,
                groups.topic_ids(group.names_of(updated)),
                changed,
                owned,
                group.partition_epoch,
            ).next(updated)
        else:
            reconciled = updated
        known = group.members.get(reconciled.member_id)
        if reconciled is not known and reconciled != known:
            moved = reconciled != updated
            self._changes.append(lambda: groups.put(group, reconciled, moved=moved))
        if expression.to_resolve:
            self._afterwards.append(lambda: groups.resolve(group, expression.to_resolve))
        return reconciled

    def _look_at_topics(self, members: list[ConsumerGroupMember], *, bump: bool) -> int:
        """Remember the topics the group reads; gives the group epoch, a new one if they changed."""
        group, groups = self.group, self._groups
        topics = groups.shapes(group.subscribed_names(members))
        epoch = group.group_epoch + (bump or topics != group.topics)

        def remember() -> None:
            group.group_epoch = epoch
            groups.looked_at_topics(group, topics)

        self._changes.append(remember)
        return epoch

    def _replaced(self, updated: ConsumerGroupMember) -> list[ConsumerGroupMember]:
        holder = self.group.static_member(updated.instance_id)
        return [] if holder is None or holder.member_id == updated.member_id else [holder]

    def commit(self) -> None:
        """Make all changes."""
        for change in (*self._changes, *self._afterwards):
            change()


def check_epoch(member: ConsumerGroupMember, epoch: int, owned: Owned) -> None:
    """Refuse a member that is at another epoch than its own.

    The previous epoch is allowed while the member has nothing but what it got: then the answer with the
    new epoch may have been lost.

    Raises:
        Refused: FENCED_MEMBER_EPOCH.
    """
    if epoch == 0 or epoch == member.epoch:
        return
    lost_answer = epoch < member.epoch and epoch == member.previous_epoch
    if lost_answer and owns_only(owned, member.assigned):
        return
    kind = "greater" if epoch > member.epoch else "smaller"
    text = (
        f"The consumer group member has a {kind} member epoch ({epoch}) than the one known by the "
        f"group coordinator ({member.epoch}). The member must abandon all its partitions and rejoin."
    )
    raise Refused(ErrorCode.FENCED_MEMBER_EPOCH, text)


def heartbeat_response(
    member: ConsumerGroupMember, interval_ms: int, *, with_assignment: bool
) -> ConsumerGroupHeartbeatResponse:
    """The answer to a heartbeat."""
    return ConsumerGroupHeartbeatResponse(
        member_id=member.member_id,
        member_epoch=member.epoch,
        heartbeat_interval_ms=interval_ms,
        assignment=_assignment(member.assigned) if with_assignment else None,
    )


def _assignment(partitions: Partitions) -> HeartbeatAssignment:
    return HeartbeatAssignment(
        topic_partitions=[
            TopicPartitions(topic_id=topic_id, partitions=sorted(found))
            for topic_id, found in partitions.items()
        ]
    )

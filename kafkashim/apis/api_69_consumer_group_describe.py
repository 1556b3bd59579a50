"""ConsumerGroupDescribe: who is in groups of the consumer protocol (KIP-848)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_69_consumer_group_describe import (
    Assignment,
    ConsumerGroupDescribeRequest,
    ConsumerGroupDescribeResponse,
    DescribedGroup,
    Member,
    TopicPartitions,
)
from kafkashim.apis import RequestContext
from kafkashim.apis.authorized_operations import GROUP
from kafkashim.apis.coordination import group_error
from kafkashim.groups.consumer_group import ConsumerGroup
from kafkashim.groups.consumer_member import ConsumerGroupMember, Partitions
from kafkashim.refused import Refused
from kafkashim.state import Broker

CLASSIC_MEMBER = 0
CONSUMER_MEMBER = 1


def handle(
    request: ConsumerGroupDescribeRequest, broker: Broker, context: RequestContext
) -> ConsumerGroupDescribeResponse:
    """Describe each group that was asked for."""
    # What cannot be a group is answered before the others are looked for.
    ordered: list[str] = [group_id for group_id in request.group_ids if not group_id]
    for together in broker.groups.by_partition(g for g in request.group_ids if g):
        ordered += together
    return ConsumerGroupDescribeResponse(
        groups=[
            _describe(group_id, broker, operations=request.include_authorized_operations)
            for group_id in ordered
        ]
    )


def _describe(group_id: str, broker: Broker, *, operations: bool) -> DescribedGroup:
    try:
        if not broker.has_consumer_protocol:
            raise Refused(ErrorCode.UNSUPPORTED_VERSION)
        if not group_id:
            raise Refused(ErrorCode.INVALID_GROUP_ID)
        elsewhere = group_error(broker, group_id)
        if elsewhere:
            raise Refused(elsewhere)
        group = broker.groups.consumer.groups.group(group_id)
    except Refused as refused:
        return DescribedGroup(
            error_code=refused.error,
            error_message=refused.message,
            group_id=group_id,
            group_state="",
            group_epoch=0,
            assignment_epoch=0,
            assignor_name="",
            members=[],
        )
    found = DescribedGroup(
        group_id=group_id,
        group_state=group.state_name,
        group_epoch=group.group_epoch,
        assignment_epoch=group.assignment_epoch,
        assignor_name=broker.groups.consumer.groups.preferred_assignor(group.members.values()),
        members=[_member(member, group, broker) for member in group.members.values()],
    )
    if operations:
        found.authorized_operations = GROUP
    return found


def _member(member: ConsumerGroupMember, group: ConsumerGroup, broker: Broker) -> Member:
    target = group.target.get(member.member_id, {})
    return Member(
        member_id=member.member_id,
        instance_id=member.instance_id,
        rack_id=member.rack_id,
        member_epoch=member.epoch,
        client_id=member.client_id,
        client_host=member.client_host,
        subscribed_topic_names=sorted(member.topic_names),
        subscribed_topic_regex=member.topic_regex,
        assignment=_assignment(_together(member.assigned, member.pending_revocation), broker),
        target_assignment=_assignment(target, broker),
        member_type=CONSUMER_MEMBER if member.classic is None else CLASSIC_MEMBER,
    )


def _together(*partitions: Partitions) -> dict[UUID, list[int]]:
    """What a member has, and what it still has to give up."""
    found: dict[UUID, list[int]] = {}
    for some in partitions:
        for topic_id, owned in some.items():
            found.setdefault(topic_id, []).extend(owned)
    return found


def _assignment(partitions: Mapping[UUID, Iterable[int]], broker: Broker) -> Assignment:
    return Assignment(
        topic_partitions=[
            TopicPartitions(topic_id=topic_id, topic_name=topic.name, partitions=sorted(found))
            for topic_id, found in partitions.items()
            if (topic := broker.topics_by_id.get(topic_id)) is not None
        ]
    )

"""The group coordinator: what JoinGroup, SyncGroup, Heartbeat, LeaveGroup and offsets come down to.

The groups of all brokers are kept in one place, whoever coordinates them; when another broker does, a
group becomes what that one would load from the log: ``GroupCoordinatorService``, ``GroupMetadataManager``
and ``OffsetMetadataManager``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Self
from uuid import UUID

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_11_join_group import JoinGroupResponse
from kafka_codecs.messages.api_12_heartbeat import HeartbeatRequest
from kafka_codecs.messages.api_13_leave_group import MemberIdentity, MemberResponse
from kafka_codecs.messages.api_14_sync_group import SyncGroupRequest, SyncGroupResponse
from kafkashim.clock import Clock
from kafkashim.config import Config
from kafkashim.groups.classic_group import ClassicGroup, GroupState
from kafkashim.groups.consumer_group import ConsumerGroup, Topics
from kafkashim.groups.consumer_offsets import (
    commit_error,
    expire_offsets_of_consumers,
    offset_fetch_error,
)
from kafkashim.groups.expiration import expire_offsets
from kafkashim.groups.joining import Joining
from kafkashim.groups.member import Join
from kafkashim.groups.offsets import OffsetAndMetadata, Offsets
from kafkashim.groups.offsets_topic import OffsetsTopic, in_map_order_of_partitions
from kafkashim.groups.rebalance import Rebalancer, synced_response
from kafkashim.groups.timers import Timers
from kafkashim.ids import IdSource
from kafkashim.java_hash import string_hash
from kafkashim.parked import Parked

if TYPE_CHECKING:
    from kafkashim.cluster import Cluster
    from kafkashim.groups.consumer_protocol import ConsumerProtocol

FIRST_COMMIT_VERSION_WITH_GROUP_ID_NOT_FOUND = 9
MS_PER_MINUTE = 60_000


def partition_of(key: str, partitions: int) -> int:
    """The partition of a coordinators' topic that a name belongs to (``Utils.abs``)."""
    code = string_hash(key)
    signed = code - (code >> 31 << 32)
    return 0 if signed == -(2**31) else abs(signed) % partitions


class GroupCoordinator:
    """All groups and their committed offsets.

    Args:
        clock: the cluster's.
        config: the cluster's.
        ids: where member ids come from.
        topics: what groups read.
        partitions: who coordinates which groups; ``None`` where one broker coordinates all.
    """

    def __init__(
        self,
        clock: Clock,
        config: Config,
        ids: IdSource,
        topics: Topics,
        partitions: OffsetsTopic | None = None,
    ) -> None:
        self._clock = clock
        self._config = config
        self._partitions = partitions
        self._timers = Timers(clock, None if partitions is None else self._is_stuck)
        self._rebalancer = Rebalancer(clock, self._timers, config.group_initial_rebalance_delay_ms)
        self._joining = Joining(self._rebalancer, ids, config.group_max_size)
        self.groups: dict[str, ClassicGroup | ConsumerGroup] = {}
        self.offsets = Offsets()
        self._ids = ids
        self._topics = topics
        self._consumer: ConsumerProtocol | None = None
        self._retention_ms = config.get_int("offsets.retention.minutes") * MS_PER_MINUTE
        self._check_interval_ms = config.get_int("offsets.retention.check.interval.ms")
        self._check_later()

    @classmethod
    def for_cluster(cls, cluster: Cluster) -> Self:
        """The coordinator of a cluster."""
        topics = Topics(cluster.topics, cluster.topics_by_id)
        partitions = None
        if not cluster.alone:
            count = cluster.config.get_int("offsets.topic.num.partitions")
            partitions = OffsetsTopic(cluster.topics, count)
        return cls(cluster.clock, cluster.config, cluster.ids, topics, partitions)

    def close(self) -> None:
        """Stop all timers; what is parked stays unanswered."""
        self._timers.close()

    def _is_stuck(self, group_id: str) -> bool:
        """Whether a group's coordinator is gone, so that no time passes for it."""
        partitions = self._partitions
        return partitions is not None and partitions.is_stuck(
            partition_of(group_id, partitions.partitions)
        )

    def by_partition(self, group_ids: Iterable[str]) -> list[list[str]]:
        """Names of groups as those are asked for who coordinate them: by partition, each as it came.

        ``GroupCoordinatorService`` does so with several of a request. One broker takes them as they came.
        """
        if self._partitions is None:
            return [list(group_ids)]
        count = self._partitions.partitions
        found: dict[int, list[str]] = {}
        for group_id in group_ids:
            found.setdefault(partition_of(group_id, count), []).append(group_id)
        return [found[partition] for partition in in_map_order_of_partitions(found)]

    def moved(self, partition: int, partitions: int, *, led: bool) -> None:
        """Another broker coordinates the groups of a partition, or none does.

        Who waits is told NOT_COORDINATOR. A group is what was written down of it then: in its last stable
        generation, or empty, its members' sessions begun anew.
        """
        where = self._partitions
        if where is not None and not where.has_moved(partition, where.leader(partition)):
            return
        for group in list(self.groups.values()):
            if partition_of(group.group_id, partitions) != partition:
                continue
            if isinstance(group, ConsumerGroup):
                self.consumer.groups.cancel_all_timers(group)
                if led:
                    self.consumer.groups.load(group)
                continue
            self._rebalancer.unload(group)
            if group.persisted is not None:
                group.restore(group.persisted)
            else:
                del self.groups[group.group_id]
                if self.offsets.of_group(group.group_id):
                    self._create(group.group_id)
            if led:
                self._rebalancer.load(group)

    def _check_later(self) -> None:
        self._timers.schedule("expiration", self._check_interval_ms, self._check)

    def _check(self) -> None:
        self.expire()
        self._check_later()

    def expire(self) -> None:
        """Forget offsets past their retention, and empty groups that have no offsets left."""
        now = self._clock.now_ms()
        for group in list(self.groups.values()):
            if isinstance(group, ConsumerGroup):
                bare = expire_offsets_of_consumers(group, self.offsets, now, self._retention_ms)
            else:
                bare = expire_offsets(group, self.offsets, now, self._retention_ms)
            if bare and group.is_empty:
                self._delete(group)

    def _delete(self, group: ClassicGroup | ConsumerGroup) -> None:
        """Forget an empty group."""
        if isinstance(group, ClassicGroup):
            self._rebalancer.forget(group)
        del self.groups[group.group_id]

    @property
    def consumer(self) -> ConsumerProtocol:
        """The groups of the consumer protocol, made when the first of them is asked for."""
        if self._consumer is None:
            from kafkashim.groups.consumer_protocol import ConsumerProtocol

            self._consumer = ConsumerProtocol(
                self._clock,
                self._config,
                self._ids,
                self._timers,
                self._rebalancer,
                self.groups,
                self._topics,
            )
        return self._consumer

    def _create(self, group_id: str) -> ClassicGroup:
        group = self.groups[group_id] = ClassicGroup(group_id, self._clock.now_ms())
        return group

    def join(self, join: Join, elsewhere: ErrorCode = ErrorCode.NONE) -> Parked[JoinGroupResponse]:
        """Let a client join; the answer may be there at once or when the group's members are.

        ``elsewhere`` is why the broker that is asked does not answer for the group, here as below.
        """
        request = join.request
        timeout = request.session_timeout_ms
        if not request.group_id:
            join.fail(ErrorCode.INVALID_GROUP_ID, request.member_id)
        elif not (
            self._config.group_min_session_timeout_ms
            <= timeout
            <= self._config.group_max_session_timeout_ms
        ):
            join.fail(ErrorCode.INVALID_SESSION_TIMEOUT, request.member_id)
        elif elsewhere:
            join.fail(elsewhere)
        else:
            group = self.groups.get(request.group_id)
            if isinstance(group, ConsumerGroup):
                if not group.is_empty:
                    self.consumer.classic.join(group, join)
                    return join.parked
                # An empty group is of the protocol of whoever comes next.
                del self.groups[group.group_id]
                group = None
            if group is None and request.member_id:
                join.fail(ErrorCode.UNKNOWN_MEMBER_ID, request.member_id)
            else:
                if group is None:
                    # That it is there is written down at once, and then not before its next generation.
                    group = self._create(request.group_id)
                    group.persist()
                self._joining.join(group, join)
        return join.parked

    def sync(
        self, request: SyncGroupRequest, elsewhere: ErrorCode = ErrorCode.NONE
    ) -> Parked[SyncGroupResponse]:
        """Give a member its assignment, when the leader has made it."""
        parked: Parked[SyncGroupResponse] = Parked()
        if elsewhere and request.group_id:
            parked.answer(SyncGroupResponse(error_code=elsewhere, assignment=b""))
            return parked
        group = self.groups.get(request.group_id)
        if isinstance(group, ConsumerGroup):
            parked.answer(self.consumer.classic.sync(group, request))
            return parked
        error = self._sync_error(request, group)
        if error or group is None:
            parked.answer(SyncGroupResponse(error_code=error, assignment=b""))
            return parked
        member = group.members[request.member_id]
        self._rebalancer.synced(group, member.member_id)
        if group.state is GroupState.STABLE:
            parked.answer(synced_response(group, member))
            return parked
        member.awaiting_sync = parked
        if group.is_leader(member.member_id):
            self._rebalancer.assign(group, {a.member_id: a.assignment for a in request.assignments})
        return parked

    def _sync_error(self, request: SyncGroupRequest, group: ClassicGroup | None) -> ErrorCode:
        if not request.group_id:
            return ErrorCode.INVALID_GROUP_ID
        if group is None:
            return ErrorCode.UNKNOWN_MEMBER_ID
        error = group.validate_member(request.member_id, request.group_instance_id)
        if error:
            return error
        if request.generation_id != group.generation_id:
            return ErrorCode.ILLEGAL_GENERATION
        if request.protocol_type not in (None, group.protocol_type):
            return ErrorCode.INCONSISTENT_GROUP_PROTOCOL
        if request.protocol_name not in (None, group.protocol_name):
            return ErrorCode.INCONSISTENT_GROUP_PROTOCOL
        if group.state is GroupState.PREPARING_REBALANCE:
            return ErrorCode.REBALANCE_IN_PROGRESS
        return ErrorCode.NONE

    def heartbeat(
        self, request: HeartbeatRequest, elsewhere: ErrorCode = ErrorCode.NONE
    ) -> ErrorCode:
        """Take a member's sign of life; the error tells it what to do."""
        if not request.group_id:
            return ErrorCode.INVALID_GROUP_ID
        if elsewhere:
            return elsewhere
        group = self.groups.get(request.group_id)
        if group is None:
            return ErrorCode.UNKNOWN_MEMBER_ID
        if isinstance(group, ConsumerGroup):
            return self.consumer.classic.heartbeat(group, request)
        error = group.validate_member(request.member_id, request.group_instance_id)
        if error:
            return error
        if request.generation_id != group.generation_id:
            return ErrorCode.ILLEGAL_GENERATION
        self._rebalancer.watch(group, group.members[request.member_id])
        if group.state is GroupState.PREPARING_REBALANCE:
            return ErrorCode.REBALANCE_IN_PROGRESS
        return ErrorCode.NONE

    def leave(
        self,
        group_id: str,
        members: Sequence[MemberIdentity],
        elsewhere: ErrorCode = ErrorCode.NONE,
    ) -> tuple[ErrorCode, list[MemberResponse]]:
        """Let members go, also on behalf of others by their instance ids (KIP-345)."""
        if not group_id:
            return ErrorCode.INVALID_GROUP_ID, []
        if elsewhere:
            return elsewhere, []
        group = self.groups.get(group_id)
        if isinstance(group, ConsumerGroup):
            return ErrorCode.NONE, self.consumer.classic.leave(group, members)
        responses = [
            MemberResponse(
                member_id=member.member_id,
                group_instance_id=member.group_instance_id,
                error_code=(
                    ErrorCode.UNKNOWN_MEMBER_ID if group is None else self._leave(group, member)
                ),
            )
            for member in members
        ]
        gone = [r.member_id or str(r.group_instance_id) for r in responses if not r.error_code]
        if group is not None and gone and group.state is not GroupState.EMPTY:
            self._rebalancer.prepare_or_complete(group, f"{', '.join(gone)} left")
        return ErrorCode.NONE, responses

    def _leave(self, group: ClassicGroup, leaving: MemberIdentity) -> ErrorCode:
        member_id = leaving.member_id
        if not member_id:
            found = group.static_members.get(leaving.group_instance_id or "")
            if leaving.group_instance_id is None or found is None:
                return ErrorCode.UNKNOWN_MEMBER_ID
            member_id = found
        elif member_id in group.pending_join:
            group.remove(member_id)
            self._rebalancer.unwatch(group, member_id)
            return ErrorCode.NONE
        else:
            error = group.validate_member(member_id, leaving.group_instance_id)
            if error:
                return error
        self._rebalancer.drop(group, group.members[member_id])
        return ErrorCode.NONE

    def begin_commit(
        self,
        group_id: str,
        member_id: str,
        group_instance_id: str | None,
        generation_id: int,
        version: int,
        partitions: Iterable[tuple[UUID, int]],
    ) -> ErrorCode:
        """Whether somebody may commit offsets now; a member that may is alive.

        A group nobody knows is made for who commits without one (generation -1). The partitions (topic
        id, index) are those whose metadata is not too long.
        """
        group = self.groups.get(group_id)
        if group is None:
            if generation_id >= 0:
                return (
                    ErrorCode.GROUP_ID_NOT_FOUND
                    if version >= FIRST_COMMIT_VERSION_WITH_GROUP_ID_NOT_FOUND
                    else ErrorCode.ILLEGAL_GENERATION
                )
            group = self._create(group_id)
            if any(True for _ in partitions):
                group.persist()
        if isinstance(group, ConsumerGroup):
            return commit_error(group, member_id, generation_id, version, partitions)
        error = group.validate_offset_commit(member_id, group_instance_id, generation_id)
        if not error and member_id in group.members:
            self._rebalancer.watch(group, group.members[member_id])
        return error

    def takes_metadata(self, metadata: str | None) -> bool:
        """Whether a note about an offset is not too long (``offset.metadata.max.bytes``)."""
        return metadata is None or _utf16_length(metadata) <= self._config.offset_metadata_max_bytes

    def commit(
        self,
        group_id: str,
        topic: str,
        partition: int,
        offset: int,
        leader_epoch: int,
        metadata: str | None,
        retention_time_ms: int,
    ) -> ErrorCode:
        """Remember an offset of a group that may commit."""
        if not self.takes_metadata(metadata):
            return ErrorCode.OFFSET_METADATA_TOO_LARGE
        now = self._clock.now_ms()
        self.offsets.put(
            group_id,
            topic,
            partition,
            OffsetAndMetadata(
                offset,
                leader_epoch,
                metadata or "",
                now,
                None if retention_time_ms == -1 else now + retention_time_ms,
            ),
        )
        return ErrorCode.NONE

    def fetch_error(self, group_id: str, member_id: str | None, member_epoch: int) -> ErrorCode:
        """Whether somebody may fetch the offsets of a group; members of classic groups are not asked."""
        group = self.groups.get(group_id)
        if isinstance(group, ConsumerGroup):
            return offset_fetch_error(group, member_id, member_epoch)
        return ErrorCode.NONE

    def delete_group(self, group_id: str) -> ErrorCode:
        """Forget a group nobody is in, with its offsets."""
        group = self.groups.get(group_id)
        if group is None:
            return ErrorCode.GROUP_ID_NOT_FOUND
        if not group.is_empty:
            return ErrorCode.NON_EMPTY_GROUP
        self._delete(group)
        self.offsets.forget_group(group_id)
        return ErrorCode.NONE

    def committed(self, group_id: str) -> Mapping[str, Mapping[int, OffsetAndMetadata]]:
        """All offsets of a group, by topic and partition."""
        return self.offsets.of_group(group_id)

    def topic_deleted(self, topic: str) -> None:
        """Forget the offsets of a topic, which are those of no topic that may come after it."""
        self.offsets.forget_topic(topic)
        self.topic_changed(topic)

    def topic_changed(self, topic: str) -> None:
        """Let groups whose coordinator assigns know that a topic came, grew or went."""
        if self._partitions is not None:
            self._partitions.look()
        if self._consumer is not None:
            self._consumer.groups.topic_changed(topic)

    def topic_came(self) -> None:
        """Let groups that subscribe by expressions know that they have to match again."""
        if self._consumer is not None:
            self._consumer.groups.topics_version += 1


def _utf16_length(text: str) -> int:
    """The length of a Java string, which ``offset.metadata.max.bytes`` is compared to."""
    return len(text) if text.isascii() else len(text.encode("utf-16-be", "surrogatepass")) // 2

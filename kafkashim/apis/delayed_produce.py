"""A Produce with acks -1 that waits until the replicas in sync have its records (``DelayedProduce``)."""

from __future__ import annotations

from typing import NamedTuple

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_00_produce import (
    LeaderIdAndEpoch,
    NodeEndpoint,
    PartitionProduceResponse,
    ProduceResponse,
)
from kafkashim.apis import RequestContext
from kafkashim.apis.leadership import leader_nodes
from kafkashim.apis.throttled import throttled_produce
from kafkashim.parked import Parked
from kafkashim.state import Broker
from kafkashim.topics import Partition

FIRST_VERSION_WITH_CURRENT_LEADER = 10
FIRST_VERSION_WITH_TOPIC_IDS = 13


class Pending(NamedTuple):
    """A partition's answer that may not be given before the high watermark is where it has to be."""

    partition: Partition
    answer: PartitionProduceResponse
    required_offset: int


class DelayedProduce:
    """Answers when all watermarks are far enough, when a leader is another, or when the time is over."""

    __slots__ = ("_broker", "_context", "_pending", "_response", "_timer", "_watched", "parked")

    def __init__(
        self,
        pending: list[Pending],
        timeout_ms: int,
        broker: Broker,
        context: RequestContext,
        response: ProduceResponse,
    ) -> None:
        self._broker = broker
        self._context = context
        self._pending = pending
        self._response = response
        self.parked: Parked[ProduceResponse] = Parked()
        self.parked.on_cancel = self._forget
        self._watched = [one.partition for one in pending]
        for partition in self._watched:
            partition.waiting.add(self._look_again)
        self._timer = broker.clock.call_later(max(timeout_ms, 0), self._over)

    def _look_again(self) -> None:
        self._pending = [one for one in self._pending if not self._settled(one)]
        if not self._pending:
            self._answer()

    def _settled(self, one: Pending) -> bool:
        """Whether nothing more is to be waited for (``Partition.checkEnoughReplicasReachOffset``)."""
        partition = self._now(one.partition)
        if partition is None:
            one.answer.error_code = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        elif partition.leader != self._broker.node_id:
            one.answer.error_code = ErrorCode.NOT_LEADER_OR_FOLLOWER
        elif partition.high_watermark < one.required_offset:
            return False
        elif len(partition.isr) < partition.min_isr:
            one.answer.error_code = ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND
        return True

    def _now(self, partition: Partition) -> Partition | None:
        """The partition as the broker has it now, which may have been cut off meanwhile, or come back."""
        topic = self._broker.topics_by_id.get(partition.topic.topic_id)
        found = None if topic is None else topic.partition(partition.index)
        if found is not None and found not in self._watched:
            self._watched.append(found)
            found.waiting.add(self._look_again)
        return found

    def _over(self) -> None:
        for one in self._pending:
            one.answer.error_code = ErrorCode.REQUEST_TIMED_OUT
        self._answer()

    def _answer(self) -> None:
        self._forget()
        rates, response = self._broker.producer_rates, self._response
        name_leaders(response, self._broker, self._context)
        if rates is None:
            self.parked.answer(response)
        else:
            throttled = throttled_produce(response, rates, self._broker, self._context)
            assert throttled is not None
            self.parked.answer(throttled)

    def _forget(self) -> None:
        self._timer.cancel()
        for partition in self._watched:
            partition.waiting.discard(self._look_again)


def name_leaders(response: ProduceResponse, broker: Broker, context: RequestContext) -> None:
    """Tell of each partition that is led by another, who leads it and where that one is (KIP-951)."""
    if context.version < FIRST_VERSION_WITH_CURRENT_LEADER:
        return
    leaders: list[int] = []
    for topic_response in response.responses:
        for answer in topic_response.partition_responses:
            if answer.error_code != ErrorCode.NOT_LEADER_OR_FOLLOWER:
                continue
            if context.version < FIRST_VERSION_WITH_TOPIC_IDS:
                topic = broker.topics.get(topic_response.name)
            else:
                topic = broker.topics_by_id.get(topic_response.topic_id)
            partition = None if topic is None else topic.partition(answer.index)
            if partition is not None:
                answer.current_leader = LeaderIdAndEpoch(
                    leader_id=partition.leader, leader_epoch=partition.leader_epoch
                )
                leaders.append(partition.leader)
    response.node_endpoints = [
        NodeEndpoint(node_id=node.node_id, host=node.host, port=node.port, rack=node.rack)
        for node in leader_nodes(broker, context.connection, leaders)
    ]

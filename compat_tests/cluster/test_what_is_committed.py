"""Whatever happens to three brokers: what was acknowledged by all in sync is there, once and in order.

Brokers go, crash, come back and are cut off by chance, leaders move, replicas are reassigned; a producer
with acks -1 goes on at whoever leads. Only elections that lose records on purpose are left out.
"""

from __future__ import annotations

from itertools import count
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from compat_tests.server.asking import produce_request
from compat_tests.server.batches import NOW, of_producer
from compat_tests.server.in_process import InProcess, Peer
from kafka_codecs.messages.api_00_produce import ProduceRequest, ProduceResponse
from kafkashim.clock import ManualClock
from kafkashim.cluster import Cluster
from kafkashim.config import Config, TopicConfig
from kafkashim.connection import SHARED_BUFFER_SIZE
from kafkashim.dispatch import Dispatcher
from kafkashim.ids import IdSource
from kafkashim.rules.producer_state import BOOKS
from kafkashim.state import Broker
from kafkashim.topics import NO_LEADER, Partition

IDS = (1, 2, 3)
SESSION_MS = 9000
broker_ids = st.sampled_from(IDS)


class OneOfThree(InProcess):
    """A broker of a cluster, as in-process tests ask it."""

    def __init__(self, config: Config, clock: ManualClock, cluster: Cluster) -> None:
        self.clock = clock
        self.config = config
        self.broker = Broker(config, clock, book=cluster.book, cluster=cluster)
        self.dispatcher = Dispatcher(self.broker)
        self.shared = memoryview(bytearray(SHARED_BUFFER_SIZE))
        self.numbers = count(1)


class ThreeBrokers(RuleBasedStateMachine):
    """What happens, by chance."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock(NOW)
        configs = Config.from_overrides({"auto.leader.rebalance.enable": "false"}).of_brokers(3)
        book = BOOKS["kafka-4.3"]
        self.cluster = Cluster(configs[0], self.clock, book=book, ids=IdSource(1))
        self.nodes = {c.node_id: OneOfThree(c, self.clock, self.cluster) for c in configs}
        config = TopicConfig(self.cluster.config, {"min.insync.replicas": "2"})
        self.cluster.create_topic("t", config, [[1, 2, 3]])
        self.down: dict[int, bool] = {}
        self.epoch = 0
        self.sequence = 0
        # Offset, producer epoch, first sequence and number of records.
        self.acknowledged: list[tuple[int, int, int, int]] = []
        self.highest_epoch = 0

    @property
    def partition(self) -> Partition:
        return self.cluster.topics["t"].partitions[0]

    def isolated(self, broker_id: int) -> bool:
        return self.nodes[broker_id].broker.isolated

    # What happens to brokers

    @rule(broker_id=broker_ids)
    def stop(self, broker_id: int) -> None:
        if broker_id not in self.down and not self.isolated(broker_id):
            self.down[broker_id] = True
            self.cluster.controller.fence(broker_id)

    @rule(broker_id=broker_ids)
    def crash(self, broker_id: int) -> None:
        if broker_id not in self.down and not self.isolated(broker_id):
            self.down[broker_id] = False
            self.cluster.controller.silent(broker_id)

    @rule()
    def everybody_comes_back(self) -> None:
        for broker_id in tuple(self.down):
            self.start(broker_id)
        for broker_id in IDS:
            self.heal(broker_id)
        # Nothing holds the high watermark back then, and everybody is in sync.
        partition = self.partition
        assert partition.leader != NO_LEADER
        assert sorted(partition.isr) == sorted(partition.replicas)
        assert partition.high_watermark == partition.log.log_end_offset

    @rule(broker_id=broker_ids)
    def start(self, broker_id: int) -> None:
        if broker_id in self.down:
            controller = self.cluster.controller
            controller.fence(broker_id)
            self.nodes[broker_id].broker.restarted()
            controller.restarted(broker_id, clean=self.down.pop(broker_id))

    @rule(broker_id=broker_ids)
    def cut_off(self, broker_id: int) -> None:
        if broker_id not in self.down and not self.isolated(broker_id):
            self.nodes[broker_id].broker.cut_off()
            self.cluster.controller.silent(broker_id)

    @rule(records=st.integers(1, 3))
    def the_leader_is_cut_off_until_another_leads(self, records: int) -> None:
        if self.partition.leader != NO_LEADER:
            self.cut_off(self.partition.leader)
            self.produce(records, 1, newest=False)
            self.clock.advance(SESSION_MS)

    @rule(broker_id=broker_ids)
    def heal(self, broker_id: int) -> None:
        if self.isolated(broker_id):
            self.nodes[broker_id].broker.rejoin()
            self.cluster.controller.unfence(broker_id)

    @rule(ms=st.sampled_from((100, SESSION_MS)))
    def time_passes(self, ms: int) -> None:
        self.clock.advance(ms)

    @rule(broker_id=broker_ids)
    def move(self, broker_id: int) -> None:
        partition = self.partition
        if broker_id in partition.isr and broker_id in self.cluster.alive:
            self.cluster.controller.move_leader(partition, broker_id)

    @rule(replicas=st.permutations(IDS))
    @precondition(
        lambda self: self.cluster.alive == list(IDS) and len(self.partition.isr) == len(IDS)
    )
    def reassign(self, replicas: list[int]) -> None:
        # With fewer in sync than min.insync.replicas Kafka counts who is taken away as eligible, also
        # when it comes again and has nothing (PartitionChangeBuilder.maybePopulateTargetElr).
        self.cluster.controller.reassign(self.partition, replicas[:2])
        self.cluster.controller.reassign(self.partition, replicas)

    # What a producer does

    @rule(records=st.integers(1, 3), times=st.integers(1, 6), newest=st.booleans())
    def produce(self, records: int, times: int, newest: bool) -> None:
        for _ in range(times):
            leaders = self.leaders()
            if not leaders:
                return
            answer = self.ask(leaders[-1 if newest else 0], records)
            if answer.error_code:
                # It cannot know what became of it: another producer goes on, as after an abort.
                self.epoch, self.sequence = self.epoch + 1, 0
                return
            self.acknowledged.append((answer.base_offset, self.epoch, self.sequence, records))
            self.sequence += records

    def leaders(self) -> list[Peer]:
        """Those that take themselves for the leader, as one does that is cut off; the last one is it."""
        found: dict[int, Peer] = {}
        for broker_id, node in self.nodes.items():
            partition = node.broker.topics["t"].partitions[0]
            if broker_id not in self.down and partition.leader == broker_id:
                found[partition.leader_epoch] = node.connect()
        return [found[epoch] for epoch in sorted(found)]

    def ask(self, peer: Peer, records: int) -> Any:
        """The answer to a batch with acks -1, however long that takes."""
        batch = of_producer(7, self.epoch, self.sequence, records)
        request = produce_request({("t", 0): batch}, timeout_ms=50)
        frames = peer.later(request, 9)
        if not frames:
            self.clock.advance(50)
            frames = peer.frames()
        (frame,) = frames
        response = peer.read(frame, ProduceRequest, 9)
        assert isinstance(response, ProduceResponse)
        return response.responses[0].partition_responses[0]

    # What holds, always

    @invariant()
    def what_was_acknowledged_is_there(self) -> None:
        partition = self.partition
        if partition.leader != NO_LEADER and not self.isolated(partition.leader):
            kept = [
                (b.base_offset, b.producer_epoch, b.base_sequence, b.last_offset_delta + 1)
                for b in partition.log.batches()
                if b.last_offset < partition.high_watermark
            ]
            assert set(self.acknowledged) <= set(kept)
            written = [batch[1:] for batch in kept]
            assert len(set(written)) == len(written), "a batch is there twice"

    @invariant()
    def who_leads_may(self) -> None:
        partition = self.partition
        assert set(partition.isr) <= set(partition.replicas)
        assert not set(partition.isr) & self.cluster.fenced
        if partition.leader != NO_LEADER:
            assert partition.leader in partition.isr
        assert partition.high_watermark <= partition.log.log_end_offset

    @invariant()
    def epochs_rise(self) -> None:
        epoch = self.partition.leader_epoch
        assert epoch >= self.highest_epoch
        self.highest_epoch = epoch

    @invariant()
    def the_log_has_no_holes(self) -> None:
        expected, epoch = self.partition.log_start_offset, 0
        for batch in self.partition.log.batches():
            assert batch.base_offset == expected
            assert batch.partition_leader_epoch >= epoch
            expected, epoch = batch.last_offset + 1, batch.partition_leader_epoch
        assert expected == self.partition.log.log_end_offset


TestThreeBrokers = ThreeBrokers.TestCase
TestThreeBrokers.settings = settings(max_examples=400, stateful_step_count=60, deadline=None)

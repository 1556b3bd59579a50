"""``KafkaShim(brokers=3)``: what can be done to brokers, and what clients see of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from compat_tests.cluster.conftest import Ask, Three
from compat_tests.server.asking import (
    fetch,
    fetch_request,
    init_producer_id,
    new_topic,
    produce,
    produce_request,
)
from compat_tests.server.batches import GOOD, of_producer
from compat_tests.server.conftest import LogLines
from compat_tests.wire_client import WireClient
from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_00_produce import ProduceRequest
from kafka_codecs.messages.api_01_fetch import FetchRequest
from kafka_codecs.messages.api_03_metadata import MetadataRequest, MetadataRequestTopic
from kafka_codecs.messages.api_19_create_topics import CreatableTopic, CreateTopicsRequest
from kafka_codecs.messages.api_45_alter_partition_reassignments import (
    AlterPartitionReassignmentsRequest,
    ReassignablePartition,
    ReassignableTopic,
)
from kafka_codecs.messages.api_46_list_partition_reassignments import (
    ListPartitionReassignmentsRequest,
)
from kafka_codecs.record_batch import read_batches
from kafkashim.testing import KafkaShim

NONE = ErrorCode.NONE
SESSION_SECONDS = 9


def partition_of(client: WireClient, topic: str) -> Any:
    request = MetadataRequest(topics=[MetadataRequestTopic(name=topic)])
    return client.ask(request, 9).topics[0].partitions[0]


def led_by(shim: KafkaShim, broker_id: int, topic: str = "t") -> None:
    """A topic with three replicas, led by a broker."""
    with WireClient(shim.host, shim.port) as client:
        new_topic(client, name=topic, replicas=3)
    if shim.leader(topic, 0) != broker_id:
        shim.move_leader(topic, 0, to=broker_id)


def offsets(answer: Any) -> list[int]:
    return [batch.base_offset for batch in read_batches(bytes(answer.records))]


def test_each_has_an_id_and_a_port(three: Three) -> None:
    shim = three(config={"node.id": "5", "log.dirs": "/tmp/a,/tmp/b"})
    assert sorted(shim.brokers) == [5, 6, 7]
    assert len(set(shim.brokers.values())) == 3
    assert shim.bootstrap_servers == ",".join(f"{h}:{p}" for h, p in shim.brokers.values())
    for address in shim.brokers.values():
        with WireClient(*address) as client:
            found = client.ask(MetadataRequest(topics=[]), 12)
            assert {b.node_id: (b.host, b.port) for b in found.brokers} == shim.brokers
            assert found.controller_id in shim.brokers


def test_ports_count_on(three: Three) -> None:
    listeners = "A://127.0.0.1:0,B://127.0.0.1:0"
    protocols = "A:PLAINTEXT,B:PLAINTEXT"
    config = {"listeners": listeners, "listener.security.protocol.map": protocols}
    shim = three(config=config)
    # A client of one listener is told of the same one of every broker.
    a, b = shim.addresses
    told = []
    for address in (a, b):
        with WireClient(*address) as client:
            found = client.ask(MetadataRequest(topics=[]), 12)
            told.append([broker.port for broker in found.brokers])
    assert told[0] == [port for _, port in shim.brokers.values()]
    assert not set(told[0]) & set(told[1])
    # As fixed ports do, each broker's behind those of the one before.
    from kafkashim.config import Config

    first = {**config, "listeners": listeners.replace(":0", ":9092", 1).replace(":0", ":9093")}
    found = Config.from_overrides(first).of_brokers(3)
    ports = [[port for _, port in config.listen_addresses] for config in found]
    assert ports == [[9092, 9093], [9094, 9095], [9096, 9097]]


def test_topics_have_three_replicas_unless_it_is_said(three: Three) -> None:
    for config, expected in (({}, 3), ({"default.replication.factor": "2"}, 2)):
        shim = three(config=config)
        with WireClient(shim.host, shim.port) as client:
            client.ask(MetadataRequest(topics=[MetadataRequestTopic(name="made")]), 9)
            found = partition_of(client, "made")
            assert len(found.replica_nodes) == expected
            assert found.leader_id == found.replica_nodes[0]


def test_whatever_is_no_broker_is_told(shim: KafkaShim) -> None:
    led_by(shim, 1)
    for work in (
        lambda: shim.stop_broker(4),
        lambda: shim.start_broker(4),
        lambda: shim.isolate(4),
        lambda: shim.heal(4),
        lambda: shim.move_leader("t", 0, to=4),
    ):
        with pytest.raises(ValueError, match="there is no broker 4: there are 1, 2, 3"):
            work()
    with pytest.raises(ValueError, match="broker 1 runs"):
        shim.start_broker(1)
    with pytest.raises(ValueError, match="broker 1 is not isolated"):
        shim.heal(1)
    with pytest.raises(ValueError, match="there is no partition 7 of t"):
        shim.move_leader("t", 7, to=1)
    with pytest.raises(ValueError, match="only an unclean move loses records"):
        shim.move_leader("t", 0, to=2, lose=1)
    with pytest.raises(ValueError, match="t-0 has 0 records, not 1"):
        shim.move_leader("t", 0, to=2, unclean=True, lose=1)
    shim.stop_broker(2)
    for work in (lambda: shim.stop_broker(2), lambda: shim.isolate(2)):
        with pytest.raises(ValueError, match="broker 2 is stopped"):
            work()
    with pytest.raises(ValueError, match=r"broker 2 is not in sync for t-0: its replicas in sync"):
        shim.move_leader("t", 0, to=2)
    with pytest.raises(ValueError, match=r"broker 2 cannot lead t-0: its replicas are \["):
        shim.move_leader("t", 0, to=2, unclean=True)
    with pytest.raises(ValueError, match="brokers is 1 or more, not 0"):
        KafkaShim(brokers=0)


def test_an_unclean_move_loses_the_tail(shim: KafkaShim, at: Ask) -> None:
    led_by(shim, 1)
    for sequence in range(4):
        assert produce(at(1), "t", of_producer(7, 0, 2 * sequence, 2)).error_code == NONE
    # Half of a batch is no batch.
    shim.move_leader("t", 0, to=2, unclean=True, lose=3)
    assert shim.leader("t", 0) == 2
    assert offsets(fetch(at(2), "t", 0)) == [0, 2]
    out_of_order = produce(at(2), "t", of_producer(7, 0, 8, 2))
    assert out_of_order.error_code == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
    again = produce(at(2), "t", of_producer(7, 0, 4, 2))
    assert (again.error_code, again.base_offset) == (NONE, 4)
    assert sorted(partition_of(at(3), "t").isr_nodes) == [1, 2, 3]


def test_who_was_away_has_not_what_came_meanwhile(shim: KafkaShim, at: Ask) -> None:
    led_by(shim, 1)
    produce(at(1), "t", GOOD)
    shim.stop_broker(2)
    produce(at(1), "t", GOOD)
    shim.stop_broker(3)
    produce(at(1), "t", GOOD)
    shim.stop_broker(1, clean=False)
    shim.clock.advance(seconds=SESSION_SECONDS)
    shim.start_broker(3)
    assert shim.leader("t", 0) == -1
    shim.move_leader("t", 0, to=3, unclean=True)
    assert offsets(fetch(at(3), "t", 0)) == [0, 2]
    shim.start_broker(2)
    shim.start_broker(1)
    assert offsets(fetch(at(1), "t", 0)) == [0, 2]
    assert produce(at(3), "t", GOOD).base_offset == 4


def test_who_was_restarted_remembers_one_batch(shim: KafkaShim, at: Ask) -> None:
    led_by(shim, 1)
    for sequence in range(5):
        produce(at(1), "t", of_producer(7, 0, sequence))
    shim.stop_broker(2)
    shim.start_broker(2)
    produce(at(1), "t", of_producer(7, 0, 5))
    # A broker that was not restarted knows five.
    shim.move_leader("t", 0, to=3)
    assert produce(at(3), "t", of_producer(7, 0, 2)).base_offset == 2
    shim.move_leader("t", 0, to=2)
    told = [produce(at(2), "t", of_producer(7, 0, sequence)) for sequence in (5, 4, 3)]
    assert [answer.error_code for answer in told] == [
        *(NONE, NONE),
        ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
    ]


def test_who_truncates_its_log_reads_it_again(shim: KafkaShim, at: Ask) -> None:
    led_by(shim, 1)
    for sequence in range(3):
        produce(at(1), "t", of_producer(7, 0, sequence))
    shim.stop_broker(2)
    shim.stop_broker(3)
    produce(at(1), "t", of_producer(7, 0, 3))
    shim.stop_broker(1, clean=False)
    shim.start_broker(3)
    shim.clock.advance(seconds=SESSION_SECONDS)
    shim.move_leader("t", 0, to=3, unclean=True)
    shim.start_broker(1)
    shim.move_leader("t", 0, to=1)
    told = [produce(at(1), "t", of_producer(7, 0, sequence)) for sequence in (0, 1, 2, 3)]
    assert [(a.error_code, a.base_offset) for a in told] == [(NONE, at_) for at_ in range(4)]


def test_what_a_broker_took_while_it_was_cut_off_is_lost(shim: KafkaShim, at: Ask) -> None:
    led_by(shim, 1)
    produce(at(1), "t", GOOD)
    shim.isolate(1)
    with pytest.raises(ValueError, match="broker 1 is isolated already"):
        shim.isolate(1)
    # With acks 1 it says that it has it; nobody else will.
    assert produce(at(1), "t", GOOD, acks=1).error_code == NONE
    waiting = at(1)
    request = produce_request({("t", 0): GOOD}, timeout_ms=60_000)
    waiting.send_request(request, 10)
    assert waiting.is_silent(0.05)
    shim.clock.advance(seconds=SESSION_SECONDS)
    leader = shim.leader("t", 0)
    assert leader in (2, 3)
    # Clients that ask the two are told two truths.
    assert partition_of(at(1), "t").leader_id == 1
    assert partition_of(at(leader), "t").leader_id == leader
    assert [b.node_id for b in at(2).ask(MetadataRequest(topics=[]), 9).brokers] == [2, 3]
    assert [b.node_id for b in at(1).ask(MetadataRequest(topics=[]), 9).brokers] == [1, 2, 3]
    assert produce(at(leader), "t", GOOD).base_offset == 2
    shim.heal(1)
    _, answer = waiting.receive(ProduceRequest, 10)
    (told,) = answer.responses[0].partition_responses
    assert (told.error_code, told.base_offset) == (ErrorCode.NOT_LEADER_OR_FOLLOWER, 4)
    assert told.current_leader.leader_id == leader
    assert [node.node_id for node in answer.node_endpoints] == [leader]
    assert offsets(fetch(at(1), "t", 0)) == [0, 2]
    assert sorted(partition_of(at(1), "t").isr_nodes) == [1, 2, 3]


def test_who_could_not_follow_a_dead_leader_follows_the_next(shim: KafkaShim, at: Ask) -> None:
    led_by(shim, 3)
    shim.stop_broker(3, clean=False)
    shim.isolate(2)
    shim.heal(2)
    shim.clock.advance(seconds=SESSION_SECONDS)
    leader = shim.leader("t", 0)
    assert produce(at(leader), "t", GOOD, timeout_ms=100).error_code == NONE


def test_who_is_chosen_while_it_is_cut_off_leads_with_its_own_log(shim: KafkaShim, at: Ask) -> None:
    led_by(shim, 2)
    produce(at(2), "t", GOOD)
    shim.isolate(1)
    # Nobody waits for the replica that is cut off, and nothing is committed without it.
    assert produce(at(2), "t", GOOD, acks=1).error_code == NONE
    assert offsets(fetch(at(2), "t", 0)) == [0]
    shim.move_leader("t", 0, to=1)
    shim.heal(1)
    assert produce(at(1), "t", GOOD, timeout_ms=100).base_offset == 2
    assert offsets(fetch(at(3), "t", 0)) == [0, 2]


def test_what_was_not_committed_stays_where_who_was_chosen_never_came(
    shim: KafkaShim, at: Ask
) -> None:
    led_by(shim, 2)
    shim.isolate(1)
    assert produce(at(2), "t", GOOD, acks=1).error_code == NONE
    shim.move_leader("t", 0, to=1)
    shim.clock.advance(seconds=SESSION_SECONDS)
    leader = shim.leader("t", 0)
    assert leader in (2, 3)
    assert offsets(fetch(at(leader), "t", 0)) == [0]
    shim.heal(1)
    assert produce(at(leader), "t", GOOD, timeout_ms=100).base_offset == 2


def test_a_fetch_that_waits_sees_only_what_its_broker_does(shim: KafkaShim, at: Ask) -> None:
    led_by(shim, 1)
    waiting = at(3)
    waiting.send_request(fetch_request({("t", 0): 0}, max_wait_ms=60_000), 12)
    assert waiting.is_silent(0.05)
    shim.isolate(3)
    produce(at(1), "t", GOOD, acks=1)
    assert waiting.is_silent(0.05)
    shim.heal(3)
    _, answer = waiting.receive(FetchRequest, 12)
    assert offsets(answer.responses[0].partitions[0]) == [0]


def test_whoever_is_cut_off_has_no_controller(shim: KafkaShim, at: Ask) -> None:
    shim.isolate(2)
    request = CreateTopicsRequest(
        topics=[CreatableTopic(name="new", num_partitions=1, replication_factor=3)], timeout_ms=1000
    )
    client = at(2)
    client.send_request(request, 7)
    assert client.is_silent(0.05)
    shim.clock.advance(seconds=60)
    _, answer = client.receive(CreateTopicsRequest, 7)
    (told,) = answer.topics
    assert (told.name, told.error_code) == ("new", ErrorCode.REQUEST_TIMED_OUT)
    assert (told.num_partitions, told.error_message) == (-1, None)
    shim.heal(2)
    assert at(2).ask(request, 7).topics[0].error_code == NONE


def test_leaders_go_back_after_five_minutes(shim: KafkaShim) -> None:
    led_by(shim, 2)
    shim.stop_broker(2)
    shim.start_broker(2)
    assert shim.leader("t", 0) != 2
    shim.clock.advance(minutes=5)
    assert shim.leader("t", 0) == 2


def test_producer_ids_come_in_blocks(shim: KafkaShim, at: Ask) -> None:
    ids = [init_producer_id(at(broker))[1] for broker in (2, 1, 2, 3)]
    assert ids == [0, 1000, 1, 2000]
    shim.set_next_producer_id(77, epoch=5)
    assert init_producer_id(at(3)) == (NONE, 77, 5)
    assert init_producer_id(at(2)) == (NONE, 1077, 0)
    assert init_producer_id(at(3)) == (NONE, 78, 0)


def test_whoever_is_cut_off_gets_no_block_of_producer_ids(shim: KafkaShim, at: Ask) -> None:
    assert init_producer_id(at(2)) == (NONE, 0, 0)
    shim.isolate(1)
    shim.isolate(2)
    assert init_producer_id(at(1)) == (ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, -1, -1)
    assert init_producer_id(at(2)) == (NONE, 1, 0)
    shim.heal(1)
    assert init_producer_id(at(1)) == (NONE, 1000, 0)


def test_a_reassignment_waits_for_who_is_dead(shim: KafkaShim, at: Ask) -> None:
    new_topic(at(1), name="one", replicas=1)
    (here,) = partition_of(at(1), "one").replica_nodes
    other = here % 3 + 1
    asked = next(broker for broker in shim.brokers if broker not in (here, other))
    shim.stop_broker(other)

    def reassign(replicas: list[int] | None) -> int:
        wanted = [ReassignablePartition(partition_index=0, replicas=replicas)]
        topics = [ReassignableTopic(name="one", partitions=wanted)]
        request = AlterPartitionReassignmentsRequest(timeout_ms=1000, topics=topics)
        return int(at(asked).ask(request, 0).responses[0].partitions[0].error_code)

    def under_way() -> list[Any]:
        listed = at(asked).ask(ListPartitionReassignmentsRequest(topics=None), 0).topics
        return [(p.replicas, p.adding_replicas, p.removing_replicas) for p in listed[0].partitions]

    assert reassign([other]) == NONE
    assert under_way() == [([other, here], [other], [here])]
    assert partition_of(at(asked), "one").leader_id == here
    assert reassign(None) == NONE
    assert not at(asked).ask(ListPartitionReassignmentsRequest(topics=None), 0).topics
    assert partition_of(at(asked), "one").replica_nodes == [here]
    assert reassign([other]) == NONE
    shim.start_broker(other)
    found = partition_of(at(asked), "one")
    assert (found.replica_nodes, found.isr_nodes, found.leader_id) == ([other], [other], other)


def test_all_of_them_restart(shim: KafkaShim, at: Ask) -> None:
    led_by(shim, 1)
    for sequence in range(3):
        produce(at(1), "t", of_producer(7, 0, sequence))
    shim.restart(clean=False)
    leader = shim.leader("t", 0)
    assert leader > 0
    assert produce(at(leader), "t", of_producer(7, 0, 3)).base_offset == 3
    forgotten = produce(at(leader), "t", of_producer(7, 0, 1))
    assert forgotten.error_code == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
    assert sorted(partition_of(at(2), "t").isr_nodes) == [1, 2, 3]


def test_in_a_loop_that_is_there(log_lines: LogLines) -> None:
    async def main() -> None:
        async with KafkaShim(brokers=2) as shim:
            for name in ("stop_broker", "start_broker"):
                with pytest.raises(RuntimeError, match="in async with: await broker"):
                    getattr(shim, name)(1)
            await shim.stopped_broker(1)
            await shim.started_broker(1)
            await shim.restarted()
            assert sorted(shim.brokers) == [1, 2]

    asyncio.run(main())


def test_nothing_is_left_of_brokers_that_were_stopped(log_lines: LogLines) -> None:
    for _ in range(2):
        with KafkaShim(brokers=3) as shim:
            shim.stop_broker(2)
            shim.stop_broker(3, clean=False)
            shim.isolate(1)
    assert not log_lines.take()

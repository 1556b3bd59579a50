"""Of several brokers faults mean all or one, and the journal tells which was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest

from compat_tests.conftest import need
from compat_tests.server.asking import fetch, fetch_request, init_producer_id, new_topic, produce
from compat_tests.server.batches import GOOD, of_producer
from compat_tests.server.conftest import LogLines
from compat_tests.wire_client import ConnectionClosed, WireClient
from kafkashim.faults.conditions import FaultError
from kafkashim.state import Decision
from kafkashim.testing import KafkaShim

Start = Callable[..., KafkaShim]
LEADERLESS = 5
NOT_LEADER = 6


def client_of(shim: KafkaShim, broker: int) -> WireClient:
    return WireClient(*shim.brokers[broker], client_id=f"of-{broker}")


@pytest.fixture
def three(start: Start) -> Iterator[KafkaShim]:
    with start(brokers=3) as shim:
        yield shim


def ask_each(shim: KafkaShim, *brokers: int) -> None:
    for broker in brokers:
        with client_of(shim, broker) as client:
            init_producer_id(client)


# -- faults --------------------------------------------------------------------------------------------


def test_without_a_broker_it_means_all(three: KafkaShim) -> None:
    fault = three.faults.throttle(0, api="InitProducerId", times=4)
    ask_each(three, 3, 1, 2, 1, 2)
    assert (fault.looked_at, fault.matched, fault.fired) == (5, 5, 4)
    assert fault.is_spent
    acted = [entry.broker for entry in three.journal if entry.fault is not None]
    assert acted == [3, 1, 2, 1]


def test_with_one_it_means_that_one(three: KafkaShim) -> None:
    fault = three.faults.throttle(0, broker=2)
    ask_each(three, 1, 2, 3, 2, 3)
    assert (fault.looked_at, fault.matched, fault.fired) == (5, 2, 2)
    assert fault.missed == {"broker": 3}
    assert str(fault) == (
        "throttle(ms=0, broker=2): acted 2 times; looked at 5 requests, "
        "not meant: broker of 3 (wanted 2, the last 3)"
    )
    assert [entry.broker for entry in three.journal if entry.fault is not None] == [2, 2]


def test_counts_go_over_all_brokers(three: KafkaShim) -> None:
    every = three.faults.throttle(0, every=2)
    third = three.faults.throttle(0, nth=2, broker=1)
    ask_each(three, 1, 2, 3, 1, 2, 1)
    assert [entry.broker for entry in three.journal if entry.fault is not None] == [2, 1, 1]
    assert (every.fired, third.fired) == (3, 0)
    # The others of broker 1 went to the fault before it.
    assert third.missed == {"broker": 2, "another fault": 3, "nth": 1}


def test_one_that_no_broker_is(three: KafkaShim) -> None:
    fault = three.faults.drop_answer(broker=7)
    ask_each(three, 1, 2, 3)
    assert fault.fired == 0
    assert "broker of 3 (wanted 7, the last 3)" in str(fault)
    with pytest.raises(FaultError, match="broker is a whole number, not 'two'"):
        three.faults.drop_answer(broker="two")


def test_removed_from_all(three: KafkaShim) -> None:
    with three.faults.throttle(0) as fault:
        ask_each(three, 1, 2, 3)
    ask_each(three, 1, 2, 3)
    assert fault.fired == 3


def test_it_outlives_a_restart_of_its_broker(three: KafkaShim, log_lines: LogLines) -> None:
    fault = three.faults.close_connection(broker=2, times=2)
    with pytest.raises(ConnectionClosed):
        ask_each(three, 2)
    three.stop_broker(2)
    three.start_broker(2)
    with pytest.raises(ConnectionClosed):
        ask_each(three, 2)
    ask_each(three, 2)
    assert fault.fired == 2


def test_it_acts_on_a_broker_that_is_cut_off(three: KafkaShim) -> None:
    with client_of(three, 1) as client:
        topic = new_topic(client)
    three.move_leader(topic, 0, three.leader(topic, 0))
    leader = three.leader(topic, 0)
    three.isolate(leader)
    three.faults.fail_before_append(LEADERLESS, broker=leader, topic=topic)
    with client_of(three, leader) as client:
        assert produce(client, topic, GOOD, acks=1).error_code == LEADERLESS


def test_a_client_goes_on_with_the_others(three: KafkaShim, log_lines: LogLines) -> None:
    """A broker that closes every connection is as good as gone; where it leads nobody can write."""
    fault = three.faults.close_connection(broker=1)
    producer = need("confluent_kafka").Producer(
        {"bootstrap.servers": three.bootstrap_servers, "log_level": 0, "message.timeout.ms": 9000}
    )
    with client_of(three, 2) as client:
        topic = new_topic(client, partitions=6, replicas=3)
    for partition in range(6):
        if three.leader(topic, partition) == 1:
            three.move_leader(topic, partition, 3)
    for partition in range(6):
        producer.produce(topic, b"%d" % partition, partition=partition)
    assert producer.flush(20) == 0
    three.journal.assert_produced(topic, values=[b"%d" % partition for partition in range(6)])
    assert fault.fired == fault.matched
    assert not three.journal.requests(api="Produce", broker=1)


# -- the journal ---------------------------------------------------------------------------------------


def test_requests_of_one(three: KafkaShim, log_lines: LogLines) -> None:
    ask_each(three, 2, 3, 2)
    with client_of(three, 3) as client:
        client.send(b"\x00\x00\x00\x02\x00\x12")
        assert client.closed_by_broker()
    journal = three.journal
    for broker, numbers in ((1, []), (2, [1, 3]), (3, [2, 4])):
        assert [entry.number for entry in journal.requests(broker=broker)] == numbers
    assert [entry.number for entry in journal.requests(broker=3, client_id="of-3")] == [2]
    assert journal.requests(broker=3, connection=1) == []
    assert [entry.broker for entry in journal] == [2, 3, 2, 3]
    assert journal.wait_for(broker=2, count=2)


def test_numbers_of_connections_are_unique(three: KafkaShim) -> None:
    ask_each(three, 3, 1, 2, 3)
    assert [entry.connection for entry in three.journal] == [1, 2, 3, 4]


def test_the_transcript_says_who_was_asked(three: KafkaShim) -> None:
    three.faults.throttle(0, broker=1)
    ask_each(three, 2, 1)
    assert three.journal.transcript().splitlines() == [
        "#1 broker 2 connection 1 of-2: InitProducerId v5",
        "#2 broker 1 connection 2 of-1: InitProducerId v5",
        "    fault throttle(ms=0, broker=1)",
    ]
    assert three.journal.transcript(1).splitlines()[1].startswith("#2 broker 1 connection 2")


def test_of_one_broker_it_does_not(start: Start) -> None:
    with start() as shim:
        with client_of(shim, 1) as client:
            init_producer_id(client)
        assert shim.journal.transcript() == "#1 connection 1 of-1: InitProducerId v5"
        (entry,) = shim.journal.requests(broker=1)
        assert entry.broker == 1
        assert shim.journal.requests(broker=2) == []


def test_which_was_asked_is_known_when_they_are_closed(start: Start) -> None:
    with start(brokers=2) as shim:
        ask_each(shim, 2)
    assert shim.journal.transcript() == "#1 broker 2 connection 1 of-2: InitProducerId v5"


def test_in_the_loop_that_is_there() -> None:
    async def look() -> str:
        async with KafkaShim(brokers=2) as shim:
            await asyncio.to_thread(ask_each, shim, 2, 1)
            assert [entry.number for entry in shim.journal.requests(broker=1)] == [2]
            return shim.journal.transcript()

    assert [line.split()[2] for line in asyncio.run(look()).splitlines()] == ["2", "1"]


def test_whoever_watches_decisions_may_look(start: Start) -> None:
    told: list[str] = []

    def watch(decision: Decision) -> None:
        told.append(shim.journal.transcript())

    with start(brokers=2, on_decision=watch) as shim:
        with client_of(shim, 1) as client:
            topic = new_topic(client)
        leader = shim.leader(topic, 0)
        with client_of(shim, leader) as client:
            produce(client, topic, of_producer(5, 0, 0))
    (text,) = told
    assert f"broker {leader} connection 2 of-{leader}: Produce v9" in text


def test_records_are_those_of_the_cluster(three: KafkaShim) -> None:
    """What a broker that is cut off took by itself is not among them."""
    with client_of(three, 1) as client:
        topic = new_topic(client, replicas=3)
    three.move_leader(topic, 0, 1)
    three.isolate(1)
    three.clock.advance(seconds=10)
    with client_of(three, 1) as client:
        assert produce(client, topic, GOOD, acks=1).error_code == 0
    three.journal.assert_produced(topic, 0)
    with client_of(three, three.leader(topic, 0)) as client:
        assert produce(client, topic, GOOD).error_code == 0
    three.journal.assert_produced(topic, 2)


def test_the_topics_of_an_incremental_fetch(three: KafkaShim) -> None:
    """They are in the fetch session, which only the broker that was asked has."""
    with client_of(three, 1) as client:
        topic = new_topic(client, replicas=3)
    three.move_leader(topic, 0, 2)
    fault = three.faults.throttle(0, api="Fetch", topic=topic)
    with client_of(three, 2) as client:
        produce(client, topic, GOOD)
        request = fetch_request({(topic, 0): 0}, session_epoch=0)
        request.session_id = client.ask(request, 12).session_id
        assert request.session_id
        request.session_epoch, request.topics = 1, []
        client.ask(request, 12)
        found = three.journal.requests(api="Fetch", topic=topic)
    assert [entry.broker for entry in found] == [2, 2]
    assert fault.fired == 2


def test_who_is_no_leader_says_so(three: KafkaShim) -> None:
    with client_of(three, 1) as client:
        topic = new_topic(client, replicas=3)
    three.move_leader(topic, 0, 2)
    for broker, error in ((1, NOT_LEADER), (2, 0), (3, NOT_LEADER)):
        with client_of(three, broker) as client:
            assert produce(client, topic, GOOD).error_code == error
    answers = [entry.response for entry in three.journal.requests(api="Produce", broker=3)]
    assert len(answers) == 1
    with client_of(three, 2) as client:
        assert bytes(fetch(client, topic, 0).records)

"""Which requests a fault is meant for, how often it acts, and what it says when it does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compat_tests.server.asking import (
    fetch,
    init_producer_id,
    list_offset,
    new_topic,
    produce,
    produce_request,
)
from compat_tests.server.batches import GOOD, of_producer
from compat_tests.server.in_process import InProcess, Peer
from kafka_codecs.messages.api_03_metadata import MetadataRequest, MetadataRequestTopic
from kafka_codecs.messages.api_08_offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from kafka_codecs.messages.api_10_find_coordinator import FindCoordinatorRequest
from kafka_codecs.messages.api_12_heartbeat import HeartbeatRequest
from kafka_codecs.messages.api_15_describe_groups import DescribeGroupsRequest
from kafkashim.faults.about import Batch, Item
from kafkashim.faults.conditions import Conditions, FaultError
from kafkashim.faults.fault import Fault

LAST = 2**31 - 1


def counting(shim: InProcess, /, **conditions: object) -> Fault:
    """A fault that does no harm, and counts."""
    return shim.dispatcher.faults.throttle(0, **conditions)


@pytest.mark.parametrize(
    ("conditions", "fires"),
    [
        ({}, True),
        ({"api": "Produce"}, True),
        ({"api": "produce"}, True),
        ({"api": 0}, True),
        ({"api": "Fetch"}, False),
        ({"version": 9}, True),
        ({"version": "3-8"}, False),
        ({"version": (9, 13)}, True),
        ({"topic": "orders"}, True),
        ({"topic": "ord*"}, True),
        ({"topic": "payments"}, False),
        ({"partition": 1}, True),
        ({"partition": 0}, False),
        ({"topic": "orders", "partition": 1}, True),
        ({"producer_id": 7}, True),
        ({"producer_id": 8}, False),
        ({"sequence": 12}, True),
        ({"sequence": "0-10"}, True),
        ({"sequence": "0-9"}, False),
        ({"sequence": (13, 20)}, False),
        ({"client_id": "kafka*"}, True),
        ({"client_id": "other"}, False),
        ({"connection": 1}, True),
        ({"connection": 2}, False),
        ({"broker": 3}, True),
        ({"broker": 2}, False),
        ({"transactional_id": "tx"}, False),
        ({"group": "g"}, False),
    ],
    ids=str,
)
def test_a_produce_request(
    in_process: Callable[..., InProcess], conditions: dict[str, Any], fires: bool
) -> None:
    broker = in_process(config={"node.id": "3"})
    peer = broker.connect()
    new_topic(peer, 2, name="orders")
    fault = counting(broker, **conditions)
    looked_at = fault.fired
    produce(peer, "orders", of_producer(7, 0, 10, 3), 1)
    assert (fault.fired - looked_at == 1) is fires


def test_conditions_of_items_have_to_hold_for_one_and_the_same(
    broker: InProcess, peer: Peer
) -> None:
    for name in ("a", "b"):
        new_topic(peer, 2, name=name)
    fault = counting(broker, topic="a", partition=1)
    peer.ask(produce_request({("a", 0): GOOD, ("b", 1): GOOD}), 9)
    assert fault.fired == 0
    peer.ask(produce_request({("a", 0): GOOD, ("a", 1): GOOD}), 9)
    assert fault.fired == 1


def test_topics_that_are_named_by_id(broker: InProcess, peer: Peer) -> None:
    new_topic(peer, name="orders")
    fault = counting(broker, topic="orders")
    request = produce_request({("", 0): GOOD})
    request.topic_data[0].topic_id = broker.broker.topics["orders"].topic_id
    peer.ask(request, 13)
    assert fault.fired == 1


@pytest.mark.parametrize(
    ("condition", "request_", "version"),
    [
        ({"topic": "t"}, MetadataRequest(topics=[MetadataRequestTopic(name="t")]), 9),
        ({"topic": "t"}, MetadataRequest(topics=None), 9),
        ({"group": "g"}, HeartbeatRequest(group_id="g", generation_id=0, member_id="m"), 4),
        ({"group": "g"}, DescribeGroupsRequest(groups=["f", "g"]), 5),
        ({"group": "g"}, FindCoordinatorRequest(key="g", key_type=0), 3),
        ({"group": "g"}, FindCoordinatorRequest(coordinator_keys=["f", "g"], key_type=0), 4),
        ({"transactional_id": "x"}, FindCoordinatorRequest(coordinator_keys=["x"], key_type=1), 4),
        (
            {"group": "g", "topic": "t", "partition": 0},
            OffsetCommitRequest(
                group_id="g",
                topics=[
                    OffsetCommitRequestTopic(
                        name="t",
                        partitions=[
                            OffsetCommitRequestPartition(
                                partition_index=0, committed_offset=0, committed_metadata=""
                            )
                        ],
                    )
                ],
            ),
            8,
        ),
    ],
    ids=lambda value: value.NAME if hasattr(value, "NAME") else str(value),
)
def test_other_requests(
    broker: InProcess, peer: Peer, condition: dict[str, Any], request_: Any, version: int
) -> None:
    new_topic(peer, name="t")
    meant = counting(broker, **condition)
    peer.ask(request_, version)
    assert meant.fired == 1
    name, value = next(iter(condition.items()))
    other = counting(broker, **{**condition, name: f"not-{value}"})
    meant.remove()
    peer.ask(request_, version)
    assert other.fired == 0
    assert other.missed == {name: 1}


def test_an_init_producer_id_request(broker: InProcess, peer: Peer) -> None:
    fault = counting(broker, transactional_id="tx-*")
    init_producer_id(peer, "tx-1")
    init_producer_id(peer, "other")
    assert fault.fired == 1


def test_reads(broker: InProcess, peer: Peer) -> None:
    topic = new_topic(peer)
    fault = counting(broker, topic=topic)
    fetch(peer, topic, 0)
    list_offset(peer, topic, -1)
    assert fault.fired == 2


@pytest.mark.parametrize(
    ("often", "fired"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"times": 2}, [1, 2]),
        ({"nth": 3}, [3]),
        ({"every": 2}, [2, 4, 6]),
        ({"every": 2, "times": 2}, [2, 4]),
    ],
    ids=str,
)
def test_how_often(broker: InProcess, peer: Peer, often: dict[str, int], fired: list[int]) -> None:
    fault = counting(broker, api="InitProducerId", **often)
    acted: list[int] = []
    for number in range(1, 7):
        before = fault.fired
        init_producer_id(peer)
        if fault.fired > before:
            acted.append(number)
    assert acted == fired
    assert fault.matched == 6


def test_chances_are_repeatable(broker: InProcess, peer: Peer) -> None:
    def acted(seed: int) -> list[int]:
        fault = counting(broker, probability=0.5, seed=seed)
        found = []
        for _ in range(64):
            init_producer_id(peer)
            found.append(fault.fired)
        fault.remove()
        return found

    assert acted(1) == acted(1)
    assert acted(1) != acted(2)
    assert 16 < acted(3)[-1] < 48


def test_the_first_that_acts_is_the_only_one(broker: InProcess, peer: Peer) -> None:
    first, second = counting(broker, times=1), counting(broker)
    init_producer_id(peer)
    assert (first.fired, second.fired) == (1, 0)
    assert second.missed == {"another fault": 1}
    init_producer_id(peer)
    assert (first.fired, second.fired) == (1, 1)


def test_it_says_why_it_did_not_act(broker: InProcess, peer: Peer) -> None:
    new_topic(peer, name="payments")
    fault = counting(broker, api="Produce", topic="orders", times=1)
    assert "no request came" in str(fault)
    produce(peer, "payments", GOOD)
    init_producer_id(peer)
    text = str(fault)
    assert text.startswith("throttle(ms=0, api=Produce, topic=orders, times=1): acted 0 of 1 times")
    assert "looked at 2 requests" in text
    assert "topic of 1 (wanted orders, the last payments)" in text
    assert "api of 1 (wanted Produce, the last InitProducerId)" in text


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ({"action": "explode"}, "action"),
        ({}, "action"),
        ({"action": "delay_answer"}, "action"),
        ({"action": "fail_before_append", "error": "NO_SUCH_ERROR"}, "error"),
        ({"action": "fail_before_append", "error": "NONE"}, "error"),
        ({"action": "fail_before_append", "error": 3000}, "error"),
        ({"action": "delay_answer", "ms": -1}, "ms"),
        ({"action": "delay_answer", "ms": "soon"}, "ms"),
        ({"action": "slow_answer", "bytes_per_second": 0}, "bytes_per_second"),
        ({"action": "cut_answer", "length": True}, "length"),
        ({"action": "drop_answer", "close": "yes"}, "close"),
        ({"action": "half_open", "api": "Produse"}, "api"),
        ({"action": "half_open", "api": 4}, "api"),
        ({"action": "half_open", "version": "9-3"}, "version"),
        ({"action": "half_open", "version": "new"}, "version"),
        ({"action": "half_open", "version": True}, "version"),
        ({"action": "half_open", "sequence": (1, 2, 3)}, "sequence"),
        ({"action": "half_open", "partition": "0"}, "partition"),
        ({"action": "half_open", "topic": 5}, "topic"),
        ({"action": "half_open", "times": 0}, "times"),
        ({"action": "half_open", "probability": 0}, "probability"),
        ({"action": "half_open", "probability": 2}, "probability"),
        ({"action": "half_open", "tpoic": "orders"}, "tpoic"),
        ({"action": "half_open", "error": "NOT_CONTROLLER"}, "error"),
    ],
    ids=str,
)
def test_mistakes_are_told(broker: InProcess, words: dict[str, object], key: str) -> None:
    with pytest.raises(FaultError) as told:
        broker.dispatcher.faults.add(words)
    assert told.value.key == key
    assert not len(broker.dispatcher.faults)


def test_a_description_can_be_set_again(broker: InProcess) -> None:
    faults = broker.dispatcher.faults
    fault = faults.fail_after_append(
        7, api="produce", version=(3, 9), sequence="5", topic="t", times=3, probability=0.5
    )
    assert fault.words() == {
        "action": "fail_after_append",
        "error": "REQUEST_TIMED_OUT",
        "api": "Produce",
        "version": "3-9",
        "sequence": 5,
        "topic": "t",
        "times": 3,
        "probability": 0.5,
    }
    assert faults.add(fault.words()).words() == fault.words()


def test_removing(broker: InProcess, peer: Peer) -> None:
    faults = broker.dispatcher.faults
    with counting(broker) as fault:
        init_producer_id(peer)
        assert list(faults) == [fault]
        assert faults.get(fault.number) is fault
    init_producer_id(peer)
    assert fault.fired == 1
    assert not faults.remove(fault.number)
    counting(broker)
    faults.clear()
    assert len(faults) == 0


sequences = st.integers(0, LAST) | st.sampled_from([0, 1, LAST - 1, LAST])


@given(first=sequences, count=st.integers(1, 9), low=sequences, width=st.integers(0, 9))
def test_a_range_of_sequences_holds_for_batches_that_have_any_of_it(
    first: int, count: int, low: int, width: int
) -> None:
    high = min(low + width, LAST)
    batch = Batch(1, 0, first, (first + count - 1) % (LAST + 1))
    of_batch = {(first + step) % (LAST + 1) for step in range(count)}
    expected = not of_batch.isdisjoint(range(low, high + 1))
    conditions = Conditions.read({"sequence": (low, high)})
    assert conditions.means(Item("t", 0, batch)) is expected

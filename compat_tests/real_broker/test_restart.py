"""What a broker still knows after a restart, clean or not, here and on Apache Kafka.

The same is done on both, and what they tell is compared with ``recorded/restart-<version>.json``;
``--record`` records it anew, ``--real-broker`` asks Apache Kafka too. Each of the questions yields where
the broker is to be restarted, and they are asked together, because Apache Kafka takes seconds for that.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from compat_tests import toolchains
from compat_tests.real_broker.apache_kafka import PROPERTIES, TOOLS, VERSION, ApacheKafka
from compat_tests.server.asking import (
    delete_records,
    fetch_request,
    init_producer_id,
    list_offset,
    log_end,
    log_start,
    new_topic,
    produce,
    producers,
)
from compat_tests.server.batches import of_producer
from compat_tests.wire_client import WireClient
from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_03_metadata import MetadataRequest, MetadataRequestTopic
from kafka_codecs.messages.api_11_join_group import JoinGroupRequest, JoinGroupRequestProtocol
from kafka_codecs.messages.api_12_heartbeat import HeartbeatRequest
from kafka_codecs.messages.api_14_sync_group import SyncGroupRequest, SyncGroupRequestAssignment
from kafka_codecs.messages.api_23_offset_for_leader_epoch import (
    OffsetForLeaderEpochRequest,
    OffsetForLeaderPartition,
    OffsetForLeaderTopic,
)
from kafkashim.testing import KafkaShim

FILE = Path(__file__).parent / "recorded" / f"restart-{VERSION}.json"
APACHE_KAFKA, KAFKASHIM = "apache-kafka", "kafkashim"
Address = tuple[str, int]
Restart = Callable[[], None]
Told = Generator[None, None, dict[str, Any]]
EPOCHS = range(-2, 6)
BLOCK = 1000


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "broker_name" not in metafunc.fixturenames:
        return
    config = metafunc.config
    names = [APACHE_KAFKA] if config.getoption("--record") else [KAFKASHIM]
    if config.getoption("--real-broker") and APACHE_KAFKA not in names:
        names.append(APACHE_KAFKA)
    metafunc.parametrize("broker_name", names)


@contextmanager
def running(name: str, decoder: str, *, clean: bool) -> Iterator[tuple[Address, Restart]]:
    """A broker, and how it is restarted."""
    if name == APACHE_KAFKA:
        toolchains.need(*TOOLS)
        with ApacheKafka() as kafka:

            def restart() -> None:
                if clean:
                    kafka.stop()
                else:
                    kafka.kill()
                kafka.start()

            yield kafka.address, restart
    else:
        with KafkaShim(rules="kafka-4.3", decoder=decoder, config=PROPERTIES) as shim:
            yield (shim.host, shim.port), lambda: shim.restart(clean=clean)


def ready(client: WireClient, *topics: str) -> None:
    """Wait until the partitions have their leader, which takes Apache Kafka a moment."""
    end = time.monotonic() + 20
    while any(list_offset(client, topic, -1).error_code for topic in topics):
        assert time.monotonic() < end
        time.sleep(0.02)


def told_of_producers(address: Address, *, clean: bool) -> Told:
    """Which batches are duplicates before and after, in logs with and without a head."""
    cases = {"whole": 0, "cut": 3, **({"empty": 6} if clean else {})}
    found: dict[str, Any] = {}
    with WireClient(*address) as client:
        for case in cases:
            ready(client, new_topic(client, name=case))
            for producer_id in (1, 2):
                for sequence in range(3):
                    batch = of_producer(producer_id, 0, sequence)
                    assert produce(client, case, batch).error_code == 0
            if cases[case]:
                delete_records(client, case, cases[case])
            found[f"{case}: before"] = told_of(client, case)
    yield
    with WireClient(*address) as client:
        ready(client, *cases)
        for case in cases:
            found[f"{case}: after"] = told_of(client, case)
            for producer_id in (1, 2):
                for sequence in (2, 1, 3, 2):
                    answer = produce(client, case, of_producer(producer_id, 0, sequence))
                    key = f"{case}: producer {producer_id} sends {sequence}"
                    told = [answer.error_code, answer.base_offset, answer.log_start_offset]
                    found.setdefault(key, []).append(told)
    return found


def told_of(client: WireClient, topic: str) -> list[Any]:
    known = {str(key): list(value) for key, value in sorted(producers(client, topic).items())}
    return [known, log_start(client, topic), log_end(client, topic)]


def told_of_epochs(address: Address, *, clean: bool) -> Told:
    """Where leader epochs end, in logs that are written to between restarts and in others.

    A log of which all was deleted has its records again after an unclean restart on Apache Kafka, but not
    here, where their bytes are gone (docs/limits.md): that is not asked.
    """
    topics = ("written", "untouched", "deleted")
    found: dict[str, Any] = {}
    for times in range(3):
        with WireClient(*address) as client:
            for topic in topics if not times else ():
                new_topic(client, name=topic)
            ready(client, *topics)
            for topic in topics:
                found[f"{topic}: restarted {times} times"] = epochs_of(client, topic)
            if times != 1:
                produce(client, "written", of_producer(-1, -1, -1, 2))
            produce(client, "deleted", of_producer(-1, -1, -1, 2))
            delete_records(client, "deleted", log_end(client, "deleted") - 1)
            for topic in ("written", "deleted"):
                found[f"{topic}: restarted {times} times, then"] = epochs_of(client, topic)
            if clean:
                delete_records(client, "deleted", log_end(client, "deleted"))
                found[f"deleted: restarted {times} times, at last"] = epochs_of(client, "deleted")
        yield
    return found


def epochs_of(client: WireClient, topic: str) -> dict[str, Any]:
    asked = [
        OffsetForLeaderPartition(partition=0, current_leader_epoch=-1, leader_epoch=epoch)
        for epoch in EPOCHS
    ]
    ends = []
    for partition in asked:
        request = OffsetForLeaderEpochRequest(
            replica_id=-1, topics=[OffsetForLeaderTopic(topic=topic, partitions=[partition])]
        )
        answer = client.ask(request, 4).topics[0].partitions[0]
        ends.append([answer.error_code, answer.leader_epoch, answer.end_offset])
    metadata = MetadataRequest(topics=[MetadataRequestTopic(name=topic)])
    return {
        "ends": ends,
        "earliest": list_offset(client, topic, -2).leader_epoch,
        "latest": list_offset(client, topic, -1).leader_epoch,
        "by time": list_offset(client, topic, 0).leader_epoch,
        "metadata": client.ask(metadata, 9).topics[0].partitions[0].leader_epoch,
    }


def told_of_the_rest(address: Address, *, clean: bool) -> Told:
    """Fetch sessions, members, producer ids, transactional ids."""
    join = JoinGroupRequest(
        group_id="g",
        session_timeout_ms=30_000,
        rebalance_timeout_ms=60_000,
        member_id="",
        protocol_type="consumer",
        protocols=[JoinGroupRequestProtocol(name="range", metadata=b"m")],
    )
    with WireClient(*address) as client:
        ready(client, new_topic(client, name="t"))
        _, before, _ = init_producer_id(client)
        _, transactional, _ = init_producer_id(client, "tx")
        session = client.ask(fetch_request({("t", 0): 0}, session_epoch=0), 12).session_id
        member = client.ask(join, 3)
        given = SyncGroupRequestAssignment(member_id=member.member_id, assignment=b"a")
        sync = SyncGroupRequest(
            group_id="g",
            generation_id=member.generation_id,
            member_id=member.member_id,
            assignments=[given],
        )
        assert client.ask(sync, 3).error_code == 0
    yield
    with WireClient(*address) as client:
        ready(client, "t")
        heartbeat = HeartbeatRequest(
            group_id="g", generation_id=member.generation_id, member_id=member.member_id
        )
        again = fetch_request({}, session_id=session, session_epoch=1)
        _, after, _ = init_producer_id(client)
        error, producer_id, epoch = init_producer_id(client, "tx")
        return {
            "producer ids: blocks further": after // BLOCK - before // BLOCK,
            "transactional id": [error, producer_id == transactional, epoch],
            "fetch session": client.ask(again, 12).error_code,
            "heartbeat": client.ask(heartbeat, 4).error_code,
        }


QUESTIONS = (told_of_producers, told_of_epochs, told_of_the_rest)


@pytest.mark.parametrize("clean", [True, False], ids=["clean", "unclean"])
def test_restart(broker_name: str, clean: bool, pytestconfig: pytest.Config) -> None:
    told: dict[str, Any] = {}
    decoder = pytestconfig.getoption("--decoder")
    with running(broker_name, decoder, clean=clean) as (address, restart):
        asking = [question(address, clean=clean) for question in QUESTIONS]
        while asking:
            for question in tuple(asking):
                try:
                    next(question)
                except StopIteration as done:
                    told.update(done.value)
                    asking.remove(question)
            if asking:
                restart()
    key = "clean" if clean else "unclean"
    recorded: dict[str, Any] = json.loads(FILE.read_text()) if FILE.exists() else {}
    if pytestconfig.getoption("--record"):
        recorded[key] = told
        FILE.write_text(json.dumps(dict(sorted(recorded.items())), indent=1) + "\n")
        return
    assert list(told) == list(recorded[key])
    for what, found in told.items():
        assert found == recorded[key][what], what


def test_a_broker_that_is_stopped_begins_anew() -> None:
    """Unlike Apache Kafka, which finds its log again (docs/limits.md, Durability)."""
    with KafkaShim(rules="kafka-4.3") as shim, WireClient(shim.host, shim.port) as client:
        new_topic(client, name="t")
        assert produce(client, "t", of_producer(1, 0, 0)).error_code == 0
        port = shim.port
    with KafkaShim(rules="kafka-4.3", port=port), WireClient("127.0.0.1", port) as client:
        unknown = produce(client, "t", of_producer(1, 0, 1))
        assert unknown.error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        new_topic(client, name="t")
        assert produce(client, "t", of_producer(1, 0, 1)).base_offset == 0

"""Ten members of a group are killed and started again, and still every record is read.

``--kill-seconds 300`` goes on for five minutes in each protocol.
"""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from compat_tests.conftest import need
from compat_tests.groups import killed_member
from compat_tests.wire_client import WireClient
from kafka_codecs.messages.api_00_produce import (
    PartitionProduceData,
    ProduceRequest,
    TopicProduceData,
)
from kafka_codecs.messages.api_09_offset_fetch import OffsetFetchRequest, OffsetFetchRequestGroup
from kafka_codecs.messages.api_19_create_topics import CreatableTopic, CreateTopicsRequest
from kafka_codecs.record_batch import encode_batch
from kafkashim.testing import KafkaShim

MEMBERS, PARTITIONS = 10, 24
TOPIC, GROUP = "killed", "killed-group"
# Members that say nothing are let go after seconds, so that their partitions come to others soon.
PROPERTIES = {
    "group.initial.rebalance.delay.ms": "0",
    "group.consumer.min.session.timeout.ms": "1000",
    "group.consumer.session.timeout.ms": "3000",
    "group.consumer.min.heartbeat.interval.ms": "100",
    "group.consumer.heartbeat.interval.ms": "300",
}
# From the last record on: sessions end, the group rebalances, the rest is read.
PATIENCE_S = 60.0


class Writer:
    """Writes records and counts them."""

    def __init__(self, client: WireClient) -> None:
        self._client = client
        self.written = [0] * PARTITIONS

    def write(self, partition: int, count: int) -> None:
        records = encode_batch([(b"k", b"v")] * count, base_timestamp=int(time.time() * 1000))
        data = PartitionProduceData(index=partition, records=records)
        topic = TopicProduceData(name=TOPIC, partition_data=[data])
        request = ProduceRequest(acks=-1, timeout_ms=10_000, topic_data=[topic])
        answer = self._client.ask(request, 9).responses[0].partition_responses[0]
        assert (answer.error_code, answer.base_offset) == (0, self.written[partition])
        self.written[partition] += count


class Members:
    """The processes, and what all of them together have read."""

    def __init__(self, bootstrap: str, protocol: str) -> None:
        words = ["-m", killed_member.__name__, bootstrap, GROUP, TOPIC, protocol]
        self._command = [sys.executable, *words]
        self.read: list[set[int]] = [set() for _ in range(PARTITIONS)]
        self._processes = [self._start() for _ in range(MEMBERS)]

    def _start(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self._take, args=(process,), daemon=True).start()
        return process

    def _take(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            # The last line of one that is killed may be cut.
            if line.endswith("\n"):
                partition, offset = line.split()
                self.read[int(partition)].add(int(offset))
        process.stdout.close()

    def kill_and_restart(self, index: int) -> None:
        """End a process as if its machine had lost its power, and start another."""
        process = self._processes[index]
        assert process.poll() is None, "a member ended by itself"
        process.kill()
        process.wait()
        self._processes[index] = self._start()

    def close(self) -> None:
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()


def committed(client: WireClient) -> list[int]:
    """The committed offset of every partition, 0 where there is none."""
    asked = OffsetFetchRequestGroup(group_id=GROUP, topics=None)
    answer = client.ask(OffsetFetchRequest(groups=[asked], require_stable=False), 9)
    found = [0] * PARTITIONS
    for topic in answer.groups[0].topics:
        for partition in topic.partitions:
            found[partition.partition_index] = max(0, partition.committed_offset)
    return found


@contextlib.contextmanager
def group(protocol: str) -> Iterator[tuple[WireClient, Members]]:
    with KafkaShim(config=PROPERTIES) as broker, WireClient(broker.host, broker.port) as client:
        topic = CreatableTopic(name=TOPIC, num_partitions=PARTITIONS, replication_factor=1)
        client.ask(CreateTopicsRequest(topics=[topic], timeout_ms=10_000), 7)
        members = Members(broker.bootstrap_servers, protocol)
        try:
            yield client, members
        finally:
            members.close()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_every_record_is_read_and_no_offset_goes_back(
    protocol: str, pytestconfig: pytest.Config
) -> None:
    need("confluent_kafka")
    chance = random.Random(protocol)
    kills = 0
    with group(protocol) as (client, members):
        writer = Writer(client)
        before = committed(client)
        end = time.monotonic() + pytestconfig.getoption("--kill-seconds")
        done = end + PATIENCE_S
        while True:
            now = time.monotonic()
            if now < end:
                writer.write(chance.randrange(PARTITIONS), chance.randint(1, 50))
                if chance.random() < 0.02:
                    members.kill_and_restart(chance.randrange(MEMBERS))
                    kills += 1
            after = committed(client)
            assert all(map(int.__le__, before, after)), f"{before} went back to {after}"
            before = after
            if now >= end and after == writer.written:
                break
            assert now < done, f"of {writer.written} only {after} committed"
            time.sleep(0.02)
    assert kills
    # What was committed was told of before.
    assert [sorted(found) for found in members.read] == [list(range(n)) for n in writer.written]
    print(f"{protocol}: {kills} members killed, {sum(writer.written)} records")

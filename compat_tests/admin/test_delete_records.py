"""DeleteRecords: the log's start moves forward, never back, and not everywhere."""

from __future__ import annotations

import time

import pytest

from compat_tests.admin.topics import created, topic
from compat_tests.wire_client import WireClient
from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_00_produce import (
    PartitionProduceData,
    ProduceRequest,
    TopicProduceData,
)
from kafka_codecs.messages.api_02_list_offsets import (
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsTopic,
)
from kafka_codecs.messages.api_21_delete_records import (
    DeleteRecordsPartition,
    DeleteRecordsRequest,
    DeleteRecordsTopic,
)
from kafka_codecs.record_batch import encode_batch

END = 6
EARLIEST = -2


def delete_records(
    client: WireClient, name: str, *offsets: tuple[int, int], version: int = 2
) -> dict[int, tuple[int, int]] | None:
    """Partition -> low watermark and error; ``None`` when the topic is not answered."""
    request = DeleteRecordsRequest(
        topics=[
            DeleteRecordsTopic(
                name=name,
                partitions=[
                    DeleteRecordsPartition(partition_index=index, offset=offset)
                    for index, offset in offsets
                ],
            )
        ],
        timeout_ms=10_000,
    )
    topics = client.ask(request, version).topics
    if not topics:
        return None
    return {p.partition_index: (p.low_watermark, p.error_code) for p in topics[0].partitions}


def log_start(client: WireClient, name: str) -> int:
    partition = ListOffsetsPartition(partition_index=0, timestamp=EARLIEST, current_leader_epoch=-1)
    request = ListOffsetsRequest(
        replica_id=-1, topics=[ListOffsetsTopic(name=name, partitions=[partition])]
    )
    return int(client.ask(request, 5).topics[0].partitions[0].offset)


@pytest.fixture
def six_records(client: WireClient, name: str) -> str:
    """A topic of one partition with three batches of two records."""
    created(client, topic(name))
    for _ in range(END // 2):
        records = encode_batch([(None, b"x")] * 2, base_timestamp=int(time.time() * 1000))
        data = TopicProduceData(
            name=name, partition_data=[PartitionProduceData(index=0, records=records)]
        )
        request = ProduceRequest(
            transactional_id=None, acks=-1, timeout_ms=10_000, topic_data=[data]
        )
        answer = client.ask(request, 9).responses[0].partition_responses[0]
        assert answer.error_code == 0
    return name


@pytest.mark.parametrize("version", range(3))
def test_up_to_an_offset(client: WireClient, six_records: str, version: int) -> None:
    assert delete_records(client, six_records, (0, 3), version=version) == {0: (3, 0)}
    assert log_start(client, six_records) == 3


def test_minus_one_is_all_there_is(client: WireClient, six_records: str) -> None:
    assert delete_records(client, six_records, (0, -1)) == {0: (END, 0)}
    assert log_start(client, six_records) == END


def test_what_is_gone_stays_gone(client: WireClient, six_records: str) -> None:
    delete_records(client, six_records, (0, 4))
    assert delete_records(client, six_records, (0, 1)) == {0: (4, 0)}
    assert log_start(client, six_records) == 4


@pytest.mark.parametrize("offset", [END + 1, 2**62, -2])
def test_an_offset_out_of_range(client: WireClient, six_records: str, offset: int) -> None:
    out_of_range = {0: (-1, ErrorCode.OFFSET_OUT_OF_RANGE)}
    assert delete_records(client, six_records, (0, offset)) == out_of_range
    assert log_start(client, six_records) == 0


def test_a_partition_twice_is_answered_once_for_its_last_offset(
    client: WireClient, six_records: str
) -> None:
    assert delete_records(client, six_records, (0, 99), (0, 2)) == {0: (2, 0)}


def test_an_empty_log(client: WireClient, name: str) -> None:
    created(client, topic(name, 2))
    assert delete_records(client, name, (0, 0), (1, -1)) == {0: (0, 0), 1: (0, 0)}


@pytest.mark.parametrize("index", [1, -1])
def test_an_unknown_partition(client: WireClient, six_records: str, index: int) -> None:
    unknown = (-1, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    assert delete_records(client, six_records, (index, 0), (0, 1)) == {index: unknown, 0: (1, 0)}


@pytest.mark.parametrize("unknown", ["no-such-topic", "a b", ""])
def test_an_unknown_topic(client: WireClient, unknown: str) -> None:
    answer = {0: (-1, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)}
    assert delete_records(client, unknown, (0, 0)) == answer


def test_a_topic_without_partitions_is_not_answered(client: WireClient, six_records: str) -> None:
    assert delete_records(client, six_records) is None


@pytest.mark.parametrize(
    ("policy", "error"),
    [
        ("delete", ErrorCode.NONE),
        ("compact,delete", ErrorCode.NONE),
        ("", ErrorCode.NONE),
        ("compact", ErrorCode.POLICY_VIOLATION),
    ],
)
def test_a_topic_that_is_only_compacted_keeps_its_records(
    client: WireClient, name: str, policy: str, error: int
) -> None:
    created(client, topic(name, configs={"cleanup.policy": policy}))
    assert delete_records(client, name, (0, 0)) == {0: (-1 if error else 0, error)}

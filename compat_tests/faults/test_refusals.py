"""Every API at every version can be made to fail, and then answers in the shape of its own errors."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from compat_tests.server.asking import (
    fetch_request,
    new_topic,
    produce_request,
)
from compat_tests.server.batches import GOOD
from compat_tests.server.golden_requests import GoldenRequest, golden_requests
from compat_tests.server.in_process import InProcess, Peer
from kafka_codecs.errors import ErrorCode
from kafka_codecs.frame import decode_request, decode_response
from kafka_codecs.messages import messages
from kafka_codecs.messages.api_02_list_offsets import (
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsTopic,
)
from kafka_codecs.messages.api_12_heartbeat import HeartbeatRequest
from kafka_codecs.messages.api_13_leave_group import LeaveGroupRequest, MemberIdentity
from kafka_codecs.messages.api_14_sync_group import SyncGroupRequest
from kafka_codecs.messages.api_20_delete_topics import DeleteTopicsRequest
from kafka_codecs.messages.api_21_delete_records import (
    DeleteRecordsPartition,
    DeleteRecordsRequest,
    DeleteRecordsTopic,
)
from kafka_codecs.messages.api_22_init_producer_id import InitProducerIdRequest
from kafka_codecs.messages.api_23_offset_for_leader_epoch import (
    OffsetForLeaderEpochRequest,
    OffsetForLeaderPartition,
    OffsetForLeaderTopic,
)
from kafka_codecs.messages.api_42_delete_groups import DeleteGroupsRequest
from kafka_codecs.schema import Struct
from kafkashim.faults.refusals import coded_arrays

ERROR = ErrorCode.POLICY_VIOLATION
PRODUCE = 0


def codes(struct_: Struct, version: int) -> Iterator[int]:
    for field in struct_.FIELDS:
        if field.name == "error_code" and field.versions.holds(version):
            yield struct_.error_code  # type: ignore[attr-defined]
    for array in coded_arrays(type(struct_), version):
        for item in getattr(struct_, array.name) or ():
            yield from codes(item, version)


@pytest.mark.parametrize("action", ["fail_before_append", "fail_after_append"])
@pytest.mark.parametrize("golden", golden_requests(), ids=str)
def test_every_api_at_every_version(
    in_process: Callable[..., InProcess], golden: GoldenRequest, action: str
) -> None:
    """A request that a real client sent is answered with the error, in its own version's shape."""
    broker = in_process(config={"metric.reporters": "a.Reporter"})
    fault = broker.dispatcher.faults.add({"action": action, "error": ERROR.name})
    peer = broker.connect()
    frame = golden.frame
    peer.send(struct.pack(">i", len(frame)) + frame)
    assert fault.fired == 1
    if golden.api_key == PRODUCE and not decode_request(frame)[1].acks:  # type: ignore[attr-defined]
        assert peer.transport.closed
        return
    broker.clock.advance(600_000)  # members that wait for each other
    (answer,) = peer.frames()
    response = decode_response(messages(golden.api_key)[1], golden.version, answer)[1]
    found = list(codes(response, golden.version))
    if not found:
        # Nothing was asked for that could fail: no topic, no resource, no creation.
        assert not any(coded_arrays(type(response), golden.version)) or not _names(golden)
        return
    assert ERROR in found
    assert set(found) <= {ERROR, 0}
    if action == "fail_before_append":
        assert found.count(ERROR) >= len(found) // 2


def _names(golden: GoldenRequest) -> bool:
    """Whether a request has any item an error could be told of."""
    request = decode_request(golden.frame)[1]
    return any(
        isinstance(value, list) and value and isinstance(value[0], Struct)
        for value in (getattr(request, field.name) for field in request.FIELDS)
    )


UNKNOWN = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
MEMBER = ErrorCode.UNKNOWN_MEMBER_ID


@pytest.mark.parametrize(
    ("request_", "version", "error"),
    [
        (produce_request({("nowhere", 0): GOOD}), 9, UNKNOWN),
        (fetch_request({("nowhere", 0): 0}), 12, UNKNOWN),
        (
            ListOffsetsRequest(
                replica_id=-1,
                topics=[
                    ListOffsetsTopic(
                        name="nowhere",
                        partitions=[ListOffsetsPartition(partition_index=0, timestamp=-1)],
                    )
                ],
            ),
            6,
            UNKNOWN,
        ),
        (
            DeleteRecordsRequest(
                topics=[
                    DeleteRecordsTopic(
                        name="nowhere",
                        partitions=[DeleteRecordsPartition(partition_index=0, offset=1)],
                    )
                ],
                timeout_ms=1000,
            ),
            2,
            UNKNOWN,
        ),
        (
            OffsetForLeaderEpochRequest(
                topics=[
                    OffsetForLeaderTopic(
                        topic="nowhere",
                        partitions=[OffsetForLeaderPartition(partition=0, leader_epoch=0)],
                    )
                ]
            ),
            4,
            UNKNOWN,
        ),
        (DeleteTopicsRequest(topic_names=["nowhere"], timeout_ms=1000), 4, UNKNOWN),
        (DeleteGroupsRequest(groups_names=["nobody"]), 2, ErrorCode.GROUP_ID_NOT_FOUND),
        (HeartbeatRequest(group_id="g", generation_id=1, member_id="m"), 4, MEMBER),
        (
            SyncGroupRequest(group_id="g", generation_id=1, member_id="m", assignments=[]),
            3,
            MEMBER,
        ),
        (
            InitProducerIdRequest(transactional_id="", transaction_timeout_ms=1000),
            4,
            ErrorCode.INVALID_REQUEST,
        ),
    ],
    ids=lambda value: value.NAME if hasattr(value, "NAME") else "",
)
def test_a_refusal_is_what_the_api_itself_answers(
    broker: InProcess, peer: Peer, request_: Any, version: int, error: ErrorCode
) -> None:
    """The handlers' own answers are compared with Apache Kafka's elsewhere."""
    itself = peer.ask(request_, version)
    assert error in set(codes(itself, version))
    with broker.dispatcher.faults.fail_before_append(error.name):
        assert peer.ask(request_, version) == itself


def test_the_whole_answer_fails_where_no_item_is_meant(broker: InProcess, peer: Peer) -> None:
    broker.dispatcher.faults.fail_before_append("COORDINATOR_LOAD_IN_PROGRESS")
    request = LeaveGroupRequest(group_id="g", members=[MemberIdentity(member_id="m")])
    answer = peer.ask(request, 4)
    assert (answer.error_code, answer.members) == (14, [])


def test_metadata_keeps_what_it_tells_of_the_cluster(broker: InProcess, peer: Peer) -> None:
    from kafka_codecs.messages.api_03_metadata import MetadataRequest, MetadataRequestTopic

    new_topic(peer, name="here")
    topics = [MetadataRequestTopic(name="here"), MetadataRequestTopic(name="new")]
    request = MetadataRequest(topics=topics, allow_auto_topic_creation=True)
    broker.dispatcher.faults.fail_before_append(
        "LEADER_NOT_AVAILABLE", api="Metadata", topic="here"
    )
    answer = peer.ask(request, 9)
    assert [b.node_id for b in answer.brokers] == [1]
    found = {t.name: (t.error_code, len(t.partitions)) for t in answer.topics}
    assert found["here"] == (ErrorCode.LEADER_NOT_AVAILABLE, 0)
    assert "new" not in broker.broker.topics

"""DeleteTopics by name and by id, and what is said when both, neither or too much is given."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from compat_tests.admin.conftest import Start
from compat_tests.admin.topics import create, created, delete, topic
from compat_tests.wire_client import WireClient
from kafka_codecs.errors import ErrorCode
from kafka_codecs.schema import ZERO_UUID

UNKNOWN = "This server does not host this topic-partition."
DUPLICATE_NAME = "Duplicate topic name."
DUPLICATE_ID = "Duplicate topic id."


def make(client: WireClient, name: str) -> UUID:
    topic_id: UUID = created(client, topic(name)).topic_id
    return topic_id


@pytest.mark.parametrize("version", range(1, 7))
def test_by_name(client: WireClient, name: str, version: int) -> None:
    topic_id = make(client, name)
    message = UNKNOWN if version >= 5 else None
    answers = delete(client, name, f"{name}-unknown", version=version)
    assert set(answers) == {
        (f"{name}-unknown", ZERO_UUID, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, message),
        (name, topic_id if version >= 6 else ZERO_UUID, 0, None),
    }
    (result,) = create(client, topic(name))
    assert result.error_code == 0, "the name is free again"


def test_by_id(client: WireClient, name: str) -> None:
    topic_id = make(client, name)
    assert delete(client, topic_id) == [(name, topic_id, 0, None)]
    assert delete(client, topic_id) == [
        (
            None,
            topic_id,
            ErrorCode.UNKNOWN_TOPIC_ID,
            "This server does not host this topic ID.",
        )
    ]


def test_what_belongs_to_a_deleted_topic_goes_with_it(client: WireClient, name: str) -> None:
    first = make(client, name)
    delete(client, name)
    assert make(client, name) != first


def test_both_or_neither_is_refused_and_the_rest_is_done(client: WireClient, name: str) -> None:
    topic_id = make(client, name)
    assert delete(client, (name, topic_id), (None, ZERO_UUID), "a b") == [
        ("a b", ZERO_UUID, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN),
        (
            name,
            topic_id,
            ErrorCode.INVALID_REQUEST,
            "You may not specify both topic name and topic id.",
        ),
        (
            None,
            ZERO_UUID,
            ErrorCode.INVALID_REQUEST,
            "Neither topic name nor id were specified.",
        ),
    ]
    assert delete(client, name)[0][2] == 0, "it was still there"


def test_a_name_twice_is_answered_once_and_deletes_nothing(client: WireClient, name: str) -> None:
    make(client, name)
    refused = [(name, ZERO_UUID, ErrorCode.INVALID_REQUEST, DUPLICATE_NAME)]
    assert delete(client, name, name, name) == refused
    assert delete(client, name)[0][2] == 0


@pytest.mark.parametrize("times", [2, 3])
def test_an_id_twice_is_answered_once_and_deletes_nothing(
    client: WireClient, name: str, times: int
) -> None:
    topic_id = make(client, name)
    refused = [(None, topic_id, ErrorCode.INVALID_REQUEST, DUPLICATE_ID)]
    assert delete(client, *[topic_id] * times) == refused
    assert delete(client, topic_id)[0][2] == 0


def test_name_and_id_of_one_topic(client: WireClient, name: str) -> None:
    topic_id = make(client, name)
    assert delete(client, name, topic_id) == [
        (
            name,
            topic_id,
            ErrorCode.INVALID_REQUEST,
            "The provided topic name maps to an ID that was already supplied.",
        )
    ]
    assert delete(client, name)[0][2] == 0


def test_an_id_counts_where_the_name_stands_there_twice(client: WireClient, name: str) -> None:
    topic_id = make(client, name)
    assert set(delete(client, name, name, topic_id)) == {
        (name, ZERO_UUID, ErrorCode.INVALID_REQUEST, DUPLICATE_NAME),
        (name, topic_id, 0, None),
    }


def test_an_id_twice_spoils_the_name_too(client: WireClient, name: str) -> None:
    topic_id = make(client, name)
    assert set(delete(client, name, topic_id, topic_id)) == {
        (
            name,
            topic_id,
            ErrorCode.INVALID_REQUEST,
            "The provided topic name maps to an ID that was already supplied.",
        ),
        (None, topic_id, ErrorCode.INVALID_REQUEST, DUPLICATE_ID),
    }
    assert delete(client, name)[0][2] == 0


@pytest.mark.parametrize("timeout_ms", [0, -1])
def test_without_time_nothing_is_done(client: WireClient, name: str, timeout_ms: int) -> None:
    make(client, name)
    answers = delete(client, name, "twice", "twice", (None, ZERO_UUID), timeout_ms=timeout_ms)
    late = ErrorCode.REQUEST_TIMED_OUT
    assert sorted(answers, key=repr) == [
        (name, ZERO_UUID, late, None),
        ("twice", ZERO_UUID, late, None),
        ("twice", ZERO_UUID, late, None),
        (None, ZERO_UUID, late, None),
    ]
    assert delete(client, name)[0][2] == 0


def test_what_needs_no_controller_needs_no_time(client: WireClient) -> None:
    assert delete(client, "twice", "twice", timeout_ms=0) == [
        ("twice", ZERO_UUID, ErrorCode.INVALID_REQUEST, DUPLICATE_NAME)
    ]


@pytest.mark.parametrize("version", range(1, 7))
def test_delete_topic_enable_false(start: Start, version: int) -> None:
    client = start({"delete.topic.enable": "false"})
    make(client, "kept")
    error = ErrorCode.INVALID_REQUEST if version < 3 else ErrorCode.TOPIC_DELETION_DISABLED
    assert delete(client, "kept", "unknown", version=version) == [
        ("kept", ZERO_UUID, error, None),
        ("unknown", ZERO_UUID, error, None),
    ]
    (result,) = create(client, topic("kept"))
    assert result.error_code == ErrorCode.TOPIC_ALREADY_EXISTS


def test_an_id_is_given_back_when_deletion_is_disabled(start: Start) -> None:
    client = start({"delete.topic.enable": "false"})
    topic_id = uuid4()
    assert delete(client, topic_id) == [(None, topic_id, ErrorCode.TOPIC_DELETION_DISABLED, None)]


def test_nothing_to_delete(client: WireClient) -> None:
    assert delete(client) == []
    assert delete(client, version=5) == []

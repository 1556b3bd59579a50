"""Log directories: where partitions belong when there are several, and how they move."""

from __future__ import annotations

from typing import Any

import pytest

from compat_tests.admin.conftest import Start
from compat_tests.admin.topics import create, delete, topic
from compat_tests.wire_client import WireClient
from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_34_alter_replica_log_dirs import (
    AlterReplicaLogDir,
    AlterReplicaLogDirsRequest,
    AlterReplicaLogDirTopic,
)
from kafka_codecs.messages.api_35_describe_log_dirs import DescribeLogDirsRequest

TWO = {"log.dirs": "/data/one,/data/two"}


def describe(client: WireClient) -> list[Any]:
    results: list[Any] = client.ask(DescribeLogDirsRequest(topics=None), 5).results
    return results


def where(client: WireClient) -> dict[str, list[str]]:
    """Directory -> its partitions."""
    return {
        found.log_dir: [f"{t.name}-{p.partition_index}" for t in found.topics for p in t.partitions]
        for found in describe(client)
    }


def move(client: WireClient, path: str, name: str, *indexes: int) -> list[int]:
    """AlterReplicaLogDirs for one topic; gives the errors."""
    asked = AlterReplicaLogDirTopic(name=name, partitions=list(indexes))
    request = AlterReplicaLogDirsRequest(dirs=[AlterReplicaLogDir(path=path, topics=[asked])])
    return [p.error_code for p in client.ask(request, 2).results[0].partitions]


@pytest.mark.parametrize(
    ("config", "paths"),
    [
        ({}, ["/tmp/kafka-logs"]),
        ({"log.dir": "/data/a"}, ["/data/a"]),
        ({"log.dir": "/data/a", "log.dirs": "/data//b/ , /c"}, ["/data/b", "/c"]),
    ],
)
def test_the_directories_are_those_of_the_configuration(
    start: Start, config: dict[str, str], paths: list[str]
) -> None:
    assert [found.log_dir for found in describe(start(config))] == paths


def test_a_relative_path_is_answered_as_an_absolute_one(
    start: Start, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (found,) = describe(start({"log.dirs": "logs"}))
    assert found.log_dir == f"{tmp_path}/logs"


def test_the_volume_is_that_of_the_disk(start: Start) -> None:
    (found,) = describe(start({"log.dirs": "/no/such/place"}))
    assert found.error_code == 0
    assert 0 < found.usable_bytes < found.total_bytes


def test_a_partition_goes_where_the_fewest_are(start: Start) -> None:
    client = start(TWO)
    create(client, topic("a", 3))
    create(client, topic("b", 2))
    assert where(client) == {"/data/one": ["a-0", "a-2", "b-1"], "/data/two": ["a-1", "b-0"]}
    delete(client, "a")
    create(client, topic("c", 2))
    assert where(client) == {"/data/one": ["b-1", "c-0"], "/data/two": ["b-0", "c-1"]}


def test_partitions_move_and_are_counted_where_they_are(start: Start) -> None:
    client = start(TWO)
    create(client, topic("a", 4))
    assert move(client, "/data/two", "a", 0, 1, 2, 3) == [0] * 4
    assert where(client) == {"/data/one": [], "/data/two": ["a-0", "a-1", "a-2", "a-3"]}
    create(client, topic("b", 4))
    assert where(client)["/data/one"] == ["b-0", "b-1", "b-2", "b-3"]


def test_a_directory_may_be_wished_for_before_the_topic_is_there(start: Start) -> None:
    client = start(TWO)
    unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert move(client, "/data/two", "a", 0, 1) == [unknown] * 2
    create(client, topic("a", 3))
    assert where(client) == {"/data/one": ["a-2"], "/data/two": ["a-0", "a-1"]}
    # It was granted: the next topic of this name goes where the fewest are.
    delete(client, "a")
    create(client, topic("a"))
    assert where(client) == {"/data/one": ["a-0"], "/data/two": []}


@pytest.mark.parametrize("cordoned", ["/data/two", "*"])
def test_nothing_goes_to_a_cordoned_directory(start: Start, cordoned: str) -> None:
    client = start({**TWO, "cordoned.log.dirs": cordoned})
    flags = {found.log_dir: found.is_cordoned for found in describe(client)}
    assert flags == {"/data/one": cordoned == "*", "/data/two": True}
    create(client, topic("a"))
    refused = [ErrorCode.INVALID_REPLICA_ASSIGNMENT]
    assert move(client, "/data/two", "a", 0) == refused
    assert move(client, "/data/two", "unknown", 0) == refused
    assert move(client, "/data/nowhere", "a", 0) == [ErrorCode.LOG_DIR_NOT_FOUND]


def test_with_one_directory_open_all_partitions_go_there(start: Start) -> None:
    client = start({**TWO, "cordoned.log.dirs": "/data/two"})
    create(client, topic("a", 3))
    assert where(client) == {"/data/one": ["a-0", "a-1", "a-2"], "/data/two": []}

"""AlterReplicaLogDirs: with a single log directory, in which everything lies already."""

from __future__ import annotations

from collections.abc import Iterable

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from kafka_codecs.messages.api_34_alter_replica_log_dirs import (
    AlterReplicaLogDir,
    AlterReplicaLogDirsRequest,
    AlterReplicaLogDirTopic,
)
from kafka_codecs.messages.api_35_describe_log_dirs import (
    DescribableLogDirTopic,
    DescribeLogDirsRequest,
)

Topics = Iterable[tuple[str, list[int]]]


def alter(*dirs: tuple[str, Topics]) -> AlterReplicaLogDirsRequest:
    return AlterReplicaLogDirsRequest(
        dirs=[
            AlterReplicaLogDir(
                path=path,
                topics=[
                    AlterReplicaLogDirTopic(name=name, partitions=indexes)
                    for name, indexes in topics
                ],
            )
            for path, topics in dirs
        ]
    )


def log_dir(c: Conversation) -> str:
    """The broker's log directory."""
    return str(c.quietly(DescribeLogDirsRequest(topics=[]), 4).results[0].log_dir)


@scene(AlterReplicaLogDirsRequest)
def directories(c: Conversation, version: int) -> None:
    topic, here = c.topic("t", 2), log_dir(c)
    for label, path in (
        ("where it lies", here),
        ("with a slash at the end", here + "/"),
        ("a place in it", here + "/x"),
        ("with a detour", here + "/../" + here.rpartition("/")[2]),
        ("nowhere", "/no/such/place"),
        ("the root", "/"),
        ("no path", ""),
        ("a relative path", here.rpartition("/")[2]),
    ):
        c.ask(label, alter((path, [(topic, [0, 1])])), version)
    wanted = DescribableLogDirTopic(topic=topic, partitions=[0, 1])
    c.ask("it lies there", DescribeLogDirsRequest(topics=[wanted]), 5)


@scene(AlterReplicaLogDirsRequest)
def partitions(c: Conversation, version: int) -> None:
    topic, other, here = c.topic("t", 3), c.topic("o"), log_dir(c)
    missing = c.name("missing")
    for label, asked in (
        ("three", [(topic, [2, 0, 1])]),
        ("two topics", [(topic, [0]), (other, [0])]),
        ("unknown partition", [(topic, [3])]),
        ("negative partition", [(topic, [-1])]),
        ("unknown topic", [(missing, [0])]),
        ("good and unknown", [(topic, [0, 9]), (missing, [0]), (other, [0])]),
        ("illegal name", [("a b", [0])]),
        ("empty name", [("", [0])]),
        ("long names", [("x" * 213, [0, 9, 10]), ("x" * 214, [0])]),
        ("long names with more digits", [("y" * 212, [10, -1, 100]), ("y" * 213, [-1])]),
        ("a partition twice", [(topic, [0, 0])]),
        ("a topic twice", [(topic, [0]), (topic, [1, 0])]),
        ("no partitions", [(topic, [])]),
        ("no topics", []),
    ):
        c.ask(label, alter((here, asked)), version)
        c.ask(f"{label}, nowhere", alter(("/no/such/place", asked)), version)
    c.ask("no directories", alter(), version)


@scene(AlterReplicaLogDirsRequest)
def several_directories(c: Conversation, version: int) -> None:
    topic, other, here = c.topic("t", 3), c.topic("o"), log_dir(c)
    nowhere = "/no/such/place"
    for label, dirs in (
        ("one is there", [(here, [(topic, [0])]), (nowhere, [(topic, [1]), (other, [0])])]),
        ("a directory twice", [(here, [(topic, [0])]), (here, [(topic, [1])])]),
        ("a partition twice, the last counts", [(nowhere, [(topic, [0])]), (here, [(topic, [0])])]),
        ("a partition twice, the last fails", [(here, [(topic, [0])]), (nowhere, [(topic, [0])])]),
    ):
        c.ask(label, alter(*dirs), version)


@scene(AlterReplicaLogDirsRequest)
def before_it_is_there(c: Conversation, version: int) -> None:
    name, here = c.name("later"), log_dir(c)
    c.ask("it is not there yet", alter((here, [(name, [0, 1])])), version)
    c.topic("later", 2)
    c.ask("now it is", alter((here, [(name, [0, 1])])), version)

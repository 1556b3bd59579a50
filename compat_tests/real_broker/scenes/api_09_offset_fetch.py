"""OffsetFetch: what was committed, of one group or of several."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.joining import commit, member_of
from compat_tests.real_broker.scenes.producing import NOBODY
from kafka_codecs.messages.api_09_offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopic,
    OffsetFetchRequestTopics,
)

MANY_GROUPS, BY_ID = 8, 10
Topics = Sequence[tuple[str, list[int]]]


def fetch(
    c: Conversation, version: int, *groups: tuple[str, Topics | None], **more: bool
) -> OffsetFetchRequest:
    """From version 8 on for several groups; before, for the first."""
    if version < MANY_GROUPS:
        group, topics = groups[0]
        asked = (
            None
            if topics is None
            else [
                OffsetFetchRequestTopic(name=name, partition_indexes=parts)
                for name, parts in topics
            ]
        )
        return OffsetFetchRequest(group_id=group, topics=asked, **more)
    return OffsetFetchRequest(
        groups=[
            OffsetFetchRequestGroup(
                group_id=group,
                topics=None
                if topics is None
                else [
                    OffsetFetchRequestTopics(
                        name=name if version < BY_ID else "",
                        topic_id=UUID(int=0) if version < BY_ID else c.topic_ids.get(name, NOBODY),
                        partition_indexes=parts,
                    )
                    for name, parts in topics
                ],
            )
            for group, topics in groups
        ],
        **more,
    )


@scene(OffsetFetchRequest)
def one_group(c: Conversation, version: int) -> None:
    topic, other, group = c.topic("t", 3), c.topic("o"), c.name("g")
    missing = c.name("missing")
    c.quietly(commit(group, [(topic, [(0, 5), (1, 0)])]), 9)
    c.quietly(commit(group, [(other, [(0, 7)])], metadata=None), 9)
    for label, topics in (
        ("what was committed", [(topic, [0, 1])]),
        ("what was not", [(topic, [2])]),
        ("unknown partitions", [(topic, [9, -1])]),
        ("a partition twice", [(topic, [0, 0])]),
        ("two topics", [(topic, [0]), (other, [0])]),
        ("a topic twice", [(topic, [0]), (topic, [1])]),
        ("unknown topic", [(missing, [0, 3])]),
        ("known and unknown", [(topic, [0]), (missing, [0])]),
        ("no partitions", [(topic, [])]),
        ("no topics", []),
    ):
        c.ask(label, fetch(c, version, (group, topics)), version)
    if version >= 2:
        c.ask("all", fetch(c, version, (group, None)), version)
        c.ask("all of an unknown group", fetch(c, version, (c.name("n"), None)), version)
    c.ask("an unknown group", fetch(c, version, (c.name("n"), [(topic, [0])])), version)
    c.ask("no group", fetch(c, version, ("", [(topic, [0])])), version)
    if version >= 7:
        stable = fetch(c, version, (group, [(topic, [0])]), require_stable=True)
        c.ask("only what is stable", stable, version)


@scene(OffsetFetchRequest, "8+")
def several_groups(c: Conversation, version: int) -> None:
    topic = c.topic()
    one, two = c.name("one"), c.name("two")
    c.quietly(commit(one, [(topic, [(0, 1)])]), 9)
    c.quietly(commit(two, [(topic, [(0, 2)])]), 9)
    asked = [(topic, [0])]
    c.ask("two", fetch(c, version, (one, asked), (two, asked)), version)
    c.ask("one twice", fetch(c, version, (one, asked), (one, asked)), version)
    c.ask("an empty name among them", fetch(c, version, (one, asked), ("", asked)), version)
    c.ask("all of one, some of another", fetch(c, version, (one, None), (two, asked)), version)
    c.ask("none", fetch(c, version), version)
    if version >= 9:
        group = c.name("g")
        member = member_of(c, group)
        for label, who, epoch in (
            ("its member", member.member_id, 1),
            ("another generation", member.member_id, 9),
            ("a stranger", "stranger", 1),
        ):
            request = fetch(c, version, (group, asked))
            request.groups[0].member_id, request.groups[0].member_epoch = who, epoch
            c.ask(label, request, version)

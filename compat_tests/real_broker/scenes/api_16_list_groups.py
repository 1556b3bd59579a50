"""ListGroups: groups of every kind, and what filters leave of them.

Other scenes have groups too: what is looked at are those of the scene.
"""

from __future__ import annotations

from typing import Any

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.consuming import LEAVE, NEWEST, Consumer, beat
from compat_tests.real_broker.scenes.joining import commit, join, sync
from kafka_codecs.messages.api_16_list_groups import ListGroupsRequest

JOIN, SYNC, COMMIT = 5, 3, 9
STATES, TYPES = 4, 5


def _ask(c: Conversation, label: str, version: int, **filters: Any) -> None:
    """Ask, and keep the scene's own groups."""
    own = c.name("")

    def look(answer: Any) -> None:
        answer.groups = [group for group in answer.groups if group.group_id.startswith(own)]

    c.ask(label, ListGroupsRequest(**filters), version, look=look)


@scene(ListGroupsRequest)
def groups_of_every_kind(c: Conversation, version: int) -> None:
    topic = c.topic("t")
    c.quietly(commit(c.name("offsets"), [(topic, [(0, 1)])]), COMMIT)
    worker = join(c.name("workers"), protocol_type="connect", protocols=("x",), instance="i")
    c.quietly(worker, JOIN, "worker")
    asked = join(c.name("stable"), instance="i")
    one = c.quietly(asked, JOIN, "one")
    given = [(one.member_id, b"")]
    c.quietly(
        sync(c.name("stable"), one.generation_id, one.member_id, given, instance="i"), SYNC, "one"
    )
    Consumer(c, NEWEST, c.name("consumers"), "one").join("joins", topic)
    Consumer(c, NEWEST, c.name("left"), "one").join("joins", topic)
    c.quietly(beat(c.name("left"), "one", LEAVE), NEWEST)
    _ask(c, "all", version)
    if version >= STATES:
        for states in (["Stable"], ["stable", " EMPTY "], ["Dead"], [""], ["unknown", "Empty"]):
            _ask(c, f"states {states}", version, states_filter=states)
        _ask(
            c,
            "being assigned or completing",
            version,
            states_filter=["assigning", "CompletingRebalance"],
        )
    if version >= TYPES:
        for types in (
            ["classic"],
            ["Consumer"],
            ["CONSUMER", "classic"],
            ["share"],
            [""],
            ["unknown"],
            [" classic"],
        ):
            _ask(c, f"types {types}", version, types_filter=types)
        _ask(c, "stable consumers", version, states_filter=["Stable"], types_filter=["consumer"])

"""Raw conversations of classic consumer groups, in every version of their APIs."""

from __future__ import annotations

import base64
import time
from typing import Any

from kafka.protocol.consumer.metadata import (
    ConsumerProtocolAssignment,
    ConsumerProtocolSubscription,
)

from .frames import APIS
from .world import ABSENT, RECORDS, SMALL, Fields, World

SUBSCRIPTION = bytes(
    ConsumerProtocolSubscription(topics=[RECORDS], user_data=None, version=1).encode(version=1)
)
STATIC_ID = "golden-instance"
GROUP, TRANSACTION, SHARE = 0, 1, 2


def _clamped(key: int, version: int) -> int:
    return max(APIS[key].first, min(APIS[key].last, version))


def find_coordinator_of_nothing(world: World) -> None:
    """FindCoordinator before the internal topic is there: the request has it created."""
    for version in world.versions(10):
        about = "errors: the internal topic is not there yet"
        world.ask(10, version, about, **_keys(version, ["golden-group"], GROUP))
    _wait_for_coordinator(world, GROUP)


def find_coordinator(world: World) -> None:
    """FindCoordinator: each kind of key, several keys, and errors."""
    for version in world.versions(10):
        about = "a group's coordinator"
        world.ask(10, version, about, **_keys(version, ["golden-group", "other"], GROUP))
        if version >= 1:
            _wait_for_coordinator(world, TRANSACTION)
            about = "a transactional id's coordinator"
            world.ask(10, version, about, **_keys(version, ["golden-tx"], TRANSACTION))
            about = "a kind of key that does not exist"
            world.ask(10, version, about, **_keys(version, ["golden-group"], 7))
        if version >= 6:
            # Kafka writes topic ids in base64 for URLs, without padding.
            topic_id = base64.urlsafe_b64encode(world.topic_ids[RECORDS].bytes).decode()[:22]
            share = f"golden-share:{topic_id}:0"
            about = "a share group's partition, then an ill-formed key"
            world.ask(10, version, about, **_keys(version, [share, "golden-share"], SHARE))
        if version >= 4:
            world.ask(10, version, "no keys", **_keys(version, [], GROUP))
        elif version == 0:
            world.ask(10, version, "an empty group id", **_keys(version, [""], GROUP))


def _keys(version: int, keys: list[str], kind: int) -> Fields:
    if version >= 4:
        return {"key_type": kind, "coordinator_keys": keys}
    return {"key_type": kind, "key": keys[0]}


def _wait_for_coordinator(world: World, kind: int) -> None:
    for _ in range(100):
        if world.look(10, 3, key="golden-group", key_type=kind).error_code == 0:
            return
        time.sleep(0.1)


def groups(world: World) -> None:
    """One group's whole life for each version, each API in the nearest version it has."""
    for version in range(11):
        _Group(world, version).live()


class _Group:
    """Two members, the second static where the version knows that; each on its connection."""

    def __init__(self, world: World, version: int) -> None:
        self.world = world
        self.version = version
        self.name = f"golden-group-{version}"
        self.static: Fields = {"group_instance_id": STATIC_ID} if version >= 5 else {}

    def live(self) -> None:
        self.join_errors()
        leader = self.enter("leader", {})
        self.sync("leader", "the only member assigns itself", leader, [leader.member_id])
        self.send_join("follower", "", self.static, "a second member: answered after the rebalance")
        follower_id = ""
        if _clamped(11, self.version) >= 4 and not self.static:
            follower_id = self.world.receive("follower").member_id
            self.send_join("follower", follower_id, {}, "a second member, with the id it was given")
        time.sleep(0.1)
        self.heartbeat("heartbeat while the group rebalances", leader.generation_id, leader)
        self.send_join("leader", leader.member_id, {}, "the leader joins again: all members")
        leader = self.world.receive("leader")
        follower = self.world.receive("follower")
        both = [leader.member_id, follower.member_id]
        self.sync("leader", "the leader assigns both members", leader, both)
        self.sync("follower", "a follower: no assignments sent", follower, [], **self.static)
        self.heartbeat("heartbeat of a stable group", leader.generation_id, leader)
        if self.static:
            about = "heartbeat of a static member"
            self.heartbeat(about, follower.generation_id, follower, **self.static)
        self.errors(leader)
        self.commit(leader)
        self.fetch_offsets()
        self.leave(leader, follower)

    def join_errors(self) -> None:
        for about, change in (
            ("errors: session timeout out of range", {"session_timeout_ms": 1}),
            ("errors: no protocols", {"protocols": []}),
        ):
            self.send_join("main", "", change, about)
            self.world.receive("main")

    def send_join(self, connection: str, member_id: str, change: Fields, about: str) -> None:
        fields: Fields = {
            "group_id": self.name,
            "session_timeout_ms": 30_000,
            "rebalance_timeout_ms": 60_000,
            "member_id": member_id,
            "group_instance_id": None,
            "protocol_type": "consumer",
            "protocols": [
                {"name": "range", "metadata": SUBSCRIPTION},
                {"name": "roundrobin", "metadata": SUBSCRIPTION},
            ],
            "reason": "rebalance asked for by the recorder" if member_id else None,
        }
        version = _clamped(11, self.version)
        self.world.send(connection, 11, version, about, **{**fields, **change})

    def enter(self, connection: str, change: Fields) -> Any:
        """Join alone; from version 4 on the broker gives the member id first (KIP-394)."""
        self.send_join(connection, "", change, "a new member, no member id yet")
        answer = self.world.receive(connection)
        if answer.error_code == 0:
            return answer
        self.send_join(connection, answer.member_id, change, "the member id the broker gave")
        return self.world.receive(connection)

    def sync(
        self, connection: str, about: str, joined: Any, members: list[str], **more: Any
    ) -> None:
        assignments = [
            {
                "member_id": member,
                "assignment": bytes(
                    ConsumerProtocolAssignment(
                        assigned_partitions=[(RECORDS, [index, index + 1])],
                        user_data=b"",
                        version=0,
                    ).encode(version=0)
                ),
            }
            for index, member in enumerate(members)
        ]
        fields = {"protocol_type": "consumer", "protocol_name": "range", **more}
        self.world.send(
            connection,
            14,
            _clamped(14, self.version),
            about,
            group_id=self.name,
            generation_id=joined.generation_id,
            member_id=joined.member_id,
            assignments=assignments,
            **fields,
        )
        self.world.receive(connection)

    def heartbeat(self, about: str, generation: int, joined: Any, **more: Any) -> None:
        fields = {"group_id": self.name, "generation_id": generation, **more}
        member_id = joined if isinstance(joined, str) else joined.member_id
        self.world.ask(12, _clamped(12, self.version), about, member_id=member_id, **fields)

    def errors(self, leader: Any) -> None:
        self.heartbeat("errors: a generation that is over", leader.generation_id - 1, leader)
        self.heartbeat("errors: an unknown member", leader.generation_id, "nobody")
        about = "errors: another protocol type than the group has"
        self.send_join("main", "", {"protocol_type": "connect"}, about)
        self.world.receive("main")
        self.send_join("main", "nobody", {}, "errors: a member id the group does not know")
        self.world.receive("main")
        self.world.ask(
            14,
            _clamped(14, self.version),
            "errors: a generation that is over, null protocol type and name",
            group_id=self.name,
            generation_id=leader.generation_id + 9,
            member_id=leader.member_id,
        )

    def commit(self, leader: Any) -> None:
        version = _clamped(8, self.version)
        for about, generation, member_id, metadata in (
            ("offsets with metadata, one partition too many, one unknown topic", 0, "", "note"),
            ("null metadata", 0, "", None),
            ("errors: a generation that is over", 100, "", ""),
            ("errors: an unknown member", 0, "nobody", ""),
        ):
            asked = [
                {
                    "partition_index": index,
                    "committed_offset": 40 + index,
                    "committed_leader_epoch": 1,
                    "committed_metadata": metadata,
                }
                for index in (0, 2, 99)
            ]
            names = (RECORDS, ABSENT) if metadata else (RECORDS, SMALL)
            topics = [
                {**self.world.topic(version, 10, name), "partitions": asked[: 3 - 2 * place]}
                for place, name in enumerate(names)
            ]
            self.world.ask(
                8,
                version,
                about,
                group_id=self.name,
                generation_id_or_member_epoch=leader.generation_id + generation,
                member_id=member_id or leader.member_id,
                topics=topics,
            )

    def fetch_offsets(self) -> None:
        version = _clamped(9, self.version)
        named = [
            {**self.world.topic(version, 10, RECORDS), "partition_indexes": [0, 1, 99]},
            {**self.world.topic(version, 10, ABSENT), "partition_indexes": [0]},
        ]
        known: Fields = {"group_id": self.name, "topics": named}
        everything: Fields = {"group_id": self.name, "topics": None}
        unknown: Fields = {"group_id": "golden-unknown-group", "topics": named}
        wrong: Fields = {**known, "member_id": "nobody", "member_epoch": 5}
        if version >= 8:
            self._fetch_offsets("two groups, one unknown", [known, unknown])
            self._fetch_offsets("null topics: every offset of the group", [everything])
            self._fetch_offsets(
                "a member id and epoch, which a classic group does not look at", [wrong]
            )
            return
        self._fetch_offsets("committed, not committed, unknown partition and topic", [known])
        if version >= 2:
            self._fetch_offsets("null topics: every offset of the group", [everything])
        self._fetch_offsets("a group that was never there", [unknown])

    def _fetch_offsets(self, about: str, asked: list[Fields]) -> None:
        version = _clamped(9, self.version)
        fields: Fields = {"groups": asked} if version >= 8 else asked[0]
        self.world.ask(9, version, about, require_stable=version >= 7, **fields)

    def leave(self, leader: Any, follower: Any) -> None:
        version = _clamped(13, self.version)
        if version < 3:
            for about, member_id in (
                ("errors: an unknown member", "nobody"),
                ("a member leaves", follower.member_id),
                ("the last member leaves", leader.member_id),
            ):
                self.world.ask(13, version, about, group_id=self.name, member_id=member_id)
            return
        about = "one member leaves for a reason; an instance id is unknown"
        if self.static:
            about = "a static member is removed by its instance id; another one is unknown"
        gone: Fields = {"member_id": follower.member_id, "reason": "the consumer is being closed"}
        if self.static:
            gone = {"member_id": "", "group_instance_id": STATIC_ID, "reason": None}
        for text, members in (
            (about, [gone, {"member_id": "", "group_instance_id": "golden-nobody"}]),
            ("the last member leaves", [{"member_id": leader.member_id}]),
            ("nobody leaves an empty group", []),
        ):
            self.world.ask(13, version, text, group_id=self.name, members=members)

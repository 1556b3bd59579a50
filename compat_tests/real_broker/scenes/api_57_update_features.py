"""UpdateFeatures: levels raised, lowered and refused."""

from __future__ import annotations

from compat_tests.real_broker.conversation import Conversation
from compat_tests.real_broker.scenes import scene
from compat_tests.real_broker.scenes.altering import BROKER, SET, change
from compat_tests.real_broker.scenes.consuming import first
from kafka_codecs.messages.api_18_api_versions import ApiVersionsRequest
from kafka_codecs.messages.api_57_update_features import FeatureUpdateKey, UpdateFeaturesRequest

UPGRADE, SAFE, UNSAFE = 1, 2, 3
METADATA, KRAFT, GROUP = "metadata.version", "kraft.version", "group.version"
ELIGIBLE = "eligible.leader.replicas.version"
Level = tuple[str, int, int]


def update(*levels: Level, validate_only: bool = False) -> UpdateFeaturesRequest:
    return UpdateFeaturesRequest(
        feature_updates=[
            FeatureUpdateKey(feature=name, max_version_level=level, upgrade_type=kind)
            for name, level, kind in levels
        ],
        validate_only=validate_only,
    )


def look_at(c: Conversation, label: str) -> None:
    """Keep what ApiVersions tells of the features."""
    asked = ApiVersionsRequest(client_software_name="x", client_software_version="1")
    c.ask(label, asked, 4)


def settled(c: Conversation, name: str, level: int) -> None:
    """Wait until the broker that answers knows of a level: it learns of it from the controller."""
    asked = ApiVersionsRequest(client_software_name="x", client_software_version="1")

    def known() -> bool:
        found = {f.name: f.max_version_level for f in c.quietly(asked, 4).finalized_features}
        return found.get(name, 0) == level

    c.until(known)


@scene(UpdateFeaturesRequest)
def refused_or_as_they_are(c: Conversation, version: int) -> None:
    for levels in (
        [],
        [(METADATA, 29, UPGRADE)],
        [(METADATA, 29, SAFE)],
        [(METADATA, 29, UNSAFE)],
        [(METADATA, 7, UNSAFE)],
        [(METADATA, 6, SAFE)],
        [(METADATA, 30, UPGRADE)],
        [(METADATA, 30, SAFE)],
        [(METADATA, 31, UPGRADE)],
        [(METADATA, 0, SAFE)],
        [(METADATA, -1, SAFE)],
        [(KRAFT, 0, UPGRADE)],
        [(KRAFT, 0, SAFE)],
        [(KRAFT, 2, UPGRADE)],
        [(KRAFT, 1, SAFE)],
        [(GROUP, 1, UPGRADE)],
        [(GROUP, 1, SAFE)],
        [(GROUP, 2, UPGRADE)],
        [(GROUP, 0, UPGRADE)],
        [(GROUP, 0, 0)],
        [(GROUP, 0, 9)],
        [(GROUP, -1, SAFE)],
        [("x", 1, UPGRADE)],
        [("x", 0, UPGRADE)],
        [("x", 0, SAFE)],
        [("", 0, SAFE)],
        [(GROUP, 1, UPGRADE), ("x", 1, UPGRADE)],
        [("a", 1, UPGRADE), ("b", 1, UPGRADE), ("c", -1, UPGRADE)],
        [(GROUP, 1, UPGRADE), (GROUP, 7, UPGRADE)],
        [(GROUP, 7, UPGRADE), (GROUP, 1, UPGRADE)],
        [(GROUP, 1, UPGRADE), ("share.version", 1, UPGRADE), ("transaction.version", 2, SAFE)],
    ):
        c.ask(str(levels), update(*levels), version)
    for levels in ([(KRAFT, 1, UPGRADE)], [("share.version", 0, SAFE)], [(GROUP, 0, UNSAFE)]):
        if version:
            c.ask(f"validate {levels}", update(*levels, validate_only=True), version)
    look_at(c, "nothing changed")


@scene(UpdateFeaturesRequest, "1+")
def lowered_and_raised(c: Conversation, version: int) -> None:
    c.ask("lower", update((GROUP, 0, SAFE), ("transaction.version", 1, UNSAFE)), version)
    settled(c, GROUP, 0)
    look_at(c, "lower")
    c.ask("no consumers then", first(c.name("g"), "m", "t"), 1)
    c.ask("raise", update((GROUP, 1, UPGRADE), ("transaction.version", 2, UPGRADE)), version)
    settled(c, GROUP, 1)
    look_at(c, "as before")
    c.ask("consumers again", first(c.name("g"), "m", c.name("unknown")), 1)


@scene(UpdateFeaturesRequest, "1+")
def eligible_leader_replicas(c: Conversation, version: int) -> None:
    """While the feature is off, a broker may have a ``min.insync.replicas`` of its own."""
    own = change((BROKER, "1", [("min.insync.replicas", SET, "1")]), validate_only=True)
    c.ask("on", own, 1)
    c.ask("turn it off", update((ELIGIBLE, 0, SAFE)), version)
    settled(c, ELIGIBLE, 0)
    c.ask("off", own, 1)
    c.ask("turn it on", update((ELIGIBLE, 1, UPGRADE)), version)
    settled(c, ELIGIBLE, 1)
    c.ask("on again", own, 1)

"""The levels of what the cluster can do, and how they are raised and lowered (KIP-584, KIP-778).

A cluster formatted for 4.3 has every feature at its newest level but ``kraft.version``. The order of the
checks and the words are those of ``FeatureControlManager``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kafkashim.java_hash import in_map_order

METADATA_VERSION = "metadata.version"
KRAFT_VERSION = "kraft.version"
GROUP_VERSION = "group.version"
ELIGIBLE_LEADER_REPLICAS_VERSION = "eligible.leader.replicas.version"
# The lowest and the highest level of each.
SUPPORTED = {
    METADATA_VERSION: (7, 30),
    KRAFT_VERSION: (0, 1),
    "transaction.version": (0, 2),
    GROUP_VERSION: (0, 1),
    ELIGIBLE_LEADER_REPLICAS_VERSION: (0, 1),
    "share.version": (0, 1),
    "streams.version": (0, 1),
}
# FeatureUpdate.UpgradeType
UPGRADE, SAFE_DOWNGRADE, UNSAFE_DOWNGRADE = 1, 2, 3


class Update(NamedTuple):
    """What level a feature is to have, and whether that may be a lower one."""

    feature: str
    level: int
    upgrade_type: int


class Features:
    """The features of a cluster."""

    def __init__(self, node_id: int) -> None:
        self._node_id = node_id
        # Those at level 0 are left out, as the cluster does not tell of them.
        self.finalized = {
            name: most for name, (_, most) in SUPPORTED.items() if name != KRAFT_VERSION
        }

    def level(self, feature: str) -> int:
        """The level in force."""
        return self.finalized.get(feature, 0)

    def update(self, updates: Sequence[Update], validate_only: bool) -> str | None:
        """Set all levels or none; gives what is wrong with one of them, ``None`` for nothing."""
        # Of a feature named twice the last mention counts.
        wanted = {update.feature: update for update in updates}
        for name in in_map_order(list(wanted)):
            wrong = self._wrong(wanted[name])
            if wrong is not None:
                return wrong
        if not validate_only:
            for name, update in wanted.items():
                if update.level:
                    self.finalized[name] = update.level
                else:
                    self.finalized.pop(name, None)
        return None

    def _wrong(self, update: Update) -> str | None:
        feature, level, upgrade_type = update
        reason = self._reason(feature, level, upgrade_type)
        if reason is not None:
            return f"Invalid update version {level} for feature {feature}. {reason}"
        current = self.level(feature)
        if feature == METADATA_VERSION and level < current:
            # The newest level has changed what is stored, so that none below it would do.
            reason = (
                "Unsafe metadata downgrade is not supported in this version."
                if upgrade_type == UNSAFE_DOWNGRADE
                else "Refusing to perform the requested downgrade because it might delete metadata"
                " information."
            )
            return f"Unsupported metadata.version downgrade from {current} to {level}. {reason}"
        return None

    def _reason(self, feature: str, level: int, upgrade_type: int) -> str | None:
        if upgrade_type not in (UPGRADE, SAFE_DOWNGRADE, UNSAFE_DOWNGRADE):
            return "The controller does not support the given upgrade type."
        if level < 0:
            return "A feature version cannot be less than 0."
        low, high = SUPPORTED.get(feature, (0, 0))
        if not low <= level <= high:
            lead = f"Local controller {self._node_id}"
            if not high:
                return f"{lead} does not support this feature."
            return f"{lead} only supports versions {low}-{high}"
        current = self.level(feature)
        if level < current and upgrade_type == UPGRADE:
            return (
                "Can't downgrade the version of this feature without setting the upgrade type to"
                " either safe or unsafe downgrade."
            )
        if level > current and upgrade_type != UPGRADE:
            return "Can't downgrade to a newer version."
        if feature == KRAFT_VERSION and level < current:
            return "Can't downgrade the version of this feature."
        return None if feature in SUPPORTED else f"Feature {feature} not found."

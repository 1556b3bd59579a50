"""UpdateFeatures (key 57): raise and lower the levels of what a cluster can do (KIP-584).

Version 1 tells safe from unsafe downgrades and may only validate (KIP-778); version 2 answers for all
features together.
"""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, BOOLEAN, INT8, INT16, INT32, STRING


class FeatureUpdateKey(Struct):
    """``feature_updates[]`` of :class:`UpdateFeaturesRequest`.

    ``upgrade_type``: 1 upgrade, 2 safe downgrade, 3 unsafe downgrade.
    """

    feature: str = field(STRING)
    max_version_level: int = field(INT16)
    allow_downgrade: bool = field(BOOLEAN, "0", default=False)
    upgrade_type: int = field(INT8, "1+", default=1)


class UpdateFeaturesRequest(Request, api_key=57, versions="0-2", flexible="0+"):
    """The levels that are to be; all of them or none."""

    timeout_ms: int = field(INT32, default=60000)
    feature_updates: list[FeatureUpdateKey] = field(ARRAY(FeatureUpdateKey))
    validate_only: bool = field(BOOLEAN, "1+", default=False)


class UpdatableFeatureResult(Struct):
    """``results[]`` of :class:`UpdateFeaturesResponse`."""

    feature: str = field(STRING)
    error_code: int = field(INT16, default=0)
    error_message: str | None = field(STRING, nullable="0+")


class UpdateFeaturesResponse(Response, api_key=57, versions="0-2", flexible="0+"):
    """Whether they are."""

    throttle_time_ms: int = field(INT32, default=0)
    error_code: int = field(INT16, default=0)
    error_message: str | None = field(STRING, nullable="0+")
    results: list[UpdatableFeatureResult] = field(ARRAY(UpdatableFeatureResult), "0-1", default=())

"""ApiVersions (key 18): which APIs at which versions.

Version 3 is flexible and names the client's software (KIP-511); 4 can show a feature whose minimum
is 0 (KIP-1022). The answer's header is v0 at every version, so that a client can read it before it
knows what the broker speaks.
"""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, BOOLEAN, INT16, INT32, INT64, STRING


class ApiVersionsRequest(Request, api_key=18, versions="0-4", flexible="3+"):
    """The client's software, from version 3 on."""

    client_software_name: str = field(STRING, "3+", default="")
    client_software_version: str = field(STRING, "3+", default="")


class ApiVersion(Struct):
    """``api_keys[]`` of :class:`ApiVersionsResponse`."""

    api_key: int = field(INT16)
    min_version: int = field(INT16)
    max_version: int = field(INT16)


class SupportedFeatureKey(Struct):
    """``supported_features[]`` of :class:`ApiVersionsResponse`."""

    name: str = field(STRING, "3+", default="")
    min_version: int = field(INT16, "3+", default=0)
    max_version: int = field(INT16, "3+", default=0)


class FinalizedFeatureKey(Struct):
    """``finalized_features[]`` of :class:`ApiVersionsResponse`."""

    name: str = field(STRING, "3+", default="")
    max_version_level: int = field(INT16, "3+", default=0)
    min_version_level: int = field(INT16, "3+", default=0)


class ApiVersionsResponse(Response, api_key=18, versions="0-4", flexible="3+"):
    """Every API with the versions offered, and the cluster's features."""

    error_code: int = field(INT16, default=0)
    api_keys: list[ApiVersion] = field(ARRAY(ApiVersion))
    throttle_time_ms: int = field(INT32, "1+", default=0)
    supported_features: list[SupportedFeatureKey] = field(
        ARRAY(SupportedFeatureKey), "3+", tag=0, default=()
    )
    finalized_features_epoch: int = field(INT64, "3+", tag=1, default=-1)
    finalized_features: list[FinalizedFeatureKey] = field(
        ARRAY(FinalizedFeatureKey), "3+", tag=2, default=()
    )
    zk_migration_ready: bool = field(BOOLEAN, "3+", tag=3, default=False)

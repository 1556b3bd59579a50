"""ApiVersions: which APIs at which versions.

Reads the one table of :mod:`kafkashim.dispatch`. The finalized and supported features are those of a
4.3 broker formatted with its own metadata version, whatever of it is there (:mod:`kafkashim.features`).
"""

from __future__ import annotations

import re

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_18_api_versions import (
    ApiVersion,
    ApiVersionsRequest,
    ApiVersionsResponse,
    FinalizedFeatureKey,
    SupportedFeatureKey,
)
from kafkashim.apis import RequestContext
from kafkashim.features import SUPPORTED
from kafkashim.state import Broker

FIRST_VERSION_WITH_SOFTWARE = 3
# Older clients take a lowest level of 0 for an error (KIP-1022).
FIRST_VERSION_WITH_LEVEL_0 = 4
# ApiVersionsRequest.SOFTWARE_NAME_VERSION_PATTERN
_SOFTWARE = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?\Z")


def handle(
    request: ApiVersionsRequest, broker: Broker, context: RequestContext
) -> ApiVersionsResponse:
    """List what is offered."""
    if context.version >= FIRST_VERSION_WITH_SOFTWARE and not (
        _SOFTWARE.match(request.client_software_name)
        and _SOFTWARE.match(request.client_software_version)
    ):
        return ApiVersionsResponse(error_code=ErrorCode.INVALID_REQUEST, api_keys=[])
    return ApiVersionsResponse(
        api_keys=_offered(broker),
        supported_features=[
            SupportedFeatureKey(name=name, min_version=low, max_version=high)
            for name, (low, high) in SUPPORTED.items()
            if low or context.version >= FIRST_VERSION_WITH_LEVEL_0
        ],
        finalized_features_epoch=broker.cluster.metadata_offset(),
        finalized_features=[
            FinalizedFeatureKey(name=name, min_version_level=level, max_version_level=level)
            for name, level in broker.cluster.features.finalized.items()
        ],
    )


def unsupported(broker: Broker) -> ApiVersionsResponse:
    """The answer to a version that is not offered: an error, and where to start again (KIP-511)."""
    own = [row for row in _offered(broker) if row.api_key == ApiVersionsRequest.API_KEY]
    return ApiVersionsResponse(error_code=ErrorCode.UNSUPPORTED_VERSION, api_keys=own)


def _offered(broker: Broker) -> list[ApiVersion]:
    return [
        ApiVersion(api_key=key, min_version=low, max_version=high)
        for key, (low, high) in broker.offered.items()
    ]

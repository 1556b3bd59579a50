"""ApiVersions: which APIs at which versions.

Reads the one table of :mod:`kafkashim.dispatch`. The finalized and supported features are those of a
4.3 broker formatted with its own metadata version, as far as they stand for something that is there.
"""

from __future__ import annotations

import re

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_18_api_versions import (
    ApiVersion,
    ApiVersionsRequest,
    ApiVersionsResponse,
)
from kafkashim.apis import RequestContext
from kafkashim.state import Broker

FIRST_VERSION_WITH_SOFTWARE = 3
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
    return ApiVersionsResponse(api_keys=_offered(broker), finalized_features_epoch=0)


def unsupported(broker: Broker) -> ApiVersionsResponse:
    """The answer to a version that is not offered: an error, and where to start again (KIP-511)."""
    own = [row for row in _offered(broker) if row.api_key == ApiVersionsRequest.API_KEY]
    return ApiVersionsResponse(error_code=ErrorCode.UNSUPPORTED_VERSION, api_keys=own)


def _offered(broker: Broker) -> list[ApiVersion]:
    return [
        ApiVersion(api_key=key, min_version=low, max_version=high)
        for key, (low, high) in broker.offered.items()
    ]

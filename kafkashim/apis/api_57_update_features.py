"""UpdateFeatures: the levels of what the cluster can do."""

from __future__ import annotations

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_57_update_features import (
    UpdatableFeatureResult,
    UpdateFeaturesRequest,
    UpdateFeaturesResponse,
)
from kafkashim.apis import RequestContext
from kafkashim.features import Update
from kafkashim.state import Broker

LAST_VERSION_WITH_RESULTS = 1


def handle(
    request: UpdateFeaturesRequest, broker: Broker, context: RequestContext
) -> UpdateFeaturesResponse:
    """Set all levels, or tell of one that cannot be."""
    # ``allow_downgrade`` of version 0 is not looked at (QuorumController.updateFeatures).
    updates = [
        Update(key.feature, key.max_version_level, key.upgrade_type)
        for key in request.feature_updates
    ]
    wrong = broker.cluster.features.update(updates, request.validate_only)
    if wrong is not None:
        lead = "The update failed for all features since the following feature had an error"
        return UpdateFeaturesResponse(
            error_code=ErrorCode.INVALID_UPDATE_VERSION, error_message=f"{lead}: {wrong}"
        )
    if context.version > LAST_VERSION_WITH_RESULTS:
        return UpdateFeaturesResponse(error_message=None)
    return UpdateFeaturesResponse(
        error_message=None,
        # The name of the code, where a message would be.
        results=[
            UpdatableFeatureResult(feature=update.feature, error_message="NONE")
            for update in updates
        ],
    )

"""AlterUserScramCredentials: set and delete credentials (KIP-554)."""

from __future__ import annotations

from kafka_codecs.messages.api_51_alter_user_scram_credentials import (
    AlterUserScramCredentialsRequest,
    AlterUserScramCredentialsResponse,
    AlterUserScramCredentialsResult,
)
from kafkashim.apis import RequestContext
from kafkashim.scram_credentials import Deletion, Upsertion
from kafkashim.state import Broker


def handle(
    request: AlterUserScramCredentialsRequest, broker: Broker, context: RequestContext
) -> AlterUserScramCredentialsResponse:
    """Alter the credentials; each user is answered apart."""
    outcomes = broker.cluster.scram_credentials.alter(
        [Deletion(deletion.name, deletion.mechanism) for deletion in request.deletions],
        [
            Upsertion(
                upsertion.name,
                upsertion.mechanism,
                upsertion.iterations,
                upsertion.salt,
                upsertion.salted_password,
            )
            for upsertion in request.upsertions
        ],
    )
    return AlterUserScramCredentialsResponse(
        results=[
            AlterUserScramCredentialsResult(
                user=user,
                error_code=0 if refused is None else refused.error,
                error_message=None if refused is None else refused.message,
            )
            for user, refused in outcomes.items()
        ]
    )

"""DescribeUserScramCredentials: who has which credentials (KIP-554)."""

from __future__ import annotations

from kafka_codecs.messages.api_50_describe_user_scram_credentials import (
    CredentialInfo,
    DescribeUserScramCredentialsRequest,
    DescribeUserScramCredentialsResponse,
    DescribeUserScramCredentialsResult,
)
from kafkashim.apis import RequestContext
from kafkashim.refused import Refused
from kafkashim.state import Broker

# Not null: Kafka leaves the field as it is made.
UNTOLD = ""


def handle(
    request: DescribeUserScramCredentialsRequest, broker: Broker, context: RequestContext
) -> DescribeUserScramCredentialsResponse:
    """Describe the users that are named, or all."""
    found = broker.cluster.scram_credentials.describe(user.name for user in request.users or ())
    return DescribeUserScramCredentialsResponse(
        error_message=UNTOLD, results=[_result(user, outcome) for user, outcome in found.items()]
    )


def _result(user: str, outcome: dict[int, int] | Refused) -> DescribeUserScramCredentialsResult:
    if isinstance(outcome, Refused):
        return DescribeUserScramCredentialsResult(
            user=user,
            error_code=outcome.error,
            error_message=outcome.message,
            credential_infos=[],
        )
    return DescribeUserScramCredentialsResult(
        user=user,
        error_message=UNTOLD,
        credential_infos=[
            CredentialInfo(mechanism=mechanism, iterations=iterations)
            for mechanism, iterations in outcome.items()
        ],
    )

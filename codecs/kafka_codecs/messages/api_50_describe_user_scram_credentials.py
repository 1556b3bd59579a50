"""DescribeUserScramCredentials (key 50): who has SCRAM credentials (KIP-554).

There is one version, 0, and it is flexible.
"""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, INT8, INT16, INT32, STRING


class UserName(Struct):
    """``users[]`` of :class:`DescribeUserScramCredentialsRequest`."""

    name: str = field(STRING)


class DescribeUserScramCredentialsRequest(Request, api_key=50, versions="0", flexible="0+"):
    """The users to look at; null or none for all."""

    users: list[UserName] | None = field(ARRAY(UserName), nullable="0+")


class CredentialInfo(Struct):
    """``credential_infos[]`` of :class:`DescribeUserScramCredentialsResult`."""

    mechanism: int = field(INT8)
    iterations: int = field(INT32)


class DescribeUserScramCredentialsResult(Struct):
    """``results[]`` of :class:`DescribeUserScramCredentialsResponse`."""

    user: str = field(STRING)
    error_code: int = field(INT16, default=0)
    error_message: str | None = field(STRING, nullable="0+")
    credential_infos: list[CredentialInfo] = field(ARRAY(CredentialInfo))


class DescribeUserScramCredentialsResponse(Response, api_key=50, versions="0", flexible="0+"):
    """Per user the mechanisms and their iterations; the credentials themselves are never told."""

    throttle_time_ms: int = field(INT32, default=0)
    error_code: int = field(INT16, default=0)
    error_message: str | None = field(STRING, nullable="0+")
    results: list[DescribeUserScramCredentialsResult] = field(
        ARRAY(DescribeUserScramCredentialsResult)
    )

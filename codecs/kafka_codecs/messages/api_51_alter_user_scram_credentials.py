"""AlterUserScramCredentials (key 51): set and delete SCRAM credentials (KIP-554).

There is one version, 0, and it is flexible.
"""

from __future__ import annotations

from kafka_codecs.schema import Request, Response, Struct, field
from kafka_codecs.types import ARRAY, BYTES, INT8, INT16, INT32, STRING


class ScramCredentialDeletion(Struct):
    """``deletions[]`` of :class:`AlterUserScramCredentialsRequest`."""

    name: str = field(STRING)
    mechanism: int = field(INT8)


class ScramCredentialUpsertion(Struct):
    """``upsertions[]`` of :class:`AlterUserScramCredentialsRequest`."""

    name: str = field(STRING)
    mechanism: int = field(INT8)
    iterations: int = field(INT32)
    salt: bytes = field(BYTES)
    salted_password: bytes = field(BYTES)


class AlterUserScramCredentialsRequest(Request, api_key=51, versions="0", flexible="0+"):
    """The credentials to delete, and those to set: the password salted, never as it is."""

    deletions: list[ScramCredentialDeletion] = field(ARRAY(ScramCredentialDeletion))
    upsertions: list[ScramCredentialUpsertion] = field(ARRAY(ScramCredentialUpsertion))


class AlterUserScramCredentialsResult(Struct):
    """``results[]`` of :class:`AlterUserScramCredentialsResponse`."""

    user: str = field(STRING)
    error_code: int = field(INT16, default=0)
    error_message: str | None = field(STRING, nullable="0+")


class AlterUserScramCredentialsResponse(Response, api_key=51, versions="0", flexible="0+"):
    """Per user whether the credential was altered."""

    throttle_time_ms: int = field(INT32, default=0)
    results: list[AlterUserScramCredentialsResult] = field(ARRAY(AlterUserScramCredentialsResult))

"""SCRAM credentials as scenes set them and wait for them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from compat_tests.real_broker.conversation import Conversation
from kafka_codecs.messages.api_50_describe_user_scram_credentials import (
    DescribeUserScramCredentialsRequest,
    UserName,
)
from kafka_codecs.messages.api_51_alter_user_scram_credentials import (
    AlterUserScramCredentialsRequest,
    ScramCredentialDeletion,
    ScramCredentialUpsertion,
)

SHA_256, SHA_512 = 1, 2
ITERATIONS = 4096
SALT, SALTED = b"salt", b"the password, salted"


def describe(*users: str) -> DescribeUserScramCredentialsRequest:
    return DescribeUserScramCredentialsRequest(users=[UserName(name=user) for user in users])


def delete(user: str, mechanism: int = SHA_256) -> ScramCredentialDeletion:
    return ScramCredentialDeletion(name=user, mechanism=mechanism)


def upsert(
    user: str,
    mechanism: int = SHA_256,
    iterations: int = ITERATIONS,
    salt: bytes = SALT,
    salted: bytes = SALTED,
) -> ScramCredentialUpsertion:
    return ScramCredentialUpsertion(
        name=user, mechanism=mechanism, iterations=iterations, salt=salt, salted_password=salted
    )


def alter(
    *changes: ScramCredentialDeletion | ScramCredentialUpsertion,
) -> AlterUserScramCredentialsRequest:
    return AlterUserScramCredentialsRequest(
        deletions=[change for change in changes if isinstance(change, ScramCredentialDeletion)],
        upsertions=[change for change in changes if isinstance(change, ScramCredentialUpsertion)],
    )


def wait_for(c: Conversation, user: str, *expected: tuple[int, int]) -> None:
    """Wait until a user has these mechanisms, each with its iterations."""

    def known() -> list[tuple[int, int]]:
        infos = c.quietly(describe(user), 0).results[0].credential_infos
        return sorted((info.mechanism, info.iterations) for info in infos)

    c.until(lambda: known() == sorted(expected))


def remove(c: Conversation, *credentials: tuple[str, int]) -> None:
    """Take credentials away, and wait until their users have none."""
    for user, mechanism in credentials:
        c.quietly(alter(delete(user, mechanism)), 0)
    for user in {user for user, _ in credentials}:
        wait_for(c, user)


def of_users(users: Iterable[str]) -> Any:
    """Leaves the results of some users in an answer."""
    kept = frozenset(users)

    def look(answer: Any) -> None:
        answer.results = [result for result in answer.results if result.user in kept]

    return look

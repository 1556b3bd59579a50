"""SCRAM credentials (KIP-554): kept and described, but no listener asks for them yet.

What is kept of a password is what the mechanism needs to check it (RFC 5802). The checks and their order
are those of ``ScramControlManager`` and ``ScramImage``.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kafka_codecs.errors import ErrorCode
from kafkashim.refused import Refused

# Mechanism -> the hash it is made with: SCRAM-SHA-256 and SCRAM-SHA-512.
MECHANISMS = {1: "sha256", 2: "sha512"}
FEWEST_ITERATIONS = 4096
MOST_ITERATIONS = 16384
TWICE = Refused(
    ErrorCode.DUPLICATE_RESOURCE, "A user credential cannot be altered twice in the same request"
)


class Deletion(NamedTuple):
    """A credential that is to go."""

    user: str
    mechanism: int


class Upsertion(NamedTuple):
    """A credential that is to be set, instead of what there is."""

    user: str
    mechanism: int
    iterations: int
    salt: bytes
    salted_password: bytes


class Credential(NamedTuple):
    """What a broker keeps to check a password with, and to prove itself."""

    iterations: int
    salt: bytes
    stored_key: bytes
    server_key: bytes


class ScramCredentials:
    """The credentials of all users."""

    def __init__(self) -> None:
        # User -> mechanism -> credential.
        self._users: dict[str, dict[int, Credential]] = {}

    def alter(
        self, deletions: Sequence[Deletion], upsertions: Sequence[Upsertion]
    ) -> dict[str, Refused | None]:
        """Delete and set credentials; gives every user once, with what is wrong.

        A user may be named once in all, whatever the mechanism.
        """
        outcomes: dict[str, Refused | None] = {}
        wanted: dict[str, Deletion | Upsertion] = {}
        changes: list[Deletion | Upsertion] = [*deletions, *upsertions]
        for change in changes:
            user = change.user
            if user in outcomes:
                if wanted.pop(user, None) is not None:
                    outcomes[user] = TWICE
                continue
            try:
                self._check(change)
            except Refused as refused:
                outcomes[user] = refused
            else:
                outcomes[user] = None
                wanted[user] = change
        for user, change in wanted.items():
            if isinstance(change, Deletion):
                self._delete(change)
            elif change.salted_password:
                self._users.setdefault(user, {})[change.mechanism] = _credential(change)
            else:
                # Java has no key without a byte.
                outcomes[user] = Refused(ErrorCode.UNKNOWN_SERVER_ERROR)
        return outcomes

    def _check(self, change: Deletion | Upsertion) -> None:
        """Whether a change may be made.

        Raises:
            Refused: it may not.
        """
        if not change.user:
            raise _unacceptable("Username must not be empty")
        if change.mechanism not in MECHANISMS:
            raise Refused(ErrorCode.UNSUPPORTED_SASL_MECHANISM, "Unknown SCRAM mechanism")
        if isinstance(change, Deletion):
            if change.mechanism not in self._users.get(change.user, ()):
                raise Refused(
                    ErrorCode.RESOURCE_NOT_FOUND,
                    "Attempt to delete a user credential that does not exist",
                )
        elif change.iterations < FEWEST_ITERATIONS:
            raise _unacceptable("Too few iterations")
        elif change.iterations > MOST_ITERATIONS:
            raise _unacceptable("Too many iterations")

    def _delete(self, deletion: Deletion) -> None:
        credentials = self._users[deletion.user]
        del credentials[deletion.mechanism]
        if not credentials:
            del self._users[deletion.user]

    def credential(self, user: str, mechanism: int) -> Credential | None:
        """What is kept for a user and a mechanism; ``None`` when there is nothing."""
        return self._users.get(user, {}).get(mechanism)

    def describe(self, users: Iterable[str]) -> dict[str, dict[int, int] | Refused]:
        """Of each user the mechanisms and their iterations, or what is wrong.

        Without any name it is all users.
        """
        named = list(users)
        found: dict[str, dict[int, int] | Refused] = {}
        for user in named or self._users:
            credentials = self._users.get(user)
            if user in found:
                found[user] = Refused(
                    ErrorCode.DUPLICATE_RESOURCE,
                    "Cannot describe SCRAM credentials for the same user twice in a single request: "
                    + user,
                )
            elif credentials is None:
                found[user] = Refused(
                    ErrorCode.RESOURCE_NOT_FOUND,
                    f"Attempt to describe a user credential that does not exist: {user}",
                )
            else:
                found[user] = {
                    mechanism: credential.iterations
                    for mechanism, credential in sorted(credentials.items())
                }
        return found


def _credential(upsertion: Upsertion) -> Credential:
    name = MECHANISMS[upsertion.mechanism]
    client_key = hmac.digest(upsertion.salted_password, b"Client Key", name)
    return Credential(
        upsertion.iterations,
        bytes(upsertion.salt),
        hashlib.new(name, client_key).digest(),
        hmac.digest(upsertion.salted_password, b"Server Key", name),
    )


def _unacceptable(message: str) -> Refused:
    return Refused(ErrorCode.UNACCEPTABLE_CREDENTIAL, message)

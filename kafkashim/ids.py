"""Where ids come from: one source, injected, so that any run can be replayed."""

from __future__ import annotations

import random
from base64 import urlsafe_b64encode
from uuid import UUID


class IdSource:
    """Random UUIDs, from the system's randomness or from a seed."""

    __slots__ = ("random",)

    def __init__(self, seed: int | None = None) -> None:
        self.random = random.SystemRandom() if seed is None else random.Random(seed)

    def uuid(self) -> UUID:
        """A random UUID as topics, clusters and client instances get them.

        Its text form never starts with a dash, so that command lines can take it
        (``org.apache.kafka.common.Uuid.randomUuid``).
        """
        while True:
            found = UUID(int=self.random.getrandbits(128), version=4)
            if not base64_id(found).startswith("-"):
                return found

    def member_suffix(self) -> str:
        """What the coordinator appends to a client id to make a member id."""
        return str(UUID(int=self.random.getrandbits(128), version=4))

    def session_id(self) -> int:
        """The id of a fetch session: 1 … 2147483647 (``FetchSessionCacheShard.newSessionId``)."""
        return self.random.randrange(1, 0x7FFFFFFF)


def base64_id(uuid: UUID) -> str:
    """Kafka's text form of a UUID: 22 characters of URL-safe base64."""
    return urlsafe_b64encode(uuid.bytes).decode().rstrip("=")

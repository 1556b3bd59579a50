"""What the scenarios ask of a client library: one small protocol, an adapter per library.

An adapter only translates. It sets what the scenario names and otherwise keeps the library's
defaults, and it never retries or reorders anything itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class Message(NamedTuple):
    """One message to be sent; without a partition the library's partitioner chooses by the key."""

    value: bytes | None
    key: bytes | None = None
    partition: int | None = None
    headers: tuple[tuple[str, bytes | None], ...] = ()


class Delivery(NamedTuple):
    """What the library reported for one message."""

    partition: int | None
    offset: int | None
    error: int = 0
    """Kafka's error code, the library's own negative code, or 0: delivered."""
    reason: str = ""


class Record(NamedTuple):
    """One message as a consumer of the library got it."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True)
class ProducerSettings:
    """The settings beyond `enable.idempotence=true` and `acks=all`; None keeps the default."""

    compression: str = "none"
    batch_bytes: int | None = None
    """`batch.size`, so that few messages make many requests."""
    linger_ms: int | None = None
    largest_message: int | None = None
    """The library's own limit on a message or request, in bytes; the broker has another."""
    backoff_ms: int | None = None
    """How long to wait before connecting and sending again; the defaults are 100 ms and more."""
    request_timeout_ms: int | None = None
    """How long to wait for an answer; of the clients in other languages Java and franz-go know it."""
    delivery_timeout_ms: int | None = None
    """How long a message may take altogether; likewise."""


class GroupConsumer(Protocol):
    """A subscribed member of a group; used by one thread only, and polled all the time."""

    def poll(self, timeout_s: float) -> list[Record]: ...
    def assigned(self) -> frozenset[int]:
        """The partitions of the topic that are this member's now."""
        ...

    def commit(self) -> bool:
        """Commit the positions and wait for the answer.

        False when the group rebalances: what was polled since the last commit is then read again,
        by this member or by the partition's next owner.
        """
        ...

    def close(self) -> None:
        """Leave the group."""
        ...


class ClientUnderTest(Protocol):
    """One library. `bootstrap` is `host:port` in all of them."""

    name: str
    """The folder's name, and the name of the package to import."""
    sends_ahead_on_one_partition: int
    """How many Produce requests an idempotent producer has under way for a single partition."""
    sends_ahead: int
    """The same for a producer that writes to many partitions of one broker."""
    codec_packages: Mapping[str, str]
    """Codec -> the package that the library imports for it; codecs that need none are not here."""

    def create_topic(self, bootstrap: str, topic: str, partitions: int) -> None: ...

    def produce(
        self, bootstrap: str, topic: str, messages: Sequence[Message], settings: ProducerSettings
    ) -> list[Delivery]:
        """Send all messages with one idempotent producer; one delivery for each, in their order."""
        ...

    def read(self, bootstrap: str, topic: str, partitions: Sequence[int]) -> list[Record]:
        """Assign the partitions without a group and read from the start to the end of each."""
        ...

    def join(self, bootstrap: str, group: str, topic: str) -> GroupConsumer:
        """Subscribe, starting at the beginning where nothing is committed; no automatic commit."""
        ...

"""InitProducerId: who gets which id and epoch, as measured on Apache Kafka 4.3.1."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from compat_tests.server.asking import init_producer_id
from compat_tests.server.in_process import InProcess, Peer

NONE = 0
INVALID_REQUEST = 42
INVALID_PRODUCER_EPOCH = 47
INVALID_TRANSACTION_TIMEOUT = 50
PRODUCER_FENCED = 90
OLD = (0, 1, 2)
NEW = (3, 4, 5)
"""Versions in which a producer brings the id and epoch it has (KIP-360)."""

every_version = pytest.mark.parametrize("version", OLD + NEW)
every_new_version = pytest.mark.parametrize("version", NEW)


def fenced(version: int) -> tuple[int, int, int]:
    """Clients that know no PRODUCER_FENCED are told INVALID_PRODUCER_EPOCH (KIP-588)."""
    return (PRODUCER_FENCED if version >= 4 else INVALID_PRODUCER_EPOCH), -1, -1


@every_version
def test_without_a_transactional_id_each_call_gives_a_new_id(version: int, peer: Peer) -> None:
    given = [init_producer_id(peer, version=version, timeout_ms=t) for t in (60_000, 0, -1)]
    assert {(error, epoch) for error, _, epoch in given} == {(NONE, 0)}
    assert len({producer_id for _, producer_id, _ in given}) == 3


@every_new_version
def test_without_a_transactional_id_what_is_brought_does_not_matter(
    version: int, peer: Peer
) -> None:
    error, producer_id, epoch = init_producer_id(
        peer, producer_id=5, producer_epoch=3, version=version
    )
    assert (error, epoch) == (NONE, 0)
    assert producer_id != 5


@every_version
def test_an_empty_transactional_id_is_refused(version: int, peer: Peer) -> None:
    for timeout_ms in (60_000, 0):
        answer = init_producer_id(peer, "", timeout_ms=timeout_ms, version=version)
        assert answer == (INVALID_REQUEST, -1, -1)


@every_version
@pytest.mark.parametrize("timeout_ms", [0, -1, 900_001, 2**31 - 1])
def test_the_timeout_has_bounds(timeout_ms: int, version: int, peer: Peer) -> None:
    refused = (INVALID_TRANSACTION_TIMEOUT, -1, -1)
    assert init_producer_id(peer, "t", timeout_ms=timeout_ms, version=version) == refused
    known = init_producer_id(peer, "t", timeout_ms=900_000, version=version)
    assert known[0] == NONE
    assert init_producer_id(peer, "t", timeout_ms=timeout_ms, version=version) == refused
    # A refused call raises no epoch.
    assert init_producer_id(peer, "t", version=version) == (NONE, known[1], known[2] + 1)


def test_the_largest_timeout_is_configured(in_process: Callable[..., InProcess]) -> None:
    peer = in_process(config={"transaction.max.timeout.ms": "1000"}).connect()
    assert init_producer_id(peer, "t", timeout_ms=1000)[0] == NONE
    assert init_producer_id(peer, "t", timeout_ms=1001)[0] == INVALID_TRANSACTION_TIMEOUT


@every_version
def test_the_epoch_of_a_transactional_id_rises(version: int, peer: Peer) -> None:
    _, producer_id, epoch = init_producer_id(peer, "t", version=version)
    assert epoch == 0
    for raised in (1, 2, 3):
        assert init_producer_id(peer, "t", version=version) == (NONE, producer_id, raised)
    assert init_producer_id(peer, "other", version=version)[1:] == (producer_id + 1, 0)


@every_new_version
def test_a_producer_goes_on_with_what_it_has(version: int, peer: Peer) -> None:
    _, producer_id, _ = init_producer_id(peer, "t", version=version)

    def ask(epoch: int, of: int = producer_id) -> tuple[int, int, int]:
        return init_producer_id(peer, "t", producer_id=of, producer_epoch=epoch, version=version)

    assert ask(0) == (NONE, producer_id, 1)
    # The answer was lost: the same call gives the same epoch, as often as it is made.
    assert ask(0) == (NONE, producer_id, 1)
    assert ask(0) == (NONE, producer_id, 1)
    assert ask(1) == (NONE, producer_id, 2)
    assert ask(0) == fenced(version)
    assert ask(99) == fenced(version)
    assert ask(2, of=producer_id + 500) == fenced(version)
    assert ask(0, of=-2) == fenced(version)
    assert ask(2) == (NONE, producer_id, 3)


@every_new_version
def test_another_instance_fences_the_older_one(version: int, peer: Peer) -> None:
    _, producer_id, _ = init_producer_id(peer, "t", version=version)
    assert init_producer_id(peer, "t", version=version) == (NONE, producer_id, 1)
    older = init_producer_id(peer, "t", producer_id=producer_id, producer_epoch=0, version=version)
    assert older == fenced(version)


@every_new_version
def test_an_id_without_an_epoch_is_refused(version: int, peer: Peer) -> None:
    _, producer_id, _ = init_producer_id(peer, "t", version=version)
    for transactional_id in ("t", "new", None):
        for brought in ((producer_id, -1), (-1, 0)):
            answer = init_producer_id(
                peer,
                transactional_id,
                producer_id=brought[0],
                producer_epoch=brought[1],
                version=version,
            )
            assert answer == (INVALID_REQUEST, -1, -1)


@every_new_version
def test_what_is_brought_to_a_new_transactional_id_does_not_matter_once(
    version: int, peer: Peer
) -> None:
    def ask() -> tuple[int, int, int]:
        return init_producer_id(peer, "t", producer_id=77, producer_epoch=0, version=version)

    error, producer_id, epoch = ask()
    assert (error, epoch) == (NONE, 0)
    assert producer_id != 77
    assert ask() == fenced(version)
    assert init_producer_id(peer, "t", version=version) == (NONE, producer_id, 1)


def test_an_exhausted_epoch_gives_a_new_id(broker: InProcess, peer: Peer) -> None:
    _, producer_id, _ = init_producer_id(peer, "t")
    broker.broker.producer_ids.transactional["t"].producer_epoch = 32765
    assert init_producer_id(peer, "t") == (NONE, producer_id, 32766)
    brought = {"producer_id": producer_id, "producer_epoch": 32766}
    assert init_producer_id(peer, "t", **brought) == (NONE, producer_id + 1, 0)
    # The answer was lost: what the producer has is the id before this one.
    assert init_producer_id(peer, "t", **brought) == (NONE, producer_id + 1, 0)
    assert init_producer_id(peer, "t") == (NONE, producer_id + 1, 1)
    assert init_producer_id(peer, "t", **brought) == fenced(5)

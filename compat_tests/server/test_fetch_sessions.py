"""Fetch sessions (KIP-227): a consumer names its partitions once; compared with Apache Kafka 4.3.1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from compat_tests.server.asking import delete_records, fetch_request, new_topic, produce
from compat_tests.server.fetching import SIZE, THREE, Waiting, by_id
from compat_tests.server.in_process import InProcess, Peer
from kafka_codecs.messages.api_01_fetch import FetchResponse, ForgottenTopic

NONE = 0
OFFSET_OUT_OF_RANGE = 1
FETCH_SESSION_ID_NOT_FOUND = 70
INVALID_FETCH_SESSION_EPOCH = 71
FETCH_SESSION_TOPIC_ID_ERROR = 106


@pytest.fixture
def topic(peer: Peer) -> str:
    """Partition 0 holds four batches of three records."""
    name = new_topic(peer, 3)
    for _ in range(4):
        produce(peer, name, THREE)
    return name


class Session:
    """A consumer's session: remembers id and epoch as a client does."""

    def __init__(self, peer: Peer, broker: InProcess, version: int = 12) -> None:
        self.peer, self.broker, self.version = peer, broker, version
        self.id = self.epoch = 0

    def ask(
        self,
        offsets: dict[tuple[str, int], int] | None = None,
        forget: list[tuple[str, int]] | None = None,
        **options: Any,
    ) -> FetchResponse:
        forgotten = [
            ForgottenTopic(topic=topic, partitions=[index]) for topic, index in forget or []
        ]
        request = fetch_request(
            offsets or {},
            **{
                "session_id": self.id,
                "session_epoch": self.epoch,
                "forgotten_topics_data": forgotten,
                **options,
            },
        )
        if self.version >= 13:
            request = by_id(request, self.broker)
            for topic in request.forgotten_topics_data:
                topic.topic_id = self.broker.broker.topics[topic.topic].topic_id
                topic.topic = ""
        answer: FetchResponse = self.peer.ask(request, self.version)
        return answer

    def next(self, *arguments: Any, **options: Any) -> list[tuple[int, int, int]]:
        """The next fetch; gives (partition, error, bytes) of what was answered."""
        answer = self.ask(*arguments, **options)
        assert answer.error_code == NONE
        self.id = answer.session_id
        self.epoch += 1
        return [
            (p.partition_index, p.error_code, len(p.records))
            for topic in answer.responses
            for p in topic.partitions
        ]


@pytest.fixture(params=[7, 12, 13, 18])
def session(request: pytest.FixtureRequest, peer: Peer, broker: InProcess) -> Session:
    return Session(peer, broker, request.param)


def test_an_incremental_answer_tells_only_news(session: Session, peer: Peer, topic: str) -> None:
    everything = {(topic, 0): 12, (topic, 1): 0, (topic, 2): 0}
    assert session.next(everything) == [(0, 0, 0), (1, 0, 0), (2, 0, 0)]
    assert session.id > 0
    assert session.next() == []
    produce(peer, topic, THREE, 1)
    assert session.next() == [(1, 0, SIZE)]
    assert session.next() == [(1, 0, SIZE)]  # the consumer did not say that it went on
    assert session.next({(topic, 1): 3}) == []


def test_a_moved_log_start_is_news(session: Session, peer: Peer, topic: str) -> None:
    session.next({(topic, 0): 12})
    delete_records(peer, topic, 5)
    assert session.next() == [(0, 0, 0)]
    assert session.next() == []


def test_an_error_is_told_each_time(session: Session, peer: Peer, topic: str) -> None:
    session.next({(topic, 0): 12, (topic, 2): 77})
    assert session.next() == [(2, OFFSET_OUT_OF_RANGE, 0)]
    assert session.next() == [(2, OFFSET_OUT_OF_RANGE, 0)]
    assert session.next({(topic, 2): 0}) == [(2, 0, 0)]
    assert session.next() == []


def test_partitions_are_added_and_forgotten(session: Session, peer: Peer, topic: str) -> None:
    session.next({(topic, 1): 0})
    assert session.next({(topic, 0): 9}) == [(0, 0, SIZE)]
    assert session.next(forget=[(topic, 0)]) == []
    produce(peer, topic, THREE, 1)
    assert session.next(forget=[(topic, 2)]) == [(1, 0, SIZE)]


def test_a_partition_with_data_goes_behind_the_others(
    session: Session, peer: Peer, topic: str
) -> None:
    for index in (1, 2):
        produce(peer, topic, THREE, index)
    everything = {(topic, 0): 0, (topic, 1): 0, (topic, 2): 0}
    assert session.next(everything) == [(0, 0, 4 * SIZE), (1, 0, SIZE), (2, 0, SIZE)]
    turns = [session.next(max_bytes=1)[0][0] for _ in range(6)]
    assert turns == [0, 1, 2, 0, 1, 2]


def test_an_epoch_that_is_not_the_next(session: Session, topic: str) -> None:
    session.next({(topic, 0): 12})
    for wrong in (99, 2, 5):
        answer = session.ask(session_epoch=wrong)
        assert (answer.error_code, answer.session_id) == (INVALID_FETCH_SESSION_EPOCH, 0)
        assert answer.responses == []
    assert session.next() == []


def test_a_session_nobody_knows(session: Session, topic: str) -> None:
    for session_id in (0, 12345, -1):
        answer = session.ask({(topic, 0): 0}, session_id=session_id, session_epoch=5)
        assert (answer.error_code, answer.responses) == (FETCH_SESSION_ID_NOT_FOUND, [])


def test_a_session_keeps_to_names_or_to_ids(session: Session, topic: str) -> None:
    session.next({(topic, 0): 12})
    session.version = 13 if session.version < 13 else 12
    assert session.ask().error_code == FETCH_SESSION_TOPIC_ID_ERROR


def test_the_last_epoch_closes_a_session(session: Session, broker: InProcess, topic: str) -> None:
    session.next({(topic, 0): 12})
    answer = session.ask({(topic, 0): 9}, session_epoch=-1)
    assert (answer.error_code, answer.session_id) == (NONE, 0)
    assert len(answer.responses[0].partitions[0].records) == SIZE
    assert not broker.broker.fetch_sessions.sessions
    assert session.ask().error_code == FETCH_SESSION_ID_NOT_FOUND
    assert session.ask(session_epoch=-1).error_code == NONE


def test_a_full_fetch_replaces_the_session(session: Session, broker: InProcess, topic: str) -> None:
    session.next({(topic, 0): 12})
    old = session.id
    session.epoch = 0
    assert session.next({(topic, 1): 0}) == [(1, 0, 0)]
    assert session.id != old
    assert list(broker.broker.fetch_sessions.sessions) == [session.id]


def test_a_session_without_partitions_ends(session: Session, broker: InProcess, topic: str) -> None:
    session.next({(topic, 0): 12})
    answer = session.ask(forget=[(topic, 0)])
    assert (answer.error_code, answer.session_id) == (NONE, 0)
    assert not broker.broker.fetch_sessions.sessions


def test_the_epoch_goes_round(session: Session, broker: InProcess, topic: str) -> None:
    session.next({(topic, 0): 12})
    broker.broker.fetch_sessions.sessions[session.id].epoch = 2**31 - 1
    session.epoch = 2**31 - 1
    session.next()
    session.epoch = 1
    assert session.next() == []


def test_there_is_room_for_so_many_sessions(
    in_process: Callable[..., InProcess],
) -> None:
    broker = in_process(config={"max.incremental.fetch.session.cache.slots": "2"})
    peer = broker.connect()
    topic = new_topic(peer)
    sessions = [Session(peer, broker) for _ in range(3)]
    for one in sessions:
        assert one.next({(topic, 0): 0}) == [(0, 0, 0)]
    # A fetch for which there is no room is answered, without a session.
    assert [one.id > 0 for one in sessions] == [True, True, False]
    broker.clock.advance(120_001)
    assert sessions[1].next() == []
    sessions[2].epoch = 0
    sessions[2].next({(topic, 0): 0})
    assert sessions[2].id > 0
    # The one that was silent for two minutes had to go.
    assert sessions[0].ask().error_code == FETCH_SESSION_ID_NOT_FOUND
    assert sessions[1].next() == []


def test_no_sessions_where_there_is_no_room(in_process: Callable[..., InProcess]) -> None:
    broker = in_process(config={"max.incremental.fetch.session.cache.slots": "0"})
    peer = broker.connect()
    topic = new_topic(peer)
    one = Session(peer, broker)
    assert one.next({(topic, 0): 0}) == [(0, 0, 0)]
    assert one.id == 0


def test_a_parked_incremental_fetch_tells_what_woke_it(
    broker: InProcess, peer: Peer, topic: str
) -> None:
    session = Session(peer, broker)
    session.next({(topic, 0): 12, (topic, 1): 0})
    waiting = Waiting(
        broker, fetch_request({}, session_id=session.id, session_epoch=1, max_wait_ms=500)
    )
    assert not waiting.answers()
    produce(peer, topic, THREE, 1)
    (answer,) = waiting.answers()
    assert [p.partition_index for p in answer.responses[0].partitions] == [1]
    session.epoch = 2
    waiting = Waiting(
        broker,
        fetch_request({(topic, 1): 3}, session_id=session.id, session_epoch=2, max_wait_ms=500),
    )
    broker.clock.advance(500)
    (answer,) = waiting.answers()
    assert answer.responses == []

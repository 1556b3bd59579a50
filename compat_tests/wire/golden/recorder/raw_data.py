"""Raw conversations about records and partitions, in every version of their APIs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .world import (
    ABSENT,
    COMPACTED,
    FIRST_TIMESTAMP,
    GZIP,
    LZ4,
    OPEN_TRANSACTION,
    RECORDS,
    SMALL,
    SNAPPY,
    TRANSACTIONS,
    ZSTD,
    Fields,
    World,
    batch,
)

READ_COMMITTED = 1
LATEST, EARLIEST, MAX_TIMESTAMP, EARLIEST_LOCAL, LATEST_TIERED, EARLIEST_PENDING = range(-1, -7, -1)


def seed(world: World) -> None:
    """Put batches of several kinds into the topics that are fetched later."""
    wide = {
        0: batch(b"one", None, b"", headers=True),
        1: batch(b"a" * 80, b"b" * 80, keys=False, codec=ZSTD),
    }
    for index, records in wide.items():
        world.look(
            0,
            9,
            acks=-1,
            timeout_ms=10_000,
            topic_data=[
                {"name": RECORDS, "partition_data": [{"index": index, "records": records}]}
            ],
        )


def produce(world: World) -> None:
    """Produce: accepted, refused for each common reason, and not answered."""
    for version in world.versions(0):
        _produce_accepted(world, version)
        _produce_refused(world, version)
        _produce_transactional(world, version)
        _produce_unanswered(world, version)


def _produce_topic(
    world: World, version: int, name: str, partitions: Mapping[int, bytes | None]
) -> Fields:
    data = [{"index": index, "records": records} for index, records in partitions.items()]
    return {**world.topic(version, 13, name), "partition_data": data}


def _produce_accepted(world: World, version: int) -> None:
    producer_id = world.look(22, 4, transactional_id=None, transaction_timeout_ms=1).producer_id
    codec = (GZIP, SNAPPY, LZ4, ZSTD)[version % (4 if version >= 7 else 3)]
    world.ask(
        0,
        version,
        "an idempotent producer, two topics, plain and compressed batches, null value, headers",
        transactional_id=None,
        acks=-1,
        timeout_ms=30_000,
        topic_data=[
            _produce_topic(
                world,
                version,
                RECORDS,
                {
                    0: batch(b"hello", None, headers=True, producer=(producer_id, 0, 0)),
                    1: batch(b"x" * 40, b"x" * 40, codec=codec, producer=(producer_id, 0, 0)),
                },
            ),
            _produce_topic(world, version, SMALL, {0: batch(b"stamped by the broker")}),
        ],
    )


def _produce_refused(world: World, version: int) -> None:
    producer_id = world.look(22, 4, transactional_id=None, transaction_timeout_ms=1).producer_id
    first = batch(b"0", producer=(producer_id, 0, 0))
    world.look(
        0, 9, acks=-1, timeout_ms=9, topic_data=[_produce_topic(world, 9, RECORDS, {0: first})]
    )
    world.ask(
        0,
        version,
        "errors: sequence gap, far future, too large, no key for compaction, unknown topic",
        acks=-1,
        timeout_ms=30_000,
        topic_data=[
            _produce_topic(
                world,
                version,
                RECORDS,
                {
                    0: batch(b"gap", producer=(producer_id, 0, 7)),
                    1: batch(b"later", b"still", timestamp=FIRST_TIMESTAMP * 2),
                    99: batch(b"no such partition"),
                },
            ),
            _produce_topic(world, version, SMALL, {0: batch(b"z" * 300)}),
            _produce_topic(world, version, COMPACTED, {0: batch(b"no key", b"nor", keys=False)}),
            _produce_topic(world, version, ABSENT, {0: batch(b"nowhere")}),
        ],
    )


def _produce_transactional(world: World, version: int) -> None:
    partitions = {1: batch(b"t", producer=(4000, 0, 0), transactional=True), 2: b""}
    world.ask(
        0,
        version,
        "errors: a transactional id without its transaction, and an empty record set",
        transactional_id="golden-unknown-transaction",
        acks=1,
        timeout_ms=1500,
        topic_data=[_produce_topic(world, version, RECORDS, partitions)],
    )


def _produce_unanswered(world: World, version: int) -> None:
    for about, acks, records in (
        ("acks=0: not answered", 0, batch(b"fire and forget")),
        # KafkaApis fails while it builds the error for it, and the connection stays mute.
        ("a null record set: the broker never answers, and keeps the connection open", 1, None),
    ):
        topic_data = [_produce_topic(world, version, RECORDS, {2: records})]
        world.send_unanswered(0, version, about, acks=acks, timeout_ms=1500, topic_data=topic_data)


def fetch(world: World) -> None:
    """Fetch: records, sessions, and every error one broker can be brought to."""
    for version in world.versions(1):
        tagged: Fields = {"cluster_id": "golden"} if version >= 12 else {}
        _fetch(
            world,
            version,
            "records of four partitions, read_committed with an aborted transaction",
            [
                _fetch_topic(world, version, RECORDS, [{"partition": 0}, {"partition": 2}]),
                _fetch_topic(world, version, TRANSACTIONS, [{"partition": 0}]),
                _fetch_topic(world, version, OPEN_TRANSACTION, [{"partition": 0}]),
            ],
            isolation_level=READ_COMMITTED,
            **tagged,
        )
        _fetch_errors(world, version)
        if version >= 7:
            _fetch_session(world, version)
        if version >= 15:
            _fetch(
                world,
                version,
                "from a replica that does not follow: replica state, directory id, high watermark",
                [_fetch_topic(world, version, RECORDS, [_follower_partition(world, version)])],
                replica_state={"replica_id": 5, "replica_epoch": 1},
                cluster_id="golden",
            )


def _follower_partition(world: World, version: int) -> Fields:
    fields: Fields = {"partition": 0, "current_leader_epoch": -1, "log_start_offset": 0}
    if version >= 17:
        fields["replica_directory_id"] = world.topic_ids[ABSENT]
    if version >= 18:
        fields["high_watermark"] = 2
    return fields


def _fetch(world: World, version: int, about: str, topics: list[Fields], **fields: Any) -> Any:
    limits = {"max_wait_ms": 0, "min_bytes": 1, "max_bytes": 2400}
    return world.ask(1, version, about, **{**limits, "topics": topics, **fields})


def _fetch_topic(world: World, version: int, name: str, partitions: list[Fields]) -> Fields:
    common = {"fetch_offset": 0, "partition_max_bytes": 500}
    asked = [{**common, **partition} for partition in partitions]
    return {**world.topic(version, 13, name, "topic"), "partitions": asked}


def _fetch_errors(world: World, version: int) -> None:
    _fetch(
        world,
        version,
        "errors: offset out of range, old and unknown leader epoch, unknown partition and topic",
        [
            _fetch_topic(
                world,
                version,
                RECORDS,
                [
                    {"partition": 0, "fetch_offset": 1_000_000},
                    {"partition": 1, "current_leader_epoch": 0},
                    {"partition": 2, "current_leader_epoch": 1000},
                    {"partition": 99},
                ],
            ),
            _fetch_topic(world, version, ABSENT, [{"partition": 0}]),
        ],
        rack_id="rack-b",
    )
    if version >= 12:
        _fetch(
            world,
            version,
            "the fetched epoch ended before the fetched offset: a diverging epoch",
            [
                _fetch_topic(
                    world,
                    version,
                    RECORDS,
                    [{"partition": 0, "fetch_offset": 4, "last_fetched_epoch": 0}],
                )
            ],
        )


def _fetch_session(world: World, version: int) -> None:
    both = [_fetch_topic(world, version, RECORDS, [{"partition": 0}, {"partition": 1}])]
    opened = _fetch(world, version, "opens a fetch session", both, session_epoch=0)
    forgotten = {**world.topic(version, 13, RECORDS, "topic"), "partitions": [0]}
    _fetch(
        world,
        version,
        "goes on with the session: one partition added, one forgotten",
        [_fetch_topic(world, version, SMALL, [{"partition": 0}])],
        session_id=opened.session_id,
        session_epoch=1,
        forgotten_topics_data=[forgotten],
    )
    _fetch(
        world,
        version,
        "a session the broker does not know",
        [],
        session_id=opened.session_id ^ 1,
        session_epoch=3,
    )


def list_offsets(world: World) -> None:
    """ListOffsets: every special timestamp, a real one, transactions, and errors."""
    later = {7: [MAX_TIMESTAMP], 8: [EARLIEST_LOCAL], 9: [LATEST_TIERED], 11: [EARLIEST_PENDING]}
    for version in world.versions(2):
        stamps = [stamp for since, new in later.items() if since <= version for stamp in new]
        first = [(0, LATEST), (1, EARLIEST), (2, FIRST_TIMESTAMP + 1)]
        _list_offsets(
            world,
            version,
            "latest, earliest, at a time; read_uncommitted with a transaction open",
            [_offsets_of(RECORDS, first), _offsets_of(OPEN_TRANSACTION, [(0, LATEST)])],
        )
        if stamps:
            _list_offsets(
                world,
                version,
                "the special timestamps this version knows besides: -3 and less",
                [
                    _offsets_of(name, [(0, stamp)])
                    for stamp, name in zip(
                        stamps, (RECORDS, SMALL, TRANSACTIONS, OPEN_TRANSACTION), strict=False
                    )
                ],
            )
        _list_offsets(
            world,
            version,
            "read_committed with a transaction open; nothing at the timestamp; empty partition",
            [
                _offsets_of(OPEN_TRANSACTION, [(0, LATEST)]),
                _offsets_of(RECORDS, [(0, FIRST_TIMESTAMP * 2)]),
                _offsets_of(COMPACTED, [(0, LATEST)]),
            ],
            READ_COMMITTED,
        )
        _list_offsets(
            world,
            version,
            "errors: unknown partition, old leader epoch, unknown timestamp, unknown topic",
            [
                _offsets_of(RECORDS, [(99, LATEST), (1, EARLIEST), (2, -99)], epoch=0),
                _offsets_of(ABSENT, [(0, LATEST)]),
            ],
        )
        about = "errors: one partition asked for twice"
        twice = [_offsets_of(RECORDS, [(0, LATEST), (0, EARLIEST), (1, LATEST)])]
        _list_offsets(world, version, about, twice)


def _list_offsets(
    world: World, version: int, about: str, topics: list[Fields], isolation_level: int = 0
) -> None:
    world.ask(
        2,
        version,
        about,
        replica_id=-1,
        isolation_level=isolation_level,
        topics=topics,
        timeout_ms=5000,
    )


def _offsets_of(name: str, partitions: list[tuple[int, int]], epoch: int = -1) -> Fields:
    asked = [
        {"partition_index": index, "timestamp": stamp, "current_leader_epoch": epoch}
        for index, stamp in partitions
    ]
    return {"name": name, "partitions": asked}


def offset_for_leader_epoch(world: World) -> None:
    """OffsetForLeaderEpoch: past, present and unknown epochs, and errors."""
    for version in world.versions(23):
        for about, partitions in (
            (
                "the first leader epoch, which has ended, and one that never was",
                [(0, -1, 0), (1, -1, 0), (2, -1, 1000)],
            ),
            (
                "errors: old and unknown current leader epoch, unknown partition",
                [(0, 0, 0), (1, 1000, 0), (99, -1, 0)],
            ),
        ):
            asked = [
                {"partition": index, "current_leader_epoch": current, "leader_epoch": epoch}
                for index, current, epoch in partitions
            ]
            absent = {"topic": ABSENT, "partitions": asked[:1]}
            world.ask(
                23,
                version,
                about,
                replica_id=-1,
                topics=[{"topic": RECORDS, "partitions": asked}, absent],
            )


def delete_records(world: World) -> None:
    """DeleteRecords: up to an offset, to the high watermark, and errors."""
    for version in world.versions(21):
        for about, name, partitions in (
            ("to an offset and to the high watermark", RECORDS, [(1, version + 1), (2, -1)]),
            ("errors: beyond the end, unknown partition", RECORDS, [(0, 1_000_000), (99, 0)]),
            ("errors: unknown topic", ABSENT, [(0, 0)]),
        ):
            asked = [{"partition_index": index, "offset": offset} for index, offset in partitions]
            world.ask(
                21,
                version,
                about,
                topics=[{"name": name, "partitions": asked}],
                timeout_ms=5000,
            )


def init_producer_id(world: World) -> None:
    """InitProducerId: idempotent, transactional, again with its epoch, and errors."""
    for version in world.versions(22):
        about = "idempotent: null transactional id"
        world.ask(22, version, about, transactional_id=None, transaction_timeout_ms=60_000)
        name = f"golden-transactional-{version}"
        answer = None
        for _ in range(50):  # the coordinator's topic is made by the first request for it
            answer = world.look(22, 4, transactional_id=name, transaction_timeout_ms=60_000)
            if answer.error_code == 0:
                break
            world.look(10, 2, key=name, key_type=1)
        assert answer is not None
        for about, more in (
            ("transactional, known to the coordinator already: the epoch goes up", {}),
            (
                "transactional, with a producer id that is not the current one",
                {"producer_id": answer.producer_id + 500, "producer_epoch": 3},
            ),
            (
                "transactional, with the producer id and an epoch that is over",
                {"producer_id": answer.producer_id, "producer_epoch": 0},
            ),
        ):
            world.ask(
                22,
                version,
                about,
                transactional_id=name,
                transaction_timeout_ms=60_000,
                **more,
            )
        world.ask(
            22,
            version,
            "errors: a transaction timeout above transaction.max.timeout.ms",
            transactional_id=name,
            transaction_timeout_ms=2_000_000_000,
        )


def describe_producers(world: World) -> None:
    """DescribeProducers: idle and transactional producers, none, and errors."""
    for about, topics in (
        (
            "idempotent producers, and one with a transaction open",
            [(RECORDS, [2, 1]), (OPEN_TRANSACTION, [0])],
        ),
        ("no producer; unknown partition; unknown topic", [(SMALL, [0, 99]), (ABSENT, [0])]),
        ("no topics", []),
    ):
        asked = [{"name": name, "partition_indexes": indexes} for name, indexes in topics]
        world.ask(61, 0, about, topics=asked)

"""Random walks over sequences and epochs: both brokers stepped side by side.

The machine knows what a careful producer would send next, and sends that or something beside it. What it
found is kept below as tests. ``--steps`` says how long it walks, ``--seed`` where it begins.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from compat_tests.real_broker.apache_kafka import ApacheKafka
from compat_tests.real_broker.conftest import need_real_broker
from compat_tests.real_broker.conversation import NEWEST, OLDEST, SetupVersions
from compat_tests.real_broker.old_apache_kafka import OldApacheKafka
from compat_tests.real_broker.side_by_side import (
    NO_PRODUCER,
    PARTITIONS,
    REAL,
    SHIM,
    Sent,
    SideBySide,
)
from kafkashim.testing import KafkaShim

RING = 2**31
STEPS_A_WALK = 50
WALKS_A_ROUND = 100
KINDS = (
    "next",
    "next",
    "next",
    "again",
    "again",
    "gap",
    "overlap",
    "other length",
    "part of one",
    "higher epoch at 0",
    "higher epoch elsewhere",
    "lower epoch",
    "near the end of the ring",
    "anything",
    "no producer",
)

partitions = st.integers(0, PARTITIONS - 1)
counts = st.integers(1, 4)


@pytest.fixture(scope="module")
def addresses(apache_kafka: ApacheKafka, kafkashim: KafkaShim) -> dict[str, tuple[str, int]]:
    return {REAL: apache_kafka.address, SHIM: (kafkashim.host, kafkashim.port)}


@pytest.fixture
def both(
    addresses: dict[str, tuple[str, int]], request: pytest.FixtureRequest
) -> Iterator[SideBySide]:
    found = SideBySide(addresses, f"both-{request.node.name}"[:200])
    yield found
    found.close()


class Producer:
    """What a careful producer knows of one partition: its epoch, what comes next, what it sent."""

    def __init__(self) -> None:
        self.epoch = 0
        self.next = 0
        self.sent: list[Sent] = []

    def appended(self, sent: Sent) -> None:
        self.epoch = sent.epoch
        self.next = (sent.sequence + sent.records) % RING
        self.sent.append(sent)


class Machine(RuleBasedStateMachine):
    """One walk: some producers, two connections, the partitions of one topic."""

    both: SideBySide  # shared by all walks: a new topic for each would take most of the time
    versions: tuple[int, ...] = (3, 5, 7, 8, 9, 10, 11, 12, 13)
    lowest = -2  # what epochs and sequences may be when they are anything

    @initialize()
    def begin_walk(self) -> None:
        self.both.begin()
        self.known: dict[tuple[int, int], Producer] = {}
        self.numbers = 0

    @rule(own=st.booleans())
    def new_producer(self, own: bool) -> None:
        if self.numbers < 4:
            Machine.own_ids += 1
            self.both.new_producer(10**12 + Machine.own_ids if own else None)
            self.numbers += 1

    own_ids = 0

    @rule(
        data=st.data(),
        acks=st.sampled_from((-1, -1, -1, 1, 0)),
        version=st.integers(0, 8),
        connection=st.integers(0, 1),
        places=st.lists(partitions, min_size=1, max_size=PARTITIONS, unique=True),
    )
    def produce(
        self, data: st.DataObject, acks: int, version: int, connection: int, places: list[int]
    ) -> None:
        batches = [self.batch(data, partition) for partition in places]
        answers = self.both.produce(
            *batches,
            acks=acks,
            version=self.versions[version % len(self.versions)],
            connection=connection,
        )
        for sent, error in answers:
            if sent.producer == NO_PRODUCER or error or not acks:
                continue
            producer = self.known[sent.producer, sent.partition]
            if sent not in producer.sent or sent.epoch > producer.epoch:
                producer.appended(sent)

    def batch(self, data: st.DataObject, partition: int) -> Sent:
        kind = data.draw(st.sampled_from(KINDS))
        records = data.draw(counts)
        if not self.numbers or kind == "no producer":
            return Sent(partition, records=records)
        number = data.draw(st.integers(0, self.numbers - 1))
        producer = self.known.setdefault((number, partition), Producer())
        epoch, sequence = producer.epoch, producer.next
        earlier = data.draw(st.sampled_from(producer.sent[-8:])) if producer.sent else None
        by = data.draw(st.integers(1, 3))
        match kind:
            case "again" if earlier:
                return earlier
            case "other length" if earlier:
                epoch, sequence = earlier.epoch, earlier.sequence
                records = earlier.records + by
            case "part of one" if earlier:
                epoch, sequence = earlier.epoch, (earlier.sequence + by) % RING
            case "gap":
                sequence = (sequence + by) % RING
            case "overlap":
                sequence = (sequence - by) % RING
            case "higher epoch at 0":
                epoch, sequence = min(epoch + by, 32767), 0
            case "higher epoch elsewhere":
                epoch = min(epoch + by, 32767)
            case "lower epoch":
                epoch = max(epoch - by, self.lowest + 1)
            case "near the end of the ring":
                sequence = data.draw(st.integers(RING - 5, RING - 1))
            case "anything":
                epoch = data.draw(st.integers(self.lowest, 4))
                sequence = data.draw(st.integers(self.lowest, 12))
            case _:
                pass
        return Sent(partition, number, epoch, sequence, records)

    @rule(partition=partitions, offset=st.sampled_from((-1, 0, 1, 5, 10**6, -2)))
    def delete_records(self, partition: int, offset: int) -> None:
        self.both.delete_records(partition, offset)

    @rule()
    def look(self) -> None:
        self.both.look()

    @rule(sure=st.integers(0, 40))
    def new_topic(self, sure: int) -> None:
        if sure == 7:
            self.both.new_topic()
            self.known.clear()


def walk(
    machine: type[Machine],
    addresses: dict[str, tuple[str, int]],
    steps: int,
    first: int,
    setup: SetupVersions = NEWEST,
) -> None:
    """Walk at least so many steps, with a new topic and the next seed for every round of walks."""
    begun, taken, number = time.monotonic(), 0, first
    rules = settings(
        max_examples=WALKS_A_ROUND,
        stateful_step_count=STEPS_A_WALK,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    while taken < steps:
        machine.both = SideBySide(addresses, f"{machine.__name__}-{number}", setup)
        try:
            run_state_machine_as_test(seed(number)(machine), settings=rules)
        except Exception as error:
            # What a walk finds may depend on walks before it: then it cannot be made smaller, and what
            # is told is the last one that disagreed.
            pytest.fail(machine.both.disagreement or repr(error), pytrace=False)
        finally:
            machine.both.close()
        taken += machine.both.steps
        number += 1
    took = time.monotonic() - begun
    print(f"{taken} steps, seeds {first} to {number - 1}, no difference, {took:.0f} s")


def test_random_walks(addresses: dict[str, tuple[str, int]], pytestconfig: pytest.Config) -> None:
    walk(Machine, addresses, pytestconfig.getoption("--steps"), pytestconfig.getoption("--seed"))


@pytest.mark.parametrize(
    ("release", "book", "produce_versions"),
    [("1.0.0", "kafka-1.0", (3, 5)), ("0.11.0.0", "kafka-0.11", (3,))],
)
def test_random_walks_with_an_old_release(
    release: str, book: str, produce_versions: tuple[int, ...], pytestconfig: pytest.Config
) -> None:
    """The rule book that bears a release's name does as that release does."""
    need_real_broker(pytestconfig)

    class OldMachine(Machine):
        versions = produce_versions
        # What is no sequence at all is refused before the rule book is asked, as in Apache Kafka 4.3,
        # with an error that these releases did not have.
        lowest = 0

    steps = pytestconfig.getoption("--steps") // 4
    properties = {"log.retention.ms": "-1"}
    with OldApacheKafka(release) as kafka, KafkaShim(rules=book, config=properties) as shim:
        addresses = {REAL: kafka.address, SHIM: (shim.host, shim.port)}
        walk(OldMachine, addresses, steps, pytestconfig.getoption("--seed"), OLDEST)

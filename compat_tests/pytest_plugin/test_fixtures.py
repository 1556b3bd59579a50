"""What each fixture gives, and that it ends with the test."""

from __future__ import annotations

import pytest

from compat_tests.conftest import need
from compat_tests.pytest_plugin.conftest import Run


def test_a_broker_for_each_test(run: Run) -> None:
    result = run(
        test_it="""
            import socket
            import pytest

            seen = []

            @pytest.mark.parametrize("number", range(3))
            def test_it(kafka_broker, number):
                assert not len(kafka_broker.journal)
                assert kafka_broker.call(lambda broker: not broker.topics)
                address = kafka_broker.host, kafka_broker.port
                for earlier in seen:
                    # The machine may have given the same port again.
                    if earlier != address:
                        with pytest.raises(ConnectionRefusedError):
                            socket.create_connection(earlier).close()
                socket.create_connection(address).close()
                seen.append(address)
        """
    )
    result.assert_outcomes(passed=3)


def test_a_real_producer_and_consumer(run: Run) -> None:
    need("confluent_kafka")
    result = run(
        test_it="""
            import time
            from confluent_kafka import Consumer, Producer

            def test_it(kafka_broker, kafka_topic):
                servers = {"bootstrap.servers": kafka_broker.bootstrap_servers}
                producer = Producer({**servers, "enable.idempotence": True})
                for number in range(10):
                    producer.produce(kafka_topic, str(number).encode())
                assert producer.flush(10) == 0
                begun = time.monotonic()
                consumer = Consumer({**servers, "group.id": "g", "auto.offset.reset": "earliest"})
                consumer.subscribe([kafka_topic])
                found = [consumer.poll(10).value() for number in range(10)]
                consumer.close()
                # Apache Kafka would let the first member wait three seconds for others.
                assert time.monotonic() - begun < 2.5
                assert found == [str(number).encode() for number in range(10)]
                kafka_broker.journal.assert_produced(kafka_topic, values=found)
                del producer
        """
    )
    result.assert_outcomes(passed=1)


NAMED = """
import re
import pytest
from kafkashim.topic_names import topic_name_error

LONG = "x" * 300

@pytest.mark.parametrize("word", ["a/b c", "\\xe4\\u20ac", ".", LONG, LONG + "y", "a_b", "a.b"])
@pytest.mark.kafka(config={"num.partitions": 4}, auto_create_topics=False)
def test_named(kafka_broker, kafka_topic, word):
    assert topic_name_error(kafka_topic) is None
    assert kafka_topic.startswith("test_named-")
    (found,) = kafka_broker.call(lambda broker: list(broker.topics.values()))
    assert (found.name, len(found.partitions)) == (kafka_topic, 4)
    assert not len(kafka_broker.journal)
    with open("names.txt", "a") as names:
        print(kafka_topic, file=names)
"""


def test_the_name_of_a_topic(run: Run, pytester: pytest.Pytester) -> None:
    """It is legal, made from the test's name, another for each test, and the same when run again."""
    found: list[list[str]] = []
    for _ in range(2):
        run(test_one=NAMED, test_two=NAMED).assert_outcomes(passed=14)
        names = pytester.path / "names.txt"
        found.append(names.read_text().split())
        names.unlink()
    assert len(set(found[0])) == 14
    assert found[0] == found[1]


def test_the_faults_of_the_broker(run: Run) -> None:
    need("confluent_kafka")
    result = run(
        test_it="""
            from confluent_kafka import Producer

            def test_it(kafka_faults, kafka_broker, kafka_topic):
                lost = kafka_faults.drop_answer(api="Produce", times=1)
                servers = kafka_broker.bootstrap_servers
                producer = Producer({"bootstrap.servers": servers, "enable.idempotence": True})
                producer.produce(kafka_topic, b"once")
                assert producer.flush(10) == 0
                assert lost.fired == 1
                kafka_broker.journal.assert_produced(kafka_topic, values=[b"once"])
                del producer

            def test_none_is_left(kafka_faults):
                assert not len(kafka_faults)
        """
    )
    result.assert_outcomes(passed=2)


def test_one_broker_for_the_whole_run(run: Run) -> None:
    test = """
        import pytest

        SEEN = {}

        @pytest.mark.kafka(rules="kip-98")
        def test_it(kafka_broker_session, kafka_broker, session_brokers):
            session_brokers.add(kafka_broker_session)
            assert len(session_brokers) == 1
            assert kafka_broker is not kafka_broker_session
            config = kafka_broker_session.call(lambda broker: broker.config)
            assert config.group_initial_rebalance_delay_ms == 0
            assert config.num_partitions == 7
            assert kafka_broker_session.call(lambda broker: broker.book.name) == "kafka-1.0"
            assert kafka_broker.call(lambda broker: broker.book.name) == "kip-98"
    """
    conftest = """
@pytest.fixture(scope="session")
def session_brokers():
    return set()

@pytest.fixture(scope="session")
def kafka_broker_options():
    return {"rules": "kafka-1.0", "config": {"num.partitions": 7}}
"""
    run(test_one=test, test_two=test, conftest=conftest).assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ("{'rule': 1}", "kafka_broker_options has no word 'rule'; its words are rules, *"),
        ("{'rules': 'no-book'}", "rules is one of explicit, *, not 'no-book'"),
    ],
)
def test_a_mistake_in_the_options_of_the_run(run: Run, options: str, text: str) -> None:
    result = run(
        conftest=f"""
@pytest.fixture(scope="session")
def kafka_broker_options():
    return {options}
""",
        test_it="""
            def test_shared(kafka_broker_session): pass
            def test_own(kafka_broker): pass
            def test_made(kafka_broker_factory): kafka_broker_factory()
        """,
    )
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(errors=3 if "rule'" in options else 2, failed="rules'" in options)
    result.stdout.fnmatch_lines([text, f"test_it.py::test_own: {text}"])
    result.stdout.no_fnmatch_line("*During handling*")


def test_brokers_as_they_are_needed(run: Run) -> None:
    result = run(
        test_it="""
            import socket
            import pytest

            MADE = []

            @pytest.mark.kafka(rules="kip-98", config={"num.partitions": 2, "broker.rack": "r"})
            def test_made(kafka_broker_factory):
                one = kafka_broker_factory()
                two = kafka_broker_factory(rules="kafka-0.11", config={"num.partitions": 3},
                                           auto_create_topics=False, brokers=1)
                MADE.extend((broker.host, broker.port) for broker in (one, two))
                asked = [
                    broker.call(lambda b: (b.book.name, b.config.num_partitions,
                                           b.config.broker_rack, b.config.auto_create_topics_enable))
                    for broker in (one, two)
                ]
                assert asked == [("kip-98", 2, "r", True), ("kafka-0.11", 3, "r", False)]

            def test_closed(kafka_broker_factory):
                for address in MADE:
                    with pytest.raises(ConnectionRefusedError):
                        socket.create_connection(address)

            def test_mistakes(kafka_broker_factory):
                kafka_broker_factory()
                with pytest.raises(ValueError, match="kafka_broker_factory has no word 'port'; its"):
                    kafka_broker_factory(port=3)
                with pytest.raises(ValueError, match="factory: brokers is 1 or more, not 0"):
                    kafka_broker_factory(brokers=0)
                with pytest.raises(ValueError, match="num.partitions"):
                    kafka_broker_factory(config={"num.partitions": "three"})
                with pytest.raises(ValueError, match="decoder is one of flat"):
                    kafka_broker_factory(decoder="none")

            @pytest.mark.kafka(seed=5)
            def test_seed(kafka_broker_factory):
                ids = [
                    kafka_broker_factory(**words).call(lambda broker: broker.cluster.cluster_id)
                    for words in ({}, {}, {"seed": 6}, {"seed": None})
                ]
                assert ids[0] == ids[1]
                assert len(set(ids)) == 3
        """
    )
    result.assert_outcomes(passed=4)


def test_clusters_as_they_are_needed(run: Run) -> None:
    result = run(
        conftest="""
@pytest.fixture(scope="session")
def kafka_broker_options():
    return {"brokers": 3}
""",
        test_it="""
            import socket
            import pytest

            MADE = []

            @pytest.mark.parametrize("number", range(2))
            def test_shared(kafka_broker_session, number):
                assert list(kafka_broker_session.brokers) == [1, 2, 3]
                kafka_broker_session.stop_broker(2)
                kafka_broker_session.start_broker(2)

            def test_made(kafka_broker_factory):
                one, two = kafka_broker_factory(brokers=2), kafka_broker_factory()
                assert (list(one.brokers), list(two.brokers)) == ([1, 2], [1, 2, 3])
                assert one.broker.cluster.cluster_id != two.broker.cluster.cluster_id
                two.stop_broker(3, clean=False)
                MADE.extend([*one.brokers.values(), *two.brokers.values()])

            def test_closed():
                assert len(MADE) == 5
                for address in MADE:
                    with pytest.raises(ConnectionRefusedError):
                        socket.create_connection(address)
        """,
    )
    result.assert_outcomes(passed=4)


def test_what_a_broker_stored_is_given_back(run: Run) -> None:
    """Tests stay in memory until the end of the run; brokers, and what they stored, do not."""
    result = run(
        test_it="""
            import gc
            import weakref
            import pytest

            seen = []

            @pytest.mark.parametrize("number", range(3))
            def test_it(kafka_broker, kafka_broker_factory, number):
                gc.collect()
                assert not [ref for ref in seen if ref() is not None]
                seen.extend(map(weakref.ref, (kafka_broker, kafka_broker_factory())))
        """
    )
    result.assert_outcomes(passed=3)


def test_a_test_that_fails_leaves_nothing(run: Run) -> None:
    result = run(
        test_it="""
            import socket
            import pytest

            @pytest.fixture
            def bad(kafka_broker_factory):
                kafka_broker_factory()
                yield
                raise LookupError("teardown")

            @pytest.fixture
            def worse(kafka_broker_factory):
                kafka_broker_factory()
                raise LookupError("setup")

            def test_call(kafka_broker, kafka_broker_factory):
                kafka_broker_factory()
                raise LookupError("call")

            def test_teardown(bad, kafka_broker): pass

            def test_setup(kafka_broker, worse): pass

            def test_a_client_stays(kafka_broker):
                test_a_client_stays.client = socket.create_connection(
                    (kafka_broker.host, kafka_broker.port)
                )

            def test_it_was_closed():
                with test_a_client_stays.client as client:
                    assert client.recv(1) == b""
        """
    )
    # Two errors, and none of the fixture that looks for threads and sockets.
    result.assert_outcomes(passed=3, failed=1, errors=2)
    result.stdout.no_fnmatch_line("*nothing_left*")


def test_what_is_left_would_be_seen(run: Run) -> None:
    """Of a broker that nobody closes the check of these tests finds the thread and the sockets."""
    result = run(
        test_it="""
            from kafkashim.testing import KafkaShim

            def test_it():
                test_it.left = KafkaShim().__enter__()
        """
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["ERROR test_it.py::test_it - *"])


def test_a_class_of_unittest(run: Run) -> None:
    result = run(
        test_it="""
            import unittest
            import pytest

            @pytest.mark.kafka(config={"num.partitions": 3})
            class TestIt(unittest.TestCase):
                @pytest.fixture(autouse=True)
                def take(self, kafka_broker):
                    self.broker = kafka_broker

                def test_it(self):
                    assert self.broker.call(lambda broker: broker.config.num_partitions) == 3
        """
    )
    result.assert_outcomes(passed=1)

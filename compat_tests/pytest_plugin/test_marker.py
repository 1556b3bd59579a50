"""The marker: what its words do, where it may stand, and what is said of mistakes."""

from __future__ import annotations

from compat_tests.conftest import need
from compat_tests.pytest_plugin.conftest import Run


def test_its_words(run: Run) -> None:
    result = run(
        test_it="""
            import pytest

            def config(broker):
                return broker.call(lambda broker: broker.config)

            @pytest.mark.kafka(rules="kafka-4.3", auto_create_topics=False, seed=3, brokers=1,
                               decoder="construct", config={"num.partitions": "3"})
            def test_all(kafka_broker):
                assert kafka_broker.call(lambda broker: broker.book.name) == "kafka-4.3"
                assert not config(kafka_broker).auto_create_topics_enable
                assert config(kafka_broker).num_partitions == 3

            @pytest.mark.kafka
            def test_none(kafka_broker):
                assert kafka_broker.call(lambda broker: broker.book.name) == "explicit"
                assert config(kafka_broker).auto_create_topics_enable
                assert config(kafka_broker).group_initial_rebalance_delay_ms == 0

            @pytest.mark.kafka(config={"group.initial.rebalance.delay.ms": 3000,
                                       "auto.create.topics.enable": False,
                                       "log.cleaner.min.cleanable.ratio": 0.25})
            def test_properties(kafka_broker):
                assert config(kafka_broker).group_initial_rebalance_delay_ms == 3000
                assert not config(kafka_broker).auto_create_topics_enable
                assert config(kafka_broker).get("log.cleaner.min.cleanable.ratio") == "0.25"

            @pytest.mark.kafka(auto_create_topics=True)
            def test_yes(kafka_broker):
                assert config(kafka_broker).get("auto.create.topics.enable") == "true"
        """
    )
    result.assert_outcomes(passed=4)


def test_several_brokers(run: Run) -> None:
    result = run(
        test_it="""
            import socket
            import pytest

            pytestmark = pytest.mark.kafka(brokers=2)

            def test_two(kafka_broker):
                assert list(kafka_broker.brokers) == [1, 2]

            @pytest.mark.kafka(brokers=3, config={"num.partitions": 6})
            def test_three(kafka_broker, kafka_topic, kafka_faults):
                addresses = [f"{host}:{port}" for host, port in kafka_broker.brokers.values()]
                assert kafka_broker.bootstrap_servers == ",".join(addresses)
                assert len(set(addresses)) == 3
                for address in kafka_broker.brokers.values():
                    socket.create_connection(address).close()
                topic = kafka_broker.call(lambda broker: broker.topics[kafka_topic])
                assert len(topic.partitions) == 6
                assert all(sorted(p.replicas) == [1, 2, 3] for p in topic.partitions)
                assert kafka_faults is kafka_broker.faults

            @pytest.mark.kafka(brokers=1)
            def test_one(kafka_broker):
                assert list(kafka_broker.brokers) == [1]

            @pytest.mark.kafka(config={"node.id": 7})
            def test_ids_count_on(kafka_broker):
                assert list(kafka_broker.brokers) == [7, 8]

            @pytest.mark.kafka(config={"default.replication.factor": 3})
            def test_too_many_replicas(kafka_topic): pass
        """
    )
    result.assert_outcomes(passed=4, errors=1)
    result.stdout.fnmatch_lines(
        "test_it.py::test_too_many_replicas: kafka_topic has default.replication.factor replicas, "
        "which is more than there are brokers: 2"
    )


def test_the_closest_wins_word_by_word(run: Run) -> None:
    result = run(
        conftest="""
@pytest.fixture(scope="session")
def kafka_broker_options():
    return {"rules": "kip-98", "config": {"broker.rack": "run", "num.partitions": 9}}
""",
        test_it="""
            import pytest

            pytestmark = pytest.mark.kafka(
                rules="kafka-1.0", config={"num.partitions": 2, "broker.rack": "module"}
            )

            def asked(broker):
                config = broker.call(lambda broker: broker.config)
                return (broker.call(lambda broker: broker.book.name), config.num_partitions,
                        config.broker_rack, config.auto_create_topics_enable)

            def test_module(kafka_broker):
                assert asked(kafka_broker) == ("kafka-1.0", 2, "module", True)

            @pytest.mark.kafka(auto_create_topics=False, config={"broker.rack": "class"})
            class TestClass:
                def test_class(self, kafka_broker):
                    assert asked(kafka_broker) == ("kafka-1.0", 2, "class", False)

                @pytest.mark.kafka(rules="kafka-0.11", config={"num.partitions": 4})
                @pytest.mark.kafka(rules="explicit", config={"num.partitions": 5})
                def test_function(self, kafka_broker):
                    assert asked(kafka_broker) == ("explicit", 5, "class", False)

                @pytest.mark.kafka(config={"auto.create.topics.enable": "true"})
                def test_the_other_way_of_saying_it(self, kafka_broker):
                    assert asked(kafka_broker)[3]

                @pytest.mark.parametrize("rules", [
                    pytest.param(name, marks=pytest.mark.kafka(rules=name))
                    for name in ("kafka-4.3", "kip-98")
                ])
                def test_parameter(self, kafka_broker, rules):
                    assert asked(kafka_broker) == (rules, 2, "class", False)
        """,
        test_other="""
            def test_run(kafka_broker):
                config = kafka_broker.call(lambda broker: broker.config)
                assert (config.num_partitions, config.broker_rack) == (9, "run")
        """,
    )
    result.assert_outcomes(passed=7)


WORDS = "rules, auto_create_topics, config, seed, decoder, brokers"
MISTAKES = {
    "rule='kip-98'": f"@pytest.mark.kafka has no word 'rule'; its words are {WORDS}",
    "'kip-98'": f"@pytest.mark.kafka takes {WORDS} by name, not 'kip-98'",
    "rules=4": "@pytest.mark.kafka: rules is a string, not 4",
    "auto_create_topics='no'": "@pytest.mark.kafka: auto_create_topics is True or False, not 'no'",
    "config=['a']": "@pytest.mark.kafka: config is a dict of Kafka's properties, not ['a']",
    "config={'num.partitions': None}": "@pytest.mark.kafka: config has a string, a number or a bool "
    "for num.partitions, not None",
    "seed='x'": "@pytest.mark.kafka: seed is a whole number, not 'x'",
    "seed=True": "@pytest.mark.kafka: seed is a whole number, not True",
    "brokers=0": "@pytest.mark.kafka: brokers is 1 or more, not 0",
    "brokers=-1": "@pytest.mark.kafka: brokers is 1 or more, not -1",
    "brokers=True": "@pytest.mark.kafka: brokers is a whole number, not True",
    "brokers='3'": "@pytest.mark.kafka: brokers is a whole number, not '3'",
    "auto_create_topics=True, config={'auto.create.topics.enable': False}": "@pytest.mark.kafka: "
    "auto_create_topics is auto.create.topics.enable; leave one of them out",
    "rules='kafka-4'": "rules is one of explicit, kafka-4.3, kafka-1.0, kafka-0.11, kip-98, "
    "not 'kafka-4'",
    "decoder='x'": "decoder is one of flat, construct, not 'x'",
    "config={'num.partitions': 'x'}": "Invalid value x for configuration num.partitions: Not a "
    "number of type INT",
}


def test_mistakes(run: Run) -> None:
    """Each is an error of that test, in one sentence that names it; other tests go on."""
    tests = [
        f"@pytest.mark.kafka({words})\ndef test_{number}(kafka_broker): pass"
        for number, words in enumerate(MISTAKES)
    ]
    good = "def test_good(kafka_broker): pass"
    factory = "@pytest.mark.kafka(rule=1)\ndef test_factory(kafka_broker_factory): pass"
    result = run(test_it="\n\n".join(("import pytest", *tests, factory, good)))
    result.assert_outcomes(passed=1, errors=len(MISTAKES) + 1)
    for number, text in enumerate(MISTAKES.values()):
        assert f"test_it.py::test_{number}: {text}" in result.outlines
    assert "pytest_plugin.py" not in result.stdout.str()
    assert "During handling" not in result.stdout.str()


def test_whoever_has_a_marker_of_that_name(run: Run) -> None:
    """Only the fixtures look at it."""
    result = run(
        test_it="""
            import pytest

            @pytest.mark.kafka("needs a cluster", anything=3)
            def test_it(): pass
        """
    )
    result.assert_outcomes(passed=1)


def test_it_is_registered(run: Run) -> None:
    result = run("--markers", test_it="")
    result.stdout.fnmatch_lines(["@pytest.mark.kafka(rules=..., auto_create_topics=..., *"])


def test_a_mistake_under_xdist(run: Run) -> None:
    need("xdist")
    result = run(
        "-n2",
        test_it="""
            import pytest

            @pytest.mark.kafka(rule=1)
            def test_bad(kafka_broker): pass

            def test_good(kafka_broker): pass
        """,
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["test_it.py::test_bad: @pytest.mark.kafka has no word 'rule'; *"])

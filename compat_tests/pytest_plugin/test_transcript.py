"""The conversation with its brokers stands in the report of a test that failed, and only there."""

from __future__ import annotations

import re

from compat_tests.conftest import need
from compat_tests.pytest_plugin.conftest import Run, sections

# Talks to a broker by one request a connection, without a client library.
ASK = """
import socket
import struct
import pytest

def ask(broker, times=1):
    for number in range(times):
        with socket.create_connection((broker.host, broker.port)) as sock:
            frame = struct.pack(">hhih2s", 18, 0, number, 2, b"me")
            sock.sendall(struct.pack(">i", len(frame)) + frame)
            sock.recv(4096)
"""


def test_of_a_test_that_fails(run: Run) -> None:
    result = run(
        test_it=f"""{ASK}
@pytest.mark.kafka(rules="kafka-4.3")
def test_it(kafka_broker, kafka_faults):
    kafka_faults.drop_answer(api="ApiVersions", nth=2)
    kafka_faults.delay_answer(5, api="Produce", topic="orders")
    ask(kafka_broker, 3)
    assert not "reached"
"""
    )
    result.assert_outcomes(failed=1)
    (text,) = sections(result)
    assert re.fullmatch(
        r"kafka_broker at 127\.0\.0\.1:\d+, rules kafka-4\.3\n"
        r"fault drop_answer\(.*api=ApiVersions, nth=2\): acted 1 times; looked at 3 requests, .*\n"
        r"fault delay_answer\(ms=5.*, topic=orders\): acted 0 times; looked at .*\n"
        r"#1 connection 1 me: ApiVersions v0\n"
        r"#2 connection 2 me: ApiVersions v0\n"
        r"    fault .*\n"
        r"    connection closed: the answer is lost\n"
        r"#3 connection 3 me: ApiVersions v0\n",
        text,
    ), text


def test_of_others_nothing(run: Run) -> None:
    result = run(
        "-rA",
        test_it=f"""{ASK}
def test_passes(kafka_broker):
    ask(kafka_broker)

def test_skips(kafka_broker):
    ask(kafka_broker)
    pytest.skip("for a reason")

@pytest.mark.xfail(strict=True)
def test_fails_as_expected(kafka_broker):
    ask(kafka_broker)
    raise LookupError

def test_has_none():
    raise LookupError
""",
    )
    result.assert_outcomes(passed=1, skipped=1, xfailed=1, failed=1)
    assert "kafkashim ---" not in result.stdout.str()
    assert not sections(result)


def test_of_a_test_that_passed_against_expectation(run: Run) -> None:
    result = run(
        test_it=f"""{ASK}
@pytest.mark.xfail(strict=True)
def test_passes(kafka_broker):
    ask(kafka_broker)
"""
    )
    result.assert_outcomes(failed=1)
    assert len(sections(result)) == 1


def test_when_setup_or_teardown_fails(run: Run) -> None:
    result = run(
        test_it=f"""{ASK}
@pytest.fixture
def bad_setup(kafka_broker):
    ask(kafka_broker)
    raise LookupError

@pytest.fixture
def bad_teardown(kafka_broker):
    yield
    ask(kafka_broker, 2)
    raise LookupError

@pytest.fixture
def worse_teardown():
    yield
    # The broker is closed by now.
    raise LookupError

def test_setup(bad_setup): pass
def test_teardown(bad_teardown): pass
def test_closed(worse_teardown, kafka_broker): ask(kafka_broker, 3)
"""
    )
    result.assert_outcomes(passed=2, errors=3)
    assert [text.count("ApiVersions") for text in sections(result)] == [1, 2, 3]


def test_each_broker_by_itself(run: Run) -> None:
    result = run(
        test_it=f"""{ASK}
def test_it(kafka_broker, kafka_broker_factory):
    one, two = kafka_broker_factory(), kafka_broker_factory(rules="kip-98")
    ask(two)
    raise LookupError
"""
    )
    heads = [text.splitlines()[0].partition(" at ") for text in sections(result)]
    assert [head[0] for head in heads] == [
        "kafka_broker",
        "kafka_broker_factory, broker 1",
        "kafka_broker_factory, broker 2",
    ]
    assert heads[2][2].endswith("rules kip-98")
    told = [text.splitlines()[1:] for text in sections(result)]
    assert told == [
        ["(no request came)"],
        ["(no request came)"],
        ["#1 connection 1 me: ApiVersions v0"],
    ]


def test_the_last_forty(run: Run) -> None:
    result = run(
        test_it=f"""{ASK}
def test_it(kafka_broker):
    ask(kafka_broker, 50)
    raise LookupError
"""
    )
    (text,) = sections(result)
    lines = text.splitlines()[1:]
    assert lines[0] == "(10 earlier requests)"
    assert [line.split()[0] for line in lines[1:]] == [f"#{number}" for number in range(11, 51)]


def test_of_the_whole_runs_broker_what_came_in_this_test(run: Run) -> None:
    result = run(
        test_it=f"""{ASK}
def test_first(kafka_broker_session):
    ask(kafka_broker_session, 2)
    raise LookupError

def test_passes(kafka_broker_session):
    ask(kafka_broker_session, 2)

def test_second(kafka_broker_session):
    ask(kafka_broker_session, 3)
    raise LookupError

def test_third(kafka_broker_session):
    raise LookupError

def test_forgets(kafka_broker_session):
    kafka_broker_session.journal.clear()
    ask(kafka_broker_session)
    raise LookupError

def test_without():
    raise LookupError
"""
    )
    result.assert_outcomes(passed=1, failed=5)
    told = [text.splitlines()[1:] for text in sections(result)]
    numbers = [[line.split()[0] for line in lines if line[0] == "#"] for lines in told]
    assert numbers == [["#1", "#2"], ["#5", "#6", "#7"], [], ["#8"]]
    assert [lines[0] for lines in told[1:3]] == ["(4 earlier requests)", "(no request came)"]


def test_of_several_brokers(run: Run) -> None:
    """It says where each listens and which was asked, also when they are closed by then."""
    result = run(
        test_it=f"""{ASK}
@pytest.fixture
def worse_teardown():
    yield
    raise LookupError

@pytest.fixture
def three(kafka_broker):
    for broker_id in (3, 1):
        ask(Of(kafka_broker, broker_id))

class Of:
    def __init__(self, shim, broker_id):
        self.host, self.port = shim.brokers[broker_id]

@pytest.mark.kafka(brokers=3)
def test_call(three): raise LookupError

@pytest.mark.kafka(brokers=3)
def test_closed(worse_teardown, three): pass

def test_made(kafka_broker_factory):
    one = kafka_broker_factory(brokers=2)
    one.stop_broker(1)
    ask(Of(one, 2))
    raise LookupError
"""
    )
    result.assert_outcomes(passed=1, failed=2, errors=1)
    place = r"127\.0\.0\.1:\d+"
    for text in sections(result)[:2]:
        assert re.fullmatch(
            rf"kafka_broker at {place} \(broker 1\), {place} \(broker 2\), {place} \(broker 3\), "
            r"rules explicit\n"
            r"#1 broker 3 connection 1 me: ApiVersions v0\n"
            r"#2 broker 1 connection 2 me: ApiVersions v0\n",
            text,
        ), text
    assert sections(result)[2].endswith("\n#1 broker 2 connection 1 me: ApiVersions v0\n")


def test_it_comes_from_workers_too(run: Run) -> None:
    need("xdist")
    result = run(
        "-n2",
        test_it=f"""{ASK}
@pytest.mark.parametrize("number", range(1, 5))
def test_it(kafka_broker, number):
    ask(kafka_broker, number)
    raise LookupError
""",
    )
    result.assert_outcomes(failed=4)
    assert sorted(text.count("ApiVersions") for text in sections(result)) == [1, 2, 3, 4]


def test_a_broker_that_cannot_be_told_spoils_no_report(run: Run) -> None:
    result = run(
        test_it=f"""{ASK}
def test_it(kafka_broker, kafka_faults, monkeypatch):
    def fails(self): raise LookupError("at the worst moment")
    monkeypatch.setattr("kafkashim.journal.Entry.__str__", fails)
    ask(kafka_broker)
    assert not "reached"
"""
    )
    result.assert_outcomes(failed=1)
    (text,) = sections(result)
    assert text.endswith("cannot be told: LookupError('at the worst moment')\n")

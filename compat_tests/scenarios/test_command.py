"""``kafkashim scenarios`` and ``kafkashim run``, as a person uses them."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from compat_tests.conftest import need
from compat_tests.scenarios.players import player
from kafkashim.scenarios import all_scenarios
from kafkashim.scenarios.clients import value_of
from kafkashim.scenarios.scenario import CONFLUENT_KAFKA, Patience, messages

SECONDS = 40
KAFKASHIM = (sys.executable, "-m", "kafkashim")


def kafkashim(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*KAFKASHIM, *arguments], capture_output=True, text=True, timeout=SECONDS, check=False
    )


def fits(text: str) -> bool:
    return all(len(line) <= 80 for line in text.splitlines())


def test_the_list() -> None:
    done = kafkashim("scenarios")
    assert done.returncode == 0
    assert fits(done.stdout)
    names = [line for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert names == list(all_scenarios())


@pytest.mark.parametrize("name", all_scenarios())
def test_what_is_told_of_a_play(name: str) -> None:
    need("confluent_kafka")
    done = kafkashim("run", name, "--rules", "kafka-4.3")
    assert (done.returncode, done.stderr) == (0, "")
    assert fits(done.stdout)
    scenario = all_scenarios()[name]
    assert "Played as it should." in done.stdout
    for producer in scenario.producers:
        for label in producer:
            line = rf"^  {label} +\S.* (once|twice|missing|deleted)( \(at .*\))?$"
            assert re.search(line, done.stdout, re.MULTILINE), label
    for answer in scenario.answers["kafka-4.3"]:
        rule = re.search(r"\d+", answer)
        assert rule is not None
        assert f"rule {rule[0]}" in done.stdout
    for bug in scenario.bugs:
        assert bug in done.stdout


def test_the_fault_is_told_behind_the_batch_it_acted_on() -> None:
    need("kafka")
    done = kafkashim("run", "answer-lost", "--client", "kafka-python")
    assert (done.returncode, done.stderr) == (0, "")
    told = done.stdout[done.stdout.index("seq 2-2") :]
    assert told.startswith(
        "seq 2-2       -> appended at offset 2 (rule 7)\n"
        "      its answer is lost, and the connection cut\n"
        "  producer 0 epoch 0 seq 2-2       -> duplicate, answered with offset 2\n"
        "      because of rule 3, exact duplicate\n"
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nothing",), "unknown scenario 'nothing': choose one of answer-lost, "),
        (("gap", "--rules", "mine"), "unknown rule book 'mine': choose one of explicit, "),
        (("gap", "--client", "mine"), "unknown client 'mine': choose one of confluent-kafka, "),
        (("sequence-wraps", "--client", "aiokafka"), "no client can be made to do it"),
        (("gap", "--bootstrap-only", "--port", "70000"), "--port 70000 is no port"),
    ],
)
def test_what_cannot_be_done(arguments: Sequence[str], says: str) -> None:
    done = kafkashim("run", *arguments)
    assert done.returncode == 1
    assert says in done.stderr
    assert not done.stdout


class Waiting:
    """``kafkashim run --bootstrap-only``, for the time of a ``with`` block."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._out = folder / "out"
        self._file = self._out.open("wb")
        command = [*KAFKASHIM, "run", *arguments, "--bootstrap-only"]
        self.process = subprocess.Popen(command, stdout=self._file, stderr=subprocess.STDOUT)

    def text(self) -> str:
        return self._out.read_text()

    def until(self, pattern: str) -> re.Match[str]:
        end = time.monotonic() + SECONDS
        while (found := re.search(pattern, self.text())) is None:
            assert time.monotonic() < end, self.text()
            assert self.process.poll() is None, self.text()
            time.sleep(0.05)
        return found

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(SECONDS)

    def __enter__(self) -> Waiting:
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.process.wait()
        self._file.close()


def test_a_client_of_ones_own(tmp_path: Path) -> None:
    client = player(CONFLUENT_KAFKA)
    with Waiting(tmp_path, "answer-lost") as waiting:
        bootstrap = waiting.until(r"bootstrap\.servers=(\S+)")[1]
        values = [value_of(label) for label in messages(4)]
        client.produce(bootstrap, "mine", values, Patience())
        # It is told while it waits, not only at the end.
        waiting.until(r"seq 2-2 +-> duplicate")
        assert waiting.end(signal.SIGINT) == 0
        text = waiting.text()
    assert fits(text)
    assert "mine: 4 records, no message more than once" in text
    assert "Played as it should." in text


def test_what_is_sent_by_hand_is_not_missed(tmp_path: Path) -> None:
    client = player(CONFLUENT_KAFKA)
    with Waiting(tmp_path, "gap", "--rules", "kip-98") as waiting:
        bootstrap = waiting.until(r"bootstrap\.servers=(\S+)")[1]
        client.produce(bootstrap, "mine", [value_of(label) for label in messages(5)], Patience())
        assert waiting.end(signal.SIGTERM) == 0
        assert "The broker answered: OUT_OF_ORDER_SEQUENCE_NUMBER (9)." in waiting.text()


def test_nobody_comes(tmp_path: Path) -> None:
    with Waiting(tmp_path, "gap") as waiting:
        waiting.until(r"bootstrap\.servers=(\S+)")
        assert waiting.end(signal.SIGTERM) == 1
        text = waiting.text()
    assert fits(text)
    assert "It did not play as it should" in text
    assert "it never happened" in text


def test_a_port_that_is_in_use(tmp_path: Path) -> None:
    with Waiting(tmp_path, "gap") as waiting:
        port = waiting.until(r"bootstrap\.servers=\S+:(\d+)")[1]
        done = kafkashim("run", "gap", "--bootstrap-only", "--port", port)
    assert done.returncode == 1
    assert f"cannot listen on port {port}" in done.stderr

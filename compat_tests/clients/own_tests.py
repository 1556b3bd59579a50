"""The tests that Go clients bring along, run against a broker: what they are, and how they ended.

They are built from a copy of the client's module. A folder's ``own_tests.txt`` lists those that need a
broker and pass on Apache Kafka and here; it may only grow. It is made anew with

    python -m compat_tests.clients.own_tests franz_go

which runs all of them on nothing, on both brokers, and tells in which they differ.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
BUILD_SECONDS = 300
RUN_SECONDS = 280
ENDED = re.compile(r"^ *--- (PASS|FAIL|SKIP): (\S+)", re.MULTILINE)


@dataclass(frozen=True)
class OwnTests:
    """The tests of one package of a Go module."""

    folder: str
    """Under compat_tests/clients; its go.mod says in which version."""
    module: str
    package: str
    skip: str
    """A pattern of tests that are left out, because they end the whole program or wait for ever."""
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    """What they are told; `{address}` is the broker's."""
    properties: Mapping[str, str] = field(default_factory=dict[str, str])
    """What the broker is started with."""
    fixed_address: bool = False
    """Whether they look for a broker at localhost:9092 only: the copy looks where the broker is."""

    @property
    def list_file(self) -> Path:
        return HERE / self.folder / "own_tests.txt"

    def listed(self) -> list[str]:
        """The tests that have to pass."""
        return self.list_file.read_text().split()

    @contextmanager
    def built(self, address: str) -> Iterator[Built]:
        """Build them in a temporary copy of the module.

        Raises:
            RuntimeError: a command failed; the text is what it said.
        """
        found = _go(HERE / self.folder, "mod", "download", "-json", self.module)
        with tempfile.TemporaryDirectory(prefix="own-tests-") as temporary:
            copy = Path(temporary) / "module"
            shutil.copytree(json.loads(found)["Dir"], copy, copy_function=shutil.copyfile)
            for folder in (copy, *(path for path in copy.rglob("*") if path.is_dir())):
                folder.chmod(0o755)
            if self.fixed_address:
                _readdress(copy, address)
            program = Path(temporary) / "tests"
            _go(copy, "test", "-mod=mod", "-c", "-o", str(program), f"./{self.package}")
            yield Built(self, program, copy / self.package, address)


@dataclass(frozen=True)
class Built:
    """Tests that are ready to run."""

    tests: OwnTests
    program: Path
    folder: Path
    address: str

    def run(self, names: list[str] | None = None) -> dict[str, str]:
        """Run those of some names, or all: name -> PASS, FAIL or SKIP.

        Raises:
            RuntimeError: one ended the whole program; the text is what it said.
        """
        tops = sorted({name.split("/")[0] for name in names or ()})
        pattern = f"^({'|'.join(tops)})$" if names is not None else "."
        told = {
            key: value.format(address=self.address) for key, value in self.tests.environment.items()
        }
        with tempfile.TemporaryFile("w+") as output:
            subprocess.run(
                [
                    str(self.program),
                    "-test.v",
                    f"-test.run={pattern}",
                    f"-test.skip={self.tests.skip}",
                    "-test.parallel=8",
                    f"-test.timeout={RUN_SECONDS - 10}s",
                ],
                cwd=self.folder,
                env={**os.environ, **told},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=RUN_SECONDS,
            )
            output.seek(0)
            text = output.read()
        if panic := re.search(r"^panic: .*", text, re.MULTILINE):
            raise RuntimeError(f"{self.tests.folder}: {text[panic.start() - 500 :][:3000]}")
        return {name: outcome for outcome, name in ENDED.findall(text)}

    def without_a_broker(self) -> set[str]:
        """The tests that pass without any broker; one after the other, because the rest may panic."""
        listed = subprocess.run(
            [str(self.program), "-test.list=."], cwd=self.folder, capture_output=True, text=True
        )

        def run(name: str) -> str:
            command = [str(self.program), "-test.v", f"-test.run=^{name}$", "-test.timeout=5s"]
            done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
            return "" if done.returncode else done.stdout

        with ThreadPoolExecutor(16) as pool:
            return {
                name
                for text in pool.map(run, listed.stdout.split())
                for outcome, name in ENDED.findall(text)
                if outcome == "PASS"
            }


def _go(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["go", *words],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
    )
    if done.returncode:
        raise RuntimeError(f"go {' '.join(words)}: {(done.stdout + done.stderr)[-3000:]}")
    return done.stdout


def _readdress(module: Path, address: str) -> None:
    host, _, port = address.rpartition(":")
    for file in module.glob("*_test.go"):
        # Without a port it is 9092 too.
        text = file.read_text().replace('TCP("localhost")', f'TCP("{address}")')
        file.write_text(re.sub(r"\b9092\b", port, text.replace("localhost", host)))


def passed(outcomes: Mapping[str, str]) -> set[str]:
    """The tests that passed."""
    return {name for name, outcome in outcomes.items() if outcome == "PASS"}


SUITES = {
    "franz_go": OwnTests(
        folder="franz_go",
        module="github.com/twmb/franz-go",
        package="pkg/kgo",
        # Transactions and share groups are not offered, and their tests wait for them.
        skip="Txn|TestShare",
        environment={
            "KGO_SEEDS": "{address}",
            "KGO_TEST_RF": "1",
            "KGO_TEST_RECORDS": "20000",
            "KGO_LOG_LEVEL": "none",
        },
    ),
    "kafka_go": OwnTests(
        folder="kafka_go",
        module="github.com/segmentio/kafka-go",
        package=".",
        # Those that look for committed offsets run into a nil pointer of their own, and the rebalance
        # is not over in their time, on Apache Kafka neither.
        skip="TestReaderConsumerGroup/(.*(verify|commit).*|consumer_group_rebalance)$",
        environment={"KAFKA_SKIP_NETTEST": "1", "KAFKA_VERSION": "4.0.0"},
        properties={"message.max.bytes": "200000000"},
        fixed_address=True,
    ),
}


def _main() -> None:
    from compat_tests.conftest import apache_kafka
    from kafkashim.testing import KafkaShim

    tests = SUITES[sys.argv[1]]
    with tests.built("127.0.0.1:1") as built:
        alone = built.without_a_broker()
    with apache_kafka(tests.properties) as bootstrap, tests.built(bootstrap) as built:
        there = passed(built.run())
    with (
        KafkaShim(rules="kafka-4.3", config=tests.properties) as shim,
        tests.built(shim.bootstrap_servers) as built,
    ):
        here = passed(built.run())
    for name in sorted(there - here):
        print("only on Apache Kafka:", name)
    for name in sorted(here - there):
        print("only here:", name)
    names = set(tests.listed()) if tests.list_file.exists() else set()
    names |= (there & here) - alone
    tests.list_file.write_text("".join(f"{name}\n" for name in sorted(names)))
    print(len(names), "listed; lost:", *sorted(names - (there & here)))


if __name__ == "__main__":
    _main()

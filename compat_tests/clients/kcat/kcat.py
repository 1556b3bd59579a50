"""kcat, run with words and lines as in a shell."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import IO, Any, Self

COMMAND = "kcat"
SECONDS = 60.0
_ASSIGNED = re.compile(r"% Group .* rebalanced \(memberid .*\): assigned: (.*)")


def version() -> str:
    said = subprocess.run([COMMAND, "-V"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"Version (\S+) .*librdkafka (\S+)", said)
    assert found is not None, said
    return f"{found[1]} (librdkafka {found[2]})"


def kcat(*words: str, typed: bytes = b"", status: int = 0) -> str:
    """What it writes to its output; it has to end with the status."""
    command = [COMMAND, *words]
    done = subprocess.run(command, input=typed, capture_output=True, timeout=SECONDS)
    assert done.returncode == status, f"{command}: {done.returncode}: {done.stderr.decode()}"
    return done.stdout.decode()


def properties(**settings: object) -> list[str]:
    """Properties of librdkafka as words, with underscores for the dots of their names."""
    pairs = (f"{name.replace('_', '.')}={value}" for name, value in settings.items())
    return [word for pair in pairs for word in ("-X", pair)]


def produce(bootstrap: str, topic: str, lines: Sequence[bytes], *words: str) -> None:
    """Write a message for each line with an idempotent producer."""
    idempotent = properties(enable_idempotence="true", acks="all")
    typed = b"".join(line + b"\n" for line in lines)
    kcat("-P", "-b", bootstrap, "-t", topic, *idempotent, *words, typed=typed)


def consume(bootstrap: str, topic: str, *words: str) -> list[dict[str, Any]]:
    """All messages of a topic, or of what the words narrow it to, as kcat describes them in JSON."""
    soon = properties(fetch_wait_max_ms=10)
    told = kcat("-C", "-b", bootstrap, "-t", topic, "-e", "-q", "-J", *soon, *words)
    return [json.loads(line) for line in told.splitlines()]


def _written(file: IO[bytes]) -> str:
    """What is in a file so far; the place where the other process writes is not moved."""
    descriptor = file.fileno()
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0).decode()


class Member:
    """A kcat that is a member of a group until the ``with`` block ends."""

    def __init__(self, bootstrap: str, group: str, topic: str) -> None:
        self._out = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._err = tempfile.TemporaryFile()  # noqa: SIM115
        settings = properties(auto_offset_reset="earliest", heartbeat_interval_ms=200)
        self._process = subprocess.Popen(
            [COMMAND, "-b", bootstrap, "-G", group, "-u", "-J", *settings, topic],
            stdout=self._out,
            stderr=self._err,
        )

    def records(self) -> list[dict[str, Any]]:
        whole, _, _ = _written(self._out).rpartition("\n")
        return [json.loads(line) for line in whole.splitlines()]

    def assigned(self) -> frozenset[int]:
        """The partitions of its last assignment."""
        found = _ASSIGNED.findall(self.said())
        last: str = found[-1] if found else ""
        return frozenset(int(number) for number in re.findall(r"\[(\d+)\]", last))

    def said(self) -> str:
        return _written(self._err)

    def leave(self) -> int:
        """End it as an operator does; its exit status."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self._process.wait(SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self.leave()
        finally:
            self._process.kill()
            self._process.wait()
            self._out.close()
            self._err.close()


def wait_for(what: str, done: Callable[[], bool], members: Sequence[Member]) -> None:
    end = time.monotonic() + SECONDS
    while not done():
        if time.monotonic() > end:
            said = "\n".join(member.said()[-1000:] for member in members)
            raise AssertionError(f"did not happen: {what}\n{said}")
        time.sleep(0.02)

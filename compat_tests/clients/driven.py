"""Clients in other languages: small programs that are told what to do, one JSON object a line.

A folder under compat_tests/clients declares itself with ``<folder>/<folder>_client.py``, in which
``CLIENT`` is a `DrivenClient`. Every use is a process of its own, and one process is at most one
member of a group.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import functools
import hashlib
import json
import os
import queue
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from compat_tests.clients.client_under_test import Delivery, Message, ProducerSettings, Record

HERE = Path(__file__).parent
BUILD_SECONDS = 600
COMMAND_SECONDS = 60.0
"""Above what the libraries wait for by themselves in a scenario."""
CLOSE_SECONDS = 5.0
ADMIN_TOUR = "admin_tour.json"
"""What Apache Kafka told a client's admin client, beside the client."""
NOT_BUILT = frozenset({".md", ".py"})
"""Files beside a client's sources that are not part of the program."""


class DriverError(Exception):
    """The program answered with an error, with nothing in time, or ended; the text has its log's end."""


def builds() -> Path:
    """Where clients are built: ``$KAFKASHIM_CLIENTS``, or a folder in the user's cache."""
    given = os.environ.get("KAFKASHIM_CLIENTS")
    return Path(given) if given else Path.home() / ".cache" / "kafkashim-clients"


class Driver:
    """One process of a client; leaving the ``with`` block ends it, whatever state it is in."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        self._name = folder.name
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        try:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                start_new_session=True,
            )
        except BaseException:
            self._log.close()
            raise
        self._lines: queue.Queue[bytes] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(b"")

    def _write(self, line: bytes) -> None:
        assert self._process.stdin is not None
        # A program that ended is noticed by its missing answer.
        with contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(line)
            self._process.stdin.flush()

    def ask(self, timeout_s: float = COMMAND_SECONDS, /, **command: Any) -> dict[str, Any]:
        """Give one command and wait for its answer.

        Raises:
            DriverError: an error was answered, or no answer came in time.
        """
        what = f"{self._name}: {command['do']}"
        line = json.dumps(command).encode() + b"\n"
        # A thread, because a program that does not read blocks whoever writes.
        threading.Thread(target=self._write, args=(line,), daemon=True).start()
        try:
            answer = self._lines.get(timeout=timeout_s)
        except queue.Empty:
            self.end(0)
            raise DriverError(f"{what}: no answer in {timeout_s:g} s\n{self._tail()}") from None
        if not answer:
            # For whoever asks next: that fails at once too.
            self._lines.put(b"")
            self.end(CLOSE_SECONDS)
            status = self._process.returncode
            raise DriverError(f"{what}: ended with status {status}\n{self._tail()}")
        try:
            told: dict[str, Any] = json.loads(answer)
        except ValueError:
            raise DriverError(f"{what}: not JSON: {answer[:200]!r}\n{self._tail()}") from None
        if "error" in told:
            raise DriverError(f"{what}: {told['error']}\n{self._tail()}")
        return told

    def _tail(self) -> str:
        if self._log.closed:
            return "(no log)"
        size = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, size - 3000))
        return self._log.read().decode(errors="replace")

    def end(self, patience_s: float = CLOSE_SECONDS) -> None:
        """Close its input, wait for its end, and kill it with its children when it does not end."""
        assert self._process.stdin is not None
        if patience_s:
            # Not while a blocked writer holds the stream: that one is freed by the kill below.
            closing = threading.Thread(target=self._close_input, daemon=True)
            closing.start()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(patience_s)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join(CLOSE_SECONDS)
        self._close_input()

    def _close_input(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, ValueError):
            self._process.stdin.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._log.close()


@dataclass
class DrivenClient:
    """A client that is driven; `{source}` and `{out}` in the commands are its folder and its build's."""

    name: str
    needs: tuple[str, ...]
    """Commands of the toolchain."""
    build: tuple[tuple[str, ...], ...]
    """Run one after another in `{source}` when its files are not the ones that were built last."""
    run: tuple[str, ...]
    sends_ahead_on_one_partition: int
    sends_ahead: int
    shares: tuple[str, ...] = ()
    """Folders beside its own whose files belong to it."""
    abilities: frozenset[str] = frozenset({"producer", "classic", "admin"})
    """Of producer (an idempotent one), classic, consumer (protocols of groups), admin."""
    codecs: frozenset[str] = frozenset({"gzip", "snappy", "lz4", "zstd"})
    """The codecs that the library writes."""
    group_protocol: str = "classic"
    """With which its members join."""
    own_faults: Mapping[str, str] = field(default_factory=dict[str, str])
    """Tests it does not pass for a reason of its own, on Apache Kafka neither: name -> reason."""
    codec_packages: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def source(self) -> Path:
        return HERE / self.name

    def _command(self, words: Sequence[str]) -> list[str]:
        out = str(_out(self))
        return [word.replace("{source}", str(self.source)).replace("{out}", out) for word in words]

    def built(self) -> None:
        """Build it unless that is done.

        Raises:
            DriverError: a command failed; the text is what it said.
        """
        out = _out(self)
        out.mkdir(parents=True, exist_ok=True)
        with (out.parent / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if (out / ".built").exists():
                return
            for words in self.build:
                command = self._command(words)
                try:
                    done = subprocess.run(
                        command,
                        cwd=self.source,
                        stdin=subprocess.DEVNULL,
                        capture_output=True,
                        text=True,
                        timeout=BUILD_SECONDS,
                    )
                except subprocess.TimeoutExpired:
                    raise DriverError(f"{command}: not done in {BUILD_SECONDS} s") from None
                if done.returncode:
                    said = (done.stdout + done.stderr)[-3000:]
                    raise DriverError(f"{command} ended with {done.returncode}: {said}")
            (out / ".built").touch()

    def start(self) -> Driver:
        return Driver(self._command(self.run), self.source)

    def _ask(self, do: str, **command: Any) -> dict[str, Any]:
        with self.start() as driver:
            return driver.ask(do=do, **command)

    def version(self) -> str:
        return str(self._ask("about")["version"])

    def create_topic(self, bootstrap: str, topic: str, partitions: int) -> None:
        self._ask("create_topic", bootstrap=bootstrap, topic=topic, partitions=partitions)

    def produce(
        self, bootstrap: str, topic: str, messages: Sequence[Message], settings: ProducerSettings
    ) -> list[Delivery]:
        told = self._ask(
            "produce",
            bootstrap=bootstrap,
            topic=topic,
            messages=[_told(message) for message in messages],
            settings=asdict(settings),
        )
        return [_delivery(delivery) for delivery in told["deliveries"]]

    def read(self, bootstrap: str, topic: str, partitions: Sequence[int]) -> list[Record]:
        told = self._ask("read", bootstrap=bootstrap, topic=topic, partitions=list(partitions))
        return [_record(record) for record in told["records"]]

    def join(self, bootstrap: str, group: str, topic: str) -> DrivenMember:
        return DrivenMember(self.start(), bootstrap, group, topic, self.group_protocol)

    def admin(self, bootstrap: str, topic: str, group: str) -> dict[str, Any]:
        """The outcome of each step of its admin client, in order."""
        steps: dict[str, Any] = self._ask("admin", bootstrap=bootstrap, topic=topic, group=group)[
            "steps"
        ]
        return steps


class DrivenMember:
    """A member of a group: a process that is told to poll and to commit."""

    def __init__(
        self, driver: Driver, bootstrap: str, group: str, topic: str, protocol: str
    ) -> None:
        self._driver = driver
        self._assigned: frozenset[int] = frozenset()
        try:
            driver.ask(do="join", bootstrap=bootstrap, group=group, topic=topic, protocol=protocol)
        except BaseException:
            driver.__exit__(None, None, None)
            raise

    def poll(self, timeout_s: float) -> list[Record]:
        told = self._driver.ask(do="poll", timeout_ms=int(timeout_s * 1000))
        self._assigned = frozenset(told["assigned"])
        return [_record(record) for record in told["records"]]

    def assigned(self) -> frozenset[int]:
        return self._assigned

    def commit(self) -> bool:
        return bool(self._driver.ask(do="commit")["committed"])

    def close(self) -> None:
        with self._driver:
            self._driver.ask(do="close")


@functools.cache
def _digest(client_name: str, shares: tuple[str, ...], commands: str) -> str:
    digest = hashlib.sha256(commands.encode())
    for folder in (client_name, *shares):
        for file in sorted((HERE / folder).rglob("*")):
            parts = file.relative_to(HERE).parts
            if file.suffix in NOT_BUILT or file.name == ADMIN_TOUR or not file.is_file():
                continue
            if not {"__pycache__", "node_modules", "target"} & set(parts):
                digest.update("/".join(parts).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def _out(client: DrivenClient) -> Path:
    """A folder for these very sources, so that nothing of an earlier version stays in use."""
    return builds() / client.name / _digest(client.name, client.shares, repr(client.build))


def _told(message: Message) -> dict[str, Any]:
    return {
        "value": _text(message.value),
        "key": _text(message.key),
        "partition": message.partition,
        "headers": [[name, _text(value)] for name, value in message.headers],
    }


def _delivery(told: Mapping[str, Any]) -> Delivery:
    if "error" not in told:
        return Delivery(told["partition"], told["offset"])
    code = told.get("error_code")
    return Delivery(None, None, -1 if code is None else code, told["error"])


def _record(told: Mapping[str, Any]) -> Record:
    headers = tuple((name, _bytes(value)) for name, value in told["headers"] or ())
    key, value = _bytes(told["key"]), _bytes(told["value"])
    return Record(told["partition"], told["offset"], key, value, headers)


def _text(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)

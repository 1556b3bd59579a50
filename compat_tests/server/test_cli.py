"""The command: what it prints, how it ends, and the one sentence it says when it cannot start."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import pytest

from compat_tests.conftest import need
from compat_tests.server.asking import new_topic, produce
from compat_tests.server.batches import GOOD
from compat_tests.wire_client import ConnectionClosed, WireClient
from kafka_codecs.messages.api_03_metadata import MetadataRequest
from kafkashim import __version__

ROOT = Path(__file__).parents[2]
LINE = re.compile(
    r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}\] (?P<level>[A-Z]+) (?P<text>.*) \((?P<logger>[\w.]+)\)"
)
SECONDS = 30


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KAFKA_")}
    path = os.pathsep.join((str(ROOT), str(ROOT / "codecs")))
    return {**kept, "PYTHONPATH": path, "PYTHONWARNINGS": "error::ResourceWarning", **(more or {})}


def run(*arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "kafkashim", *arguments],
        env=environment(env),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


class Serving:
    """``kafkashim serve`` in a process of its own, until the block ends."""

    def __init__(
        self,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        stdin: int | IO[str] | None = None,
    ) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "kafkashim", "serve", *arguments],
            env=environment(env),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[re.Match[str]] = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            found = LINE.fullmatch(line.rstrip("\n"))
            assert found, line
            self.lines.append(found)
            if found["text"] == "Kafka Server started":
                break
        else:
            raise AssertionError(self.end(signal.SIGKILL)[1])

    def texts(self) -> list[str]:
        return [line["text"] for line in self.lines]

    @property
    def address(self) -> tuple[str, int]:
        return next(iter(self.addresses.values()))

    @property
    def addresses(self) -> dict[int, tuple[str, int]]:
        """Where each broker listens, by the ids that are told; the id of one alone is not."""
        pattern = re.compile(r"(?:Broker (\d+) l|L)istening on (.*):(\d+), rules .*")
        found = [pattern.fullmatch(text) for text in self.texts()]
        return {int(one[1] or 1): (one[2], int(one[3])) for one in found if one}

    def client(self) -> WireClient:
        return WireClient(*self.address)

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str, list[str]]:
        """Send a signal; gives the status, standard error, and the lines since the start."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> tuple[int, str, list[str]]:
        """What :meth:`end` gives, of one that ends by itself."""
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        out, err = self.process.stdout.read(), self.process.stderr.read()
        self.process.wait(SECONDS)
        found = [LINE.fullmatch(line) for line in out.splitlines()]
        assert all(found), out
        return self.process.returncode, err, [line["text"] for line in found if line]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate(timeout=SECONDS)


@pytest.fixture
def decoder(pytestconfig: pytest.Config) -> str:
    return str(pytestconfig.getoption("--decoder"))


@pytest.fixture
def serve(decoder: str) -> Iterator[Callable[..., Serving]]:
    """Starts the command with the decoder under test, on any free port unless told otherwise."""
    running: list[Serving] = []

    def start(
        *arguments: str,
        env: Mapping[str, str] | None = None,
        port: str = "0",
        stdin: int | IO[str] | None = None,
    ) -> Serving:
        given = ("--port", port) if port else ()
        running.append(Serving("--decoder", decoder, *given, *arguments, env=env, stdin=stdin))
        return running[-1]

    yield start
    for one in running:
        one.__exit__(None, None, None)


# -- serving -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
def test_it_serves_until_it_is_told_to_stop(
    number: signal.Signals, serve: Callable[..., Serving]
) -> None:
    broker = serve()
    assert {line["level"] for line in broker.lines} == {"INFO"}
    assert {line["logger"] for line in broker.lines} == {"kafkashim.server"}
    host, port = broker.address
    assert broker.texts() == [
        f"Listening on 127.0.0.1:{port}, rules explicit",
        "Kafka Server started",
    ]
    with broker.client() as client:
        assert produce(client, new_topic(client), GOOD).error_code == 0
        assert broker.end(number) == (0, "", ["shutting down", "shut down completed"])
        assert client.closed_by_broker()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, port))


def test_two_signals_are_as_good_as_one(serve: Callable[..., Serving]) -> None:
    broker = serve()
    broker.process.send_signal(signal.SIGINT)
    assert broker.end(signal.SIGINT)[:2] == (0, "")


def test_a_closed_connection_is_a_warning_of_one_line(serve: Callable[..., Serving]) -> None:
    broker = serve()
    with broker.client() as client:
        client.send(b"GET / HTTP/1.1\r\n\r\n")
        with pytest.raises(ConnectionClosed):
            client.receive_frame()
        host, port = client.address
    status, errors, texts = broker.end()
    assert (status, errors) == (0, "")
    assert texts[0].startswith(f"Closing connection {host}:{port}: ")
    assert len(texts) == 3


@pytest.mark.parametrize(("level", "lines"), [("WARN", 0), ("ERROR", 0), ("OFF", 0), ("debug", 2)])
def test_the_log_level(level: str, lines: int, decoder: str) -> None:
    """What scripts wait for is said at every level, the rest of the log is not."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ("--decoder", decoder, "--port", str(port), "--log-level", level)
    process = subprocess.Popen(
        [sys.executable, "-m", "kafkashim", "serve", *options],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for(port)
        process.terminate()
        out, err = process.communicate(timeout=SECONDS)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    assert (process.returncode, err) == (0, "")
    assert out.count("Listening on") + out.count("Kafka Server started") == 2
    assert out.count("shutting down") + out.count("shut down completed") == lines


def wait_for(port: int) -> None:
    """Return when somebody listens."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        else:
            return


def test_it_starts_soon(serve: Callable[..., Serving]) -> None:
    """From the command to the first answer; the bound is loose, it takes a fraction of a second."""
    took: list[float] = []
    for _ in range(3):
        begun = time.monotonic()
        broker = serve()
        with broker.client() as client:
            client.ask(MetadataRequest(topics=[]), 12)
        took.append(time.monotonic() - begun)
    assert min(took) < 2


@pytest.mark.parametrize("book", ["explicit", "kafka-4.3", "kafka-1.0", "kafka-0.11", "kip-98"])
def test_the_rule_books(book: str, serve: Callable[..., Serving]) -> None:
    assert serve("--rules", book).texts()[0].endswith(f", rules {book}")


# -- several brokers -----------------------------------------------------------------------------------


def three_free_ports() -> int:
    """The first of three ports in a row that nobody has."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as first:
            port: int = first.getsockname()[1]
        try:
            for number in range(port, port + 3):
                socket.create_server(("127.0.0.1", number)).close()
        except (OSError, OverflowError):
            continue
        return port


def test_three_brokers_on_any_ports(serve: Callable[..., Serving]) -> None:
    broker = serve("--brokers", "3")
    ports = [port for _, port in broker.addresses.values()]
    assert broker.texts() == [
        *(
            f"Broker {n} listening on 127.0.0.1:{port}, rules explicit"
            for n, port in enumerate(ports, 1)
        ),
        "Kafka Server started",
    ]
    assert len(set(ports)) == 3
    for broker_id, address in broker.addresses.items():
        with WireClient(*address) as client:
            described = client.ask(MetadataRequest(topics=[]), 12).brokers
            there = {node.node_id: (node.host, node.port) for node in described}
        assert there == broker.addresses, broker_id
    assert broker.end() == (0, "", ["shutting down", "shut down completed"])
    for address in broker.addresses.values():
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address)


@pytest.mark.parametrize("fixed", [False, True], ids=["any ports", "ports in a row"])
def test_a_real_client_finds_all_of_them(serve: Callable[..., Serving], fixed: bool) -> None:
    """It is told of one, and writes to and reads from all."""
    kafka = need("confluent_kafka")
    port = str(three_free_ports()) if fixed else "0"
    broker = serve("--brokers", "3", "--override", "num.partitions=6", port=port)
    if fixed:
        assert broker.addresses == {n: ("127.0.0.1", int(port) + n - 1) for n in (1, 2, 3)}
    host, port_number = broker.addresses[2]
    servers = {"bootstrap.servers": f"{host}:{port_number}", "log_level": 0}
    producer = kafka.Producer({**servers, "enable.idempotence": True})
    for number in range(60):
        producer.produce("orders", str(number).encode(), partition=number % 6)
    assert producer.flush(20) == 0
    metadata = producer.list_topics("orders", 10)
    assert {(node.id, node.host, node.port) for node in metadata.brokers.values()} == {
        (broker_id, *address) for broker_id, address in broker.addresses.items()
    }
    partitions = metadata.topics["orders"].partitions.values()
    assert {partition.leader for partition in partitions} == {1, 2, 3}
    assert {len(partition.isrs) for partition in partitions} == {3}
    consumer = kafka.Consumer({**servers, "group.id": "g", "auto.offset.reset": "earliest"})
    consumer.assign([kafka.TopicPartition("orders", partition, 0) for partition in range(6)])
    found: list[bytes] = []
    while len(found) < 60:
        got = consumer.consume(60, 10)
        assert got, len(found)
        found += [message.value() for message in got]
    consumer.close()
    assert sorted(map(int, found)) == list(range(60))


@pytest.mark.parametrize("number", ["0", "-3"])
def test_no_number_of_brokers(number: str) -> None:
    assert (
        refusal("serve", f"--brokers={number}") == f"--brokers {number} is none: choose 1 or more"
    )


def test_a_port_in_the_row_is_in_use() -> None:
    port = three_free_ports()
    with socket.create_server(("127.0.0.1", port + 1)):
        said = refusal("serve", "--brokers", "3", "--port", str(port))
    places = " or ".join(f"127.0.0.1:{port + n}" for n in range(3))
    assert said.startswith(f"{places} is in use: ")


# -- until standard input closes -------------------------------------------------------------------------


def test_it_ends_with_standard_input(serve: Callable[..., Serving]) -> None:
    broker = serve("--until-stdin-closes", stdin=subprocess.PIPE)
    assert broker.process.stdin is not None
    broker.process.stdin.write("what is written to it means nothing\n" * 1000)
    broker.process.stdin.flush()
    with broker.client() as client:
        new_topic(client)
        broker.process.stdin.close()
        broker.process.stdin = None
        assert broker.ended() == (0, "", ["shutting down", "shut down completed"])
        assert client.closed_by_broker()


def test_it_ends_when_who_started_it_is_killed() -> None:
    """The end of a process closes what it wrote to, however it ends."""
    script = (
        "import subprocess, sys, time\n"
        "command = [sys.executable, '-m', 'kafkashim', 'serve', '--port', '0', '--until-stdin-closes']\n"
        "subprocess.Popen(command, stdin=subprocess.PIPE)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], env=environment(), stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        lines = iter(parent.stdout)
        listening = next(lines)
        assert "Kafka Server started" in next(lines)
        parent.kill()
        # What the broker writes ends when it does.
        assert [line.split("INFO ")[1].split(" (")[0] for line in lines] == [
            "shutting down",
            "shut down completed",
        ]
    port = re.search(r":(\d+), rules", listening)
    assert port
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(port[1])))


@pytest.mark.parametrize("kind", ["null", "file"])
def test_it_ends_where_there_is_nothing_to_read(
    kind: str, serve: Callable[..., Serving], tmp_path: Path
) -> None:
    (tmp_path / "empty").touch()
    with (tmp_path / "empty").open() as empty:
        stdin = empty if kind == "file" else subprocess.DEVNULL
        broker = serve("--until-stdin-closes", stdin=stdin)
        assert broker.ended() == (0, "", ["shutting down", "shut down completed"])


def test_it_ends_where_there_is_no_standard_input() -> None:
    command = f"{sys.executable} -m kafkashim serve --port 0 --until-stdin-closes <&-"
    ended = subprocess.run(
        ["sh", "-c", command], env=environment(), capture_output=True, text=True, check=True
    )
    assert ended.stderr == ""
    assert "shut down completed" in ended.stdout


def test_it_still_ends_by_a_signal(serve: Callable[..., Serving]) -> None:
    broker = serve("--until-stdin-closes", stdin=subprocess.PIPE)
    assert broker.end() == (0, "", ["shutting down", "shut down completed"])


def test_without_it_standard_input_means_nothing(serve: Callable[..., Serving]) -> None:
    broker = serve(stdin=subprocess.DEVNULL)
    with pytest.raises(subprocess.TimeoutExpired):
        broker.process.wait(0.5)
    with broker.client() as client:
        new_topic(client)


# -- configuration -------------------------------------------------------------------------------------


def partitions_of_a_new_topic(broker: Serving) -> int:
    """What ``num.partitions`` is, as a client sees it."""
    with broker.client() as client:
        topic = new_topic(client, partitions=-1)
        (found,) = [
            t for t in client.ask(MetadataRequest(topics=None), 12).topics if t.name == topic
        ]
        return len(found.partitions)


def test_a_properties_file(serve: Callable[..., Serving], tmp_path: Path) -> None:
    properties = tmp_path / "server.properties"
    properties.write_text(
        "# as Kafka's\nnum.partitions = 3\nlisteners=PLAINTEXT://127.0.0.1:0\nlog.dirs=/tmp/kraft\n"
    )
    broker = serve(str(properties), port="")
    assert partitions_of_a_new_topic(broker) == 3


def test_an_override_goes_before_environment_and_file(
    serve: Callable[..., Serving], tmp_path: Path
) -> None:
    properties = tmp_path / "server.properties"
    properties.write_text("num.partitions=3\n")
    variable = {"KAFKA_NUM_PARTITIONS": "4"}
    override = ("--override", "num.partitions=5")
    assert partitions_of_a_new_topic(serve(str(properties))) == 3
    assert partitions_of_a_new_topic(serve(str(properties), env=variable)) == 4
    assert partitions_of_a_new_topic(serve(str(properties), *override, env=variable)) == 5
    assert partitions_of_a_new_topic(serve(*override, *override[:1], "num.partitions=6")) == 6


def test_variables_that_are_no_configuration_are_left_alone(serve: Callable[..., Serving]) -> None:
    broker = serve(env={"KAFKA_HEAP_OPTS": "-Xmx1g", "KAFKA_LOG4J_OPTS": "-D"})
    assert len(broker.texts()) == 2


def test_an_unknown_property_is_named_in_a_warning(serve: Callable[..., Serving]) -> None:
    broker = serve("--override", "num.partitons=5")
    assert broker.lines[0]["level"] == "WARN"
    assert broker.lines[0]["text"] == "Unknown configuration 'num.partitons' is ignored"


def test_host_and_port_stand_for_the_listener(serve: Callable[..., Serving]) -> None:
    broker = serve("--host", "127.0.0.2", "--override", "listeners=PLAINTEXT://127.0.0.1:1")
    assert broker.address[0] == "127.0.0.2"
    with broker.client() as client:
        (described,) = client.ask(MetadataRequest(topics=[]), 12).brokers
        assert (described.host, described.port) == broker.address


# -- what it says when it cannot -------------------------------------------------------------------------


def refusal(*arguments: str, env: Mapping[str, str] | None = None) -> str:
    """The one sentence on standard error; nothing else is printed, and the status is 1."""
    ended = run(*arguments, env=env)
    assert ended.returncode == 1, ended
    assert ended.stdout == ""
    assert ended.stderr.startswith("kafkashim: ")
    assert ended.stderr.count("\n") == 1, ended.stderr
    return ended.stderr.removeprefix("kafkashim: ").strip()


def test_an_unknown_book() -> None:
    assert refusal("serve", "--rules", "no-book") == (
        "unknown --rules 'no-book': choose one of explicit, kafka-4.3, kafka-1.0, kafka-0.11, kip-98"
    )


def test_an_unknown_decoder() -> None:
    assert refusal("serve", "--decoder", "slow") == (
        "unknown --decoder 'slow': choose one of flat, construct"
    )


def test_an_unknown_log_level() -> None:
    assert refusal("serve", "--log-level", "LOUD") == (
        "unknown --log-level 'LOUD': choose one of DEBUG, INFO, WARN, ERROR, OFF"
    )


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("num.partitions=three", "num.partitions"),
        ("num.partitions=0", "num.partitions"),
        ("auto.create.topics.enable=perhaps", "auto.create.topics.enable"),
        ("listeners=127.0.0.1:9092", "listeners"),
        ("listeners=SSL://127.0.0.1:9092", "SSL listeners are not supported; use PLAINTEXT"),
    ],
)
def test_a_bad_property(override: str, said: str) -> None:
    assert said in refusal("serve", "--override", override)


@pytest.mark.parametrize("override", ["num.partitions", "=3", ""])
def test_a_bad_override(override: str) -> None:
    assert refusal("serve", "--override", override) == (
        f"--override {override!r} is no key=value pair: write --override k=v"
    )


def test_a_bad_variable() -> None:
    assert "num.partitions" in refusal("serve", env={"KAFKA_NUM_PARTITIONS": "three"})


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "server.properties"
    assert refusal("serve", str(path)) == (
        f"cannot read {path} (No such file or directory): name a properties file"
    )


def test_a_folder_for_a_file(tmp_path: Path) -> None:
    assert refusal("serve", str(tmp_path)) == (
        f"cannot read {tmp_path} (Is a directory): name a properties file"
    )


def test_a_file_that_is_no_properties_file(tmp_path: Path) -> None:
    path = tmp_path / "server.properties"
    path.write_text("broker.rack = \\u12\n")
    said = refusal("serve", str(path))
    assert said.startswith(f"{path} is no properties file (")
    assert said.endswith("): write key=value lines")


def test_a_port_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert refusal("serve", "--port", str(port)) == (
            f"127.0.0.1:{port} is in use: stop what listens there, "
            "or choose another with --port (0: any)"
        )


@pytest.mark.parametrize("port", ["-1", "65536", "100000"])
def test_a_port_that_is_none(port: str) -> None:
    assert refusal("serve", f"--port={port}") == f"--port {port} is no port: choose 0 to 65535"


@pytest.mark.parametrize("host", ["192.0.2.1", "a..b"])
def test_a_host_that_is_not_this_machine(host: str) -> None:
    said = refusal("serve", "--host", host, "--port", "0")
    assert said.startswith(f"cannot listen on {host}:0 (")
    assert said.endswith("): choose another --host")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("serve", "--no-such-option"), "unrecognized arguments: --no-such-option"),
        (("serve", "--port", "many"), "argument --port: invalid int value: 'many'"),
        (("serve", "--port"), "argument --port: expected one argument"),
        (("serve", "one", "two"), "unrecognized arguments: two"),
        (("launch",), "invalid choice: 'launch'"),
        ((), "the following arguments are required: COMMAND"),
    ],
    ids=str,
)
def test_arguments_nobody_knows(arguments: tuple[str, ...], said: str) -> None:
    found = refusal(*arguments)
    assert said in found
    assert "--help" in found


# -- and besides -----------------------------------------------------------------------------------------


def test_the_version() -> None:
    ended = run("--version")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, f"kafkashim {__version__}\n", "")


@pytest.mark.parametrize("arguments", [("--help",), ("serve", "--help"), ("demo", "--help")])
def test_help(arguments: tuple[str, ...]) -> None:
    ended = run(*arguments)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("usage: kafkashim")


def test_help_names_every_option() -> None:
    helped = run("serve", "--help").stdout
    options = "override host port brokers rules decoder log-level until-stdin-closes faults http"
    for option in (*options.split(), "http-host"):
        assert f"--{option} " in helped, option

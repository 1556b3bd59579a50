"""The ``kafkashim`` command: ``serve``, ``demo``, ``scenarios`` and ``run``.

``serve`` takes what ``kafka-server-start.sh`` takes. Whatever keeps it from starting ends it with 1 and
one sentence that says what to do.
"""

from __future__ import annotations

import argparse
import asyncio
import errno
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING, NoReturn

from kafkashim import __version__
from kafkashim.dispatch import DECODERS
from kafkashim.rules.producer_state import BOOKS

if TYPE_CHECKING:
    from kafkashim.config import Config
    from kafkashim.http_api import HttpApi
    from kafkashim.servers import Servers

LOG_LEVELS = ("DEBUG", "INFO", "WARN", "ERROR", "OFF")
DEFAULT_LISTENER = ("127.0.0.1", 9092)

log = logging.getLogger("kafkashim.server")


class UsageError(Exception):
    """What the person asked for cannot be done; the text says what to do."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see '{self.prog} --help'")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit with its status."""
    try:
        # Until the event loop takes the signals over, they end the command as cleanly.
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
        options = _parser().parse_args(arguments)
        status: int = options.run(options)
    except UsageError as error:
        print(f"kafkashim: {error}", file=sys.stderr)
        status = 1
    except KeyboardInterrupt:
        status = 0
    except BrokenPipeError:
        # Whoever read the output has seen enough (``kafkashim demo | head``).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    sys.exit(status)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="kafkashim", description="A Kafka broker in one Python process.")
    parser.add_argument("--version", action="version", version=f"kafkashim {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)
    serve = commands.add_parser("serve", help="start a broker, or several")
    serve.add_argument(
        "properties", nargs="?", metavar="server.properties", help="a properties file as Kafka's"
    )
    serve.add_argument(
        "--override",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a property that goes before the file's; repeatable",
    )
    serve.add_argument("--host", help="address to listen on (default 127.0.0.1)")
    serve.add_argument(
        "--port",
        type=int,
        help="port to listen on (default 9092), of several brokers the first; 0: any",
    )
    serve.add_argument(
        "--brokers",
        type=int,
        default=1,
        metavar="N",
        help="how many brokers, each with an id and ports of its own (default 1)",
    )
    serve.add_argument(
        "--rules",
        default="explicit",
        metavar="BOOK",
        help=f"rule book for idempotent producers: {', '.join(BOOKS)} (default explicit)",
    )
    serve.add_argument(
        "--decoder",
        default="flat",
        metavar="DECODER",
        help="flat (default), or construct to serve every request through construct",
    )
    serve.add_argument(
        "--log-level",
        default="INFO",
        metavar="LEVEL",
        help=f"{', '.join(LOG_LEVELS)} (default INFO)",
    )
    serve.add_argument(
        "--until-stdin-closes",
        action="store_true",
        help="end when standard input does, as it does when whoever started this is gone",
    )
    _control_options(serve)
    serve.set_defaults(run=_serve)
    demo = commands.add_parser(
        "demo", help="a real producer, lost answers, and why nothing is lost or written twice"
    )
    demo.set_defaults(run=_demo)
    _scenario_commands(commands.add_parser)
    return parser


def _scenario_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    """What plays scenarios."""
    listing = add("scenarios", help="list what can be played with 'run'")
    listing.set_defaults(run=_scenarios)
    play = add("run", help="play a scenario against a real client")
    play.add_argument("name", metavar="NAME", help="as 'scenarios' lists it")
    play.add_argument(
        "--client", help="confluent-kafka (default), kafka-python or aiokafka, as installed"
    )
    play.add_argument("--rules", default="explicit", metavar="BOOK", help="rule book, as of serve")
    play.add_argument(
        "--bootstrap-only", action="store_true", help="wait for a client of yours until ctrl-c"
    )
    play.add_argument("--port", type=int, default=0, help="with it: the port (default: any)")
    play.set_defaults(run=_scenarios)


def _control_options(serve: argparse.ArgumentParser) -> None:
    """What goes wrong on purpose, and how it is looked at and changed while the broker runs."""
    serve.add_argument(
        "--faults", metavar="FILE", help="a YAML file of what is to go wrong on purpose"
    )
    serve.add_argument(
        "--http",
        type=int,
        metavar="PORT",
        help="port of the HTTP control API (default: there is none); 0 takes any free one",
    )
    serve.add_argument("--http-host", help="address of the HTTP control API (default 127.0.0.1)")


def _one_of(option: str, value: str, allowed: Sequence[str]) -> str:
    if value not in allowed:
        raise UsageError(f"unknown {option} {value!r}: choose one of {', '.join(allowed)}")
    return value


def _serve(options: argparse.Namespace) -> int:
    from kafkashim.config import Config, ConfigError
    from kafkashim.server import run_loop

    _one_of("--rules", options.rules, tuple(BOOKS))
    _one_of("--decoder", options.decoder, DECODERS)
    level = _one_of("--log-level", options.log_level.upper(), LOG_LEVELS)
    _check_port("--port", options.port)
    if options.brokers < 1:
        raise UsageError(f"--brokers {options.brokers} is none: choose 1 or more")
    _check_http(options)
    faults = _faults(options.faults)
    _log_as_kafka(level)
    try:
        configs = Config.from_sources(
            path=options.properties,
            overrides=[*options.override, *_listener(options)],
            environ=os.environ,
            defaults={"listeners": "PLAINTEXT://{}:{}".format(*DEFAULT_LISTENER)},
        ).of_brokers(options.brokers)
    except ConfigError as error:
        raise UsageError(str(error)) from None
    if sys.stdin is None:
        # What is opened next would be standard input, and libuv does not close that.
        os.open(os.devnull, os.O_RDONLY)
    failure: list[str] = []
    run_loop(_run_server(configs, options, faults, failure))
    if failure:
        raise UsageError(failure[0])
    return 0


def _check_port(option: str, port: int | None) -> None:
    if port is not None and not 0 <= port <= 65535:
        raise UsageError(f"{option} {port} is no port: choose 0 to 65535")


def _check_http(options: argparse.Namespace) -> None:
    _check_port("--http", options.http)
    if options.http is None and options.http_host is not None:
        raise UsageError("--http-host is the address for --http: name a port with it")
    if options.http is not None and find_spec("aiohttp") is None:
        raise UsageError("--http needs aiohttp: install it with pip install 'kafkashim[http]'")


def _faults(path: str | None) -> list[dict[str, object]]:
    """The descriptions in the file of ``--faults``, all of them found in order."""
    if path is None:
        return []
    from kafkashim.faults.file import FaultFileError, read_fault_file

    try:
        return read_fault_file(path)
    except FaultFileError as error:
        raise UsageError(str(error)) from None


def _listener(options: argparse.Namespace) -> list[str]:
    """``--host`` and ``--port`` as the property they stand for."""
    if options.host is None and options.port is None:
        return []
    host = DEFAULT_LISTENER[0] if options.host is None else options.host
    port = DEFAULT_LISTENER[1] if options.port is None else options.port
    return [f"listeners=PLAINTEXT://{f'[{host}]' if ':' in host else host}:{port}"]


async def _run_server(
    configs: Sequence[Config],
    options: argparse.Namespace,
    faults: Sequence[Mapping[str, object]],
    failure: list[str],
) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    if options.until_stdin_closes:
        _when_stdin_closes(loop, stopped.set)
    servers, http = _make_servers(configs, options)
    for words in faults:
        servers.faults.add(words)
    try:
        await servers.start()
    except (OSError, UnicodeError) as error:
        wanted = " or ".join(
            f"{host}:{port}" for config in configs for host, port in config.listen_addresses
        )
        failure.append(_cannot_listen(wanted, error, "--port", "--host"))
        return
    try:
        if http is not None:
            await http.start()
    except (OSError, UnicodeError) as error:
        wanted = f"{options.http_host or DEFAULT_LISTENER[0]}:{options.http}"
        failure.append(_cannot_listen(wanted, error, "--http", "--http-host"))
        await servers.stop()
        return
    for broker_id, server in servers.servers.items():
        which = f"Broker {broker_id} listening" if len(servers.servers) > 1 else "Listening"
        for host, port in server.addresses:
            _announce("%s on %s:%d, rules %s", which, host, port, options.rules)
    if http is not None:
        _announce("HTTP API on %s", http.url)
    _announce("Kafka Server started")
    await stopped.wait()
    log.info("shutting down")
    if http is not None:
        await http.stop()
    await servers.stop()
    # A second signal changes nothing, even when it comes while the interpreter ends.
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_IGN)
    log.info("shut down completed")


def _when_stdin_closes(loop: asyncio.AbstractEventLoop, then: Callable[[], None]) -> None:
    """Have something called when standard input is at its end, or was never open.

    It is read in a thread, because no event loop waits for files of every kind.
    """
    stdin = None if sys.stdin is None else sys.stdin.fileno()

    def read() -> None:
        with suppress(OSError):
            while stdin is not None and os.read(stdin, 4096):
                pass
        # The loop may be closed by now.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(then)

    threading.Thread(target=read, name="standard input", daemon=True).start()


def _make_servers(
    configs: Sequence[Config], options: argparse.Namespace
) -> tuple[Servers, HttpApi | None]:
    """The brokers, and the HTTP API where one is asked for: only then there is a journal."""
    from kafkashim.servers import Servers

    book = BOOKS[options.rules]
    if options.http is None:
        return Servers(configs, book=book, decoder=options.decoder), None
    from kafkashim.http_api import HttpApi, Traffic

    journal = Traffic()
    servers = Servers(configs, book=book, decoder=options.decoder, journal=journal)
    return servers, HttpApi(servers, journal, host=options.http_host, port=options.http)


def _announce(message: str, *values: object) -> None:
    """Say what scripts wait for, whatever the log level."""
    record = log.makeRecord(log.name, logging.INFO, __file__, 0, message, values, None)
    for handler in logging.getLogger().handlers:
        handler.handle(record)


def _cannot_listen(
    wanted: str, error: OSError | UnicodeError, port_option: str, host_option: str
) -> str:
    number = getattr(error, "errno", None)
    if number == errno.EADDRINUSE:
        return (
            f"{wanted} is in use: stop what listens there, or choose another with {port_option} "
            "(0: any)"
        )
    if number == errno.EACCES:
        return f"this user may not listen on {wanted}: choose a {port_option} above 1023"
    reason = getattr(error, "strerror", None) or error
    return f"cannot listen on {wanted} ({reason}): choose another {host_option}"


def _log_as_kafka(level: str) -> None:
    """Kafka's own pattern, ``[date] LEVEL message (logger)``, on standard output."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("[%(asctime)s] %(levelname)s %(message)s (%(name)s)"))
    logging.addLevelName(logging.WARNING, "WARN")
    # Whoever read the log may be gone; that is no reason to fill standard error.
    logging.raiseExceptions = False
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.CRITICAL + 1 if level == "OFF" else logging.getLevelNamesMapping()[level])


def _scenarios(options: argparse.Namespace) -> int:
    from kafkashim.scenarios import command

    try:
        return command.run(options) if "name" in options else command.scenarios(options)
    except command.CommandError as error:
        raise UsageError(str(error)) from None


def _demo(options: argparse.Namespace) -> int:
    if find_spec("confluent_kafka") is None:
        raise UsageError(
            "the demo runs a real client: install it with pip install 'kafkashim[demo]'"
        )
    from kafkashim.demo import run

    return run()

"""The ``kafkashim`` command: ``serve`` and ``demo``.

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
from collections.abc import Sequence
from importlib.util import find_spec
from typing import NoReturn

from kafkashim import __version__
from kafkashim.dispatch import DECODERS
from kafkashim.rules.producer_state import BOOKS

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
    serve = commands.add_parser("serve", help="start a broker")
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
        "--port", type=int, help="port to listen on (default 9092); 0 takes any free one"
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
    serve.set_defaults(run=_serve)
    demo = commands.add_parser(
        "demo", help="a real producer, lost answers, and why nothing is lost or written twice"
    )
    demo.set_defaults(run=_demo)
    return parser


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
    if options.port is not None and not 0 <= options.port <= 65535:
        raise UsageError(f"--port {options.port} is no port: choose 0 to 65535")
    _log_as_kafka(level)
    try:
        config = Config.from_sources(
            path=options.properties,
            overrides=[*options.override, *_listener(options)],
            environ=os.environ,
            defaults={"listeners": "PLAINTEXT://{}:{}".format(*DEFAULT_LISTENER)},
        )
    except ConfigError as error:
        raise UsageError(str(error)) from None
    failure: list[str] = []
    run_loop(_run_server(config, options, failure))
    if failure:
        raise UsageError(failure[0])
    return 0


def _listener(options: argparse.Namespace) -> list[str]:
    """``--host`` and ``--port`` as the property they stand for."""
    if options.host is None and options.port is None:
        return []
    host = DEFAULT_LISTENER[0] if options.host is None else options.host
    port = DEFAULT_LISTENER[1] if options.port is None else options.port
    return [f"listeners=PLAINTEXT://{f'[{host}]' if ':' in host else host}:{port}"]


async def _run_server(config: object, options: argparse.Namespace, failure: list[str]) -> None:
    from kafkashim.config import Config
    from kafkashim.server import Server

    assert isinstance(config, Config)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    server = Server(config, book=BOOKS[options.rules], decoder=options.decoder)
    try:
        await server.start()
    except OSError as error:
        failure.append(_cannot_listen(config, error))
        return
    for host, port in server.addresses:
        _announce("Listening on %s:%d, rules %s", host, port, options.rules)
    _announce("Kafka Server started")
    await stopped.wait()
    log.info("shutting down")
    await server.stop()
    # A second signal changes nothing, even when it comes while the interpreter ends.
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_IGN)
    log.info("shut down completed")


def _announce(message: str, *values: object) -> None:
    """Say what scripts wait for, whatever the log level."""
    record = log.makeRecord(log.name, logging.INFO, __file__, 0, message, values, None)
    for handler in logging.getLogger().handlers:
        handler.handle(record)


def _cannot_listen(config: object, error: OSError) -> str:
    wanted = " or ".join(f"{host}:{port}" for host, port in getattr(config, "listen_addresses", ()))
    if error.errno == errno.EADDRINUSE:
        return (
            f"{wanted} is in use: stop what listens there, or choose another with --port (0: any)"
        )
    if error.errno == errno.EACCES:
        return f"this user may not listen on {wanted}: choose a --port above 1023"
    return f"cannot listen on {wanted} ({error.strerror or error}): choose another --host"


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


def _demo(options: argparse.Namespace) -> int:
    if find_spec("confluent_kafka") is None:
        raise UsageError(
            "the demo runs a real client: install it with pip install 'kafkashim[demo]'"
        )
    from kafkashim.demo import run

    return run()

"""``python -m kafka_codecs``: what the messages look like, and the code made from them.

python -m kafka_codecs list
python -m kafka_codecs show Produce 9
python -m kafka_codecs show Produce 9 --source
python -m kafka_codecs docs docs/protocol
"""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from kafka_codecs import grammar
from kafka_codecs.messages import messages, modules
from kafka_codecs.schema import Message


class UsageError(Exception):
    """What was asked for does not exist; one sentence says so."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; gives the exit status."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "list":
            print(list_apis())
        elif options.command == "show":
            print(show(options.api, options.version, source=options.source))
        else:
            print(write_docs(options.folder))
        sys.stdout.flush()
    except UsageError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader has seen enough, as `head` does; nothing may be written at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m kafka_codecs", description="What the messages of the protocol look like."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="the APIs and their versions")
    shown = commands.add_parser("show", help="the grammar and the fields of an API's messages")
    shown.add_argument("api", help="its name or key, for example Produce or 0")
    shown.add_argument("version", nargs="?", help="the newest if not given")
    shown.add_argument(
        "--source", action="store_true", help="also the code that reads and writes them"
    )
    docs = commands.add_parser("docs", help="write a Markdown page per API")
    docs.add_argument("folder", type=Path, help="where to; it is created if need be")
    return parser


def list_apis() -> str:
    """A line per API: key, name, versions, and from which version on it is flexible."""
    lines = [f"{'Key':>3}  {'API':<26}{'Versions':<10}Flexible"]
    for api_key in modules():
        request, _ = messages(api_key)
        lines.append(f"{api_key:>3}  {request.NAME:<26}{request.VERSIONS!s:<10}{request.FLEXIBLE}")
    return "\n".join(lines)


def show(api: str, version: str | None, *, source: bool = False) -> str:
    """Request and response of an API at a version.

    Raises:
        UsageError: there is no such API or version.
    """
    request, response = messages(_api_key(api))
    number = _version(request, version)
    parts: list[str] = []
    for message in (request, response):
        rows = grammar.field_rows(message, number)
        parts += [grammar.grammar(message, number), grammar.text_table(rows) if rows else ""]
        if source:
            parts += _sources(message, number)
    return "\n\n".join(part for part in parts if part)


def _api_key(api: str) -> int:
    names = {messages(api_key)[0].NAME: api_key for api_key in modules()}
    folded = {name.casefold(): api_key for name, api_key in names.items()}
    if api.casefold() in folded:
        return folded[api.casefold()]
    if api.isdecimal() and int(api) in modules():
        return int(api)
    near = difflib.get_close_matches(api, names, 1)
    advice = f"did you mean {near[0]}?" if near else "`python -m kafka_codecs list` names them."
    raise UsageError(f"There is no API {api!r} here; {advice}")


def _version(request: type[Message], version: str | None) -> int:
    if version is None:
        return request.VERSIONS.high
    if not version.isdecimal() or not request.VERSIONS.holds(int(version)):
        raise UsageError(f"{request.NAME} has the versions {request.VERSIONS}, not {version}.")
    return int(version)


def _sources(message: type[Message], version: int) -> list[str]:
    from kafka_codecs.codegen import decode_source, encode_source

    return [source(message, version)[0] for source in (decode_source, encode_source)]


def write_docs(folder: Path) -> str:
    """Write every page into ``folder``; gives a line that says so."""
    pages = grammar.pages()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in pages.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"Cannot write to {folder}: {error.strerror}.") from None
    return f"{len(pages)} pages in {folder}"


if __name__ == "__main__":
    sys.exit(main())

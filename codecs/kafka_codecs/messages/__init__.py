"""The messages, one file per API: ``api_<key>_<name>.py`` holds its request and its response.

A file is imported when its API is first used, not before.
"""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path

from kafka_codecs.schema import Message


@cache
def modules() -> dict[int, str]:
    """API key -> module name, for every API there is a file for."""
    stems = sorted(path.stem for path in Path(__file__).parent.glob("api_*.py"))
    return {int(stem.split("_")[1]): stem for stem in stems}


@cache
def messages(api_key: int) -> tuple[type[Message], type[Message]]:
    """The request and the response of an API.

    Raises:
        KeyError: there is no such API here.
    """
    module = importlib.import_module(f"{__name__}.{modules()[api_key]}")
    declared = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Message) and "API_KEY" in vars(value)
    ]
    request, response = sorted(declared, key=lambda cls: not cls.IS_REQUEST)
    return request, response

"""CRC-32C in hardware."""

from __future__ import annotations

from collections.abc import Callable
from importlib.machinery import PathFinder
from importlib.util import module_from_spec

from kafka_codecs.schema import Buffer


def _load() -> Callable[[Buffer], int]:
    # The package's __init__ reads its own version through importlib.metadata, which costs 40 ms at
    # every start; its extension module alone loads in one.
    package = PathFinder.find_spec("crc32c")
    if package is not None and package.submodule_search_locations is not None:
        spec = PathFinder.find_spec("_crc32c", list(package.submodule_search_locations))
        if spec is not None and spec.loader is not None:
            module = module_from_spec(spec)
            spec.loader.exec_module(module)
            function: Callable[[Buffer], int] = module.crc32c
            return function
    from crc32c import crc32c as fallback

    return fallback


crc32c = _load()

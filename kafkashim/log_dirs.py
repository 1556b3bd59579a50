"""The broker's log directories, as far as clients see them: nothing is ever written there.

Admin tools ask which replica lies where (KIP-113), so that every partition belongs to one of
``log.dirs``, chosen as ``LogManager`` does it.
"""

from __future__ import annotations

import os
import re

from kafkashim.config import Config
from kafkashim.config_values import parse_list

ALL_CORDONED = "*"


class LogDirs:
    """The directories by their absolute paths, and how many partitions belong to each."""

    def __init__(self, config: Config) -> None:
        names = parse_list(config.get("log.dirs") or config.get("log.dir"))
        cordoned = parse_list(config.get("cordoned.log.dirs"))
        self._held = dict.fromkeys(map(_absolute, names), 0)
        self._cordoned = {
            _absolute(name) for name in names if name in cordoned or ALL_CORDONED in cordoned
        }
        self._wanted: dict[tuple[str, int], str] = {}

    @property
    def paths(self) -> list[str]:
        """The directories in the order of the configuration."""
        return list(self._held)

    def holds(self, path: str) -> bool:
        """Whether there is such a directory; it has to be written as DescribeLogDirs does."""
        return path in self._held

    def is_cordoned(self, path: str) -> bool:
        """Whether no new replica may come into a directory (KIP-1066)."""
        return path in self._cordoned

    def place(self, topic: str, index: int) -> str:
        """The directory of a new partition: the one it is to lie in, or the one with the fewest."""
        path = self._wanted.pop((topic, index), None)
        if path is None:
            open_to_it = [path for path in self._held if path not in self._cordoned]
            path = min(open_to_it or self._held, key=self._held.__getitem__)
        self._held[path] += 1
        return path

    def want(self, topic: str, index: int, path: str) -> None:
        """Have a partition that is not there yet lie in a directory once it is created."""
        self._wanted[topic, index] = path

    def move(self, origin: str, path: str) -> None:
        """Note that a partition of one directory lies in another now."""
        self.release(origin)
        self._held[path] += 1

    def release(self, path: str) -> None:
        """Note that a partition of a directory is deleted."""
        self._held[path] -= 1


def _absolute(name: str) -> str:
    """``File.getAbsolutePath``: only slashes are put in order."""
    path = name if os.path.isabs(name) else os.path.join(os.getcwd(), name)
    return re.sub("/+", "/", path).rstrip("/") or "/"

"""What Apache Kafka says of each configuration, for DescribeConfigs (KIP-569).

The texts are the Apache Kafka project's own (Apache License 2.0), as a running 4.3.1 answers them:
``compat_tests/real_broker/record_documentation.py`` writes them down. They are long and rarely asked for,
so that they are read from their file when they first are.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

DATA = Path(__file__).with_name("config_documentation.json.gz")


def documentation(kind: str, name: str) -> str | None:
    """The text of a ``topic``'s, ``broker``'s, ``group``'s or ``client_metrics`` configuration.

    ``None`` for a name Kafka does not know.
    """
    return _texts()[kind].get(name)


@cache
def _texts() -> dict[str, dict[str, str]]:
    import gzip
    import json

    found: dict[str, dict[str, str]] = json.loads(gzip.decompress(DATA.read_bytes()))
    return found

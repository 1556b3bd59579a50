"""The structure holds: imports point one way, every API is one file of each kind and one row."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import kafka_codecs
import kafkashim
from kafka_codecs.messages import messages, modules
from kafkashim.dispatch import TABLE

CODECS = Path(kafka_codecs.__file__).parent
SHIM = Path(kafkashim.__file__).parent

# Who may import whom: a module may import what stands in a lower layer, or in its own.
LAYERS = (
    ("kafka_codecs",),
    ("rules",),
    ("log",),
    (
        "clock",
        "parked",
        "ids",
        "config",
        "config_defs",
        "config_values",
        "config_entries",
        "config_loggers",
        "config_documentation",
        "topic_names",
        "internal_topics",
        "re2j",
        "java_hash",
        "refused",
    ),
    (
        "groups",
        "log_dirs",
        "fetch_sessions",
        "producer_ids",
        "telemetry",
        "features",
        "throttling",
        "client_quotas",
        "scram_credentials",
        "acls",
        "config_dynamic",
        "config_resources",
        "topic_configs",
    ),
    ("topics", "placement", "controller", "cluster"),
    ("state",),
    ("config_alteration",),
    ("listeners", "apis"),
    ("faults", "journal", "forwarding"),
    ("dispatch",),
    ("connection",),
    ("server", "servers"),
    ("http_api",),
    ("testing", "relay"),
    ("demo", "pytest_plugin", "scenarios"),
    ("cli", "__main__"),
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}


def imported(path: Path) -> set[str]:
    """The project's modules a file imports, at run time or lazily, but not for type checkers only."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.startswith(("kafkashim.", "kafka_codecs"))}


def layer(module: str) -> str:
    parts = module.split(".")
    return "kafka_codecs" if parts[0] == "kafka_codecs" else parts[1]


@pytest.mark.parametrize("path", sorted(SHIM.rglob("*.py")), ids=lambda p: str(p.relative_to(SHIM)))
def test_imports_point_one_way(path: Path) -> None:
    own = path.relative_to(SHIM).parts[0].removesuffix(".py")
    if own == "__init__":
        assert not imported(path)
        return
    for module in imported(path):
        if layer(module) in LEVEL:
            assert LEVEL[layer(module)] <= LEVEL[own], f"{own} imports {module}"


@pytest.mark.parametrize("path", sorted(CODECS.rglob("*.py")), ids=lambda p: p.name)
def test_codecs_know_nothing_of_the_broker(path: Path) -> None:
    assert not [name for name in imported(path) if name.startswith("kafkashim")]


def test_the_rule_book_needs_nothing_but_error_codes() -> None:
    assert imported(SHIM / "rules" / "producer_state.py") == {
        "kafka_codecs.errors",
        "kafka_codecs.errors.ErrorCode",
    }


def test_every_row_has_a_message_file_and_a_handler_file_of_the_same_name() -> None:
    names = {f"api_{row.key:02d}_{row.name}" for row in TABLE}
    assert names == set(modules().values())
    assert names == {path.stem for path in (SHIM / "apis").glob("api_*.py")}


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_every_version_offered_is_declared_and_handled(row: object) -> None:
    key, name, low, high, *_ = row  # type: ignore[misc]
    request, response = messages(key)
    assert request.VERSIONS == response.VERSIONS
    assert request.VERSIONS.high == high
    # Produce 0 to 2 are offered and closed on use, as Apache Kafka does it (KAFKA-18659).
    assert request.VERSIONS.low == (3 if key == 0 else low)
    module = importlib.import_module(f"kafkashim.apis.api_{key:02d}_{name}")
    assert callable(module.handle)


def test_starting_the_broker_imports_nothing_heavy() -> None:
    script = (
        "import sys, kafkashim.cli, kafkashim.config, kafkashim.servers;"
        "print(' '.join(sorted(sys.modules)))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {"construct", "cramjam", "javaproperties", "confluent_kafka", "http", "aiohttp", "yaml"}
    assert not heavy & set(loaded)

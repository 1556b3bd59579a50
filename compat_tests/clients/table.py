"""The table of docs/clients.md: which client passed what, written by a run with ``--client-table``.

A test belongs to the client in the name of its parameter, or else of its folder, and to the ability its
file stands for. A new client is in the table as soon as its tests run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
FILE = HERE.parents[1] / "docs" / "clients.md"
README = HERE.parents[1] / "README.md"
PLAIN, IDEMPOTENT, CODECS, LOST, CLASSIC, CONSUMER, ADMIN, OWN = COLUMNS = (
    "Producer",
    "Idempotent producer",
    "Codecs",
    "Lost answers",
    "Classic groups",
    "Consumer groups",
    "Admin",
    "Own tests",
)
# What a test file (and, for groups, the protocol in the test's name) is about.
ABILITIES = {
    "test_idempotent_producer": IDEMPOTENT,
    "test_plain_producer": PLAIN,
    "test_lost_answers": LOST,
    "test_consumer_group": CLASSIC,
    "test_cooperative_rebalance": CLASSIC,
    "test_admin_tour": ADMIN,
    "test_kafka_tools": ADMIN,
    "test_own_tests": OWN,
}
CODEC_NAMES = frozenset({"gzip", "snappy", "lz4", "zstd"})
# One file may have tests of all kinds: then a word in the name of a test tells.
WORDS = (
    ("lost_answers", LOST),
    ("group", CLASSIC),
    ("members", CLASSIC),
    ("queried", ADMIN),
    ("listed", ADMIN),
)
HEAD = """# Clients

What unmodified clients did with this broker, written by a run of their tests:
`python -m pytest compat_tests/clients -m "" --client-table`. The number is that of the tests that passed,
in administration that of the steps with the same outcome as on Apache Kafka; `-` is what the client does
not have, or what is not asked because it has more than that. Codecs are those it writes. Lost answers are
connections cut under an idempotent producer. Consumer groups are those of KIP-848. Own tests are those
that the client brings along, need a broker, and pass on Apache Kafka (`own_tests.txt` in its folder). A
test that fails for a reason of the client's own is named with it, and fails on Apache Kafka too
(`-m toolchain --on-apache-kafka --runxfail`).

"""
_TABLE = re.compile(r"^\| Client .*\n(?:\|.*\n)+", re.MULTILINE)


@dataclass
class Cell:
    """What came of the tests of one ability of one client."""

    passed: int = 0
    failed: list[str] = field(default_factory=list[str])
    own_faults: list[str] = field(default_factory=list[str])


class Table:
    """Gathers the outcomes of a run."""

    def __init__(self, clients: Iterable[str]) -> None:
        self._clients = sorted(clients, key=len, reverse=True)
        self.cells: dict[tuple[str, str], Cell] = {}

    def add(self, node_id: str, outcome: str, reason: str, count: int = 1) -> None:
        """Take in a test that ``passed``, ``failed`` or was ``xfailed``, of one step or several."""
        client = self._client_of(node_id)
        if client is None:
            return
        cell = self.cells.setdefault((client, ability_of(node_id)), Cell())
        if outcome == "passed":
            cell.passed += count
        elif outcome == "xfailed":
            cell.own_faults.append(reason)
        else:
            cell.failed.append(node_id.rpartition("::")[2])

    def _client_of(self, node_id: str) -> str | None:
        parameters = node_id.partition("[")[2]
        words = re.split(r"[-\]]", parameters)
        for client in self._clients:
            if client in words or f"/{client}/" in node_id:
                return client
        return None

    def text(self, version_of: Callable[[str], str]) -> str:
        """The whole document."""
        names = sorted({client for client, _ in self.cells})
        rows = [f"| Client | Version | {' | '.join(COLUMNS)} |", "|---" * (2 + len(COLUMNS)) + "|"]
        notes: list[str] = []
        for name in names:
            cells = [self._shown(self.cells.get((name, column))) for column in COLUMNS]
            rows.append(f"| {name} | {version_of(name)} | {' | '.join(cells)} |")
            notes += self._notes(name)
        return HEAD + "\n".join(rows) + "\n" + ("\n" + "\n".join(notes) + "\n" if notes else "")

    @staticmethod
    def _shown(cell: Cell | None) -> str:
        if cell is None:
            return "-"
        parts = [str(cell.passed)]
        if cell.own_faults:
            parts.append(f"{len(cell.own_faults)} of its own")
        if cell.failed:
            parts.append(f"**{len(cell.failed)} failed**")
        return ", ".join(parts)

    def _notes(self, name: str) -> list[str]:
        return [
            f"- {name}: {text}"
            for column in COLUMNS
            if (cell := self.cells.get((name, column))) is not None
            for text in (*dict.fromkeys(cell.own_faults), *(f"failed: {t}" for t in cell.failed))
        ]


def ability_of(node_id: str) -> str:
    """Which column a test belongs to."""
    file, _, test = node_id.partition("::")
    module = Path(file).stem
    if CODEC_NAMES.intersection(re.split(r"[-\[\]]", test)):
        return CODECS
    if module in ABILITIES:
        ability = ABILITIES[module]
        return CONSUMER if ability == CLASSIC and "-consumer]" in test else ability
    return next((ability for word, ability in WORDS if word in test), IDEMPOTENT)


def write(text: str) -> None:
    """Put the document in its place, and its table into the README."""
    FILE.write_text(text)
    README.write_text(_TABLE.sub(lambda _: table_in(text), README.read_text(), count=1))


def table_in(text: str) -> str:
    """The table of a document."""
    found = _TABLE.search(text)
    assert found is not None
    return found[0]


def clients_in(text: str) -> Mapping[str, str]:
    """The names in a document, each with the rest of its row."""
    return dict(re.findall(r"^\| ([a-z_]+) (\|.*)$", text, re.MULTILINE))

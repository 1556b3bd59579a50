"""What came of the scenarios: a file for each, written by a run with ``--scenario-table``.

``answers`` has what the broker answered where it matters, in every rule book; ``clients`` what came of it
for each client in some of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "recorded"
# In which rule books the outcomes of the clients are compared.
BOOKS = ("explicit", "kafka-4.3")
# What can be brought about on Apache Kafka, and comes to the same end there.
ON_ONE_BROKER = ("answer-lost", "records-deleted", "restarted-clean", "restarted-unclean")
ON_THREE_BROKERS = ("leader-moved",)
ON_APACHE_KAFKA = (*ON_ONE_BROKER, *ON_THREE_BROKERS)


def load(scenario: str) -> dict[str, Any]:
    """What is recorded of a scenario; nothing of a new one."""
    file = FOLDER / f"{scenario}.json"
    found: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return {"answers": {}, "clients": {}, **found}


def save(scenario: str, told: Mapping[str, Any]) -> None:
    """Record it, clients and rule books in one order whatever the order of the tests was."""
    FOLDER.mkdir(exist_ok=True)
    clients = {name: told["clients"][name] for name in sorted(told["clients"])}
    answers = {book: told["answers"][book] for book in sorted(told["answers"])}
    text = json.dumps({"answers": answers, "clients": clients}, indent=1)
    (FOLDER / f"{scenario}.json").write_text(f"{text}\n")

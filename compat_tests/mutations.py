"""Whether the tests would notice: deliberate one-line mistakes, each in a copy of the project.

    python compat_tests/mutations.py

Each mistake is made in the rule book or in the checks of batches, and the tests that need no network and
no other broker are run until one of them fails. It ends with 1 when a mistake goes unnoticed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).parents[1]
TESTS = (
    "compat_tests/rules",
    "compat_tests/real_broker/test_scenes.py",
    "-k",
    "api_00 or rules and not document",
)
STATE, CHECKS = "kafkashim/rules/producer_state.py", "kafkashim/rules/batch_checks.py"
PRODUCE = "kafkashim/apis/api_00_produce.py"

# (file, the line as it is, the line with the mistake)
MUTATIONS = (
    (STATE, "NUM_BATCHES_TO_RETAIN = 5", "NUM_BATCHES_TO_RETAIN = 6"),
    (STATE, "NUM_BATCHES_TO_RETAIN = 5", "NUM_BATCHES_TO_RETAIN = 4"),
    (STATE, "next_sequence == 0 and last_sequence == MAX_SEQUENCE", "False"),
    (STATE, "return (sequence - by) % RING", "return sequence - by"),
    (STATE, " and known.offset_delta == delta:", ":"),
    (STATE, "known.last_sequence == last and known", "known"),
    (STATE, "if batch.producer_epoch < entry.producer_epoch:", "if False:"),
    (STATE, "if got == 0 or entry.producer_epoch == NO_PRODUCER_EPOCH:", "if True:"),
    (STATE, "            self.batches.clear()\n", ""),
    (STATE, "Duplicate(known.first_offset,", "Duplicate(known.last_offset,"),
    (STATE, "<= NO_PRODUCER_ID:\n        return APPEND", "< NO_PRODUCER_ID:\n        return APPEND"),
    (STATE, "if batch.producer_epoch < NO_PRODUCER_EPOCH:", "if False:"),
    (CHECKS, "== batch.crc else UNREADABLE", "else UNREADABLE"),
    (CHECKS, "> limits.max_message_bytes:", ">= limits.max_message_bytes:"),
    (CHECKS, "batch.base_offset != 0\n        or ", ""),
    (CHECKS, "        or count != batch.last_offset_delta + 1\n", ""),
    (CHECKS, "        or batch.attributes & 0x20\n", ""),
    (CHECKS, "batch.base_sequence <= NO_SEQUENCE", "batch.base_sequence < NO_SEQUENCE"),
    (CHECKS, "if not 0 <= magic <= MAGIC:", "if not 1 <= magic <= MAGIC:"),
    (CHECKS, "return INVALID if batch.codec else UNEXPECTED", "return INVALID"),
    (CHECKS, "if suspicious or limits.compacted:", "if suspicious:"),
    (CHECKS, "errors[:3])", "errors[:4])"),
    (PRODUCE, "if not transactional and refusal is None:", "if refusal is None:"),
)  # fmt: skip


def noticed(file: str, line: str, mistake: str) -> str:
    """The test that fails with the mistake; empty when none does."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "project"
        ignore = shutil.ignore_patterns(".*", "__pycache__", "golden", "*.egg-info")
        shutil.copytree(PROJECT, copy, ignore=ignore)
        source = (copy / file).read_text()
        if source.count(line) != 1:
            raise SystemExit(f"{file} has {source.count(line)} times {line!r}, not once")
        (copy / file).write_text(source.replace(line, mistake))
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *TESTS]
        done = subprocess.run(command, cwd=copy, capture_output=True, text=True)
        failed = [line for line in done.stdout.splitlines() if line.startswith("FAILED")]
        return failed[0].split("::")[-1] if failed else ""


def main() -> int:
    begun, missed = time.monotonic(), 0
    for file, line, mistake in MUTATIONS:
        found = noticed(file, line, mistake)
        missed += not found
        name = f"{Path(file).name}: {' '.join(line.split())}"
        print(f"{name:90.90} {found or 'NOT NOTICED'}", flush=True)
    took = time.monotonic() - begun
    print(f"{len(MUTATIONS) - missed} of {len(MUTATIONS)} mistakes noticed, {took:.0f} s")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

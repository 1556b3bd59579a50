"""What a person reads at a terminal: lines of at most 80 columns."""

from __future__ import annotations

import sys
import textwrap
import threading

from kafka_codecs.errors import ErrorCode
from kafkashim.rules.producer_state import Append, Batch, Duplicate, increment_sequence
from kafkashim.state import Decision

WIDTH = 80
BOLD, RED, GREEN, YELLOW, CYAN = 1, 31, 32, 33, 36


def told_batch(batch: Batch) -> str:
    """Which batch of which producer."""
    first = batch.base_sequence
    numbers = f"{first}"
    if first >= 0:  # below there is no ring
        numbers += f"-{increment_sequence(first, batch.last_offset_delta)}"
    return f"producer {batch.producer_id} epoch {batch.producer_epoch} seq {numbers}"


class Screen:
    """Lines of at most 80 columns; colour only for a person at a terminal."""

    def __init__(self) -> None:
        self._colour = sys.stdout.isatty()
        self._lock = threading.Lock()

    def line(self, text: str = "", colour: int = 0) -> None:
        """Print one line at once."""
        with self._lock:
            shown = f"\033[{colour}m{text}\033[0m" if colour and self._colour else text
            print(shown, flush=True)

    def title(self, text: str) -> None:
        """A heading."""
        self.line()
        self.line(text, BOLD)

    def say(self, text: str, indent: int = 2, colour: int = 0) -> None:
        """A paragraph."""
        for line in textwrap.wrap(text, WIDTH - indent):
            self.line(f"{' ' * indent}{line}", colour)

    def decision(self, decision: Decision) -> None:
        """What came, what was decided, and the rule."""
        verdict = decision.verdict
        came = told_batch(decision.batch)
        rule = verdict.reason.rule.number
        if isinstance(verdict, Append):
            self.came(came, f"appended at offset {decision.offset} (rule {rule})", GREEN)
            return
        if isinstance(verdict, Duplicate):
            answer, colour = f"duplicate, answered with offset {decision.offset}", YELLOW
        else:
            answer, colour = f"{ErrorCode.name_of(decision.error)} ({int(decision.error)})", RED
        self.came(came, answer, colour)
        self.say(f"because of {verdict.reason}", 6, colour)

    def came(self, came: str, answer: str, colour: int) -> None:
        """A batch, and what became of it; on two lines where one is not enough."""
        line = f"  {came:32} -> {answer}"
        if len(line) <= WIDTH:
            self.line(line, colour)
        else:
            self.line(f"  {came}", colour)
            self.say(f"-> {answer}", 6, colour)

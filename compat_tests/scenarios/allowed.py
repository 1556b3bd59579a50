"""What a client reports may be one thing or another, by chance; here is where, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from kafkashim.scenarios.outcome import Outcome
from kafkashim.scenarios.scenario import CONFLUENT_KAFKA


@dataclass(frozen=True)
class Allowed:
    """Messages that are reported as ``usual``, or by chance as ``other``."""

    labels: tuple[str, ...]
    usual: str
    other: str
    because: str

    def usually(self, outcome: Outcome) -> Outcome:
        """The outcome as it usually is."""
        reports = {label: what for what, labels in outcome.reported.items() for label in labels}
        for label in self.labels:
            if reports.get(label) == self.other:
                reports[label] = self.usual
        reported: dict[str, list[str]] = {}
        for label, what in sorted(reports.items()):
            reported.setdefault(what, []).append(label)
        return replace(outcome, reported=reported)


PURGED = Allowed(
    tuple(f"message {number}" for number in range(2, 6)),
    "delivered",
    "_PURGE_QUEUE",
    "after a fatal error librdkafka empties its queue in one thread while another still handles the "
    "answers that acknowledge these messages",
)
TIMED_OUT = Allowed(
    ("message 6", "message 7"),
    "_PURGE_QUEUE",
    "_MSG_TIMED_OUT",
    "after a fatal error librdkafka empties its queue, and on a busy machine the time of these messages "
    "is over before",
)
# Scenario, client, rule book.
ALLOWED: Mapping[tuple[str, str, str], Allowed] = {
    ("restarted-clean", CONFLUENT_KAFKA, "kafka-4.3"): PURGED,
    ("restarted-unclean", CONFLUENT_KAFKA, "kafka-4.3"): PURGED,
    ("leader-moved-unclean", CONFLUENT_KAFKA, "explicit"): TIMED_OUT,
    ("leader-moved-unclean", CONFLUENT_KAFKA, "kafka-4.3"): TIMED_OUT,
}


def usual(outcome: Outcome, scenario: str, client: str, rules: str) -> Outcome:
    """The outcome as it usually is."""
    allowed = ALLOWED.get((scenario, client, rules))
    return outcome if allowed is None else allowed.usually(outcome)

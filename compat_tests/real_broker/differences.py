"""Where this broker answers differently from Apache Kafka, on purpose or for now.

Each row names the bullet of ``docs/limits.md`` that tells people, and the steps in which it shows. The
tests hold the two together: a step listed here that does not differ fails, and so does one that differs
and is not listed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from compat_tests.real_broker.scenes import Scene


@dataclass(frozen=True)
class Difference:
    """A known difference: its bullet in ``docs/limits.md``, and where it shows.

    ``scenes`` and ``labels`` are regular expressions for ``file.scene`` and the step's label, and have to
    match as a whole.
    """

    limit: str
    scenes: str
    labels: str
    versions: tuple[int, ...] = ()

    def covers(self, scene: Scene, version: int, label: str) -> bool:
        """Whether the step of a scene is one of these."""
        return bool(
            (not self.versions or version in self.versions)
            and re.fullmatch(self.scenes, f"{scene.file}.{scene.name}")
            and re.fullmatch(self.labels, label)
        )


DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        "Transactions",
        "api_00_produce.a_transaction_the_partition_is_not_in",
        "its producer",
        versions=(12, 13),
    ),
)


def difference(scene: Scene, version: int, label: str) -> Difference | None:
    """The known difference a step shows, if any."""
    return next((row for row in DIFFERENCES if row.covers(scene, version, label)), None)


# Bullets of docs/limits.md that no scene can show, and why.
NOT_IN_SCENES = {
    "Loggers": "their levels are those of the process, and of how it was started",
    "Client telemetry": "what is dropped cannot be seen",
    "Deleting records": "Apache Kafka does it when its timer says so",
    "Share groups and streams groups": "APIs that are not offered are not asked",
    "Features": "of APIs that are not offered",
    "The controller": "its address is not compared",
    "Topics of the broker's own": "both are asked once they are there, and not for what is in them",
    "Log directories": "of the disk, and of moments",
    "Regular expressions": "of mistakes few clients make",
    "Several brokers": "shown with three of both: test_cluster.py",
    "Coordinators of several brokers": "what they answer where is shown: test_cluster.py",
    "Durability": "shown by restarting both: test_restart.py",
    "After an unclean restart": "test_restart.py leaves out what was deleted as a whole",
    "TLS and SASL": "both are started without them",
    "ACLs are not enforced": "both are asked by one who may do everything",
    "Other quotas than byte rates": "they are set for nobody who asks",
    "Log compaction": "the cleaner of Apache Kafka runs when it likes",
    "Delegation tokens, raft and the other APIs that are not in the table": "not offered, not asked",
    "Altered configurations": "of listeners, and of what no client sees",
    "The default listener": "both are told where to listen",
    "The default rule book": "the comparison runs with kafka-4.3",
    "The size of what is decompressed": "takes more memory than a test should",
    "The memory of small items": "of the process, not of an answer",
    "Half-closed connections": "how a connection ends, not what is answered",
    "Odd compressed streams": "of encoders no client uses",
    "The age of records without timestamp": "takes days",
    "Copies without uvloop": "of the process, not of an answer",
    "The order of answers": "put in order by normalize.py, where it says so",
}

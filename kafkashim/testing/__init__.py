"""A broker inside a test, a script or a notebook.

    from kafkashim.testing import KafkaShim

    with KafkaShim() as broker:
        producer = Producer({"bootstrap.servers": broker.bootstrap_servers})

``with`` runs the broker in a thread of its own, so that blocking clients can be used; ``async with`` runs
it in the event loop that is there. Either way it listens on a free port of 127.0.0.1, and when the block
ends nothing is left: no thread, no socket, no task.
"""

from __future__ import annotations

from kafkashim.testing.clock import ShimClock
from kafkashim.testing.journal import ShimJournal
from kafkashim.testing.shim import KafkaShim

__all__ = ["KafkaShim", "ShimClock", "ShimJournal"]

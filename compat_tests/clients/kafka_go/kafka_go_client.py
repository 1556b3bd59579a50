"""segmentio/kafka-go; it has no idempotent producer."""

from compat_tests.clients.driven import DrivenClient

CLIENT = DrivenClient(
    name="kafka_go",
    needs=("go",),
    build=(("go", "build", "-o", "{out}/driver", "."),),
    run=("{out}/driver",),
    sends_ahead_on_one_partition=1,
    sends_ahead=1,
    shares=("go_driver",),
    abilities=frozenset({"classic", "admin"}),
)

"""IBM/sarama."""

from compat_tests.clients.driven import DrivenClient

CLIENT = DrivenClient(
    name="sarama",
    needs=("go",),
    build=(("go", "build", "-o", "{out}/driver", "."),),
    run=("{out}/driver",),
    sends_ahead_on_one_partition=1,
    sends_ahead=1,
    shares=("go_driver",),
    abilities=frozenset({"producer", "classic", "admin"}),
)

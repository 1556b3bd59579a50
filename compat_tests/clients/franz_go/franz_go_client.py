"""franz-go."""

from compat_tests.clients.driven import DrivenClient

CLIENT = DrivenClient(
    name="franz_go",
    needs=("go",),
    build=(("go", "build", "-o", "{out}/driver", "."),),
    run=("{out}/driver",),
    sends_ahead_on_one_partition=5,
    sends_ahead=5,
    shares=("go_driver",),
    abilities=frozenset({"producer", "classic", "consumer", "admin"}),
)

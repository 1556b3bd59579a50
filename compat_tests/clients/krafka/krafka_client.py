"""krafka."""

from compat_tests.clients.driven import DrivenClient

CLIENT = DrivenClient(
    name="krafka",
    needs=("cargo",),
    build=(
        ("cp", "-r", "Cargo.toml", "src", "{out}"),
        (
            "cargo",
            "build",
            "--manifest-path",
            "{out}/Cargo.toml",
            "--target-dir",
            "{out}/target",
        ),
    ),
    run=("{out}/target/debug/krafka-driver",),
    sends_ahead_on_one_partition=1,
    sends_ahead=5,
    abilities=frozenset({"producer", "classic", "consumer", "admin"}),
)

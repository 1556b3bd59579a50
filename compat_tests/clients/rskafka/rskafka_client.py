"""rskafka; it has neither groups nor an idempotent producer."""

from compat_tests.clients.driven import DrivenClient

CLIENT = DrivenClient(
    name="rskafka",
    needs=("cargo",),
    build=(
        ("cp", "-r", "Cargo.toml", "src", "{out}"),
        (
            "cargo",
            "build",
            "--release",
            "--manifest-path",
            "{out}/Cargo.toml",
            "--target-dir",
            "{out}/target",
        ),
    ),
    run=("{out}/target/release/rskafka-driver",),
    sends_ahead_on_one_partition=1,
    sends_ahead=1,
    shares=(),
    abilities=frozenset({"admin"}),
)

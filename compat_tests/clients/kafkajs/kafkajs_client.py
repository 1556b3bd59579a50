"""kafkajs."""

from compat_tests.clients.driven import DrivenClient

CLIENT = DrivenClient(
    name="kafkajs",
    needs=("node", "npm"),
    build=(
        ("cp", "package.json", "package-lock.json", "{out}"),
        ("npm", "ci", "--prefix", "{out}"),
    ),
    run=("env", "NODE_PATH={out}/node_modules", "node", "{source}/main.cjs"),
    sends_ahead_on_one_partition=1,
    sends_ahead=1,
    shares=("js_driver",),
    abilities=frozenset({"producer", "classic", "admin"}),
    codecs=frozenset({"gzip", "snappy"}),
    own_faults={
        "seed0": "reads the next connection's answers behind the first half of one that was cut",
    },
)

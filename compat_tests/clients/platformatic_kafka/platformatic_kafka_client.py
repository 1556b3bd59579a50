"""@platformatic/kafka, with the Node.js 22 that comes as a package."""

from compat_tests.clients.driven import DrivenClient

CLIENT = DrivenClient(
    name="platformatic_kafka",
    needs=("npm",),
    build=(
        ("cp", "package.json", "package-lock.json", "{out}"),
        ("npm", "ci", "--prefix", "{out}"),
    ),
    run=(
        "env",
        "NODE_PATH={out}/node_modules",
        "sh",
        "-c",
        "exec {out}/node_modules/node-linux-*/bin/node {source}/main.cjs",
    ),
    sends_ahead_on_one_partition=1,
    sends_ahead=1,
    shares=("js_driver",),
    abilities=frozenset({"producer", "classic", "consumer", "admin"}),
)

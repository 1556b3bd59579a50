"""org.apache.kafka:kafka-clients, by a program that the JDK compiles against the jars of pom.xml."""

from __future__ import annotations

from compat_tests.clients.driven import DrivenClient

# The serial collector and the first compiler make a process that lives for seconds start faster.
_JAVA = ("java", "-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")

CLIENT = DrivenClient(
    name="java",
    needs=("java", "javac", "mvn"),
    build=(
        (
            "mvn",
            "-q",
            "-B",
            "-f",
            "{source}/pom.xml",
            "dependency:copy-dependencies",
            "-DoutputDirectory={out}/lib",
        ),
        (
            *("javac", "-cp", "{out}/lib/*", "-d", "{out}/classes", "-sourcepath", "{source}"),
            "{source}/Driver.java",
        ),
    ),
    run=(
        *_JAVA,
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        "-cp",
        "{out}/classes:{out}/lib/*",
        "Driver",
    ),
    sends_ahead_on_one_partition=5,
    sends_ahead=5,
    abilities=frozenset({"producer", "classic", "consumer", "admin"}),
)

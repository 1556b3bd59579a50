"""Records golden frames: what Apache Kafka 4.3.1 and real clients say to each other, byte by byte.

    python compat_tests/wire/record_golden.py --libs /path/to/kafka/libs

starts a broker of its own on loopback from the jars in ``--libs`` (``kafka_2.13``, ``kafka-tools``
and their dependencies, for example the ``libs`` folder of the Apache Kafka download), speaks to it
in every version of the APIs in ``golden/recorder/frames.py``, and writes one JSON file an API into
``golden/``. A JDK (17 or later), kafka-python, confluent-kafka and aiokafka are needed.

Two kinds of conversation are kept. Raw ones are encoded with kafka-python's protocol schemas and
cover every version. Clients' own pass through a relay that changes nothing: the broker advertises
the relay's port. Every frame is decoded with kafka-python before it is written, and none may have
bytes left over.
"""

from __future__ import annotations

import argparse
import datetime
import json
import logging
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from golden.recorder import raw_cluster, raw_data, raw_groups, second_broker
from golden.recorder.broker import Ports, RealBroker
from golden.recorder.clients import Clients
from golden.recorder.frames import APIS, Exchange, leftover
from golden.recorder.relay import Relay
from golden.recorder.world import RACK, World

BROKER = "Apache Kafka 4.3.1"
LONGEST_FRAME = 4200  # bytes; longer ones are left out, they show nothing more
RAW_SAMPLES = 9  # of one version of an API
CLIENT_SAMPLES = 4  # of one version of an API, for each client
CONVERSATION_SAMPLES = 2  # of those, for each of the client's conversations

logger = logging.getLogger("record_golden")


def main() -> int:
    """Record everything; returns 1 when a version of an API is missing."""
    options = _options()
    logging.basicConfig(format="[%(asctime)s] %(levelname)s %(message)s")
    logger.setLevel(logging.INFO)
    with tempfile.TemporaryDirectory(prefix="golden-") as folder:
        exchanges = record(options.libs, Path(folder), options.java, options.port)
    kept = select(exchanges)
    write(kept, options.output, options.date)
    return report(kept)


def record(libs: Path, folder: Path, java: str, port: int) -> list[Exchange]:
    """Run every conversation against a broker in ``folder``; ports ``port`` to ``port + 6``."""
    ports = Ports(client=port + 1, internal=port + 2, controller=port + 3, advertised=port)
    broker = RealBroker(libs, folder / "node-1", 1, ports, java, {"broker.rack": RACK})
    broker.format()
    broker.start()
    relay = Relay(port, ports.client)
    clients = Clients(broker, relay)
    world = World(ports.client)
    try:
        raw_groups.find_coordinator_of_nothing(world)
        raw_cluster.prepare(world)
        raw_data.seed(world)
        clients.subscribe_to_metrics()
        world.close()
        # A restart ends the first leader epoch of every partition, so that fetching from the past
        # can diverge and old epochs can be fenced.
        broker.stop()
        broker.start()
        open_transactions = clients.transactions()
        _raw(world)
        _of_clients(clients)
        del open_transactions
        second = Ports(port + 4, port + 5, ports.controller, port + 4)
        second_broker.conversations(world, broker, second)
    finally:
        world.close()
        relay.close()
        broker.stop()
    return world.exchanges + relay.exchanges


def _raw(world: World) -> None:
    for conversation in (
        raw_cluster.api_versions,
        raw_data.init_producer_id,
        raw_data.produce,
        raw_data.fetch,
        raw_data.list_offsets,
        raw_data.offset_for_leader_epoch,
        raw_data.describe_producers,
        raw_groups.find_coordinator,
        raw_groups.groups,
        raw_cluster.metadata,
        raw_cluster.unknown_tags,
        raw_cluster.create_topics,
        raw_cluster.delete_topics,
        raw_cluster.describe_configs,
        raw_cluster.describe_cluster,
        raw_cluster.telemetry,
        raw_data.delete_records,
    ):
        logger.info("raw: %s", conversation.__name__)
        conversation(world)


def _of_clients(clients: Clients) -> None:
    logger.info("clients: confluent-kafka")
    clients.confluent()
    logger.info("clients: aiokafka")
    clients.aiokafka()
    for api_version in (None, (2, 4), (1, 0)):
        logger.info("clients: kafka-python %s", api_version or "")
        clients.kafka_python(api_version)
    logger.info("clients: Java")
    clients.java()


def select(exchanges: Iterable[Exchange]) -> dict[int, list[Exchange]]:
    """The pairs worth keeping of each API, ordered by version, raw before clients.

    Raises ValueError when kafka-python leaves bytes of a frame unread.
    """
    chosen: dict[int, list[Exchange]] = defaultdict(list)
    counts: Counter[tuple[object, ...]] = Counter()
    seen: set[tuple[object, ...]] = set()
    for exchange in exchanges:
        api = APIS.get(exchange.api_key)
        if api is None or not api.first <= exchange.version <= api.last:
            continue
        longest = max(len(exchange.request), len(exchange.response or b""))
        raw = exchange.client == "raw"
        group = (exchange.api_key, exchange.version, exchange.client)
        conversation = (*group, exchange.about)
        # One conversation repeats itself (heartbeats, polls): the bytes after the correlation id
        # tell whether a pair shows anything new.
        pair = (*group, exchange.request[8:], exchange.response and exchange.response[4:])
        if (
            longest > LONGEST_FRAME
            or counts[group] >= (RAW_SAMPLES if raw else CLIENT_SAMPLES)
            or counts[conversation] >= CONVERSATION_SAMPLES
            or pair in seen
        ):
            continue
        if wrong := leftover(exchange):
            raise ValueError(f"{api.name} {exchange.version}, {exchange.about}: {wrong}")
        seen.add(pair)
        counts.update((group, conversation))
        chosen[exchange.api_key].append(exchange)
    for pairs in chosen.values():
        pairs.sort(key=lambda pair: (pair.version, pair.client != "raw"))
    return chosen


def write(kept: dict[int, list[Exchange]], output: Path, date: str) -> None:
    """One file an API, keys and frames in a stable order."""
    output.mkdir(parents=True, exist_ok=True)
    for key, pairs in kept.items():
        document: dict[str, Any] = {
            "api_key": key,
            "name": APIS[key].name,
            "recorded": date,
            "broker": BROKER,
            "frames": [
                {
                    "version": pair.version,
                    "client": pair.client,
                    "about": pair.about,
                    "request": pair.request.hex(),
                    "response": None if pair.response is None else pair.response.hex(),
                }
                for pair in pairs
            ],
        }
        text = json.dumps(document, indent=2, ensure_ascii=True) + "\n"
        (output / APIS[key].file_name).write_text(text)


def report(kept: dict[int, list[Exchange]]) -> int:
    """Log how many pairs each version has; 1 when one has none, 0 otherwise."""
    missing = 0
    for key, api in sorted(APIS.items()):
        counts = Counter(pair.version for pair in kept.get(key, []))
        versions = range(api.first, api.last + 1)
        logger.info("%s %s", api.name, " ".join(f"{v}:{counts[v]}" for v in versions))
        missing += sum(counts[version] == 0 for version in versions)
    return 1 if missing else 0


def _options() -> argparse.Namespace:
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--libs", type=Path, required=True, help="folder of Apache Kafka's jars")
    parser.add_argument("--java", default="java", help="the java command")
    parser.add_argument("--output", type=Path, default=here / "golden")
    parser.add_argument("--port", type=int, default=19392, help="first of seven free ports")
    parser.add_argument("--date", default=datetime.date.today().isoformat())
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

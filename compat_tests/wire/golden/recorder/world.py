"""The broker as the raw conversations see it: topics that hold something, and one way to ask."""

from __future__ import annotations

import time
import uuid
from typing import Any

from kafka.record.default_records import DefaultRecordBatchBuilder

from .frames import (
    APIS,
    Exchange,
    RawConnection,
    decode_response,
    encode_request,
    telemetry_request,
)

RECORDS = "golden-records"  # three partitions; the first two hold batches of several kinds
SMALL = "golden-small"  # max.message.bytes=200, message.timestamp.type=LogAppendTime
COMPACTED = "golden-compacted"  # cleanup.policy=compact
TRANSACTIONS = "golden-transactions"  # a committed and an aborted transaction
OPEN_TRANSACTION = "golden-open-transaction"  # a transaction that stays open
ABSENT = "golden-absent"  # never created
ABSENT_ID = uuid.UUID("00000000-0000-4000-8000-00000000abcd")
RACK = "rack-a"

FIRST_TIMESTAMP = 1_795_000_000_000  # milliseconds since the epoch, in November 2026
GZIP, SNAPPY, LZ4, ZSTD = 1, 2, 3, 4

Fields = dict[str, Any]


def batch(
    *values: bytes | None,
    keys: bool = True,
    headers: bool = False,
    codec: int = 0,
    producer: tuple[int, int, int] = (-1, -1, -1),
    timestamp: int = FIRST_TIMESTAMP,
    transactional: bool = False,
) -> bytes:
    """One record batch; ``producer`` is (producer id, epoch, base sequence)."""
    builder = DefaultRecordBatchBuilder(2, codec, transactional, *producer, 1 << 20)
    for offset, value in enumerate(values):
        key = f"key-{offset}".encode() if keys else None
        pairs = [("trace", b"\x01\x02"), ("empty", None)] if headers else []
        builder.append(offset, timestamp + offset, key, value, pairs)
    return bytes(builder.build())


class World:
    """Asks the broker over raw connections and keeps what it answered."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.exchanges: list[Exchange] = []
        self.topic_ids: dict[str, uuid.UUID] = {ABSENT: ABSENT_ID}
        self._connections: dict[str, RawConnection] = {}
        self._pending: dict[str, tuple[int, int, str, bytes]] = {}
        self._correlation_id = 0

    def close(self) -> None:
        """Close every connection."""
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()

    def ask(self, key: int, version: int, about: str, /, **fields: Any) -> Any:
        """Send a request, keep the pair, and return the answer decoded."""
        self.send("main", key, version, about, **fields)
        return self.receive("main")

    def ask_with_unknown_tag(self, key: int, version: int, about: str, /, **fields: Any) -> Any:
        """``ask`` in a flexible version, with tagged field 99 after the last field."""
        self._correlation_id += 1
        frame = encode_request(key, version, self._correlation_id, fields)
        assert frame.endswith(b"\0"), "no tagged fields of its own"
        self._send("main", key, version, about, frame[:-1] + b"\x01\x63\x02??")
        return self.receive("main")

    def look(self, key: int, version: int, /, **fields: Any) -> Any:
        """Ask without keeping the pair: preparation."""
        kept = len(self.exchanges)
        try:
            return self.ask(key, version, "", **fields)
        finally:
            del self.exchanges[kept:]

    def send(self, connection: str, key: int, version: int, about: str, /, **fields: Any) -> None:
        """Send a request on a named connection; ``receive`` takes the answer."""
        self._correlation_id += 1
        frame = encode_request(key, version, self._correlation_id, fields)
        self._send(connection, key, version, about, frame)

    def _send(self, connection: str, key: int, version: int, about: str, frame: bytes) -> None:
        self._connection(connection).send(frame)
        self._pending[connection] = (key, version, about, frame)

    def _connection(self, name: str) -> RawConnection:
        if name not in self._connections:
            self._connections[name] = RawConnection(self.port)
        return self._connections[name]

    def receive(self, connection: str) -> Any:
        """The answer to what was sent on this connection, decoded; the pair is kept."""
        key, version, about, request = self._pending.pop(connection)
        response = self._connections[connection].receive()
        self.exchanges.append(Exchange(key, version, "raw", about, request, response))
        return decode_response(key, version, response)

    def send_unanswered(self, key: int, version: int, about: str, /, **fields: Any) -> None:
        """Send a request that gets no answer, on a connection of its own, and keep it."""
        connection = f"unanswered-{self._correlation_id}"
        self.send(connection, key, version, about, **fields)
        request = self._pending.pop(connection)[3]
        self.exchanges.append(Exchange(key, version, "raw", about, request, None))

    def ask_telemetry(self, key: int, about: str, body: bytes) -> bytes:
        """Send a telemetry request with a hand-made body; the answer as it came."""
        self._correlation_id += 1
        # One connection for all: the broker forgets a client instance when it disconnects.
        connection = self._connection("telemetry")
        request = telemetry_request(key, self._correlation_id, body)
        connection.send(request)
        response = connection.receive()
        self.exchanges.append(Exchange(key, 0, "raw", about, request, response))
        return response

    def topic(self, version: int, first_with_id: int, name: str, field: str = "name") -> Fields:
        """A topic's reference: its name before ``first_with_id``, its id from then on."""
        if version < first_with_id:
            return {field: name}
        return {"topic_id": self.topic_ids[name]}

    def learn_topic_ids(self, *names: str) -> None:
        """Ask for the ids of topics, creating those that are not there, and wait for leaders."""
        for _ in range(100):
            answer = self.look(3, 12, topics=[{"name": name} for name in names])
            if all(
                topic.error_code == 0 and all(p.leader_id >= 0 for p in topic.partitions)
                for topic in answer.topics
            ):
                self.topic_ids.update({topic.name: topic.topic_id for topic in answer.topics})
                return
            time.sleep(0.1)
        raise RuntimeError(f"no leaders for {names}")

    def wait_until_served(self, *names: str) -> None:
        """Wait until a partition leader answers: metadata names leaders a moment earlier."""
        for name in names:
            asked = {"name": name, "partitions": [{"partition_index": 0, "timestamp": -1}]}
            for _ in range(100):
                answer = self.look(2, 8, replica_id=-1, topics=[asked])
                if answer.topics[0].partitions[0].error_code == 0:
                    break
                time.sleep(0.1)

    def versions(self, key: int) -> range:
        """Every version the broker serves of an API."""
        return range(APIS[key].first, APIS[key].last + 1)

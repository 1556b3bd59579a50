"""What comes and goes, counted while the HTTP API is on: a journal that also counts."""

from __future__ import annotations

import logging
from collections import Counter
from typing import NamedTuple
from uuid import UUID

from kafka_codecs.messages.api_00_produce import ProduceRequest
from kafka_codecs.messages.api_01_fetch import FetchRequest, FetchResponse
from kafka_codecs.schema import Request
from kafkashim.apis import RequestContext
from kafkashim.journal import MOST_BYTES, Entry, Journal
from kafkashim.rules.producer_state import Duplicate
from kafkashim.state import Broker, Decision
from kafkashim.topics import Partition, Topic

log = logging.getLogger("kafkashim.http")


class _Write(NamedTuple):
    """A partition that is written to now: its end before, and the bytes that were sent for it."""

    partition: Partition
    end: int
    size: int


class Traffic(Journal):
    """A journal that counts what Apache Kafka's metrics count; what is counted is never forgotten.

    Attributes:
        requests: by name of the API and version.
        messages_in: records that were written, by topic; those of a duplicate count, as with Kafka.
        bytes_in: the bytes of their batches as they were sent, by topic.
        bytes_out: the bytes of batches that were fetched, by topic.
        decisions: about batches of idempotent producers, by number of the rule and verdict.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        super().__init__(most_bytes)
        self.requests: Counter[tuple[str, int]] = Counter()
        self.messages_in: Counter[str] = Counter()
        self.bytes_in: Counter[str] = Counter()
        self.bytes_out: Counter[str] = Counter()
        self.decisions: Counter[tuple[int, str]] = Counter()
        self._broker: Broker | None = None
        self._writes: list[_Write] = []

    def watch(self, broker: Broker) -> None:
        """Count what happens at a broker. Who has its decisions already has to hand them on."""
        self._broker = broker
        if broker.on_decision is None:
            broker.on_decision = self.decided

    def came(
        self,
        frame: memoryview,
        context: RequestContext,
        correlation_id: int,
        at_ms: int,
        request: Request,
    ) -> Entry:
        """A request came, and is handled now."""
        self.requests[request.NAME, context.version] += 1
        if isinstance(request, ProduceRequest):
            self._writes = self._begun(request)
        return super().came(frame, context, correlation_id, at_ms, request)

    def _begun(self, request: ProduceRequest) -> list[_Write]:
        # Of a partition that is named twice the last batch counts, as in the handler of Produce.
        found: dict[str, _Write] = {}
        for named in request.topic_data:
            topic = self._topic(named.name, named.topic_id)
            for data in named.partition_data if topic is not None else ():
                partition = None if topic is None else topic.partition(data.index)
                if partition is not None:
                    end, size = partition.log.log_end_offset, len(data.records or b"")
                    found[partition.name] = _Write(partition, end, size)
        return list(found.values())

    def _topic(self, name: str, topic_id: UUID) -> Topic | None:
        if self._broker is None:
            return None
        return self._broker.topics.get(name) or self._broker.topics_by_id.get(topic_id)

    def over(self) -> None:
        """The request that came last is handled."""
        super().over()
        writes, self._writes = self._writes, []
        for partition, end, size in writes:
            written = partition.log.log_end_offset - end
            if written > 0:
                self._wrote(partition.topic.name, written, size)

    def _wrote(self, topic: str, messages: int, size: int) -> None:
        self.messages_in[topic] += messages
        self.bytes_in[topic] += size

    def decided(self, decision: Decision) -> None:
        """Something was decided about a batch of the request that is handled now."""
        super().decided(decision)
        verdict, batch = decision.verdict, decision.batch
        self.decisions[verdict.reason.rule.number, type(verdict).__name__.lower()] += 1
        if isinstance(verdict, Duplicate):
            self._wrote(decision.topic, batch.last_offset_delta + 1, len(batch.buffer))

    def answered(self, entry: Entry) -> None:
        """An entry has the bytes of its answer."""
        super().answered(entry)
        if entry.api_key == FetchRequest.API_KEY and entry.ended is None:
            try:
                self._fetched(entry.response)
            except Exception:
                # What cannot be counted is no reason to break the client's connection.
                log.exception("An answer to Fetch could not be counted")

    def _fetched(self, response: object) -> None:
        if not isinstance(response, FetchResponse):
            return
        for named in response.responses:
            topic = self._topic(named.topic, named.topic_id)
            size = sum(len(partition.records or b"") for partition in named.partitions)
            if topic is not None and size:
                self.bytes_out[topic.name] += size

"""What comes and goes, counted while the HTTP API is on: a journal that also counts."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from typing import NamedTuple
from uuid import UUID

from kafka_codecs.messages.api_00_produce import ProduceRequest
from kafka_codecs.messages.api_01_fetch import FetchRequest, FetchResponse
from kafka_codecs.schema import Request
from kafkashim.apis import RequestContext
from kafkashim.http_api.durations import Durations
from kafkashim.http_api.error_counts import error_counts
from kafkashim.journal import MOST_BYTES, Entry, Journal
from kafkashim.rules.producer_state import Duplicate
from kafkashim.state import Broker, Decision
from kafkashim.topics import Partition, Topic

# RequestMetrics.CONSUMER_FETCH_METRIC_NAME: what consumers fetch is counted once more by itself.
FETCH_OF_CONSUMERS = "FetchConsumer"
NOBODY = -1

log = logging.getLogger("kafkashim.http")


class _Write(NamedTuple):
    """A partition that is written to now: its end before, and the bytes that were sent for it."""

    partition: Partition
    end: int
    size: int


class Traffic(Journal):
    """A journal that counts what Apache Kafka's metrics count; what is counted is never forgotten.

    Everything is counted for each broker, whose id is the first in every key.

    Attributes:
        requests: by name of the API and version.
        errors: that were answered, by name of the API and of the error; ``NONE`` is one of them.
        durations: of the requests that were answered, by name of the API.
        messages_in: records that were written, by topic; those of a duplicate count, as with Kafka.
        bytes_in: the bytes of their batches as they were sent, by topic.
        bytes_out: the bytes of batches that were fetched, by topic.
        decisions: about batches of idempotent producers, by number of the rule and verdict.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        super().__init__(most_bytes)
        self.requests: Counter[tuple[int, str, int]] = Counter()
        self.errors: Counter[tuple[int, str, str]] = Counter()
        self.durations: defaultdict[tuple[int, str], Durations] = defaultdict(Durations)
        self.messages_in: Counter[tuple[int, str]] = Counter()
        self.bytes_in: Counter[tuple[int, str]] = Counter()
        self.bytes_out: Counter[tuple[int, str]] = Counter()
        self.decisions: Counter[tuple[int, int, str]] = Counter()
        self._brokers: dict[int, Broker] = {}
        # The broker whose request is handled now, and what it writes.
        self._asked = NOBODY
        self._writes: list[_Write] = []

    def watch(self, broker: Broker) -> None:
        """Count what happens at a broker. Who has its decisions already has to hand them on."""
        self._brokers[broker.node_id] = broker
        if broker.on_decision is None:
            broker.on_decision = self.decided

    def came(
        self,
        broker: int,
        frame: memoryview,
        context: RequestContext,
        correlation_id: int,
        at_ms: int,
        request: Request,
    ) -> Entry:
        """A request came, and is handled now."""
        entry = super().came(broker, frame, context, correlation_id, at_ms, request)
        self._asked = entry.broker
        for name in _names(entry):
            self.requests[self._asked, name, context.version] += 1
        if isinstance(request, ProduceRequest):
            self._writes = self._begun(request)
            if request.acks == 0:
                # Nothing is answered; it is over when it is handled.
                self._took(self._asked, entry, 0)
        return entry

    def _begun(self, request: ProduceRequest) -> list[_Write]:
        # Of a partition that is named twice the last batch counts, as in the handler of Produce.
        found: dict[str, _Write] = {}
        for named in request.topic_data:
            topic = self._topic(self._asked, named.name, named.topic_id)
            for data in named.partition_data if topic is not None else ():
                partition = None if topic is None else topic.partition(data.index)
                if partition is not None:
                    end, size = partition.log.log_end_offset, len(data.records or b"")
                    found[partition.name] = _Write(partition, end, size)
        return list(found.values())

    def _topic(self, broker_id: int, name: str, topic_id: UUID) -> Topic | None:
        broker = self._brokers.get(broker_id)
        if broker is None:
            return None
        return broker.topics.get(name) or broker.topics_by_id.get(topic_id)

    def over(self) -> None:
        """The request that came last is handled."""
        super().over()
        writes, self._writes = self._writes, []
        for partition, end, size in writes:
            written = partition.log.log_end_offset - end
            if written > 0:
                self._wrote(partition.topic.name, written, size)

    def _wrote(self, topic: str, messages: int, size: int) -> None:
        self.messages_in[self._asked, topic] += messages
        self.bytes_in[self._asked, topic] += size

    def decided(self, decision: Decision) -> None:
        """Something was decided about a batch of the request that is handled now."""
        super().decided(decision)
        verdict, batch = decision.verdict, decision.batch
        rule = verdict.reason.rule.number
        self.decisions[self._asked, rule, type(verdict).__name__.lower()] += 1
        if isinstance(verdict, Duplicate):
            self._wrote(decision.topic, batch.last_offset_delta + 1, len(batch.buffer))

    def answered(self, entry: Entry) -> None:
        """An entry has the bytes of its answer."""
        super().answered(entry)
        if entry.ended is not None or entry.answered_at_ms is None:
            return
        asked = entry.broker
        self._took(asked, entry, entry.answered_at_ms - entry.at_ms)
        try:
            self._answered(asked, entry)
        except Exception:
            # What cannot be counted is no reason to break the client's connection.
            log.exception("An answer to %s could not be counted", entry.api)

    def _took(self, asked: int, entry: Entry, ms: int) -> None:
        for name in _names(entry):
            self.durations[asked, name].add(ms)

    def _answered(self, asked: int, entry: Entry) -> None:
        response = entry.response
        if response is None:
            return
        for error, count in error_counts(response, entry.version).items():
            self.errors[asked, entry.api, error] += count
        if isinstance(response, FetchResponse):
            for named in response.responses:
                topic = self._topic(asked, named.topic, named.topic_id)
                size = sum(len(partition.records or b"") for partition in named.partitions)
                if topic is not None and size:
                    self.bytes_out[asked, topic.name] += size


def _names(entry: Entry) -> tuple[str, ...]:
    """The names under which a request is counted."""
    if entry.api_key == FetchRequest.API_KEY:
        return entry.api, FETCH_OF_CONSUMERS
    return (entry.api,)

"""Two brokers stepped side by side: every step goes to both, and both have to answer the same.

Steps are plain calls, so that a disagreement can be told as a transcript and as a test that does the same
again.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from compat_tests.real_broker.apart import apart
from compat_tests.real_broker.conversation import (
    LATEST,
    NEWEST,
    TIME,
    Conversation,
    SetupVersions,
)
from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_00_produce import (
    PartitionProduceData,
    ProduceRequest,
    TopicProduceData,
)
from kafka_codecs.messages.api_01_fetch import FetchPartition, FetchRequest, FetchTopic
from kafka_codecs.messages.api_02_list_offsets import (
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsTopic,
)
from kafka_codecs.messages.api_21_delete_records import (
    DeleteRecordsPartition,
    DeleteRecordsRequest,
    DeleteRecordsTopic,
)
from kafka_codecs.messages.api_61_describe_producers import DescribeProducersRequest, TopicRequest
from kafka_codecs.record_batch import encode_batch
from kafka_codecs.schema import Request

PARTITIONS = 3
EARLIEST = -2
READ_COMMITTED = 1
NO_PRODUCER = -1
REAL, SHIM = "apache-kafka", "kafkashim"


@dataclass(frozen=True)
class Sent:
    """A batch as it is sent. ``producer`` is the number of a producer, or -1 for none."""

    partition: int
    producer: int = NO_PRODUCER
    epoch: int = -1
    sequence: int = -1
    records: int = 1

    def __repr__(self) -> str:
        if self.producer == NO_PRODUCER and self.sequence == -1:
            return f"Sent({self.partition}, records={self.records})"
        return (
            f"Sent({self.partition}, producer={self.producer}, epoch={self.epoch},"
            f" sequence={self.sequence}, records={self.records})"
        )


class Disagreement(AssertionError):
    """The brokers answered differently; the text is the transcript and a test that shows it."""


class SideBySide:
    """The same steps on both brokers, each with a topic of its own that both call the same.

    Args:
        addresses: where the brokers are, by name.
        topic: the topic's name; it is created.
        setup: the versions both brokers speak.
    """

    def __init__(
        self,
        addresses: dict[str, tuple[str, int]],
        topic: str,
        setup: SetupVersions = NEWEST,
    ) -> None:
        self._name = topic
        self._renewed = 0
        self._setup = setup
        self.steps = 0
        self.disagreement = ""
        self._talks = {name: Conversation(at, topic, setup) for name, at in addresses.items()}
        self._producers: list[dict[str, int]] = []
        self._transcript: list[str] = []
        self._code: list[str] = []
        self._create(topic)

    def begin(self) -> None:
        """Begin a walk: other producers, an empty transcript.

        The topic keeps what it has, because making one takes longer than a walk; but once the brokers
        disagreed their topics may differ, and every walk from then on gets a new one.
        """
        self._producers.clear()
        self._transcript.clear()
        self._code.clear()
        for talk in self._talks.values():
            talk.steps.clear()
        if self.disagreement:
            self._renewed += 1
            self._create(f"{self._name}-{self._renewed}")

    def _create(self, topic: str) -> None:
        self.topic = topic
        for broker, talk in self._talks.items():
            error = talk.create(topic, PARTITIONS)
            assert not error, f"{topic} cannot be created on {broker}: error {error}"

    def close(self) -> None:
        """Close all connections."""
        for talk in self._talks.values():
            talk.close()

    # --- the steps

    def new_producer(self, own: int | None = None) -> int:
        """A producer with an id from the brokers, or one with an id of its own; gives its number."""
        self._producers.append(
            {name: talk.producer_id() if own is None else own for name, talk in self._talks.items()}
        )
        self._did(f"both.new_producer({'' if own is None else own})")
        return len(self._producers) - 1

    def produce(
        self, *batches: Sent, acks: int = -1, version: int = 9, connection: int = 0
    ) -> list[tuple[Sent, int]]:
        """Send batches in one request; gives the error code of each (0 for all with acks 0).

        With acks 0 there is no answer: what is compared is whether the connection still answers.
        """
        arguments = "".join(f"{sent!r}, " for sent in batches)
        call = f"both.produce({arguments}acks={acks}, version={version}, connection={connection})"
        name = f"connection {connection}"

        def ask(broker: str, talk: Conversation) -> None:
            request = self._request(broker, talk, batches, acks, version)
            if acks:
                talk.ask(call, request, version, connection=name)
            else:
                talk.send(request, version, name)
                after = self._offsets(EARLIEST)
                talk.ask(call, after, self._setup.list_offsets, connection=name, silent_after=5)

        outcome = self._both(call, ask)
        if acks == 0 or outcome == "closed":
            return [(sent, 0) for sent in batches]
        codes = {
            found["index"]: found["error_code"]
            for topic in outcome["responses"]
            for found in topic["partition_responses"]
        }
        return [(sent, codes[sent.partition]) for sent in batches]

    def delete_records(self, partition: int, offset: int) -> None:
        """Delete what lies before an offset; -1 for all there is."""
        call = f"both.delete_records({partition}, {offset})"
        asked = DeleteRecordsPartition(partition_index=partition, offset=offset)
        topic = DeleteRecordsTopic(name=self.topic, partitions=[asked])
        version = 2 if self._setup is NEWEST else 0
        self._ask(call, DeleteRecordsRequest(topics=[topic], timeout_ms=10_000), version)

    def new_topic(self) -> None:
        """Delete the topic and create it again under the same name."""
        for talk in self._talks.values():
            talk.delete(self.topic)
        for talk in self._talks.values():
            end = time.monotonic() + 10
            while talk.create(self.topic, PARTITIONS):
                assert time.monotonic() < end, f"{self.topic} is never gone"
                time.sleep(0.01)
        self._did("both.new_topic()")

    def look(self) -> None:
        """Compare what both remember: offsets, producers, and every batch that is stored."""
        version = self._setup.list_offsets
        self._ask("both.look()  # earliest", self._offsets(EARLIEST), version)
        self._ask("both.look()  # latest", self._offsets(LATEST), version)
        if self._setup is NEWEST:
            topic = TopicRequest(name=self.topic, partition_indexes=list(range(PARTITIONS)))
            self._ask("both.look()  # producers", DescribeProducersRequest(topics=[topic]), 0)
        answer = self._talks[SHIM].quietly(self._offsets(EARLIEST), version)
        starts = {p.partition_index: p.offset for p in answer.topics[0].partitions}
        parts = [
            FetchPartition(partition=index, fetch_offset=offset, partition_max_bytes=1 << 20)
            for index, offset in sorted(starts.items())
        ]
        fetch = FetchRequest(
            replica_id=-1,
            max_wait_ms=0,
            min_bytes=0,
            max_bytes=1 << 22,
            # Old releases tell the last stable offset only to those who read what is committed.
            isolation_level=READ_COMMITTED,
            topics=[FetchTopic(topic=self.topic, partitions=parts)],
        )
        self._ask("both.look()  # batches", fetch, 11 if self._setup is NEWEST else 4)

    # ---

    def _ask(self, call: str, request: Request, version: int) -> Any:
        return self._both(
            call, lambda _, talk: talk.ask(call, request, version, connection="connection 0")
        )

    def _both(self, call: str, ask: Any) -> Any:
        """Have a step done by both; gives what came of it."""
        outcomes = {}
        for name, talk in self._talks.items():
            ask(name, talk)
            outcomes[name] = talk.steps.pop()[2]
        self._did(call, outcomes)
        if outcomes[REAL] != outcomes[SHIM]:
            self.disagreement = self.told()
            raise Disagreement(self.disagreement)
        return outcomes[REAL]

    def _did(self, call: str, outcomes: dict[str, Any] | None = None) -> None:
        self.steps += 1
        if not self._code or self._code[-1] != call:
            self._code.append(call.partition("  #")[0])
        self._transcript.append(f">> {call}")
        if outcomes is not None and outcomes[REAL] == outcomes[SHIM]:
            self._transcript.append(f"<< {_brief(outcomes[REAL])}")
        elif outcomes is not None:
            self._transcript += [
                f"<< {path}: {REAL} {real!r}, {SHIM} {shim!r}"
                for path, real, shim in apart(outcomes[REAL], outcomes[SHIM])
            ]

    def told(self) -> str:
        """The transcript, and the steps as a test."""
        code = [
            line for at, line in enumerate(self._code) if line not in self._code[at + 1 : at + 2]
        ]
        return "\n".join(
            [
                "the brokers disagree:",
                *self._transcript,
                "",
                "def test_found_by_the_machine(both: SideBySide) -> None:",
                *(f"    {line}" for line in code),
            ]
        )

    def _offsets(self, timestamp: int) -> ListOffsetsRequest:
        asked = [
            ListOffsetsPartition(partition_index=index, timestamp=timestamp)
            for index in range(PARTITIONS)
        ]
        topic = ListOffsetsTopic(name=self.topic, partitions=asked)
        return ListOffsetsRequest(replica_id=-1, topics=[topic])

    def _request(
        self,
        broker: str,
        talk: Conversation,
        batches: Sequence[Sent],
        acks: int,
        version: int,
    ) -> ProduceRequest:
        data = [
            PartitionProduceData(
                index=sent.partition,
                records=encode_batch(
                    [(b"k", b"v")] * sent.records,
                    base_timestamp=TIME,
                    producer_id=NO_PRODUCER
                    if sent.producer == NO_PRODUCER
                    else self._producers[sent.producer][broker],
                    producer_epoch=sent.epoch,
                    base_sequence=sent.sequence,
                ),
            )
            for sent in batches
        ]
        topic_data = TopicProduceData(
            name=self.topic, topic_id=talk.topic_ids[self.topic], partition_data=data
        )
        return ProduceRequest(acks=acks, timeout_ms=10_000, topic_data=[topic_data])


def _brief(outcome: Any) -> str:
    """An outcome in one line: what was decided of each batch, or that it is the same."""
    if not isinstance(outcome, dict):
        return str(outcome)
    decided = [
        f"partition {found['index']}: {ErrorCode(found['error_code']).name}"
        + (f" at {found['base_offset']}" if not found["error_code"] else "")
        for topic in outcome.get("responses", ())
        for found in topic.get("partition_responses", ())
    ]
    return ", ".join(decided) or "the same"

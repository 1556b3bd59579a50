"""One scene with one broker: what was asked, and what came of it, as plain data."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from compat_tests.real_broker.normalize import Normalizer
from compat_tests.wire_client import ConnectionClosed, WireClient
from kafka_codecs.frame import decode_response, encode_request, encode_response
from kafka_codecs.messages import messages
from kafka_codecs.messages.api_02_list_offsets import (
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsTopic,
)
from kafka_codecs.messages.api_03_metadata import (
    MetadataRequest,
    MetadataRequestTopic,
    MetadataResponseTopic,
)
from kafka_codecs.messages.api_19_create_topics import (
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
)
from kafka_codecs.messages.api_20_delete_topics import DeleteTopicsRequest
from kafka_codecs.messages.api_22_init_producer_id import InitProducerIdRequest
from kafka_codecs.schema import ZERO_UUID, MalformedMessage, Request

LATEST = -1
# The producers' own time in all scenes, far from the broker's clock: 2026-01-01.
TIME = 1_767_225_600_000
SECONDS = 10
Step = list[Any]


class Frames(NamedTuple):
    """A question and its answer as they were on the wire, without their sizes."""

    api_key: int
    version: int
    label: str
    request: bytes
    response: bytes


@dataclass(frozen=True)
class SetupVersions:
    """The versions in which topics and producers are made: new brokers and old have few in common."""

    metadata: int = 12
    create_topics: int = 7
    delete_topics: int = 5
    list_offsets: int = 5
    init_producer_id: int = 4


NEWEST = SetupVersions()
# What Apache Kafka 0.11 and 4.3 both speak.
OLDEST = SetupVersions(
    metadata=4, create_topics=2, delete_topics=1, list_offsets=1, init_producer_id=0
)


class Conversation:
    """Asks a broker and keeps a step for every question: its label, the API, what came of it.

    What came of it is the answer as plain data, ``"closed"`` or ``"silent"``. Topics and groups are
    named after the scene, so that scenes do not meet.
    """

    def __init__(self, address: tuple[str, int], name: str, setup: SetupVersions = NEWEST) -> None:
        self._address = address
        self._setup = setup
        self._name = name
        self._clients: dict[str, WireClient] = {}
        # Of the topics made by :meth:`topic`.
        self.topic_ids: dict[str, UUID] = {}
        self.normalizer = Normalizer(address[1])
        self.steps: list[Step] = []
        # Of every question of :meth:`ask` that was answered.
        self.frames: list[Frames] = []

    # --- what scenes call

    def name(self, suffix: str) -> str:
        """A name no other scene uses."""
        return f"{self._name}-{suffix}"

    def topic(self, suffix: str = "t", partitions: int = 1, **configs: str) -> str:
        """Create a topic and wait for its leaders; names of configurations with ``_`` for the dots."""
        name = self.name(suffix)
        error = self.create(name, partitions, **configs)
        assert not error, f"{name}: error {error}"
        return name

    def create(self, name: str, partitions: int = 1, **configs: str) -> int:
        """Create a topic of that very name and wait for its leaders; gives the error code."""
        rows = [
            CreatableTopicConfig(name=key.replace("_", "."), value=value)
            for key, value in configs.items()
        ]
        topic = CreatableTopic(
            name=name, num_partitions=partitions, replication_factor=1, configs=rows
        )
        request = CreateTopicsRequest(topics=[topic], timeout_ms=10_000)
        answer = self.quietly(request, self._setup.create_topics).topics[0]
        if not answer.error_code:
            self.topic_ids[name] = answer.topic_id
            if answer.topic_id != ZERO_UUID:
                self.normalizer.name("topic id", answer.topic_id)
            self.wait_for(name, partitions)
        return int(answer.error_code)

    def delete(self, topic: str) -> None:
        """Delete a topic and wait until it is gone."""
        request = DeleteTopicsRequest(topic_names=[topic], timeout_ms=10_000)
        self.quietly(request, self._setup.delete_topics)
        end = time.monotonic() + SECONDS
        while not self._metadata(topic).error_code:
            assert time.monotonic() < end, f"{topic} is never gone"
            time.sleep(0.01)

    def wait_for(self, topic: str, partitions: int = 1, connection: str = "setup") -> None:
        """Wait until a new topic is led: for a moment Apache Kafka knows it and does not lead it."""
        asked = [
            ListOffsetsPartition(partition_index=index, timestamp=LATEST)
            for index in range(partitions)
        ]
        request = ListOffsetsRequest(
            replica_id=-1, topics=[ListOffsetsTopic(name=topic, partitions=asked)]
        )
        end = time.monotonic() + SECONDS
        while True:
            answer = self.quietly(request, self._setup.list_offsets, connection)
            if all(not found.error_code for found in answer.topics[0].partitions):
                return
            assert time.monotonic() < end, f"nobody leads {topic}"
            time.sleep(0.01)

    def producer_id(self) -> int:
        """A producer id the broker gave out."""
        request = InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=1000)
        answer = self.quietly(request, self._setup.init_producer_id)
        self.normalizer.name("producer id", answer.producer_id)
        return int(answer.producer_id)

    def topic_id(self, topic: str) -> UUID:
        """The id of a topic; the zero id when there is no such topic."""
        found: UUID = self._metadata(topic).topic_id
        return found

    def _metadata(self, topic: str) -> MetadataResponseTopic:
        asked = [MetadataRequestTopic(name=topic)]
        request = MetadataRequest(topics=asked, allow_auto_topic_creation=False)
        found: MetadataResponseTopic = self.quietly(request, self._setup.metadata).topics[0]
        return found

    def quietly(
        self, request: Request, version: int, connection: str = "setup", client_id: str = "scene"
    ) -> Any:
        """Ask without keeping a step: to set something up."""
        client = self._client(connection)
        client.client_id = client_id
        return client.ask(request, version)

    def ask(
        self,
        label: str,
        request: Request,
        version: int,
        *,
        connection: str = "main",
        client_id: str | None = "scene",
        silent_after: float | None = None,
        look: Callable[[Any], None] | None = None,
    ) -> Any:
        """Ask, keep a step, and give the answer; ``None`` when there was none.

        Silence for ``silent_after`` seconds is an outcome; without it, it is a failure. Where an answer
        tells of everything there is, ``look`` leaves in it what is the scene's own.
        """
        client = self._client(connection)
        client.correlation_id += 1
        frame = encode_request(request, version, client.correlation_id, client_id)
        client.send(frame)
        return self._await(label, request, version, connection, silent_after, frame[4:], look)

    def send(
        self, request: Request, version: int, connection: str = "main", client_id: str = "scene"
    ) -> None:
        """Send a request whose answer is looked at later, or never comes (acks 0)."""
        client = self._client(connection)
        client.client_id = client_id
        client.send_request(request, version)

    def receive(
        self,
        label: str,
        request: Request,
        version: int,
        connection: str = "main",
        silent_after: float | None = None,
    ) -> Any:
        """Keep a step for the answer to what was sent with :meth:`send`."""
        return self._await(label, request, version, connection, silent_after)

    def raw(self, label: str, data: bytes, *, api: str = "bytes", silent_after: float = 0.3) -> str:
        """Send bytes as they are on a connection of their own; gives the reaction, and keeps a step.

        ``api`` is what the step is kept for, as in ``Produce v0``, where there is such a thing.
        """
        with WireClient(*self._address, timeout=SECONDS) as client:
            client.send(data)
            client.socket.settimeout(silent_after)
            try:
                outcome = client.receive_frame().hex()
            except ConnectionClosed:
                outcome = "closed"
            except TimeoutError:
                outcome = "silent"
        self.steps.append([label, api, outcome])
        return outcome

    def until_error(self, error: int, request: Request, version: int) -> None:
        """Ask quietly until the answer has an error code: what another connection sent is there now."""
        end = time.monotonic() + SECONDS
        while self.quietly(request, version).error_code != error:
            assert time.monotonic() < end, f"{request.NAME} is never answered {error}"
            time.sleep(0.005)

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something is as it should be that takes Apache Kafka a moment."""
        end = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < end, "it never came true"
            time.sleep(0.01)

    def lose(self, answers: int, connection: str) -> None:
        """Let answers get lost: they are there, so that what was asked is done, and nobody reads them."""
        for _ in range(answers):
            self._client(connection).receive_frame()

    def forget(self, connection: str) -> None:
        """Close a connection, whatever is on its way."""
        client = self._clients.pop(connection, None)
        if client is not None:
            client.close()

    def close(self) -> None:
        """Close all connections."""
        for connection in tuple(self._clients):
            self.forget(connection)

    # ---

    def _client(self, connection: str) -> WireClient:
        if connection not in self._clients:
            self._clients[connection] = WireClient(*self._address, timeout=SECONDS)
        return self._clients[connection]

    def _await(
        self,
        label: str,
        request: Request,
        version: int,
        connection: str,
        silent_after: float | None,
        asked: bytes | None = None,
        look: Callable[[Any], None] | None = None,
    ) -> Any:
        client = self._client(connection)
        answer: Any = None
        outcome: Any
        if silent_after is not None:
            client.socket.settimeout(silent_after)
        try:
            frame = client.receive_frame()
        except ConnectionClosed:
            outcome = "closed"
            self.forget(connection)
        except TimeoutError:
            if silent_after is None:
                raise
            outcome = "silent"
            self.forget(connection)
        else:
            client.socket.settimeout(SECONDS)
            if asked is not None:
                self.frames.append(Frames(request.API_KEY, version, label, asked, frame))
            answer, outcome = self._read(request, version, frame, client.correlation_id, look)
        self.steps.append([label, f"{request.NAME} v{version}", outcome])
        return answer

    def _read(
        self,
        request: Request,
        version: int,
        frame: bytes,
        sent: int,
        look: Callable[[Any], None] | None,
    ) -> tuple[Any, Any]:
        """The answer and its plain data; the bytes too, when they are not those of the fields."""
        response = messages(request.API_KEY)[1]
        try:
            correlation_id, answer = decode_response(response, version, frame)
        except MalformedMessage as error:
            return None, {"malformed": str(error), "bytes": frame.hex()}
        written = encode_response(answer, version, correlation_id)[4:]
        if look is not None:
            look(answer)
        plain = self.normalizer.answer(answer, version)
        if correlation_id != sent:
            plain["correlation_id"] = correlation_id
        if written != frame:
            plain["bytes"] = frame.hex()
        return answer, plain

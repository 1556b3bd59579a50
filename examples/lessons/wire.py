"""What the lessons share: a question and its answer (lesson 02), and a batch to send (lesson 06)."""

from __future__ import annotations

import socket
import struct
import time
from typing import Any

from kafka_codecs.errors import ErrorCode
from kafka_codecs.frame import decode_response, encode_request
from kafka_codecs.messages import messages
from kafka_codecs.messages.api_00_produce import (
    PartitionProduceData,
    PartitionProduceResponse,
    ProduceRequest,
    TopicProduceData,
)
from kafka_codecs.messages.api_19_create_topics import CreatableTopic, CreateTopicsRequest
from kafka_codecs.record_batch import encode_batch
from kafka_codecs.schema import Request
from kafkashim.testing import KafkaShim


def connect(broker: KafkaShim) -> socket.socket:
    """A connection to the broker; nothing here waits longer than ten seconds."""
    return socket.create_connection((broker.host, broker.port), timeout=10)


def read_exactly(connection: socket.socket, count: int) -> bytes:
    """As in lesson 01: recv may give less than was asked for."""
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise ConnectionError("the broker closed the connection")
        data += more
    return data


def read_response(connection: socket.socket) -> bytes:
    """A frame without its length."""
    (length,) = struct.unpack(">i", read_exactly(connection, 4))
    return read_exactly(connection, length)


def send(connection: socket.socket, request: Request, version: int) -> None:
    """Length, header and message."""
    connection.sendall(encode_request(request, version, client_id="lesson"))


def receive(connection: socket.socket, request: type[Request], version: int) -> Any:
    """The answer to a request, which is read as one of the same API and version."""
    response = messages(request.API_KEY)[1]
    return decode_response(response, version, read_response(connection))[1]


def ask(connection: socket.socket, request: Request, version: int) -> Any:
    """Send a request and give the answer."""
    send(connection, request, version)
    return receive(connection, type(request), version)


def create_topic(connection: socket.socket, name: str, partitions: int = 1) -> None:
    """A topic to write to. Producing does not create topics; lesson 04 shows what does."""
    topic = CreatableTopic(
        name=name, num_partitions=partitions, replication_factor=1, assignments=[], configs=[]
    )
    ask(connection, CreateTopicsRequest(topics=[topic]), 7)


def produce_request(topic: str, batch: bytes, partition: int = 0) -> ProduceRequest:
    """One batch for one partition, to be answered when all replicas in sync have it (acks -1)."""
    data = PartitionProduceData(index=partition, records=batch)
    return ProduceRequest(
        transactional_id=None,
        acks=-1,
        timeout_ms=5000,
        topic_data=[TopicProduceData(name=topic, partition_data=[data])],
    )


def send_batch(
    connection: socket.socket, topic: str, batch: bytes, partition: int = 0
) -> PartitionProduceResponse:
    """Send a batch, and give what the broker says about it."""
    answer = ask(connection, produce_request(topic, batch, partition), 9)
    return answer.responses[0].partition_responses[0]


def write_batch(
    values: list[bytes], producer_id: int = -1, epoch: int = -1, sequence: int = -1
) -> bytes:
    """A batch of records without keys; its sequence is that of the first. -1: not idempotent."""
    return encode_batch(
        [(None, value) for value in values],
        base_timestamp=int(time.time() * 1000),
        producer_id=producer_id,
        producer_epoch=epoch,
        base_sequence=sequence,
    )


def told(answer: PartitionProduceResponse) -> str:
    """An answer in a few words."""
    error = ErrorCode.name_of(answer.error_code)
    return f"{error}, offset {answer.base_offset}" if answer.error_code == 0 else error


def reason(broker: KafkaShim) -> str:
    """The rule by which the broker decided about the newest batch of an idempotent producer."""
    return str(broker.journal.decisions()[-1].verdict.reason)

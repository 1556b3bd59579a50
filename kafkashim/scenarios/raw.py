"""A producer of a few lines, for what a real one would never send."""

from __future__ import annotations

import socket
import struct
import time

from kafka_codecs.errors import ErrorCode
from kafka_codecs.frame import decode_response, encode_request
from kafka_codecs.messages.api_00_produce import (
    PartitionProduceData,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
)
from kafka_codecs.messages.api_22_init_producer_id import (
    InitProducerIdRequest,
    InitProducerIdResponse,
)
from kafka_codecs.record_batch import encode_batch

TIMEOUT_SECONDS = 10
MAX_SEQUENCE = 2**31 - 1


def raw_batch(producer_id: int, epoch: int, sequence: int, records: int) -> bytes:
    """A batch of records that tell their sequences."""
    return encode_batch(
        [
            (None, f"by hand, sequence {(sequence + n) & MAX_SEQUENCE}".encode())
            for n in range(records)
        ],
        base_timestamp=int(time.time() * 1000),
        producer_id=producer_id,
        producer_epoch=epoch,
        base_sequence=sequence,
    )


def produce_request(topic: str, batch: bytes | memoryview) -> ProduceRequest:
    """One batch for partition 0."""
    data = TopicProduceData(
        name=topic, partition_data=[PartitionProduceData(index=0, records=batch)]
    )
    return ProduceRequest(transactional_id=None, acks=-1, timeout_ms=5000, topic_data=[data])


class RawProducer:
    """One connection, one batch at a time.

    Args:
        host: the broker's address.
        port: its port.
        topic: where it writes, to partition 0.
        producer_id: as which producer; ``None`` asks the broker for an id.

    Raises:
        OSError: the broker is not there, or goes away (from every method).
    """

    def __init__(self, host: str, port: int, topic: str, producer_id: int | None = None) -> None:
        self._topic = topic
        self._socket = socket.create_connection((host, port), timeout=TIMEOUT_SECONDS)
        if producer_id is None:
            request = InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=60000)
            frame = self._ask(encode_request(request, 4))
            producer_id = decode_response(InitProducerIdResponse, 4, frame)[1].producer_id
        self.producer_id = producer_id

    def send(self, sequence: int, records: int = 1, epoch: int = 0) -> ErrorCode:
        """Send one batch; gives the error code of the answer."""
        batch = raw_batch(self.producer_id, epoch, sequence, records)
        frame = self._ask(encode_request(produce_request(self._topic, batch), 9))
        _, answer = decode_response(ProduceResponse, 9, frame)
        return ErrorCode(answer.responses[0].partition_responses[0].error_code)

    def _ask(self, request: bytes) -> bytes:
        self._socket.sendall(request)
        size: int = struct.unpack(">i", self._read(4))[0]
        return self._read(size)

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            chunk = self._socket.recv(size - len(data))
            if not chunk:
                raise ConnectionError("the broker closed the connection")
            data += chunk
        return data

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

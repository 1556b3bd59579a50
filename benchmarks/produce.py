"""Produce requests a second over one connection, here and on librdkafka's mock broker in the same run.

    python benchmarks/produce.py [--seconds 2] [--rounds 5]

Frames are built beforehand, so that what is measured is the broker. Each round drives both brokers in
turn; what counts is the ratio, not the numbers, which depend on the machine. Run it on a machine with
at least two cores: one for the driver, one for the broker.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import socket
import statistics
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection

from kafka_codecs.frame import decode_response, encode_request
from kafka_codecs.messages.api_00_produce import (
    PartitionProduceData,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
)
from kafka_codecs.messages.api_03_metadata import MetadataRequest, MetadataRequestTopic
from kafka_codecs.messages.api_22_init_producer_id import (
    InitProducerIdRequest,
    InitProducerIdResponse,
)
from kafka_codecs.record_batch import encode_batch

TOPIC = "benchmark"
VERSION = 9
RECORDS = 10
VALUE = b"x" * 100


def receive_frame(sock: socket.socket) -> bytes:
    data = b""
    wanted = 4
    while len(data) < wanted:
        chunk = sock.recv(wanted - len(data))
        if not chunk:
            raise EOFError("the broker closed the connection")
        data += chunk
        if wanted == 4 and len(data) == 4:
            wanted = 4 + struct.unpack(">i", data)[0]
    return data[4:]


def prepare(sock: socket.socket) -> int:
    """Create the topic and take a producer id."""
    for _ in range(100):
        request = MetadataRequest(
            topics=[MetadataRequestTopic(name=TOPIC)], allow_auto_topic_creation=True
        )
        sock.sendall(encode_request(request, 4))
        if b"\0\0\0\x09" + TOPIC.encode() not in receive_frame(sock):
            time.sleep(0.01)
    init = InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=0)
    sock.sendall(encode_request(init, 2))
    _, answer = decode_response(InitProducerIdResponse, 2, receive_frame(sock))
    return answer.producer_id


def frames(producer_id: int, count: int, first: int = 0) -> list[bytes]:
    """``count`` Produce requests that go on from each other, from the ``first``-th batch on."""
    now = int(time.time() * 1000)
    return [
        encode_request(
            ProduceRequest(
                transactional_id=None,
                acks=-1,
                timeout_ms=30000,
                topic_data=[
                    TopicProduceData(
                        name=TOPIC,
                        partition_data=[
                            PartitionProduceData(
                                index=0,
                                records=encode_batch(
                                    [(None, VALUE)] * RECORDS,
                                    base_timestamp=now,
                                    producer_id=producer_id,
                                    producer_epoch=0,
                                    base_sequence=n * RECORDS,
                                ),
                            )
                        ],
                    )
                ],
            ),
            VERSION,
            n,
        )
        for n in range(first, first + count)
    ]


def drive(sock: socket.socket, requests: list[bytes], in_flight: int) -> float:
    """Requests a second with ``in_flight`` of them on the way."""
    sock.sendall(requests[0])
    first = receive_frame(sock)
    _, answer = decode_response(ProduceResponse, VERSION, first)
    error = answer.responses[0].partition_responses[0].error_code
    assert error == 0, f"error {error}"
    size = len(first) + 4
    requests = requests[1:]
    start = time.perf_counter()
    sent = min(in_flight, len(requests))
    sock.sendall(b"".join(requests[:sent]))
    received = 0
    wanted = len(requests) * size
    while received < wanted:
        chunk = len(sock.recv(65536))
        if not chunk:
            raise EOFError("the broker closed the connection")
        received += chunk
        more = min(received // size + in_flight, len(requests))
        if more > sent:
            sock.sendall(b"".join(requests[sent:more]))
            sent = more
    return len(requests) / (time.perf_counter() - start)


def mock(pipe: Connection) -> None:
    from confluent_kafka import Producer

    producer = Producer(
        {"bootstrap.servers": "ignored", "test.mock.num.brokers": "1", "log_level": 0}
    )
    broker = next(iter(producer.list_topics(timeout=10).brokers.values()))
    pipe.send(broker.port)
    pipe.recv()


@contextlib.contextmanager
def mock_broker() -> Iterator[int]:
    """librdkafka's mock cluster of one broker, in a process of its own."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=mock, args=(theirs,))
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send(None)
        process.join(5)
        process.kill()


@contextlib.contextmanager
def kafkashim_process(*options: str) -> Iterator[tuple[int, int]]:
    """``kafkashim serve`` in a process of its own: its port and process id."""
    command = [sys.executable, "-m", "kafkashim", "serve", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "127.0.0.1:" in line:
                port = int(line.partition("127.0.0.1:")[2].split()[0].rstrip(".,)"))
            if "Kafka Server started" in line:
                break
        try:
            yield port, process.pid
        finally:
            process.terminate()
            process.communicate()


def measure(port: int, in_flight: int, count: int) -> float:
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return drive(sock, frames(prepare(sock), count), in_flight)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=20000)
    parser.add_argument("--port", type=int, help="measure a broker that runs already, alone")
    parser.add_argument("--decoder", default="flat", choices=("flat", "construct"))
    options = parser.parse_args()
    if options.port:
        for in_flight in (5, 1):
            for _ in range(options.rounds):
                rate = measure(options.port, in_flight, options.requests)
                print(f"{in_flight} in flight: {rate:9,.0f} requests/s", flush=True)
        return
    for in_flight in (5, 1):
        rates: dict[str, list[float]] = {"kafkashim": [], "librdkafka mock": []}
        for _ in range(options.rounds):
            with kafkashim_process("--decoder", options.decoder) as (port, _):
                rates["kafkashim"].append(measure(port, in_flight, options.requests))
            with mock_broker() as port:
                rates["librdkafka mock"].append(measure(port, in_flight, options.requests))
        print(f"{in_flight} in flight, {RECORDS} records of {len(VALUE)} bytes a batch:")
        for name, found in rates.items():
            spread = f"{min(found):,.0f} to {max(found):,.0f}"
            print(f"  {name:16} {statistics.median(found):9,.0f} requests/s  ({spread})")
        ratio = statistics.median(
            a / b for a, b in zip(rates["kafkashim"], rates["librdkafka mock"], strict=True)
        )
        print(f"  ratio            {ratio:9.2f}")


if __name__ == "__main__":
    main()

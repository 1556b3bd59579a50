"""Lesson 01: a socket and a length.

Kafka speaks over one TCP connection. TCP carries bytes and knows no messages, so Kafka puts the length
of each message in front of it. This lesson asks a broker a question with nothing but a socket and
struct, and reads the answer byte by byte.

The question is Metadata at version 0, the oldest and smallest: which brokers and topics are there?
"""

from __future__ import annotations

import socket
import struct

from kafkashim.testing import KafkaShim

METADATA = 3
VERSION = 0


def write_request(correlation_id: int) -> bytes:
    """All numbers are big-endian. A string is its length in two bytes, then its bytes (UTF-8)."""
    client_id = b"lesson"
    header = struct.pack(">hhih", METADATA, VERSION, correlation_id, len(client_id)) + client_id
    # The body is an array of topic names. At version 0 an empty one asks for all topics.
    body = struct.pack(">i", 0)
    message = header + body
    # The length does not count itself.
    return struct.pack(">i", len(message)) + message


def read_exactly(connection: socket.socket, count: int) -> bytes:
    """recv gives what is there, which may be less than was asked for: ask until it is enough."""
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise ConnectionError("the broker closed the connection")
        data += more
    return data


def read_response(connection: socket.socket) -> bytes:
    (length,) = struct.unpack(">i", read_exactly(connection, 4))
    return read_exactly(connection, length)


def show_response(response: bytes, port: int) -> None:
    """Correlation id, then an array of brokers, then an array of topics."""
    correlation_id, brokers, node_id = struct.unpack_from(">iii", response, 0)
    (host_length,) = struct.unpack_from(">h", response, 12)
    host = response[14 : 14 + host_length].decode()
    told_port, topics = struct.unpack_from(">ii", response, 14 + host_length)
    print(f"  length {len(response)}, correlation id {correlation_id}")
    where = "the port we came to" if told_port == port else "another port"
    print(f"  {brokers} broker: node {node_id} at {host}, {where}")
    print(f"  {topics} topics")


def main() -> None:
    with (
        KafkaShim() as broker,
        socket.create_connection((broker.host, broker.port), timeout=10) as connection,
    ):
        request = write_request(correlation_id=7)
        print("1. A request is a length and as many bytes")
        print(f"  length          {request[:4].hex(' ')}  ({len(request) - 4})")
        print(f"  api key         {request[4:6].hex(' ')}  (3 is Metadata)")
        print(f"  api version     {request[6:8].hex(' ')}")
        print(f"  correlation id  {request[8:12].hex(' ')}  (comes back in the answer)")
        print(f"  client id       {request[12:20].hex(' ')}  (length 6, 'lesson')")
        print(f"  topics          {request[20:].hex(' ')}  (none named)")

        print("2. So is the answer")
        connection.sendall(request)
        show_response(read_response(connection), broker.port)

        print("3. Where TCP cuts the bytes does not matter")
        # Half a request is no request: the broker waits for the rest. Two requests in one go are two
        # requests, and the answers come in the order of the requests.
        connection.sendall(request[:9])
        connection.sendall(request[9:] + write_request(correlation_id=8))
        for _ in range(2):
            (correlation_id,) = struct.unpack_from(">i", read_response(connection), 0)
            print(f"  answer to request {correlation_id}")

    print()
    print("Question: somebody points a web browser at a broker. Its first bytes are 'GET '.")
    print("What length does the broker read, and what does it do?")


if __name__ == "__main__":
    main()

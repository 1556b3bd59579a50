"""Lesson 02: the header and its versions.

Every request begins with a header, and so does every answer. A message has versions, and its version
decides which header stands in front of it: from a certain version on, each API is "flexible" (KIP-482),
which means shorter lengths, and room for fields that older programs skip.

Nobody says on the wire which header it is. Both sides have to know.
"""

from __future__ import annotations

import socket

from wire import connect, read_response

from kafka_codecs.frame import decode_response, encode_request
from kafka_codecs.header import request_header_version, response_header_version
from kafka_codecs.messages.api_03_metadata import MetadataRequest, MetadataResponse
from kafkashim.testing import KafkaShim

# Metadata became flexible with version 9. An empty array asks for no topics, only for the brokers.
REQUEST = MetadataRequest(topics=[])
BEFORE, FLEXIBLE = 8, 9
CLIENT_ID = "me"


def show_request(version: int) -> None:
    """The parts that both headers have, and what stands behind them."""
    frame = encode_request(REQUEST, version, correlation_id=5, client_id=CLIENT_ID)
    print(
        f"  version {version}, request header v{request_header_version(MetadataRequest, version)}"
    )
    print(f"    key and version  {frame[4:8].hex(' ')}")
    print(f"    correlation id   {frame[8:12].hex(' ')}")
    # Two bytes of length also where everything else has short lengths.
    print(f"    client id        {frame[12:16].hex(' ')}  ('{CLIENT_ID}')")
    rest = frame[16:]
    if version >= FLEXIBLE:
        # How many tagged fields the header has. None is defined yet, so it is always 0.
        print(f"    tagged fields    {rest[:1].hex(' ')}")
        rest = rest[1:]
    print(f"    body             {rest.hex(' ')}")


def ask(connection: socket.socket, version: int) -> bytes:
    """Send and read. With decode_response in it, this is `ask` in wire.py."""
    connection.sendall(encode_request(REQUEST, version, correlation_id=5, client_id=CLIENT_ID))
    return read_response(connection)


def show_answer(frame: bytes, version: int) -> None:
    """The header of an answer is a correlation id, and tagged fields where it is flexible."""
    header_version = response_header_version(MetadataResponse, version)
    correlation_id, answer = decode_response(MetadataResponse, version, frame)
    print(f"  version {version}, response header v{header_version}")
    print(f"    correlation id   {frame[:4].hex(' ')}  ({correlation_id})")
    if header_version >= 1:
        print(f"    tagged fields    {frame[4:5].hex(' ')}")
    print(f"    body             node {answer.brokers[0].node_id}, {len(answer.topics)} topics")


def send_with_the_wrong_header(connection: socket.socket, broker: KafkaShim) -> None:
    """Version 9 without the byte that makes header v1 into header v2."""
    right = encode_request(REQUEST, FLEXIBLE, correlation_id=5, client_id=CLIENT_ID)
    wrong = right[:16] + right[17:]
    connection.sendall((len(wrong) - 4).to_bytes(4) + wrong[4:])
    # The broker takes the first byte of the body, 01, for "one tagged field", and reads on from there
    # until the bytes end. There is no error code for what cannot be read.
    print(f"  the broker closes the connection: {connection.recv(1) == b''}")
    # Its journal has every request, also one that could not be read.
    (unread,) = [entry for entry in broker.journal if entry.ended]
    where, _, _ = str(unread.ended).rpartition(": ")
    print(f"  {where}")


def main() -> None:
    with KafkaShim() as broker, connect(broker) as connection:
        print("1. The same question at two versions")
        show_request(BEFORE)
        show_request(FLEXIBLE)

        print("2. And its answers")
        for version in (BEFORE, FLEXIBLE):
            show_answer(ask(connection, version), version)

        print("3. The body of version 9 behind the header of version 8")
        send_with_the_wrong_header(connection, broker)

    print()
    print(
        "Question: in header v2 all strings could be compact, with a length of one byte. Why does"
    )
    print("the client id keep its two bytes?")


if __name__ == "__main__":
    main()

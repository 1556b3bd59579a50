"""Lesson 03: ApiVersions, and why its answer is odd.

A client does not know which versions a broker speaks. The first thing it asks is ApiVersions: which
APIs do you have, and at which versions? But this question has versions itself, and so the answer has
to work before anything is known. Two exceptions make it work (KIP-511):

- the header of the answer is v0 at every version, also where the message is flexible;
- a version the broker does not speak is answered, in version 0, with an error and the right versions.
"""

from __future__ import annotations

import socket

from wire import ask, connect, read_response

from kafka_codecs.errors import ErrorCode
from kafka_codecs.frame import encode_request
from kafka_codecs.messages import messages
from kafka_codecs.messages.api_03_metadata import MetadataRequest
from kafka_codecs.messages.api_18_api_versions import ApiVersionsRequest, ApiVersionsResponse
from kafkashim.testing import KafkaShim

METADATA, API_VERSIONS = 3, 18
# From version 3 on a client tells its name and version; brokers count their clients by it.
REQUEST = ApiVersionsRequest(client_software_name="lesson", client_software_version="3")


def send_as_version(connection: socket.socket, frame: bytes, version: int) -> None:
    """Behind the length and the API key stands the version: write another one there."""
    connection.sendall(frame[:6] + version.to_bytes(2) + frame[8:])


def compare_headers(connection: socket.socket) -> None:
    """Both versions are flexible, but only one of the answers has the byte for tagged fields."""
    connection.sendall(encode_request(MetadataRequest(topics=[]), 9, correlation_id=5))
    metadata = read_response(connection)
    connection.sendall(encode_request(REQUEST, 3, correlation_id=5))
    api_versions = read_response(connection)
    print(f"  Metadata v9     {metadata[:4].hex(' ')} | {metadata[4:5].hex(' ')} | body")
    print(f"  ApiVersions v3  {api_versions[:4].hex(' ')} | body")
    print(f"  and its body begins with the error code, {api_versions[4:6].hex(' ')}")


def ask_from_the_future(connection: socket.socket) -> int:
    """A client of a later release tries version 99; gives the version to try next."""
    send_as_version(connection, encode_request(REQUEST, 3), 99)
    # It knows nothing of this broker, but it knows the rule: header v0, and version 0 for an error.
    answer = ApiVersionsResponse.decode(read_response(connection)[4:], 0)
    (own,) = answer.api_keys
    print(f"  error {answer.error_code}, {ErrorCode.name_of(answer.error_code)}")
    print(f"  one API in it: {own.api_key}, versions {own.min_version} to {own.max_version}")
    return own.max_version


def show_some(connection: socket.socket, version: int) -> None:
    """For each API a client then takes the highest version both sides speak."""
    answer = ask(connection, REQUEST, version)
    print(f"  asked again at version {version}: error {answer.error_code}")
    for offered in answer.api_keys:
        if offered.api_key in (0, 1, METADATA, API_VERSIONS):
            name = messages(offered.api_key)[0].NAME
            print(f"    {name:<12} {offered.min_version} to {offered.max_version}")


def other_api_from_the_future(connection: socket.socket) -> None:
    """Only ApiVersions has this courtesy."""
    send_as_version(connection, encode_request(MetadataRequest(topics=[]), 13), 99)
    print(f"  the broker closes the connection: {connection.recv(1) == b''}")


def main() -> None:
    with KafkaShim() as broker, connect(broker) as connection:
        print("1. The headers of two flexible answers")
        compare_headers(connection)

        print("2. ApiVersions at version 99")
        best = ask_from_the_future(connection)
        show_some(connection, best)

        print("3. Metadata at version 99")
        other_api_from_the_future(connection)

    print()
    print(
        "Question: why must the error for version 99 come in version 0 with a header v0, and not in"
    )
    print("the highest version that the broker speaks?")


if __name__ == "__main__":
    main()

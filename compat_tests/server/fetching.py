"""What the tests of Fetch share."""

from __future__ import annotations

from compat_tests.server.batches import NOW
from compat_tests.server.in_process import InProcess
from kafka_codecs.frame import decode_response, encode_request
from kafka_codecs.messages.api_01_fetch import FetchRequest, FetchResponse
from kafka_codecs.record_batch import encode_batch

THREE = encode_batch([(b"key", b"v" * 100)] * 3, base_timestamp=NOW)
SIZE = len(THREE)


def by_id(request: FetchRequest, broker: InProcess) -> FetchRequest:
    """The same request for version 13 and later, which name topics by their ids."""
    for topic in request.topics:
        topic.topic_id = broker.broker.topics[topic.topic].topic_id
        topic.topic = ""
    return request


class Waiting:
    """A fetch that was sent; ``answers`` tells what has come."""

    def __init__(self, broker: InProcess, request: FetchRequest, version: int = 12) -> None:
        self.peer = broker.connect()
        self.version = version
        self.peer.send(encode_request(request, version))

    def answers(self) -> list[FetchResponse]:
        self.peer.transport.run()
        return [
            decode_response(FetchResponse, self.version, frame)[1] for frame in self.peer.frames()
        ]

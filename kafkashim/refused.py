"""What a request, or a part of it, is said no to with."""

from __future__ import annotations

from kafka_codecs.errors import ErrorCode

# QuorumController.MAX_RECORDS_PER_USER_OP: how much one request may make the controller write.
MOST_RECORDS = 10_000


class Refused(Exception):
    """It is answered with an error code, and with a text where the answer has one."""

    def __init__(self, error: ErrorCode, message: str | None = None) -> None:
        super().__init__(message or error.name)
        self.error = error
        self.message = message

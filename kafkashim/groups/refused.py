"""What a coordinator says no with."""

from __future__ import annotations

from kafka_codecs.errors import ErrorCode


class Refused(Exception):
    """A request that is answered with an error code, and with a text where the answer has one."""

    def __init__(self, error: ErrorCode, message: str | None = None) -> None:
        super().__init__(message or error.name)
        self.error = error
        self.message = message

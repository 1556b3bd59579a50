"""What a consumer subscribes to, as far as the coordinator reads it (``ConsumerProtocol``)."""

from __future__ import annotations

import struct

from kafka_codecs.flat import Malformed

CONSUMER = "consumer"


def subscribed_topics(metadata: bytes) -> list[str] | None:
    """The topics in a consumer's metadata, read as ``ConsumerProtocolSubscription`` version 0.

    Metadata that ends inside a number is given up with a line in the log, and the group goes on without
    knowing its topics: then it is ``None``. Counts and lengths that are not true are errors nobody
    catches there.

    Raises:
        Malformed: a count or a length is negative, or reaches beyond the end.
    """
    topics: list[str] = []
    try:
        o = 2
        (count,) = struct.unpack_from(">i", metadata, o)
        o += 4
        if not 0 <= count <= len(metadata) - o:
            raise Malformed(f"{count} topics in {len(metadata) - o} bytes")
        for _ in range(count):
            (length,) = struct.unpack_from(">h", metadata, o)
            o += 2
            if not 0 <= length <= len(metadata) - o:
                raise Malformed(f"a name of {length} bytes where {len(metadata) - o} are left")
            topics.append(metadata[o : o + length].decode(errors="replace"))
            o += length
        (length,) = struct.unpack_from(">i", metadata, o)
        if length > len(metadata) - o - 4:
            raise Malformed(f"user data of {length} bytes where {len(metadata) - o - 4} are left")
    except struct.error:
        return None
    return topics

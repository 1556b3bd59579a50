"""The five codecs of a record batch, as Kafka's Java client writes them and more lenient ones do.

Snappy is the odd one: Java frames raw snappy blocks in xerial's stream format, librdkafka reads and
writes both that and plain raw snappy.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from kafka_codecs.flat import Malformed, uvarint
from kafka_codecs.schema import Buffer

NONE, GZIP, SNAPPY, LZ4, ZSTD = range(5)
NAMES = ("none", "gzip", "snappy", "lz4", "zstd")

# CompressionType.GZIP, LZ4, ZSTD
GZIP_LEVEL, LZ4_LEVEL, ZSTD_LEVEL = 6, 9, 3

XERIAL_MAGIC = b"\x82SNAPPY\x00"
_XERIAL_HEADER = XERIAL_MAGIC + struct.pack(">ii", 1, 1)
_XERIAL_BLOCK = 32 * 1024
# The only frames Kafka's Java code reads: version 1, independent blocks (here of 64 KiB), no content
# size; the third byte is the header's checksum (``Lz4BlockInputStream``).
_LZ4_HEADER = b"\x04\x22\x4d\x18\x60\x40\x82"
_LZ4_BLOCK = 64 * 1024
_LZ4_STORED = 0x8000_0000
_LZ4_END = bytes(4)


# Far above what a batch may hold (max.message.bytes is 1 MiB unless set) and what memory bears.
LIMIT = 100 * 1024 * 1024
_FIRST_ROOM = 64 * 1024
_NO_ROOM = "failed to write whole buffer"  # what cramjam says when it was the room that was short


class CompressionError(ValueError):
    """An unknown codec, bytes the codec does not read, or more of them than allowed."""


def decompress(codec: int, data: Buffer, limit: int = LIMIT) -> Buffer:
    """The bytes that were compressed.

    Args:
        codec: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd.
        data: what the codec made of them.
        limit: the number of bytes there may be; memory for more is never taken.

    Raises:
        CompressionError: the codec is unknown or does not read the bytes, or they are too many.
    """
    if codec == NONE:
        return data
    import cramjam

    if codec not in (GZIP, SNAPPY, LZ4, ZSTD):
        raise CompressionError(f"Unknown compression type id: {codec}")
    try:
        if codec == SNAPPY:
            return _unsnappy(data, limit)
        module: Any = {GZIP: cramjam.gzip, LZ4: cramjam.lz4, ZSTD: cramjam.zstd}[codec]
        return _grow(module.decompress_into, data, limit)
    except (cramjam.DecompressionError, struct.error, IndexError, Malformed) as error:
        raise CompressionError(f"not {NAMES[codec]}: {error}") from None


def _grow(decompress_into: Callable[[Buffer, bytearray], int], data: Buffer, limit: int) -> bytes:
    """Decompress into room that grows to ``limit``: streams of these formats do not tell their size."""
    import cramjam

    room = min(limit, max(_FIRST_ROOM, 4 * len(data)))
    while True:
        out = bytearray(room)
        try:
            size = decompress_into(data, out)
        except cramjam.DecompressionError as error:
            if str(error) != _NO_ROOM:
                raise
        else:
            del out[size:]
            return bytes(out)
        if room == limit:
            raise _too_much(limit)
        del out
        room = min(limit, 4 * room)


def _too_much(limit: int) -> CompressionError:
    return CompressionError(f"more than {limit} bytes when decompressed")


def compress(codec: int, data: Buffer, level: int | None = None) -> bytes:
    """Compress as the Java client does, by default with its level; snappy has none.

    Raises:
        CompressionError: the codec is unknown.
    """
    if codec == NONE:
        return bytes(data)
    import cramjam

    raw = bytes(data)
    if codec == GZIP:
        return bytes(cramjam.gzip.compress(raw, GZIP_LEVEL if level in (None, -1) else level))
    if codec == SNAPPY:
        return _snappy(raw)
    if codec == LZ4:
        return _lz4(raw, LZ4_LEVEL if level is None else level)
    if codec == ZSTD:
        return bytes(cramjam.zstd.compress(raw, ZSTD_LEVEL if level is None else level))
    raise CompressionError(f"Unknown compression type id: {codec}")


def _unsnappy(data: Buffer, limit: int) -> bytes:
    if bytes(data[:8]) != XERIAL_MAGIC:
        return _unsnappy_block(data, limit, limit)
    out = bytearray()
    o = len(_XERIAL_HEADER)
    if len(data) < o:
        raise CompressionError(f"a snappy stream of {len(data)} bytes, its header has {o}")
    while o < len(data):
        size: int = struct.unpack_from(">i", data, o)[0]
        o += 4
        if size < 0 or size > len(data) - o:
            raise CompressionError(f"a snappy block of {size} bytes, {len(data) - o} left")
        out += _unsnappy_block(data[o : o + size], limit - len(out), limit)
        o += size
    return bytes(out)


def _unsnappy_block(block: Buffer, room: int, limit: int) -> bytes:
    import cramjam

    if uvarint(block, 0)[0] & 0xFFFFFFFF > room:  # a block begins with the size of what is in it
        raise _too_much(limit)
    return bytes(cramjam.snappy.decompress_raw(block))


def _lz4(data: bytes, level: int) -> bytes:
    import cramjam

    # Kafka takes the fast compressor for the default, the thorough one for what is asked for.
    more: dict[str, Any] = {}
    if level != LZ4_LEVEL:
        more = {"mode": "high_compression", "compression": level}

    out = bytearray(_LZ4_HEADER)
    for o in range(0, len(data), _LZ4_BLOCK):
        raw = data[o : o + _LZ4_BLOCK]
        block = bytes(cramjam.lz4.compress_block(raw, store_size=False, **more))
        if len(block) < len(raw):
            out += struct.pack("<I", len(block)) + block
        else:
            out += struct.pack("<I", len(raw) | _LZ4_STORED) + raw
    return bytes(out + _LZ4_END)


def _snappy(data: bytes) -> bytes:
    import cramjam

    out = bytearray(_XERIAL_HEADER)
    for o in range(0, len(data), _XERIAL_BLOCK):
        block = bytes(cramjam.snappy.compress_raw(data[o : o + _XERIAL_BLOCK]))
        out += struct.pack(">i", len(block)) + block
    return bytes(out)

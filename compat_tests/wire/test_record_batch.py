"""Record batches: ours against those of other libraries and of the Java client, and bad ones."""

from __future__ import annotations

import gzip
import struct
import tracemalloc
from typing import Any

import cramjam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compat_tests.conftest import need
from compat_tests.wire.golden_frames import golden_messages
from kafka_codecs import compression
from kafka_codecs.compression import CompressionError, compress, decompress
from kafka_codecs.crc32c import crc32c
from kafka_codecs.record_batch import (
    HEADER_SIZE,
    Header,
    InvalidRecord,
    Record,
    RecordBatch,
    VarintTooLong,
    decode_varint,
    encode_batch,
    encode_record,
    encode_varint,
    parse_records,
    read_batches,
    seal,
    walk_records,
)

# kafka-python's own, when it is imported
pytestmark = pytest.mark.filterwarnings("ignore:(read|open)_text is deprecated")

CODECS = range(5)
COMPRESSED = range(1, 5)
every_codec = pytest.mark.parametrize("codec", CODECS, ids=compression.NAMES)
every_compression = pytest.mark.parametrize("codec", COMPRESSED, ids=compression.NAMES[1:])

# Batches of eight records that the Java client 4.3.1 (console producer) made, as Apache Kafka 4.3.1
# fetched them, by codec.
JAVA_BATCHES = {
    compression.NONE: (
        "0000000000000000000001410000000002c7bf2299000000000007000001a207385ac6000001a207385acd00000000"
        "0000003d0000000000000000000842000000046b30326b61666b61206b61666b61206b61666b61206b61666b612030"
        "0042000c02046b31326b61666b61206b61666b61206b61666b61206b61666b6120310042000c04046b32326b61666b"
        "61206b61666b61206b61666b61206b61666b6120320042000c06046b30326b61666b61206b61666b61206b61666b61"
        "206b61666b6120330042000c08046b31326b61666b61206b61666b61206b61666b61206b61666b6120340042000c0a"
        "046b32326b61666b61206b61666b61206b61666b61206b61666b6120350042000c0c046b30326b61666b61206b6166"
        "6b61206b61666b61206b61666b6120360042000e0e046b31326b61666b61206b61666b61206b61666b61206b61666b"
        "61203700"
    ),
    compression.GZIP: (
        "00000000000000000000008b000000000221971f19000100000007000001a207385d68000001a207385d7200000000"
        "0000003e000000000000000000081f8b08000000000000ff7362606060c93630ca4e4ccb4e54c0240d189c18449858"
        "b20d71aa3004a96061c936c2a9c208a4820d9f2dc620151cf86c3101a9e0c2678b2948050f3e5bcc402af8f0d962ce"
        "00001fa2878710010000"
    ),
    compression.SNAPPY: (
        "0000000000000000000000a2000000000283d52d66000200000007000001a207386013000001a20738603f00000000"
        "0000003f0000000000000000000882534e415050590000000001000000010000005d90023442000000046b30326b61"
        "666b612046060020300042005802046b31622200003101220c04046b326222000032012200066e6600003301220008"
        "6e660000340122000a6e660000350122000c6e660000360122000e6e6600043700"
    ),
    compression.LZ4: (
        "00000000000000000000009d0000000002862fbf15000300000007000001a207386351000001a20738636d00000000"
        "00000040000000000000000000080422"
        "4d186040825d000000ee42000000046b30326b61666b612006009f300042003802046b31220006103122004f04046b"
        "32220006103222001f06660009103322001f08660009103422001f0a660009103522001f0c660009103622001f0e66"
        "0006506b6120370000000000"
    ),
    compression.ZSTD: (
        "0000000000000000000000850000000002125169e3000400000007000001a207386624000001a20738664000000000"
        "0000004100000000000000000008"
        "28b52ffd0058440200840242000000046b30326b61666b6120300042003802046b313104046b3232063308340a350c"
        "360e37000e0080050407988140001f08186081e0d2c00c04022c81e016b51cf18a12010000"
    ),
}

texts = st.text(st.characters(codec="utf-8"), max_size=5)
contents = st.one_of(st.none(), st.binary(max_size=8), st.sampled_from([b"x" * 63, b"x" * 64]))
headers = st.lists(st.builds(Header, texts, contents), max_size=3)
deltas = st.one_of(st.integers(0, 200), st.sampled_from([-1, -64, -65, 8191, 8192, 2**31, 2**40]))
records = st.lists(st.tuples(deltas, contents, contents, headers), min_size=1, max_size=8)
BASE_TIMESTAMP = 1_700_000_000_000


def as_records(drawn: list[tuple[int, bytes | None, bytes | None, list[Header]]]) -> list[Record]:
    return [
        Record(offset, BASE_TIMESTAMP + delta, key, value, headers)
        for offset, (delta, key, value, headers) in enumerate(drawn)
    ]


def their_batch(batch: bytes) -> Any:
    """A batch as kafka-python reads it."""
    return need("kafka.record.memory_records").MemoryRecords(batch).next_batch()


# --- the same batch in other hands


@every_codec
def test_the_java_clients_batches_are_read(codec: int) -> None:
    (batch,) = read_batches(bytes.fromhex(JAVA_BATCHES[codec]))
    assert (batch.codec, batch.records_count, batch.crc_matches()) == (codec, 8, True)
    assert [(record.offset, record.key, record.value) for record in batch.records()] == [
        (i, b"k%d" % (i % 3), b"kafka kafka kafka kafka %d" % i) for i in range(8)
    ]
    assert batch.base_timestamp == batch.records()[0].timestamp
    assert batch.max_timestamp == batch.records()[-1].timestamp
    assert (batch.base_sequence, batch.last_sequence, batch.producer_epoch) == (0, 7, 0)


@pytest.mark.parametrize("codec", [compression.NONE, compression.SNAPPY, compression.LZ4])
def test_framing_is_the_java_clients(codec: int) -> None:
    """Not the compressed bytes, which are each compressor's own, but the headers around them."""
    (theirs,) = read_batches(bytes.fromhex(JAVA_BATCHES[codec]))
    (ours,) = read_batches(encode_batch(theirs.records(), codec=codec, base_timestamp=1))
    header = {compression.SNAPPY: 16, compression.LZ4: 7}.get(codec, 0)
    assert bytes(ours.buffer)[HEADER_SIZE:][:header] == bytes(theirs.buffer)[HEADER_SIZE:][:header]


def test_an_uncompressed_batch_is_the_java_clients_byte_by_byte() -> None:
    raw = bytes.fromhex(JAVA_BATCHES[compression.NONE])
    (theirs,) = read_batches(raw)
    ours = encode_batch(
        theirs.records(),
        base_timestamp=theirs.base_timestamp,
        producer_id=theirs.producer_id,
        producer_epoch=theirs.producer_epoch,
        base_sequence=theirs.base_sequence,
        partition_leader_epoch=theirs.partition_leader_epoch,
    )
    assert ours == raw


def test_every_recorded_batch_is_whole() -> None:
    """Batches of the Java client, librdkafka, kafka-python and aiokafka, sent and fetched."""
    codecs = set()
    for golden in golden_messages():
        value: Any = golden.message.decode(golden.body, golden.version)
        if golden.message.__name__ == "ProduceRequest":
            sets = [p.records for t in value.topic_data for p in t.partition_data]
        elif golden.message.__name__ == "FetchResponse":
            sets = [p.records for t in value.responses for p in t.partitions]
        else:
            continue
        for batch in (batch for records in sets if records for batch in read_batches(records)):
            assert batch.crc_matches(), golden
            assert len(batch.records()) == batch.records_count, golden
            assert walk_records(bytes(batch.payload()), batch.records_count)[2], golden
            codecs.add(batch.codec)
    assert codecs == set(CODECS)


@every_codec
@settings(max_examples=60, derandomize=True, database=None, deadline=None)
@given(drawn=records)
def test_kafka_python_reads_our_batches(
    codec: int, drawn: list[tuple[int, bytes | None, bytes | None, list[Header]]]
) -> None:
    written = as_records(drawn)
    raw = encode_batch(
        written,
        codec=codec,
        base_timestamp=BASE_TIMESTAMP,
        producer_id=7,
        producer_epoch=3,
        base_sequence=2**31 - 2,
    )
    theirs = their_batch(raw)
    assert theirs.validate_crc()
    assert [(r.offset, r.timestamp, r.key, r.value, r.headers) for r in theirs] == [
        (r.offset, r.timestamp, r.key, r.value, [tuple(h) for h in r.headers]) for r in written
    ]
    (ours,) = read_batches(raw)
    assert ours.records() == written
    assert ours.max_timestamp == max(BASE_TIMESTAMP, *(r.timestamp for r in written))
    assert (theirs.producer_id, theirs.producer_epoch, theirs.base_sequence) == (7, 3, 2**31 - 2)
    assert ours.last_sequence == (2**31 - 2 + len(written) - 1) % 2**31 == theirs.last_sequence


@every_codec
@pytest.mark.parametrize("library", ["kafka", "aiokafka"])
def test_their_batches_are_read(codec: int, library: str) -> None:
    builder = need(f"{library}.record.default_records").DefaultRecordBatchBuilder(
        magic=2,
        compression_type=codec,
        is_transactional=False,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=1 << 20,
    )
    written = [(b"k%d" % i, b"value " * 40, [("h", b"%d" % i), ("null", None)]) for i in range(50)]
    for i, (key, value, found) in enumerate(written):
        builder.append(i, BASE_TIMESTAMP + i, key, value, found)
    (batch,) = read_batches(bytes(builder.build()))
    assert (batch.codec, batch.crc_matches()) == (codec, True)
    assert [(r.key, r.value, [tuple(h) for h in r.headers]) for r in batch.records()] == written
    assert [r.timestamp for r in batch.records()] == [BASE_TIMESTAMP + i for i in range(50)]


@every_codec
def test_a_batch_of_several_compressed_blocks(codec: int) -> None:
    """Snappy and LZ4 are written in blocks of 32 and 64 KiB."""
    written = [(None, bytes([i]) * 10_000) for i in range(20)]
    raw = encode_batch(written, codec=codec)
    assert [(r.key, r.value) for r in RecordBatch(raw).records()] == written
    assert [(r.key, r.value) for r in their_batch(raw)] == written


# --- header, checksum, record sets


def test_crc_is_castagnoli() -> None:
    assert crc32c(b"123456789") == 0xE3069283
    batch = bytearray(encode_batch([(b"k", b"v")]))
    assert RecordBatch(bytes(batch)).crc_matches()
    batch[-1] ^= 1
    assert not RecordBatch(bytes(batch)).crc_matches()
    seal(batch)
    assert RecordBatch(bytes(batch)).crc_matches()


def test_base_offset_and_leader_epoch_are_outside_the_crc() -> None:
    batch = bytearray(encode_batch([(b"k", b"v")]))
    struct.pack_into(">q", batch, 0, 4711)
    struct.pack_into(">i", batch, 12, 9)
    assert RecordBatch(bytes(batch)).crc_matches()
    assert RecordBatch(bytes(batch)).records()[0].offset == 4711


def test_a_record_set_ends_where_the_last_whole_batch_ends() -> None:
    one, two = encode_batch([(b"a", b"1")]), encode_batch([(b"b", b"2")], base_offset=1)
    for cut in range(len(two)):
        assert len(read_batches(one + two[:cut])) == 1
    assert [b.base_offset for b in read_batches(one + two)] == [0, 1]
    assert [len(b.buffer) for b in read_batches(one + two)] == [len(one), len(two)]


def test_log_append_time_is_every_records_timestamp() -> None:
    raw = encode_batch([Record(0, 5, b"k", b"v"), Record(1, 9, b"k", b"v")], attributes=0x08)
    assert [record.timestamp for record in RecordBatch(raw).records()] == [9, 9]


# --- varints


@given(st.integers(-(2**31), 2**31 - 1))
def test_varints_read_back(n: int) -> None:
    raw = encode_varint(n)
    assert len(raw) <= 5
    assert decode_varint(raw, 0) == (n, len(raw))


@given(st.integers(-(2**63), 2**63 - 1))
def test_varlongs_read_back(n: int) -> None:
    raw = encode_varint(n)
    assert len(raw) <= 10
    assert decode_varint(raw, 0, 10) == (n, len(raw))


@pytest.mark.parametrize(
    ("n", "raw"),
    [
        (0, "00"),
        (-1, "01"),
        (1, "02"),
        (63, "7e"),
        (-64, "7f"),
        (64, "8001"),
        (8191, "fe7f"),
        (8192, "808001"),
        (2**31 - 1, "feffffff0f"),
        (-(2**31), "ffffffff0f"),
        (2**63 - 1, "feffffffffffffffff01"),
    ],
)
def test_varints_are_zigzag(n: int, raw: str) -> None:
    assert encode_varint(n).hex() == raw


@pytest.mark.parametrize("longest", [5, 10])
def test_a_varint_that_goes_on_is_refused(longest: int) -> None:
    with pytest.raises(VarintTooLong):
        decode_varint(b"\x80" * longest + b"\x01", 0, longest)
    with pytest.raises(IndexError):
        decode_varint(b"\x80" * (longest - 1), 0, longest)


# --- walking and parsing


def walked(payload: bytes, count: int) -> tuple[int, int, bool] | None:
    try:
        return walk_records(payload, count)
    except InvalidRecord:
        return None


def assert_agreement(payload: bytes, count: int) -> None:
    walk, parse = walked(payload, count), parsed(payload, count)
    if walk is not None and parse is not None and walk[0] == 0 < parse[0]:
        walk = (parse[0], *walk[1:])  # the short way says 0 where no delta is negative
    assert walk == parse


def parsed(payload: bytes, count: int) -> tuple[int, int, bool] | None:
    """What walking finds, found by parsing."""
    try:
        found = parse_records(payload, count)
    except InvalidRecord:
        return None
    stamps = [timestamp_delta for _, timestamp_delta, *_ in found]
    sequential = [offset_delta for offset_delta, *_ in found] == list(range(count))
    return min(stamps), max(stamps), sequential


def payload_of(drawn: list[tuple[int, bytes | None, bytes | None, list[Header]]]) -> bytes:
    return b"".join(encode_record(i, *record) for i, record in enumerate(drawn))


mutations = st.lists(
    st.tuples(
        st.integers(0, 10_000), st.sampled_from(["set", "insert", "delete"]), st.integers(0, 255)
    ),
    max_size=3,
)


def mutated(payload: bytes, changes: list[tuple[int, str, int]]) -> bytes:
    out = bytearray(payload)
    for place, change, byte in changes:
        at = place % (len(out) + 1)
        match change:
            case "set" if at < len(out):
                out[at] = byte
            case "insert":
                out.insert(at, byte)
            case "delete" if at < len(out):
                del out[at]
            case _:
                pass
    return bytes(out)


@settings(max_examples=1500, derandomize=True, database=None, deadline=None)
@given(records, mutations, st.integers(-1, 1))
def test_walking_and_parsing_agree(
    drawn: list[tuple[int, bytes | None, bytes | None, list[Header]]],
    changes: list[tuple[int, str, int]],
    more: int,
) -> None:
    payload = mutated(payload_of(drawn), changes)
    count = max(1, len(drawn) + more)
    assert_agreement(payload, count)


@settings(max_examples=1500, derandomize=True, database=None, deadline=None)
@given(
    count=st.integers(1, 70) | st.sampled_from([200]),
    key=st.sampled_from([None, 0, 1, 36, 63, 64, 200]),
    size=st.sampled_from([0, 1, 56, 57, 58, 100, 127, 128, 8185, 9000]),
    stamps=st.lists(st.integers(-2, 70), min_size=200, max_size=200),
    changes=mutations,
)
def test_walking_and_parsing_agree_on_records_that_look_alike(
    count: int,
    key: int | None,
    size: int,
    stamps: list[int],
    changes: list[tuple[int, str, int]],
) -> None:
    """What a producer of equal messages sends, and walking has a short way for."""
    shared_key = None if key is None else b"k" * key
    whole = payload_of([(stamps[i], shared_key, b"v" * size, []) for i in range(count)])
    payload = mutated(whole, changes)
    assert_agreement(payload, count)
    assert parsed(whole, count) == (min(stamps[:count]), max(stamps[:count]), True)


@pytest.mark.parametrize(("key", "size"), [(None, 10), (b"key", 10), (b"key", 60), (b"", 9000)])
def test_records_that_look_alike_changed_at_every_byte(key: bytes | None, size: int) -> None:
    """One record at a time, and all of them in the same place."""
    whole = payload_of([(i, key, b"v" * size, []) for i in range(5)])
    stride = len(whole) // 5
    for at in [*range(min(stride, 80)), *range(stride - 3, stride)]:
        for byte in (0, 1, 2, 3, whole[at] ^ 1, whole[at] + 2, 0x7F, 0x80, 0xFF):
            all_of_them = bytearray(whole)
            for start in range(0, len(whole), stride):
                changed = bytearray(whole)
                changed[start + at] = all_of_them[start + at] = byte & 0xFF
                assert_agreement(bytes(changed), 5)
            assert_agreement(bytes(all_of_them), 5)


@pytest.mark.parametrize("count", [2, 63, 64, 65, 66, 128, 8191, 8192, 8193, 9000])
@pytest.mark.parametrize(("key", "size"), [(None, 0), (b"key", 54), (b"key", 55), (None, 100)])
def test_many_records_that_look_alike(count: int, key: bytes | None, size: int) -> None:
    """Offset deltas take two bytes from the 64th record on, and three from the 8192nd on."""
    records = [encode_record(i, i % 3, key, b"v" * size) for i in range(count)]
    assert walked(b"".join(records), count) == (0, min(2, count - 1), True)
    last = records[-1]
    assert walked(b"".join(records[:-1]) + last[:-1] + b"\x02", count) is None
    for other in {0, 1, count // 2, count - 2} - {count - 1}:
        swapped = [*records]
        swapped[other] = records[count - 1]
        payload = b"".join(swapped)
        walk = walked(payload, count)
        assert walk is not None
        assert not walk[2]
        assert_agreement(payload, count)


def test_records_of_one_size_and_different_content() -> None:
    """As many bytes and records as the last time do not make them alike."""
    one = [encode_record(i, 0, b"key", b"v" * 20) for i in range(8)]
    other = [encode_record(i, 0, b"longer", b"v" * 17) for i in range(8)]
    for records in (one, other, one, one[:4] + other[4:], other[:1] + one[1:], one):
        assert walked(b"".join(records), 8) == (0, 0, True)


def test_a_length_of_three_bytes_is_not_taken_for_two() -> None:
    """Records without attributes, whose lengths add up if their third byte is taken for those."""
    key, value = 60, 8150
    payload = b""
    for index in range(2):
        body = bytes([0, 2 * index]) + encode_varint(key) + bytes(key)
        body += encode_varint(value) + bytes(value + 1)
        payload += encode_varint(len(body) + 1) + body
    assert walked(payload, 2) is None
    assert parsed(payload, 2) is None


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x01",
        encode_varint(-1),
        encode_varint(2**31 - 1),
        encode_record(0, 0, b"k", b"v")[:-1],
        encode_record(0, 0, b"k", b"v") + b"\0",
        encode_varint(5) + b"\0\0\0\x01\x03",
        encode_varint(7) + b"\0\0\0\x01\x01" + encode_varint(1) + b"\x01",  # a header without key
        encode_varint(6) + b"\0\0\0\x01\x01" + encode_varint(-1),  # minus one headers
        encode_varint(9) + b"\0\0\0\x01\x01" + encode_varint(2**20),
        encode_varint(6) + b"\0\0\0" + encode_varint(50) + b"\x01\0",  # a key beyond the record
    ],
)
def test_bad_records_are_refused_both_ways(payload: bytes) -> None:
    assert walked(payload, 1) is None
    assert parsed(payload, 1) is None


# --- compression


@every_codec
@pytest.mark.parametrize("size", [0, 1, 100, 32 * 1024, 64 * 1024, 64 * 1024 + 1, 3_000_000])
def test_compressed_bytes_read_back(codec: int, size: int) -> None:
    data = (b"kafka %d " % size * (size // 8 + 1))[:size]
    assert bytes(decompress(codec, compress(codec, data))) == data


def test_plain_snappy_is_read_too() -> None:
    """Without xerial's stream around it, as librdkafka and Go clients send it."""
    plain = bytes(cramjam.snappy.compress_raw(b"kafka" * 9))
    assert decompress(compression.SNAPPY, plain) == b"kafka" * 9


def test_a_gzip_of_two_members_is_read() -> None:
    """As ``GZIPInputStream`` reads it."""
    assert (
        decompress(compression.GZIP, gzip.compress(b"one ") + gzip.compress(b"two")) == b"one two"
    )


@pytest.mark.parametrize("codec", [-1, 5, 6, 7])
def test_an_unknown_codec_is_an_error(codec: int) -> None:
    with pytest.raises(CompressionError, match=f"Unknown compression type id: {codec}"):
        decompress(codec, b"")
    with pytest.raises(CompressionError, match=f"Unknown compression type id: {codec}"):
        compress(codec, b"")


@every_compression
def test_bytes_the_codec_does_not_read_are_an_error(codec: int) -> None:
    good = compress(codec, b"kafka" * 1000)
    for bad in (b"", b"\5", b"not compressed at all", b"\xff" * 40, good[: len(good) // 2]):
        with pytest.raises(CompressionError):
            decompress(codec, bad)


@pytest.mark.parametrize("size", [-1, 5, 2**31 - 1])
def test_a_xerial_block_longer_than_the_batch_is_an_error(size: int) -> None:
    header = compress(compression.SNAPPY, b"")
    with pytest.raises(CompressionError, match="a snappy block of"):
        decompress(compression.SNAPPY, header + struct.pack(">i", size) + b"abcd")


@every_compression
def test_a_bomb_is_refused_before_it_takes_memory(codec: int) -> None:
    bomb = compress(codec, bytes(40_000_000))
    limit = 1_000_000
    decompress(codec, compress(codec, b"x"))  # imports
    tracemalloc.start()
    try:
        with pytest.raises(CompressionError, match=f"more than {limit} bytes when decompressed"):
            decompress(codec, bomb, limit)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < limit * 1.3 + 100_000


@every_compression
@pytest.mark.parametrize("size", [1, 1000, 65_536, 200_000])
def test_the_limit_is_exact(codec: int, size: int) -> None:
    data = compress(codec, b"k" * size)
    assert len(decompress(codec, data, size)) == size
    with pytest.raises(CompressionError, match="more than"):
        decompress(codec, data, size - 1)


def test_a_snappy_block_that_claims_four_gigabytes_is_refused() -> None:
    with pytest.raises(CompressionError, match="more than"):
        decompress(compression.SNAPPY, b"\xff\xff\xff\xff\x0f" + b"x" * 20)

"""The one judgement of all client tests: everything once, and in order within each partition."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TypeAlias

from compat_tests.clients.client_under_test import Delivery, Message, Record

_Content: TypeAlias = tuple[bytes | None, bytes | None, tuple[tuple[str, bytes | None], ...]]


def assert_all_delivered(deliveries: Sequence[Delivery]) -> None:
    failed = [(index, d) for index, d in enumerate(deliveries) if d.error]
    assert not failed, f"{len(failed)} of {len(deliveries)} not delivered, first {failed[:3]}"


def assert_exactly_once_in_order(
    messages: Sequence[Message], deliveries: Sequence[Delivery], records: Sequence[Record]
) -> None:
    """Compare what was sent and reported as delivered with what was read back.

    Messages must differ from each other, so that a repeated one cannot pass for another. The order
    of `records` is the order in which the consumer got them.
    """
    assert_all_delivered(deliveries)
    sent: dict[int, list[_Content]] = defaultdict(list)
    for message, delivery in zip(messages, deliveries, strict=True):
        assert delivery.partition is not None
        assert message.partition in (None, delivery.partition)
        sent[delivery.partition].append((message.key, message.value, message.headers))
    read: dict[int, list[_Content]] = defaultdict(list)
    for record in records:
        read[record.partition].append((record.key, record.value, record.headers))
    for partition in sorted(sent.keys() | read.keys()):
        if sent[partition] != read[partition]:
            raise AssertionError(_difference(partition, sent[partition], read[partition]))
    _assert_offsets(deliveries, records)


def _assert_offsets(deliveries: Sequence[Delivery], records: Sequence[Record]) -> None:
    """The offset that the producer was told is the offset at which the message is read.

    A library that was told DUPLICATE_SEQUENCE_NUMBER knows no offset and reports -1 or None.
    """
    reported: dict[int, list[int | None]] = defaultdict(list)
    for delivery in deliveries:
        assert delivery.partition is not None
        reported[delivery.partition].append(delivery.offset)
    found: dict[int, list[int]] = defaultdict(list)
    for record in records:
        found[record.partition].append(record.offset)
    for partition, offsets in reported.items():
        known = [
            (told, at)
            for told, at in zip(offsets, found[partition], strict=True)
            if told is not None and told >= 0
        ]
        wrong = [pair for pair in known if pair[0] != pair[1]]
        assert not wrong, f"partition {partition}: (told, read at) {wrong[:5]}"


def _difference(partition: int, sent: Sequence[_Content], read: Sequence[_Content]) -> str:
    sent_times, read_times = Counter(sent), Counter(read)
    lost = list((sent_times - read_times).elements())
    extra = list((read_times - sent_times).elements())
    where = next(
        (index for index, pair in enumerate(zip(sent, read, strict=False)) if pair[0] != pair[1]),
        min(len(sent), len(read)),
    )
    return (
        f"partition {partition}: sent {len(sent)}, read {len(read)}; lost {len(lost)} "
        f"(first {_short(lost)}), too many {len(extra)} (first {_short(extra)}); "
        f"first difference at position {where}: "
        f"sent {_short(sent[where : where + 1])}, read {_short(read[where : where + 1])}"
    )


def _short(contents: Sequence[_Content]) -> str:
    if not contents:
        return "none"
    text = repr(contents[0])
    return text if len(text) <= 80 else f"{text[:60]}… ({len(text)} characters)"

"""Batches written anew in the codec their topic wants (``compression.type``).

``LogValidator.buildRecordsAndAssignOffsets``: the records stay as they are, but offsets and times are
counted from the first one, and attribute bits nobody knows are gone. A batch that comes in the topic's
codec already is kept as it is, whatever its level.
"""

from __future__ import annotations

from kafka_codecs.record_batch import (
    CONTROL_BIT,
    TRANSACTIONAL_BIT,
    RecordBatch,
    encode_batch,
)

_KEPT = TRANSACTIONAL_BIT | CONTROL_BIT


def recompressed(batch: RecordBatch, codec: int, level: int | None) -> RecordBatch:
    """The records of a sound batch in another codec, with the level of that where it has some."""
    records = batch.records()
    return RecordBatch(
        encode_batch(
            records,
            base_timestamp=records[0].timestamp,
            producer_id=batch.producer_id,
            producer_epoch=batch.producer_epoch,
            base_sequence=batch.base_sequence,
            codec=codec,
            level=level,
            attributes=batch.attributes & _KEPT,
        )
    )

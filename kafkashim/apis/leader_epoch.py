"""What several APIs ask of leader epochs (KIP-320)."""

from __future__ import annotations

from kafka_codecs.errors import ErrorCode
from kafkashim.state import Partition

UNDEFINED_EPOCH = -1
UNDEFINED_EPOCH_OFFSET = -1


def check_current_leader_epoch(partition: Partition, epoch: int) -> ErrorCode:
    """Whether a client's idea of the leader epoch is current; -1 asks for no check."""
    if epoch == UNDEFINED_EPOCH or epoch == partition.leader_epoch:
        return ErrorCode.NONE
    if epoch < partition.leader_epoch:
        return ErrorCode.FENCED_LEADER_EPOCH
    return ErrorCode.UNKNOWN_LEADER_EPOCH


def end_offset_for_epoch(partition: Partition, epoch: int) -> tuple[int, int]:
    """The largest known epoch not above ``epoch`` and its end offset (``LeaderEpochFileCache``)."""
    if epoch == partition.leader_epoch:
        return epoch, partition.log.log_end_offset
    if epoch < UNDEFINED_EPOCH:
        # Below every epoch there was: it ended where the first one began.
        return epoch, partition.log_start_offset
    return UNDEFINED_EPOCH, UNDEFINED_EPOCH_OFFSET

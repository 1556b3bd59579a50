"""What several APIs ask of leader epochs (KIP-320)."""

from __future__ import annotations

from kafka_codecs.errors import ErrorCode
from kafkashim.log.leader_epochs import UNDEFINED_EPOCH
from kafkashim.state import Partition


def check_current_leader_epoch(partition: Partition, epoch: int) -> ErrorCode:
    """Whether a client's idea of the leader epoch is current; -1 asks for no check."""
    if epoch == UNDEFINED_EPOCH or epoch == partition.leader_epoch:
        return ErrorCode.NONE
    if epoch < partition.leader_epoch:
        return ErrorCode.FENCED_LEADER_EPOCH
    return ErrorCode.UNKNOWN_LEADER_EPOCH


def end_offset_for_epoch(partition: Partition, epoch: int) -> tuple[int, int]:
    """The largest known epoch not above ``epoch`` and its end offset."""
    log = partition.log
    return log.epochs.end_offset_for(epoch, log.log_end_offset)

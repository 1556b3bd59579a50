"""Who gets which producer id and epoch.

Without a transactional id every call gives a new id at epoch 0. With one the id stays and the epoch
rises, so that an older instance of the same producer is fenced (KIP-98; ``TransactionCoordinator``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from kafka_codecs.errors import ErrorCode
from kafkashim.config import Config

# The epoch below Short.MAX_VALUE - 1: at 32766 an id is exhausted and a new one is given
# (``TransactionMetadata.isEpochExhausted``).
LAST_EPOCH = 32766
# What a broker gets from the controller at once (ProducerIdsBlock.PRODUCER_ID_BLOCK_SIZE, KIP-730).
BLOCK_SIZE = 1000
NO_ID = -1
# The state of a transactional id that is in no transaction (TransactionState.EMPTY).
EMPTY = "Empty"
NEVER = -1
"""When the transaction began of an id that has none."""


class ProducerIdAndEpoch(NamedTuple):
    """A producer id and its epoch, or an error with -1 and -1."""

    producer_id: int
    producer_epoch: int
    error: ErrorCode = ErrorCode.NONE


# RPCProducerIdManager, whose block is used up while the controller does not answer.
NO_BLOCK = ProducerIdAndEpoch(-1, -1, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)


@dataclass(slots=True)
class TransactionalProducer:
    """What is known of a transactional id.

    ``last_producer_epoch`` is the epoch the producer itself brought when it last was given a new one,
    -1 when it brought none; ``previous_producer_id`` is the id before the last exhausted one was
    replaced. ``timeout_ms`` is how long its transactions may take.
    """

    producer_id: int
    producer_epoch: int
    last_producer_epoch: int = -1
    previous_producer_id: int = -1
    timeout_ms: int = 0

    def may_continue(self, producer_id: int, producer_epoch: int) -> bool:
        """Whether what a producer brings is current, or was until its last call, whose answer was lost.

        ``TransactionCoordinator.prepareInitProducerIdTransit``.
        """
        return (
            producer_id == self.producer_id
            or (producer_id == self.previous_producer_id and producer_epoch >= LAST_EPOCH)
        ) and producer_epoch in (self.producer_epoch, self.last_producer_epoch)


class ProducerIdBlocks:
    """The blocks of ids that the controller gives to brokers (``ProducerIdControlManager``)."""

    def __init__(self) -> None:
        self._next_id = 0
        # The epoch that the next id without a transactional id starts at.
        self.next_epoch = 0
        # Rises with every start anew: what brokers have left of their blocks is void then.
        self.generation = 0

    def claim(self) -> int:
        """The first id of a block that is nobody's yet."""
        first = self._next_id
        self._next_id += BLOCK_SIZE
        return first

    def begin_at(self, producer_id: int, epoch: int) -> None:
        """Let whoever is asked next give out this id and epoch."""
        self._next_id, self.next_epoch = producer_id, epoch
        self.generation += 1


class ProducerIds:
    """Hands out a broker's producer ids, and looks after those of transactional ids.

    Args:
        config: the broker's.
        blocks: where the broker's ids come from.
        transactional: what is known of transactional ids, by these.

    Attributes:
        reaches_controller: whether the broker gets another block when its own is used up.
    """

    def __init__(
        self,
        config: Config,
        blocks: ProducerIdBlocks,
        transactional: dict[str, TransactionalProducer],
    ) -> None:
        self._config = config
        self._blocks = blocks
        self._generation = blocks.generation
        self.reaches_controller = True
        self._next_id: int = 0
        self._end: int = 0
        self.transactional = transactional

    def begin_block(self) -> None:
        """Go on with the next block: what is left of the old one is lost with a restart."""
        self._end = self._next_id

    def new_id(self) -> int | None:
        """A producer id nobody had before; ``None`` when there is none without the controller."""
        blocks = self._blocks
        if self._next_id == self._end or self._generation != blocks.generation:
            if not self.reaches_controller:
                return None
            self._generation = blocks.generation
            self._next_id = blocks.claim()
            self._end = self._next_id + BLOCK_SIZE
        producer_id = self._next_id
        self._next_id += 1
        return producer_id

    def initialise(
        self,
        transactional_id: str | None,
        timeout_ms: int,
        producer_id: int,
        producer_epoch: int,
        elsewhere: ErrorCode = ErrorCode.NONE,
    ) -> ProducerIdAndEpoch:
        """Answer InitProducerId.

        ``producer_id`` and ``producer_epoch`` are what the producer had before (KIP-360), -1 for none;
        ``elsewhere`` is why the broker does not answer for the transactional id.
        """
        given = producer_id != NO_ID
        if given != (producer_epoch != NO_ID):
            return ProducerIdAndEpoch(-1, -1, ErrorCode.INVALID_REQUEST)
        if transactional_id is None:
            new_id = self.new_id()
            if new_id is None:
                return NO_BLOCK
            epoch, self._blocks.next_epoch = self._blocks.next_epoch, 0
            return ProducerIdAndEpoch(new_id, epoch)
        if not transactional_id:
            return ProducerIdAndEpoch(-1, -1, ErrorCode.INVALID_REQUEST)
        if not 0 < timeout_ms <= self._config.transaction_max_timeout_ms:
            return ProducerIdAndEpoch(-1, -1, ErrorCode.INVALID_TRANSACTION_TIMEOUT)
        if elsewhere:
            return ProducerIdAndEpoch(-1, -1, elsewhere)
        known = self.transactional.get(transactional_id)
        if known is None:
            new_id = self.new_id()
            if new_id is None:
                return NO_BLOCK
            known = TransactionalProducer(new_id, 0)
            self.transactional[transactional_id] = known
        elif given and not known.may_continue(producer_id, producer_epoch):
            return ProducerIdAndEpoch(-1, -1, ErrorCode.PRODUCER_FENCED)
        elif (not given or producer_epoch == known.producer_epoch) and not self._raise_epoch(
            known, producer_epoch
        ):
            return NO_BLOCK
        known.timeout_ms = timeout_ms
        # Otherwise the answer to this very call was lost: the same id and epoch again.
        return ProducerIdAndEpoch(known.producer_id, known.producer_epoch)

    def _raise_epoch(self, known: TransactionalProducer, last_producer_epoch: int) -> bool:
        """Whether it could be done: when the last epoch is used up it takes another id."""
        if known.producer_epoch >= LAST_EPOCH:
            new_id = self.new_id()
            if new_id is None:
                return False
            known.previous_producer_id = known.producer_id
            known.producer_id, known.producer_epoch = new_id, 0
        else:
            known.producer_epoch += 1
        known.last_producer_epoch = last_producer_epoch
        return True

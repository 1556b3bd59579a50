"""Produce: batches are checked, judged, appended.

The order of the checks is that of ``KafkaApis.handleProduceRequest`` and ``UnifiedLog.append``, because
it decides which of two errors a client sees; :mod:`kafkashim.rules.batch_checks` tells what is checked
where. Versions 0 to 2 are offered for librdkafka's sake and never decoded (KAFKA-18659).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from uuid import UUID

from kafka_codecs.codegen import maker
from kafka_codecs.compression import ZSTD
from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_00_produce import (
    BatchIndexAndErrorMessage,
    PartitionProduceData,
    PartitionProduceResponse,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
    TopicProduceResponse,
)
from kafka_codecs.record_batch import (
    HEADER_SIZE,
    LOG_OVERHEAD,
    MAGIC,
    NO_TIMESTAMP,
    TRANSACTIONAL_BIT,
    RecordBatch,
)
from kafkashim.apis import RequestContext
from kafkashim.apis.delayed_produce import DelayedProduce, Pending, name_leaders
from kafkashim.apis.throttled import throttled_produce
from kafkashim.internal_topics import MAY_WRITE
from kafkashim.parked import Parked
from kafkashim.rules.batch_checks import (
    FIRST_VERSION_WITH_ZSTD,
    TOO_LARGE,
    ZSTD_TOO_EARLY,
    Refusal,
    check_integrity,
    check_readable,
    check_record_set,
    check_records,
    is_transactional,
)
from kafkashim.rules.producer_state import NO_PRODUCER_ID, Append, Duplicate, Verdict
from kafkashim.rules.recompression import recompressed
from kafkashim.state import Broker, Decision
from kafkashim.topics import Partition, Topic

_response = maker(ProduceResponse)
_topic_response = maker(TopicProduceResponse)
_partition_response = maker(PartitionProduceResponse)

VERSION_WITH_ABORTABLE = 11
ALL = -1
ACKS = (ALL, 1, 0)
log = logging.getLogger("kafkashim.produce")

FIRST_VERSION_WITH_TOPIC_IDS = 13
NO_AUTHORITY = Refusal(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, knows_log=False)
UNKNOWN_PARTITION = Refusal(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, knows_log=False)
UNKNOWN_ID = Refusal(ErrorCode.UNKNOWN_TOPIC_ID, knows_log=False)
NO_TRANSACTIONAL_ID = Refusal(ErrorCode.INVALID_REQUEST, knows_log=False)
OTHER_PRODUCER_ID = Refusal(ErrorCode.INVALID_PRODUCER_ID_MAPPING, knows_log=False)
OTHER_PRODUCER_EPOCH = Refusal(ErrorCode.INVALID_PRODUCER_EPOCH, knows_log=False)
NO_TRANSACTION = Refusal(
    ErrorCode.INVALID_TXN_STATE, "Partition was not added to the transaction", knows_log=False
)
ABORTABLE = Refusal(ErrorCode.TRANSACTION_ABORTABLE, knows_log=False)
UNKNOWN_CODEC = Refusal(ErrorCode.UNKNOWN_SERVER_ERROR, knows_log=False)
BAD_ACKS = Refusal(ErrorCode.INVALID_REQUIRED_ACKS, knows_log=False)
NOT_LEADER = Refusal(ErrorCode.NOT_LEADER_OR_FOLLOWER, knows_log=False)
NOT_ENOUGH = Refusal(ErrorCode.NOT_ENOUGH_REPLICAS)
INTERNAL = Refusal(ErrorCode.INVALID_TOPIC_EXCEPTION, knows_log=False)


def handle(
    request: ProduceRequest, broker: Broker, context: RequestContext
) -> ProduceResponse | Parked[ProduceResponse] | None:
    """Append what may be appended; each partition is answered apart."""
    topics = request.topic_data
    if len(topics) != 1 or len(topics[0].partition_data) != 1:
        request.topic_data = _each_once(topics)
    whole, batches, null = _look_over(request)
    if null and _stumbles(request, whole, broker, context.version):
        return Parked()
    responses: list[TopicProduceResponse] = []
    pending: list[Pending] = []
    failed = False
    batches.reverse()
    for topic_data in request.topic_data:
        answers: list[PartitionProduceResponse] = []
        topic, missing = _topic(topic_data, broker, context.version)
        for data in topic_data.partition_data:
            if whole is not None:
                answer = _refused(data.index, whole)
            elif topic is None:
                batches.pop()
                answer = _refused(data.index, missing)
            else:
                answer = _produce(topic, data, batches.pop(), request, broker, context, pending)
            if answer.error_code:
                failed = True
            answers.append(answer)
        responses.append(
            _topic_response(
                name=topic_data.name, topic_id=topic_data.topic_id, partition_responses=answers
            )
        )
    if request.acks == 0:
        if failed:
            # Nothing can be answered, so Kafka closes the connection to make the client look again.
            context.connection.close()
        response = None
    else:
        response = _response(responses=responses)
        if failed:
            name_leaders(response, broker, context)
        if pending:
            return DelayedProduce(pending, request.timeout_ms, broker, context, response).parked
    rates = broker.producer_rates
    return response if rates is None else throttled_produce(response, rates, broker, context)


def _each_once(topics: list[TopicProduceData]) -> list[TopicProduceData]:
    """Each partition once: of one named twice the last batch counts.

    ``KafkaApis.handleProduceRequest`` puts them into a map.
    """
    found: dict[tuple[str, UUID], dict[int, PartitionProduceData]] = {}
    for topic in topics:
        for data in topic.partition_data:
            found.setdefault((topic.name, topic.topic_id), {})[data.index] = data
    return [
        TopicProduceData(name=name, topic_id=topic_id, partition_data=list(data.values()))
        for (name, topic_id), data in found.items()
    ]


def _look_over(
    request: ProduceRequest,
) -> tuple[Refusal | None, list[RecordBatch | None], bool]:
    """What is wrong with the request as a whole, the batches of its partitions, and whether any is null.

    A record set that is anything but one whole batch of magic 2 is left for :func:`_produce` to look
    at more closely. The look for transactional batches (``RequestUtils.flag``) ends at the first; only
    on the way there does an unreadable one refuse the request.
    """
    transactional = null = False
    refusal: Refusal | None = None
    batches: list[RecordBatch | None] = []
    for topic in request.topic_data:
        for data in topic.partition_data:
            records = data.records
            if records is None:
                null = True
                batches.append(None)
                continue
            assert isinstance(records, memoryview)
            size = len(records)
            if size >= HEADER_SIZE:
                batch = RecordBatch(records)
                if batch.magic == MAGIC and batch.batch_length + LOG_OVERHEAD == size:
                    batches.append(batch)
                    if batch.attributes & TRANSACTIONAL_BIT:
                        transactional = True
                    continue
            batches.append(None)
            if not transactional and refusal is None:
                refusal = check_readable(records)
                transactional = refusal is None and is_transactional(records)
    if refusal is None and transactional and request.transactional_id is None:
        refusal = NO_AUTHORITY
    return refusal, batches, null


def _stumbles(
    request: ProduceRequest, refusal: Refusal | None, broker: Broker, version: int
) -> bool:
    """Whether Apache Kafka trips over a null record set: when it has to, or to tell of an error.

    Telling, it describes the request in its log, which takes the size of each record set. The client
    is never answered then, and so is ours.
    """
    if refusal is not None:
        return True
    for topic_data in request.topic_data:
        topic, _ = _topic(topic_data, broker, version)
        for data in topic_data.partition_data:
            if data.records is None and topic is not None and topic.partition(data.index):
                return True
    return False


def _topic(data: TopicProduceData, broker: Broker, version: int) -> tuple[Topic | None, Refusal]:
    if version < FIRST_VERSION_WITH_TOPIC_IDS:
        return broker.topics.get(data.name), UNKNOWN_PARTITION
    return broker.topics_by_id.get(data.topic_id), UNKNOWN_ID


def _produce(
    topic: Topic,
    data: PartitionProduceData,
    batch: RecordBatch | None,
    request: ProduceRequest,
    broker: Broker,
    context: RequestContext,
    pending: list[Pending],
) -> PartitionProduceResponse:
    index = data.index
    partition = topic.partition(index)
    if partition is None:
        return _refused(index, UNKNOWN_PARTITION)
    if batch is None:
        records = data.records
        assert isinstance(records, memoryview)
        refusal = check_record_set(records)
        if refusal is not None:
            return _refused(index, refusal)
        batch = RecordBatch(records)
    if context.version < FIRST_VERSION_WITH_ZSTD and batch.codec >= ZSTD:
        # Who asks for the name of a codec nobody knows gets an IllegalArgumentException.
        return _refused(index, ZSTD_TOO_EARLY if batch.codec == ZSTD else UNKNOWN_CODEC)
    if request.acks not in ACKS:
        return _refused(index, BAD_ACKS)
    if batch.attributes & TRANSACTIONAL_BIT and batch.producer_id > NO_PRODUCER_ID:
        return _refused(index, _no_transaction(batch, request, broker, context.version))
    if topic.internal and context.client_id != MAY_WRITE:
        return _refused(index, INTERNAL)
    if partition.leader != broker.node_id:
        return _refused(index, NOT_LEADER)
    if request.acks != ALL:
        return append(partition, batch, broker, context)
    in_sync = len(partition.isr)
    if in_sync < topic.config.min_insync_replicas and in_sync < partition.min_isr:
        return _refused(index, NOT_ENOUGH, partition)
    answer = append(partition, batch, broker, context)
    if partition.limit is not None and not answer.error_code:
        required = answer.base_offset + batch.last_offset_delta + 1
        if partition.high_watermark < required:
            pending.append(Pending(partition, answer, required))
    return answer


def _no_transaction(
    batch: RecordBatch, request: ProduceRequest, broker: Broker, version: int
) -> Refusal:
    """Why a batch is in no transaction (``TransactionCoordinator.handleVerifyPartitionsInTransaction``).

    No partition can be added to a transaction here, so that every way ends in an error.
    """
    if not request.transactional_id:
        return NO_TRANSACTIONAL_ID
    known = broker.producer_ids.transactional.get(request.transactional_id)
    if known is None or known.producer_id != batch.producer_id:
        return OTHER_PRODUCER_ID
    if known.producer_epoch != batch.producer_epoch:
        return OTHER_PRODUCER_EPOCH
    # What older clients do not know is told to them as INVALID_TXN_STATE (KIP-890).
    return ABORTABLE if version == VERSION_WITH_ABORTABLE else NO_TRANSACTION


def append(
    partition: Partition, batch: RecordBatch, broker: Broker, context: RequestContext
) -> PartitionProduceResponse:
    """Check, judge and append one batch."""
    config = partition.topic.config
    refusal = check_integrity(batch, config)
    if refusal is not None:
        return _refused(partition.index, refusal)
    now = broker.clock.now_ms()
    checked = check_records(batch, config, now, partition.name)
    if isinstance(checked, Refusal):
        return _refused(partition.index, checked, partition)
    if config.compression is not None and config.compression[0] != batch.codec:
        batch = recompressed(batch, *config.compression)
        if batch.size > config.max_message_bytes:
            return _refused(partition.index, TOO_LARGE)
    log_append_time = config.log_append_time
    verdict = partition.producers.judge(batch)
    if isinstance(verdict, Append):
        offset = partition.append(batch, now if log_append_time else checked)
        answer = _partition_response(
            index=partition.index,
            base_offset=offset,
            log_append_time_ms=now if log_append_time else NO_TIMESTAMP,
            log_start_offset=partition.log.log_start_offset,
        )
    elif isinstance(verdict, Duplicate):
        # The append time of a duplicate is the first one's timestamp, whatever the topic keeps
        # (UnifiedLog.append: appendInfo.setLogAppendTime(duplicate.timestamp)).
        answer = _partition_response(
            index=partition.index,
            base_offset=verdict.offset,
            log_append_time_ms=verdict.timestamp,
            log_start_offset=partition.log.log_start_offset,
        )
    else:
        answer = _refused(partition.index, Refusal(verdict.error), partition)
    if broker.on_decision is not None and batch.producer_id > NO_PRODUCER_ID:
        _tell(broker.on_decision, partition, batch, verdict, answer, context)
    return answer


def _tell(
    observer: Callable[[Decision], None],
    partition: Partition,
    batch: RecordBatch,
    verdict: Verdict,
    answer: PartitionProduceResponse,
    context: RequestContext,
) -> None:
    """Tell who watches; the batch is a copy, because the received bytes are soon others."""
    try:
        observer(
            Decision(
                partition.topic.name,
                partition.index,
                context.client_id,
                RecordBatch(bytes(batch.buffer)),
                verdict,
                answer.base_offset,
                answer.error_code,
            )
        )
    except Exception:
        log.exception("An observer of decisions failed")


def _refused(
    index: int, refusal: Refusal, partition: Partition | None = None
) -> PartitionProduceResponse:
    knows_log = refusal.knows_log and partition is not None
    return _partition_response(
        index=index,
        error_code=refusal.error,
        base_offset=-1,
        log_start_offset=partition.log.log_start_offset if knows_log and partition else -1,
        error_message=refusal.message,
        record_errors=[
            BatchIndexAndErrorMessage(batch_index=at, batch_index_error_message=text)
            for at, text in refusal.record_errors
        ],
    )

"""DeleteTopics: by name, or by id from version 6 on (``ControllerApis.deleteTopics``)."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_20_delete_topics import (
    DeletableTopicResult,
    DeleteTopicsRequest,
    DeleteTopicsResponse,
    DeleteTopicState,
)
from kafka_codecs.schema import ZERO_UUID
from kafkashim.apis import RequestContext
from kafkashim.state import Broker
from kafkashim.topics import Topic

FIRST_VERSION_WITH_IDS = 6
# Older clients do not know TOPIC_DELETION_DISABLED.
FIRST_VERSION_TO_SAY_DISABLED = 3
UNKNOWN_NAME = "This server does not host this topic-partition."
UNKNOWN_ID = "This server does not host this topic ID."


def handle(
    request: DeleteTopicsRequest, broker: Broker, context: RequestContext
) -> DeleteTopicsResponse:
    """Delete what is there; every topic asked for is answered once."""
    if context.version >= FIRST_VERSION_WITH_IDS:
        wanted = request.topics
    else:
        wanted = [DeleteTopicState(name=name, topic_id=ZERO_UUID) for name in request.topic_names]
    refused = ErrorCode.NONE
    if not broker.config.delete_topic_enable:
        told = context.version >= FIRST_VERSION_TO_SAY_DISABLED
        refused = ErrorCode.TOPIC_DELETION_DISABLED if told else ErrorCode.INVALID_REQUEST
    answers: list[DeletableTopicResult] = []
    names, ids = _sort_out(wanted, answers)
    once = [*(n for n in names if names[n] == 1), *(i for i in ids if ids[i] == 1)]
    if not refused and once and request.timeout_ms <= 0:
        # The controller finds the request's time over before it looks at it.
        refused = ErrorCode.REQUEST_TIMED_OUT
    if refused:
        return DeleteTopicsResponse(
            responses=[_answer(state.name, state.topic_id, refused) for state in wanted]
        )
    for topic in _resolve(names, ids, broker, answers):
        broker.cluster.delete_topic(topic)
        answers.append(_answer(topic.name, topic.topic_id))
    return DeleteTopicsResponse(responses=answers)


def _sort_out(
    wanted: list[DeleteTopicState], answers: list[DeletableTopicResult]
) -> tuple[Counter[str], Counter[UUID]]:
    """Names and ids with how often each is given; what is wrong with them goes to ``answers``."""
    invalid = ErrorCode.INVALID_REQUEST
    names: Counter[str] = Counter()
    ids: Counter[UUID] = Counter()
    for state in wanted:
        if state.name is not None and state.topic_id != ZERO_UUID:
            text = "You may not specify both topic name and topic id."
            answers.append(_answer(state.name, state.topic_id, invalid, text))
        elif state.name is not None:
            names[state.name] += 1
        elif state.topic_id == ZERO_UUID:
            text = "Neither topic name nor id were specified."
            answers.append(_answer(None, ZERO_UUID, invalid, text))
        else:
            ids[state.topic_id] += 1
    for name, count in names.items():
        if count > 1:
            answers.append(_answer(name, ZERO_UUID, invalid, "Duplicate topic name."))
    for topic_id, count in ids.items():
        if count > 1:
            answers.append(_answer(None, topic_id, invalid, "Duplicate topic id."))
    return names, ids


def _resolve(
    names: Counter[str],
    ids: Counter[UUID],
    broker: Broker,
    answers: list[DeletableTopicResult],
) -> list[Topic]:
    """The topics to delete; what is wrong with the others goes to ``answers``."""
    found: list[Topic] = []
    by_name: set[UUID] = set()
    for name in names:
        topic = broker.topics.get(name)
        if names[name] > 1:
            continue
        if topic is None:
            unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
            answers.append(_answer(name, ZERO_UUID, unknown, UNKNOWN_NAME))
        elif topic.topic_id in ids:
            by_name.add(topic.topic_id)
            text = "The provided topic name maps to an ID that was already supplied."
            answers.append(_answer(name, topic.topic_id, ErrorCode.INVALID_REQUEST, text))
        else:
            found.append(topic)
    for topic_id in ids:
        topic = broker.topics_by_id.get(topic_id)
        if ids[topic_id] > 1 or topic_id in by_name:
            continue
        if topic is None:
            answers.append(_answer(None, topic_id, ErrorCode.UNKNOWN_TOPIC_ID, UNKNOWN_ID))
        else:
            found.append(topic)
    return found


def _answer(
    name: str | None,
    topic_id: UUID,
    error: ErrorCode = ErrorCode.NONE,
    message: str | None = None,
) -> DeletableTopicResult:
    return DeletableTopicResult(
        name=name, topic_id=topic_id, error_code=error, error_message=message
    )

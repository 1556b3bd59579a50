"""``/api/topics``: topics with their partitions, made and deleted by CreateTopics and DeleteTopics."""

from __future__ import annotations

from typing import cast

from kafka_codecs.errors import ErrorCode
from kafka_codecs.messages.api_19_create_topics import (
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
)
from kafka_codecs.messages.api_20_delete_topics import DeleteTopicsRequest, DeleteTopicState
from kafka_codecs.schema import ZERO_UUID
from kafkashim.apis import RequestContext, api_19_create_topics, api_20_delete_topics
from kafkashim.faults.past import PastPeer
from kafkashim.http_api.route import Call, Problem, Reply, World, as_object
from kafkashim.ids import base64_id
from kafkashim.topics import Partition, Topic

USE_DEFAULT = -1
TIMEOUT_MS = 60_000
STATUS = {
    ErrorCode.TOPIC_ALREADY_EXISTS: 409,
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION: 404,
}


def _shown(topic: Topic, node_id: int) -> dict[str, object]:
    return {
        "name": topic.name,
        "topic_id": base64_id(topic.topic_id),
        "internal": topic.internal,
        "configs": dict(topic.config.overrides),
        "partitions": [_shown_partition(partition, node_id) for partition in topic.partitions],
    }


def _shown_partition(partition: Partition, node_id: int) -> dict[str, object]:
    return {
        "partition": partition.index,
        "leader": node_id,
        "leader_epoch": partition.leader_epoch,
        "log_start_offset": partition.log_start_offset,
        "high_watermark": partition.high_watermark,
        "log_end_offset": partition.log.log_end_offset,
        "bytes": partition.log.size,
    }


def get_topics(world: World, call: Call) -> Reply:
    """All of them."""
    broker = world.server.broker
    return Reply({"topics": [_shown(topic, broker.node_id) for topic in broker.topics.values()]})


def get_topic(world: World, call: Call) -> Reply:
    """One by its name."""
    broker = world.server.broker
    topic = broker.topics.get(call.path["name"])
    if topic is None:
        raise _refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, api_20_delete_topics.UNKNOWN_NAME)
    return Reply(_shown(topic, broker.node_id))


def create_topic(world: World, call: Call) -> Reply:
    """Create one, if CreateTopics would."""
    wanted = _wanted(as_object(call.body, ("name", "partitions", "configs")))
    request = CreateTopicsRequest(topics=[wanted], timeout_ms=TIMEOUT_MS)
    broker = world.server.broker
    version = CreateTopicsRequest.VERSIONS.high
    (answer,) = api_19_create_topics.handle(request, broker, _context(version)).topics
    if answer.error_code:
        raise _refused(answer.error_code, answer.error_message)
    return Reply(_shown(broker.topics[wanted.name], broker.node_id), 201)


def _wanted(body: dict[str, object]) -> CreatableTopic:
    name, partitions = body.get("name"), body.get("partitions", USE_DEFAULT)
    if not isinstance(name, str):
        raise Problem(400, "name is a text", key="name")
    if not isinstance(partitions, int) or isinstance(partitions, bool):
        raise Problem(400, "partitions is a whole number", key="partitions")
    if not -(2**31) <= partitions < 2**31:
        raise Problem(400, "partitions is a number of 32 bits", key="partitions")
    configs = body.get("configs", {})
    if not isinstance(configs, dict):
        raise Problem(400, "configs is an object", key="configs")
    return CreatableTopic(
        name=name,
        num_partitions=partitions,
        replication_factor=USE_DEFAULT,
        assignments=[],
        configs=[
            CreatableTopicConfig(name=key, value=_config(value))
            for key, value in cast("dict[str, object]", configs).items()
        ],
    )


def _config(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, (str, int)):
        raise Problem(
            400, "a configuration is a text, a whole number, or true or false", key="configs"
        )
    return str(value)


def delete_topic(world: World, call: Call) -> Reply:
    """Delete one, if DeleteTopics would."""
    state = DeleteTopicState(name=call.path["name"], topic_id=ZERO_UUID)
    request = DeleteTopicsRequest(topics=[state], timeout_ms=TIMEOUT_MS)
    version = DeleteTopicsRequest.VERSIONS.high
    answers = api_20_delete_topics.handle(request, world.server.broker, _context(version))
    (answer,) = answers.responses
    if answer.error_code:
        raise _refused(answer.error_code, answer.error_message)
    return Reply(status=204)


def _context(version: int) -> RequestContext:
    return RequestContext(version, None, PastPeer(0), 0)


def _refused(code: int, message: str | None) -> Problem:
    error = ErrorCode(code)
    return Problem(STATUS.get(error, 400), message or error.name, kafka_error=error.name)

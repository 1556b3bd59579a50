"""``/api/topics``: topics with their partitions, made and deleted by CreateTopics and DeleteTopics.

Leaders are moved as no request of Kafka does it: at once, also to where records are missing.
"""

from __future__ import annotations

from typing import TypeGuard, cast

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
from kafkashim.http_api.route import Call, Problem, Reply, World, as_object, flag
from kafkashim.ids import base64_id
from kafkashim.topics import Partition, Topic

USE_DEFAULT = -1
TIMEOUT_MS = 60_000
NEW_TOPIC = ("name", "partitions", "replication_factor", "configs")
STATUS = {
    ErrorCode.TOPIC_ALREADY_EXISTS: 409,
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION: 404,
}


def _shown(topic: Topic) -> dict[str, object]:
    return {
        "name": topic.name,
        "topic_id": base64_id(topic.topic_id),
        "internal": topic.internal,
        "configs": dict(topic.config.overrides),
        "partitions": [_shown_partition(partition) for partition in topic.partitions],
    }


def _shown_partition(partition: Partition) -> dict[str, object]:
    return {
        "partition": partition.index,
        "leader": partition.leader,
        "leader_epoch": partition.leader_epoch,
        "replicas": list(partition.replicas),
        "isr": list(partition.isr),
        "elr": list(partition.elr),
        "log_start_offset": partition.log_start_offset,
        "high_watermark": partition.high_watermark,
        "log_end_offset": partition.log.log_end_offset,
        "bytes": partition.log.size,
    }


def get_topics(world: World, call: Call) -> Reply:
    """All of them."""
    return Reply({"topics": [_shown(topic) for topic in world.topics.values()]})


def get_topic(world: World, call: Call) -> Reply:
    """One by its name."""
    return Reply(_shown(_topic(world, call)))


def _topic(world: World, call: Call) -> Topic:
    topic = world.topics.get(call.path["name"])
    if topic is None:
        raise _refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, api_20_delete_topics.UNKNOWN_NAME)
    return topic


def create_topic(world: World, call: Call) -> Reply:
    """Create one, if CreateTopics would."""
    wanted = _wanted(as_object(call.body, NEW_TOPIC))
    request = CreateTopicsRequest(topics=[wanted], timeout_ms=TIMEOUT_MS)
    version = CreateTopicsRequest.VERSIONS.high
    (answer,) = api_19_create_topics.handle(request, world.broker, _context(version)).topics
    if answer.error_code:
        raise _refused(answer.error_code, answer.error_message)
    return Reply(_shown(world.topics[wanted.name]), 201)


def _wanted(body: dict[str, object]) -> CreatableTopic:
    name = body.get("name")
    if not isinstance(name, str):
        raise Problem(400, "name is a text", key="name")
    configs = body.get("configs", {})
    if not isinstance(configs, dict):
        raise Problem(400, "configs is an object", key="configs")
    return CreatableTopic(
        name=name,
        num_partitions=_number(body, "partitions", 32),
        replication_factor=_number(body, "replication_factor", 16),
        assignments=[],
        configs=[
            CreatableTopicConfig(name=key, value=_config(value))
            for key, value in cast("dict[str, object]", configs).items()
        ],
    )


def _number(body: dict[str, object], key: str, bits: int) -> int:
    found = body.get(key, USE_DEFAULT)
    if not _is_whole(found):
        raise Problem(400, f"{key} is a whole number", key=key)
    if not -(2 ** (bits - 1)) <= found < 2 ** (bits - 1):
        raise Problem(400, f"{key} is a number of {bits} bits", key=key)
    return found


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
    answers = api_20_delete_topics.handle(request, world.broker, _context(version))
    (answer,) = answers.responses
    if answer.error_code:
        raise _refused(answer.error_code, answer.error_message)
    return Reply(status=204)


def move_leader(world: World, call: Call) -> Reply:
    """Have another broker lead a partition."""
    name, index = call.path["name"], call.path["index"]
    body = as_object(call.body, ("to", "unclean", "lose"))
    to, lose = body.get("to"), body.get("lose")
    unclean = flag(body, "unclean", default=False)
    if not _is_whole(to):
        raise Problem(400, "to is the id of a broker", key="to")
    if lose is not None and not (_is_whole(lose) and lose >= 0):
        raise Problem(400, "lose is how many records, 0 or more, or null", key="lose")
    if lose is not None and not unclean:
        raise Problem(400, "only an unclean move loses records", key="lose")
    partition = _topic(world, call).partition(index)
    if partition is None:
        raise Problem(404, f"there is no partition {index} of {name}")
    if to not in world.servers.servers:
        ids = ", ".join(map(str, sorted(world.servers.servers)))
        raise Problem(400, f"there is no broker {to}: there are {ids}", key="to")
    try:
        world.servers.move_leader(name, index, to, unclean=unclean, lose=lose)
    except ValueError as error:
        raise Problem(409, str(error)) from None
    return Reply(_shown_partition(partition))


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _context(version: int) -> RequestContext:
    return RequestContext(version, None, PastPeer(0), 0)


def _refused(code: int, message: str | None) -> Problem:
    error = ErrorCode(code)
    return Problem(STATUS.get(error, 400), message or error.name, kafka_error=error.name)
